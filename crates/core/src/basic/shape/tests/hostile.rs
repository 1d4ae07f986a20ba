//! What only a self-describing format carries, and types that do not want to be traced.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::graph::Graph;
use super::{complete, differ, incomplete, same, shape};

#[test]
fn what_describes_itself_is_incomplete() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Untagged {
        A(u8),
        B(String),
    }
    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    #[allow(dead_code)]
    enum Internally {
        A { x: u8 },
        B { y: String },
    }
    #[derive(Deserialize)]
    #[serde(tag = "kind", content = "of")]
    #[allow(dead_code)]
    enum Adjacently {
        A { x: u8 },
        B(String),
        C,
    }
    incomplete::<Flat>();
    incomplete::<Untagged>();
    incomplete::<Internally>();
    incomplete::<Adjacently>();
    incomplete::<serde_json::Value>();
    incomplete::<IgnoredAny>();
    incomplete::<(u8, Vec<Option<Untagged>>)>();
    incomplete::<HashMap<String, serde_json::Value>>();
}

#[test]
fn what_stands_around_it_is_in_the_hash_all_the_same() {
    type Value = serde_json::Value;
    differ::<(u8, Value, u8), (u8, Value, u16)>();
    differ::<(Option<Value>, u8), (Option<Value>, u16)>();
    differ::<Vec<Value>, Option<Value>>();
    differ::<(Option<Refuses>, u8), (Option<Refuses>, u16)>();
    differ::<(Vec<Refuses>, HashMap<u8, Refuses>, u8), (Vec<Refuses>, HashMap<u8, Refuses>, u16)>();
    differ::<(Result<Refuses, u8>, u8), (Result<Refuses, u8>, u16)>();
    differ::<(u8, Refuses, u8), (u16, Refuses, u8)>();
}

/// Takes nothing that it is offered.
#[derive(Debug)]
struct Refuses;

impl<'de> Deserialize<'de> for Refuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(D::Error::custom(format!("what is {text}?")))
    }
}

#[test]
fn a_type_that_takes_nothing_is_incomplete() {
    incomplete::<Refuses>();
    incomplete::<Option<Refuses>>();
    incomplete::<(Vec<Refuses>, u8)>();
    incomplete::<Result<Refuses, u8>>();
    incomplete::<Result<u8, Refuses>>();
    incomplete::<HashMap<Refuses2, Refuses>>();
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Refuses2;

impl<'de> Deserialize<'de> for Refuses2 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer)?;
        Err(D::Error::custom("no"))
    }
}

#[test]
fn a_type_that_asks_nothing_is_incomplete() {
    #[derive(Debug)]
    struct Silent;
    impl<'de> Deserialize<'de> for Silent {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }
    #[derive(Debug)]
    struct Fails;
    impl<'de> Deserialize<'de> for Fails {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(D::Error::custom("never"))
        }
    }
    incomplete::<Silent>();
    incomplete::<(Silent, u8)>();
    incomplete::<Fails>();
    incomplete::<Option<Fails>>();
    differ::<(Option<Fails>, u8), (Option<Fails>, u16)>();
}

#[test]
fn a_panic_ends_the_trace_and_not_the_program() {
    #[derive(Debug)]
    struct Panics;
    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            assert!(text.len() > 1_000, "a dummy");
            Ok(Self)
        }
    }
    incomplete::<Panics>();
    incomplete::<Vec<(u8, Panics)>>();
    differ::<(u8, Panics), (u16, Panics)>();
    same::<(u8, Panics), (u8, Panics)>();
}

#[test]
fn a_panic_while_a_dummy_is_dropped_ends_the_trace_too() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Touchy {
        a: u8,
    }
    impl Drop for Touchy {
        fn drop(&mut self) {
            assert!(self.a > 200, "a dummy");
        }
    }
    incomplete::<Touchy>();
}

#[test]
fn aliases_leave_it_open_which_name_is_whose() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Struct {
        #[serde(alias = "old")]
        new: u8,
        other: u8,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Enum {
        #[serde(alias = "Old")]
        New(u8),
        Other {
            x: u8,
        },
    }
    incomplete::<Struct>();
    incomplete::<Enum>();
}

