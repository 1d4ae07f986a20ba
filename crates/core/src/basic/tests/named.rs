//! Types that only a self-describing format carries.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::values::Blob;
use super::{by_bincode, by_name, envelope, open, refused};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    name: String,
    #[serde(flatten)]
    more: HashMap<String, Value>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested {
    #[serde(flatten)]
    place: Place,
    #[serde(flatten)]
    kind: Option<Place2>,
    at: Option<Option<u8>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    address: IpAddr,
    id: uuid::Uuid,
    day: chrono::NaiveDate,
    initial: char,
    ratio: f32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place2 {
    height: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Nothing,
    Whole(i64),
    Text(String),
    Both { a: u8, b: Option<Box<Untagged>> },
    Many(Vec<Untagged>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Unit,
    Struct { address: IpAddr, values: Vec<f64> },
    Newtype(BTreeMap<String, u8>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Tuple(u8, String),
    Struct { inner: Internal },
    Newtype(Option<Option<u8>>),
}

fn place() -> Place {
    Place {
        address: [10, 0, 0, 1].into(),
        id: uuid::Uuid::max(),
        day: chrono::NaiveDate::MIN,
        initial: 'ø',
        ratio: 0.1,
    }
}

#[test]
fn flattened_structs_come_back() {
    let more = HashMap::from([("a".to_owned(), json!(1)), ("b".to_owned(), json!([null, {}]))]);
    by_name(Flat { name: "x".to_owned(), more });
    by_name(Nested { place: place(), kind: Some(Place2 { height: u64::MAX }), at: Some(None) });
    by_name(Nested { place: place(), kind: None, at: None });
    by_name(Nested { place: place(), kind: None, at: Some(Some(0)) });
}

#[test]
fn many_hash_maps_compare_whatever_their_order() {
    for round in 0..50 {
        let keys = (0..20).map(|n| (format!("{round}-{n}"), json!({"n": n, "m": [n]})));
        by_name(Flat { name: String::new(), more: keys.collect() });
    }
}

#[test]
fn untagged_enums_come_back() {
    by_name(vec![
        Untagged::Nothing,
        Untagged::Whole(-1),
        Untagged::Text("x".to_owned()),
        Untagged::Both { a: 1, b: Some(Box::new(Untagged::Whole(2))) },
        Untagged::Both { a: 1, b: None },
        Untagged::Many(vec![Untagged::Nothing, Untagged::Many(vec![])]),
    ]);
}

#[test]
fn tagged_enums_come_back() {
    let internal = || Internal::Struct { address: [0, 0, 0, 0].into(), values: vec![-0.5, 2.0] };
    by_name(vec![
        Internal::Unit,
        internal(),
        Internal::Newtype(BTreeMap::from([("a".to_owned(), 1)])),
    ]);
    by_name(vec![
        Adjacent::Unit,
        Adjacent::Tuple(1, "b".to_owned()),
        Adjacent::Struct { inner: internal() },
        Adjacent::Newtype(Some(Some(3))),
        Adjacent::Newtype(Some(None)),
    ]);
}

#[test]
fn json_comes_back_null_and_all() {
    by_name(Value::Null);
    by_name(Some(Value::Null));
    by_name(None::<Value>);
    by_name(json!({"a": [1, -2, 1.5, u64::MAX, true, null, "x", {"": {}}]}));
}

/// Everything that serde knows, beside something that takes the format to be self-describing.
#[allow(clippy::type_complexity, reason = "every depth of options stands here once")]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    any: Value,
    small: (i8, i16, i32, i64, i128),
    great: (u8, u16, u32, u64, u128),
    negative: i128,
    options: (Option<()>, Option<()>, Option<Option<u8>>, Option<Option<u8>>, Option<Option<u8>>),
    deep: Option<Option<Option<()>>>,
    chars: Vec<char>,
    bytes: Blob,
    keys: BTreeMap<(i8, bool), BTreeMap<char, ()>>,
    sets: HashSet<Option<u64>>,
    variants: Vec<Variants>,
    units: (Unit, (), Vec<()>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Variants {
    Unit,
    Newtype(Option<Box<Variants>>),
    NewtypeOfUnit(()),
    Tuple(u8, Vec<u8>),
    Struct { a: Option<Option<()>> },
}

#[test]
fn everything_that_serde_knows_comes_back() {
    by_name(Everything {
        any: Value::Null,
        small: (i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN),
        great: (u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX),
        negative: i64::MIN.into(),
        options: (None, Some(()), None, Some(None), Some(Some(0))),
        deep: Some(Some(None)),
        chars: vec!['\0', 'a', char::MAX],
        bytes: Blob(vec![0, 255]),
        keys: BTreeMap::from([((-1, true), BTreeMap::from([('k', ())]))]),
        sets: HashSet::from([None, Some(1), Some(2)]),
        variants: vec![
            Variants::Unit,
            Variants::Newtype(None),
            Variants::Newtype(Some(Box::new(Variants::Unit))),
            Variants::NewtypeOfUnit(()),
            Variants::Tuple(1, vec![]),
            Variants::Struct { a: Some(Some(())) },
            Variants::Struct { a: Some(None) },
        ],
        units: (Unit, (), vec![(), ()]),
    });
}

#[test]
fn floats_come_back_bit_by_bit() {
    #[derive(Serialize, Deserialize)]
    struct Floats {
        any: Value,
        double: f64,
        single: f32,
    }
    for bits in [0x8000_0000_0000_0000, 0x7ff8_dead_beef_0001, 0xfff8_0000_0000_0000] {
        let floats = Floats {
            any: Value::Null,
            double: f64::from_bits(bits),
            single: f32::from_bits((bits >> 32) as u32),
        };
        let bytes = envelope(&floats);
        assert_eq!(super::codec(&bytes), super::NAMED);
        let back: Floats = open(&bytes).expect("it is recalled");
        assert_eq!(back.double.to_bits(), bits);
        assert_eq!(back.single.to_bits(), (bits >> 32) as u32);
    }
}

#[test]
fn a_value_that_reads_as_another_variant_is_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Number {
        Float(f64),
        Whole(i64),
    }
    by_name(Number::Float(1.0));
    let why = refused(Number::Whole(1));
    assert!(why.contains("reads another value"), "{why}");
}

#[test]
fn what_serde_itself_cannot_read_back_is_refused() {
    // serde reads flattened fields from a buffer that has no place for these.
    #[derive(Serialize, Deserialize)]
    struct Wide {
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Serialize, Deserialize)]
    struct Inner {
        wide: u128,
    }
    let why = refused(Wide { inner: Inner { wide: 1 } });
    assert!(why.contains("does not read back"), "{why}");
}

#[test]
fn elements_without_bytes_are_counted_by_name() {
    by_bincode(Vec::<()>::new());
    // As many as the length before them has bytes.
    by_bincode(vec![(); 8]);
    by_name(vec![(); 9]);
    by_name(vec![Unit, Unit, Unit, Unit, Unit, Unit, Unit, Unit, Unit, Unit]);
}

#[test]
fn sequences_of_unknown_length_come_back() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Even(Vec<u32>);
    impl Serialize for Even {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_seq(self.0.iter().filter(|n| n.is_multiple_of(2)))
        }
    }
    by_name(Even(vec![2, 4, 6]));
}
