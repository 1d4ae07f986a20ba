//! Which way an argument goes into a key.

use std::borrow::Cow;
use std::rc::Rc;

use serde::Serialize;

use super::super::probe::*;
use super::super::{CacheKey, KeyEncoder, KeyError};
use super::key;

/// The expression that generated code has.
macro_rules! probed {
    ($value:expr) => {{
        let mut encoder = KeyEncoder::new();
        (&&&Argument(&$value)).encode(&mut encoder).unwrap();
        encoder.as_bytes().to_vec()
    }};
}

#[derive(Serialize)]
struct OnlySerde(u8);

struct OnlyKey;

impl CacheKey for OnlyKey {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str("only key")
    }
}

#[derive(Serialize)]
struct Both;

impl CacheKey for Both {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str("key wins")
    }
}

#[test]
fn a_type_goes_the_way_that_it_has() {
    assert_eq!(probed!(OnlySerde(1)), key(1));
    assert_eq!(probed!(OnlyKey), key("only key"));
}

#[test]
fn cache_key_wins_over_serde() {
    assert_eq!(probed!(Both), key("key wins"));
    assert_eq!(probed!(vec![Some(Both)]), key([Some("key wins")]));
}

#[test]
fn containers_of_serde_values_go_through_serde() {
    assert_eq!(probed!(vec![OnlySerde(1)]), key([1]));
    assert_eq!(probed!(Some(&OnlySerde(1))), key(Some(1)));
}

#[test]
fn references_and_unsized_values_are_arguments() {
    let text: &str = "a";
    let slice: &[u8] = &[1];
    assert_eq!(probed!(text), key("a"));
    assert_eq!(probed!(*text), key("a"));
    assert_eq!(probed!(*slice), key([1]));
    assert_eq!(probed!(&&&text), key("a"));
    assert_eq!(probed!(Cow::Borrowed(text)), key("a"));
    assert_eq!(probed!(Rc::<[u8]>::from(slice)), key([1]));
}

#[test]
fn trait_objects_are_arguments() {
    let dynamic: &dyn CacheKey = &3;
    let boxed: Box<dyn CacheKey + Send> = Box::new("a");
    assert_eq!(probed!(dynamic), key(3));
    assert_eq!(probed!(*dynamic), key(3));
    assert_eq!(probed!(boxed), key("a"));
}

#[test]
fn in_a_generic_function_the_written_bounds_count() {
    fn serde_bound<T: Serialize>(value: T) -> Vec<u8> {
        [probed!(value), probed!(&value), probed!([&value])].concat()
    }
    fn key_bound<T: CacheKey + ?Sized>(value: &T) -> Vec<u8> {
        [probed!(value), probed!(*value), probed!([value])].concat()
    }
    fn both_bounds<T: CacheKey + Serialize>(value: T) -> Vec<u8> {
        probed!(value)
    }
    assert_eq!(serde_bound(OnlySerde(1)), [key(1), key(1), key([1])].concat());
    assert_eq!(key_bound("a"), [key("a"), key("a"), key(["a"])].concat());
    assert_eq!(both_bounds(Both), key("key wins"));
}

#[test]
fn impl_trait_is_an_argument() {
    fn opaque(value: impl Serialize) -> Vec<u8> {
        probed!(value)
    }
    assert_eq!(opaque(vec![1, 2]), key([1, 2]));
}
