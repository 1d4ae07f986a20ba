//! What holds for all values, tried on many.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proptest::prelude::*;
use serde::Serialize;
use serde::ser::{SerializeTupleVariant, Serializer};

use super::super::{
    CacheKey, KeyEncoder, KeyError, MAX_VALUE_BYTES, readable, readable_within, value_len,
};
use super::{both, key, serde_key};

/// Any value that a key can hold. Equality is that of keys: floats by their bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Unit,
    None,
    Some(Box<Value>),
    Bool(bool),
    Integer(i128),
    Float(u64),
    Str(String),
    Bytes(Vec<u8>),
    Seq(Vec<Value>),
    Set(BTreeSet<Value>),
    Map(BTreeMap<Value, Value>),
    UnitVariant(usize),
    Variant(usize, Box<Value>),
    TupleVariant(usize, Vec<Value>),
}

const NAMES: [&str; 4] = ["A", "B", "None", "AB"];

impl CacheKey for Value {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self {
            Self::Unit => ().encode_key(out),
            Self::None => out.none(),
            Self::Some(value) => out.some(|out| value.encode_key(out)),
            Self::Bool(value) => value.encode_key(out),
            Self::Integer(value) => value.encode_key(out),
            Self::Float(bits) => f64::from_bits(*bits).encode_key(out),
            Self::Str(value) => value.encode_key(out),
            Self::Bytes(value) => out.bytes(value),
            Self::Seq(values) => values.encode_key(out),
            Self::Set(values) => values.encode_key(out),
            Self::Map(values) => values.encode_key(out),
            Self::UnitVariant(name) => out.unit_variant(NAMES[*name]),
            Self::Variant(name, value) => out.variant(NAMES[*name], |out| value.encode_key(out)),
            Self::TupleVariant(name, values) => {
                out.variant(NAMES[*name], |out| values.encode_key(out))
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unit => s.serialize_unit(),
            Self::None => s.serialize_none(),
            Self::Some(value) => s.serialize_some(value),
            Self::Bool(value) => s.serialize_bool(*value),
            Self::Integer(value) => s.serialize_i128(*value),
            Self::Float(bits) => s.serialize_f64(f64::from_bits(*bits)),
            Self::Str(value) => s.serialize_str(value),
            Self::Bytes(value) => s.serialize_bytes(value),
            Self::Seq(values) => values.serialize(s),
            Self::Set(values) => values.serialize(s),
            Self::Map(values) => s.collect_map(values.iter().rev()),
            Self::UnitVariant(name) => s.serialize_unit_variant("Value", 0, NAMES[*name]),
            Self::Variant(name, value) => {
                s.serialize_newtype_variant("Value", 1, NAMES[*name], &**value)
            }
            Self::TupleVariant(name, values) => {
                let mut tuple =
                    s.serialize_tuple_variant("Value", 2, NAMES[*name], values.len())?;
                values.iter().try_for_each(|value| tuple.serialize_field(value))?;
                tuple.end()
            }
        }
    }
}

impl Value {
    /// A variant of one sequence and one of many fields are one value.
    fn normal(self) -> Self {
        match self {
            Self::TupleVariant(name, values) => {
                Self::Variant(name, Box::new(Self::Seq(values).normal()))
            }
            Self::Variant(name, value) => Self::Variant(name, Box::new(value.normal())),
            Self::Some(value) => Self::Some(Box::new(value.normal())),
            Self::Seq(values) => Self::Seq(values.into_iter().map(Self::normal).collect()),
            Self::Set(values) => Self::Set(values.into_iter().map(Self::normal).collect()),
            Self::Map(values) => {
                Self::Map(values.into_iter().map(|(k, v)| (k.normal(), v.normal())).collect())
            }
            value => value,
        }
    }
}

/// Small alphabets, so that values collide often enough for a weak encoding to be seen.
fn value() -> impl Strategy<Value = Value> {
    let float = any::<f64>().prop_map(|f| if f.is_nan() { f64::NAN } else { f });
    let leaf = prop_oneof![
        Just(Value::Unit),
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        (-3_i128..300).prop_map(Value::Integer),
        any::<i128>().prop_map(Value::Integer),
        float.prop_map(|f| Value::Float(f.to_bits())),
        "[ab\0]{0,3}".prop_map(Value::Str),
        any::<String>().prop_map(Value::Str),
        prop::collection::vec(0_u8..16, 0..4).prop_map(Value::Bytes),
        (0..NAMES.len()).prop_map(Value::UnitVariant),
    ];
    let nested = leaf.prop_recursive(4, 32, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let many = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            boxed.clone().prop_map(Value::Some),
            many.clone().prop_map(Value::Seq),
            prop::collection::btree_set(inner.clone(), 0..4).prop_map(Value::Set),
            prop::collection::btree_map(inner.clone(), inner, 0..4).prop_map(Value::Map),
            (0..NAMES.len(), boxed).prop_map(|(name, value)| Value::Variant(name, value)),
            (0..NAMES.len(), many).prop_map(|(name, values)| Value::TupleVariant(name, values)),
        ]
    });
    nested.prop_map(Value::normal)
}

