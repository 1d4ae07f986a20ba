//! Types whose two sides do not match, or not always: never misread, never lost in silence.

use std::fmt::Debug;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{by_bincode, by_name, envelope, open, refused};

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Optional {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    count: u32,
    last: u8,
}

#[test]
fn a_field_that_is_skipped_for_some_values_comes_back_for_all() {
    by_bincode(Optional { name: Some("x".to_owned()), count: 1, last: 2 });
    by_name(Optional { name: None, count: 1, last: 2 });
    by_name(Optional { name: Some("x".to_owned()), count: 0, last: 2 });
    by_name(Optional::default());
    let full = || Optional { name: Some("x".to_owned()), count: 1, last: 2 };
    by_bincode(vec![full(), full()]);
    by_name(vec![full(), Optional::default(), full()]);
    by_name(vec![(1_u8, Some(Optional::default()))]);
}

#[test]
fn fields_of_variants_and_tuples_may_be_skipped_as_well() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Fields {
            #[serde(default, skip_serializing_if = "is_zero")]
            count: u32,
            last: u32,
        },
    }
    by_bincode(Kind::Fields { count: 1, last: 2 });
    by_name(Kind::Fields { count: 0, last: 2 });

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tuple(u32, #[serde(default, skip_serializing_if = "is_zero")] u32);
    by_bincode(Tuple(1, 2));
    by_name(Tuple(1, 0));
}

#[test]
fn a_skipped_field_without_a_default_is_refused() {
    #[derive(Serialize, Deserialize)]
    struct Required {
        #[serde(skip_serializing_if = "is_zero")]
        count: u32,
    }
    assert_eq!(envelope(&Required { count: 1 })[7], super::BINCODE);
    let why = refused(Required { count: 0 });
    assert!(why.contains("missing field `count`"), "{why}");
}

#[test]
fn a_field_that_is_never_written_comes_back_as_its_default() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unwritten {
        first: u32,
        #[serde(default, skip_serializing)]
        token: u32,
        last: u32,
    }
    by_name(Unwritten { first: 1, token: 0, last: 3 });
    let bytes = envelope(&Unwritten { first: 1, token: 2, last: 3 });
    let back: Unwritten = open(&bytes).expect("it is recalled");
    assert_eq!(back, Unwritten { first: 1, token: 0, last: 3 });
}

#[test]
fn a_field_that_is_never_read_is_refused_where_that_loses_it() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unread {
        #[serde(skip_deserializing)]
        count: u32,
        last: u32,
    }
    by_name(Unread { count: 0, last: 1 });
    let why = refused(Unread { count: 7, last: 1 });
    assert!(why.contains("reads another value"), "{why}");
}

#[test]
fn fields_that_change_places_are_refused() {
    // Both sides have one field of the same type.
    #[derive(Serialize, Deserialize)]
    #[allow(dead_code, reason = "what is read is another field than what is written")]
    struct Crossed {
        #[serde(skip_serializing, default)]
        read: u32,
        #[serde(skip_deserializing)]
        written: u32,
    }
    let why = refused(Crossed { read: 1, written: 2 });
    assert!(why.contains("does not read back"), "{why}");
}

#[test]
fn an_alias_comes_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Renamed {
        #[serde(alias = "a", alias = "z")]
        name: u32,
        other: u32,
    }
    super::round_trip(&Renamed { name: 1, other: 2 });
}

#[test]
fn two_sides_of_two_kinds_are_refused() {
    #[derive(Debug, Deserialize)]
    struct Text(#[allow(dead_code)] u64);
    impl Serialize for Text {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_str("12345678")
        }
    }
    refused(Text(1));
    refused(vec![Text(1)]);
}

#[test]
fn a_number_that_is_only_sometimes_one_comes_back_or_is_refused() {
    #[derive(Debug, PartialEq)]
    struct Sometimes(f64);
    impl Serialize for Sometimes {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            // Eight bytes either way.
            match self.0.fract() == 0.0 {
                true => to.serialize_i64(self.0 as i64),
                false => to.serialize_f64(self.0),
            }
        }
    }
    impl<'de> Deserialize<'de> for Sometimes {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            f64::deserialize(from).map(Self)
        }
    }
    by_bincode(vec![Sometimes(0.5), Sometimes(1.5)]);
    by_name(vec![Sometimes(0.5), Sometimes(1.0)]);
}

#[test]
fn announced_lengths_are_held_to() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Liar(Vec<u8>);
    impl Serialize for Liar {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut sequence = to.serialize_seq(Some(3))?;
            self.0.iter().try_for_each(|number| sequence.serialize_element(number))?;
            sequence.end()
        }
    }
    by_bincode(Liar(vec![1, 2, 3]));
    by_name(Liar(vec![1, 2]));
    by_name(Liar(vec![1, 2, 3, 4]));

    /// Claims a size that it does not have.
    #[derive(Debug, PartialEq, Deserialize)]
    struct Boaster(Vec<u8>);
    impl Serialize for Boaster {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            struct Claim<'a>(std::slice::Iter<'a, u8>);
            impl<'a> Iterator for Claim<'a> {
                type Item = &'a u8;
                fn next(&mut self) -> Option<&'a u8> {
                    self.0.next()
                }
                fn size_hint(&self) -> (usize, Option<usize>) {
                    (5, Some(5))
                }
            }
            to.collect_seq(Claim(self.0.iter()))
        }
    }
    by_bincode(Boaster(vec![1, 2, 3, 4, 5]));
    let why = refused(Boaster(vec![1, 2]));
    assert!(why.contains("changed while it was written"), "{why}");
}

#[test]
fn too_few_fields_are_refused() {
    #[derive(Debug, Deserialize)]
    struct Short {
        #[allow(dead_code)]
        a: u8,
        #[allow(dead_code)]
        b: u8,
    }
    impl Serialize for Short {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut fields = to.serialize_struct("Short", 2)?;
            fields.serialize_field("a", &self.a)?;
            fields.end()
        }
    }
    let why = refused(Short { a: 1, b: 2 });
    assert!(why.contains("missing field `b`"), "{why}");
}

#[test]
fn a_failing_serialize_is_named_with_its_cause() {
    #[derive(Debug, Deserialize)]
    struct Failing;
    impl Serialize for Failing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the gauge is frozen"))
        }
    }
    assert_eq!(refused(Failing), "the gauge is frozen");
    assert_eq!(refused(vec![Some(Failing)]), "the gauge is frozen");
}
