//! The bincode format, as the crate of that name writes it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{envelope, open, values::Blob};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    Newtype(Option<Box<Kind>>),
    Tuple(i8, char),
    Struct { text: String, map: BTreeMap<u16, Vec<Kind>> },
}

/// Two encoders that have nothing in common but the format.
#[track_caller]
fn as_bincode<T: super::Value + PartialEq + std::fmt::Debug>(value: T) {
    let expected = bincode::serde::encode_to_vec(&value, bincode::config::legacy());
    let expected = expected.expect("bincode encodes it");
    let envelope = envelope(&value);
    assert_eq!(envelope[7], super::BINCODE, "{value:?}");
    assert_eq!(&envelope[48..envelope.len() - 32], expected, "{value:?}");
    assert_eq!(open::<T>(&envelope).expect("it is recalled"), value);
}

#[test]
fn the_payload_is_what_bincode_writes() {
    as_bincode((1_u8, -2_i16, 3_u32, -4_i64, i128::MIN, u128::MAX, 1.5_f32, -0.0_f64));
    as_bincode((true, 'ø', '🌧', "Tromsø".to_owned(), (), Some(None::<u8>)));
    as_bincode((Blob(vec![1, 2]), Duration::new(1, 2), IpAddr::from([1, 2, 3, 4])));
    as_bincode(vec![
        Kind::Unit,
        Kind::Newtype(Some(Box::new(Kind::Newtype(None)))),
        Kind::Tuple(-1, '\0'),
        Kind::Struct { text: "x".to_owned(), map: [(7, vec![Kind::Unit])].into() },
    ]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_numbers_and_text_are_what_bincode_writes(
        value: (Vec<i64>, Vec<(u16, f32)>, BTreeMap<String, Option<char>>, [u128; 3], bool),
    ) {
        prop_assume!(value.1.iter().all(|(_, float)| !float.is_nan()));
        as_bincode(value);
    }
}