proptest! {
    #[test]
    fn both_ways_agree(value in value()) {
        prop_assert_eq!(key(&value), serde_key(&value));
    }

    #[test]
    fn different_values_have_different_bytes_and_none_is_a_prefix(a in value(), b in value()) {
        let (one, other) = (key(&a), key(&b));
        prop_assert_eq!(a == b, one == other);
        prop_assert_eq!(a == b, one.starts_with(&other) || other.starts_with(&one));
    }

    #[test]
    fn a_list_is_told_from_every_other_cut_of_it(
        values in prop::collection::vec(value(), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let at = cut.index(values.len() + 1);
        let (left, right) = values.split_at(at);
        let whole = key(Value::Seq(values.clone()));
        prop_assert_ne!(&whole, &key((left, right)));
        prop_assert_ne!(&whole, &key(Some(&values)));
        if at > 0 {
            prop_assert_ne!(&whole, &key(right));
        }
    }

    #[test]
    fn values_say_where_they_end(values in prop::collection::vec(value(), 0..4)) {
        let mut out = KeyEncoder::new();
        let mut ends = Vec::new();
        for value in &values {
            value.encode_key(&mut out).unwrap();
            ends.push(out.as_bytes().len());
        }
        let mut rest = out.as_bytes();
        for end in ends {
            let len = value_len(rest).unwrap();
            rest = &rest[len..];
            prop_assert_eq!(out.as_bytes().len() - rest.len(), end);
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn no_part_of_a_value_is_a_value(value in value(), cut in any::<prop::sample::Index>()) {
        let bytes = key(&value);
        prop_assert_eq!(value_len(&bytes[..cut.index(bytes.len())]), None);
    }

    #[test]
    fn integers_of_every_width_are_one(n in any::<i128>()) {
        let bytes = both(n);
        if let Ok(n) = i64::try_from(n) { prop_assert_eq!(&both(n), &bytes); }
        if let Ok(n) = u64::try_from(n) { prop_assert_eq!(&both(n), &bytes); }
        if let Ok(n) = u128::try_from(n) { prop_assert_eq!(&both(n), &bytes); }
    }

    #[test]
    fn small_integers_of_every_width_are_one(n in any::<i8>()) {
        let bytes = both(n);
        prop_assert_eq!(&both(i16::from(n)), &bytes);
        prop_assert_eq!(&both(i32::from(n)), &bytes);
        prop_assert_eq!(&both(i64::from(n)), &bytes);
        prop_assert_eq!(&both(isize::from(n)), &bytes);
        if let Ok(n) = u8::try_from(n) {
            prop_assert_eq!(&both(n), &bytes);
            prop_assert_eq!(&both(u16::from(n)), &bytes);
            prop_assert_eq!(&both(u32::from(n)), &bytes);
            prop_assert_eq!(&both(usize::from(n)), &bytes);
        }
    }

    #[test]
    fn floats_of_both_widths_are_one(f in any::<f32>()) {
        prop_assert_eq!(both(f), both(f64::from(f)));
    }

    #[test]
    fn maps_and_sets_have_no_order(
        entries in prop::collection::hash_map(any::<String>(), value(), 0..20)
    ) {
        let map: BTreeMap<_, _> = entries.clone().into_iter().collect();
        let again: HashMap<_, _> = map.clone().into_iter().collect();
        let bytes = both(&entries);
        prop_assert_eq!(&bytes, &both(&map));
        prop_assert_eq!(&bytes, &both(&again));
        let values: HashSet<Value> = entries.into_values().collect();
        let sorted: BTreeSet<Value> = values.iter().cloned().collect();
        prop_assert_eq!(both(&values), both(&sorted));
    }

    #[test]
    fn any_bytes_are_shown_without_panic_and_bounded(
        bytes in prop::collection::vec(any::<u8>(), 0..64), chars in 0_usize..32,
    ) {
        prop_assert!(readable_within(&bytes, chars).chars().count() <= chars);
        if let Some(len) = value_len(&bytes) {
            prop_assert!(len <= bytes.len());
        }
    }

    #[test]
    fn damaged_values_are_shown_without_panic(
        value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = key(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        prop_assert!(!readable(&bytes).is_empty());
    }

    #[test]
    fn whole_values_are_shown_whole(value in value()) {
        let text = readable_within(&key(&value), usize::MAX);
        prop_assert!(!text.contains("<not a value>") && !text.contains("<too deep>"));
    }

    #[test]
    fn an_encoding_never_passes_the_limit(len in 0..2 * MAX_VALUE_BYTES) {
        let mut out = KeyEncoder::new();
        let encoded = "x".repeat(len).encode_key(&mut out);
        prop_assert_eq!(encoded.is_ok(), len + 5 <= MAX_VALUE_BYTES);
    }
}