#[test]
fn a_list_read_as_different_things_is_incomplete() {
    #[derive(Debug)]
    struct Mixed;
    impl<'de> Deserialize<'de> for Mixed {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reads;
            impl<'de> Visitor<'de> for Reads {
                type Value = Mixed;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a number and a text")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut of: A) -> Result<Mixed, A::Error> {
                    let number = of.next_element::<u8>()?;
                    let text = of.next_element::<String>()?;
                    let both = number.zip(text);
                    both.map(|_| Mixed).ok_or_else(|| A::Error::custom("too short"))
                }
            }
            deserializer.deserialize_seq(Reads)
        }
    }
    incomplete::<Mixed>();
    differ::<Mixed, Vec<u8>>();
}

#[test]
fn a_type_that_asks_by_what_it_has_read_is_incomplete() {
    #[derive(Debug)]
    struct Tagged;
    impl<'de> Deserialize<'de> for Tagged {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reads;
            impl<'de> Visitor<'de> for Reads {
                type Value = Tagged;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a flag and what it says")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut of: A) -> Result<Tagged, A::Error> {
                    match of.next_element::<bool>()? {
                        Some(true) => of.next_element::<String>().map(|_| Tagged),
                        _ => of.next_element::<u8>().map(|_| Tagged),
                    }
                }
            }
            deserializer.deserialize_tuple(2, Reads)
        }
    }
    incomplete::<Tagged>();
    incomplete::<Vec<(u8, Tagged)>>();
    differ::<Tagged, (bool, u8)>();
    complete::<(bool, u8)>();
}

#[test]
fn a_tuple_that_is_not_read_to_its_end_is_incomplete() {
    #[derive(Debug)]
    struct Half;
    impl<'de> Deserialize<'de> for Half {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reads;
            impl<'de> Visitor<'de> for Reads {
                type Value = Half;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a pair")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut of: A) -> Result<Half, A::Error> {
                    of.next_element::<u8>().map(|_| Half)
                }
            }
            deserializer.deserialize_tuple(2, Reads)
        }
    }
    incomplete::<Half>();
    complete::<(u8, u8)>();
}

/// Lists in lists, read by one visitor that counts down; `W` is a part of its name.
#[derive(Debug)]
struct Lists<const DEEP: usize, W: ?Sized>(PhantomData<W>);

struct Level<W: ?Sized>(usize, PhantomData<W>);

impl<'de, const DEEP: usize, W: ?Sized> Deserialize<'de> for Lists<DEEP, W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level::<W>(DEEP, PhantomData).deserialize(deserializer).map(|()| Self(PhantomData))
    }
}

impl<'de, W: ?Sized> DeserializeSeed<'de> for Level<W> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0 {
            0 => u32::deserialize(deserializer).map(drop),
            _ => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de, W: ?Sized> Visitor<'de> for Level<W> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut of: A) -> Result<(), A::Error> {
        while of.next_element_seed(Self(self.0 - 1, PhantomData))?.is_some() {}
        Ok(())
    }
}

#[test]
fn one_visitor_at_many_depths_looks_like_recursion_and_is_found_out() {
    same::<Lists<1, ()>, Vec<u32>>();
    complete::<Lists<1, ()>>();
    incomplete::<Lists<2, ()>>();
    incomplete::<Lists<3, ()>>();
    incomplete::<Lists<7, ()>>();
}

#[test]
fn a_visitor_behind_a_trait_object_is_never_taken_for_recursion() {
    same::<Lists<3, dyn fmt::Debug>, Vec<Vec<Vec<u32>>>>();
    complete::<Lists<20, dyn fmt::Debug>>();
}

#[test]
fn a_type_too_large_to_walk_is_incomplete_and_soon_done() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Many<T>(Box<[T; 10]>);
    type Million = Many<Many<Many<Many<Many<Many<u8>>>>>>;
    complete::<Many<Many<Many<u8>>>>();
    incomplete::<Million>();
}

#[test]
fn a_tuple_of_impossible_length_is_not_allocated() {
    #[derive(Debug)]
    struct Huge;
    impl<'de> Deserialize<'de> for Huge {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reads;
            impl<'de> Visitor<'de> for Reads {
                type Value = Huge;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("too much")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Huge, A::Error> {
                    Ok(Huge)
                }
            }
            deserializer.deserialize_tuple(usize::MAX, Reads)
        }
    }
    incomplete::<Huge>();
}

#[test]
fn a_trace_is_the_same_each_time() {
    type All =
        (Option<Refuses>, Vec<serde_json::Value>, chrono::NaiveDate, super::recursive::Statement);
    assert_eq!(shape::<All>().nodes, shape::<All>().nodes);
    assert_eq!(Graph::new().learnt(), 0);
}
