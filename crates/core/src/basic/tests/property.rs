//! Any value of a wide type, by either codec; and any bytes at all.

use std::collections::{BTreeMap, HashMap};

use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hostile::wrapped;
use super::{BINCODE, NAMED, open, round_trip};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Wide {
    Unit,
    Numbers(i8, u64, i128),
    Text { text: String, char: char },
    Options(Option<Option<()>>, Option<bool>),
    Map(HashMap<String, u16>),
    Many(Vec<Wide>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Loose {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wide: Vec<Wide>,
    json: Value,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

fn wide() -> impl Strategy<Value = Wide> {
    let leaf = prop_oneof![
        Just(Wide::Unit),
        any::<(i8, u64, i128)>().prop_map(|(a, b, c)| Wide::Numbers(a, b, c)),
        any::<(String, char)>().prop_map(|(text, char)| Wide::Text { text, char }),
        any::<(Option<Option<()>>, Option<bool>)>().prop_map(|(a, b)| Wide::Options(a, b)),
        any::<HashMap<String, u16>>().prop_map(Wide::Map),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| vec(inner, 0..4).prop_map(Wide::Many))
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_wide_value_comes_back(values in vec(wide(), 0..8)) {
        prop_assert_eq!(round_trip(&values), BINCODE);
    }

    #[test]
    fn any_loose_value_comes_back(
        wide in vec(wide(), 0..4),
        json in json(),
        more in proptest::collection::btree_map("[a-h]{1,3}", self::json(), 0..4),
    ) {
        prop_assert_eq!(round_trip(&Loose { wide, json, more }), NAMED);
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(payload in vec(any::<u8>(), 0..200)) {
        for codec in [BINCODE, NAMED] {
            let _ = open::<Vec<Wide>>(&wrapped::<Vec<Wide>>(codec, &payload));
            let _ = open::<Loose>(&wrapped::<Loose>(codec, &payload));
            let _ = open::<(char, String, f32)>(&wrapped::<(char, String, f32)>(codec, &payload));
        }
        let _ = open::<u8>(&payload);
    }
}
