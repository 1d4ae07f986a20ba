//! What is too large, too deep, or written wrongly.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use super::super::{CacheKey, KeyEncoder, KeyError, MAX_DEPTH, MAX_VALUE_BYTES};
use super::{both, key, serde_key, try_serde_key};

fn try_key(value: impl CacheKey) -> Result<Vec<u8>, KeyError> {
    let mut out = KeyEncoder::new();
    let encoded = value.encode_key(&mut out);
    if encoded.is_err() {
        assert_eq!(out.as_bytes(), b"", "a failed value left bytes behind");
    }
    encoded.map(|()| out.as_bytes().to_vec())
}

/// A text whose key takes this many bytes.
fn text_of(bytes: usize) -> String {
    "x".repeat(bytes - 5)
}

#[test]
fn a_mebibyte_is_the_most() {
    assert_eq!(both(text_of(1 << 20)).len(), 1 << 20);
    assert_eq!(try_key(text_of((1 << 20) + 1)), Err(KeyError::TooLarge));
    assert_eq!(try_serde_key(text_of((1 << 20) + 1)), Err(KeyError::TooLarge));
}

#[test]
fn the_limit_holds_for_what_is_inside() {
    let half = text_of(MAX_VALUE_BYTES / 2);
    assert_eq!(try_key((&half, &half)), Err(KeyError::TooLarge));
    assert_eq!(try_key(Some(text_of(MAX_VALUE_BYTES))), Err(KeyError::TooLarge));
    assert_eq!(try_key(HashMap::from([(1, &half), (2, &half)])), Err(KeyError::TooLarge));
    assert_eq!(try_serde_key((&half, &half)), Err(KeyError::TooLarge));
}

#[test]
fn the_limit_is_counted_for_each_argument_apart() {
    let half = text_of(MAX_VALUE_BYTES / 2 + 1);
    let mut out = KeyEncoder::new();
    for _ in 0..4 {
        half.encode_key(&mut out).unwrap();
        out.serialize(&half).unwrap();
        out.some(|out| half.encode_key(out)).unwrap();
        out.text(&half).unwrap();
    }
    assert!(out.as_bytes().len() > 8 * MAX_VALUE_BYTES);
}

#[test]
fn a_text_that_is_displayed_in_pieces_is_limited_as_a_whole() {
    struct Endless<'a>(&'a Cell<usize>);
    impl fmt::Display for Endless<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                self.0.set(self.0.get() + 1);
                f.write_str("0123456789")?;
            }
        }
    }
    let pieces = Cell::new(0);
    let mut out = KeyEncoder::new();
    assert_eq!(out.text(&Endless(&pieces)), Err(KeyError::TooLarge));
    assert_eq!(out.as_bytes(), b"");
    assert!(pieces.get() <= MAX_VALUE_BYTES / 10 + 1);
}

#[test]
fn what_is_too_large_is_given_up_early() {
    struct Endless<'a>(&'a Cell<usize>);
    impl Serialize for Endless<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0_u64..).inspect(|_| self.0.set(self.0.get() + 1)))
        }
    }
    let seen = Cell::new(0);
    assert_eq!(try_serde_key(Endless(&seen)), Err(KeyError::TooLarge));
    assert!(seen.get() < MAX_VALUE_BYTES);
}

#[test]
fn a_failed_argument_leaves_those_before_it_alone() {
    let mut out = KeyEncoder::new();
    1.encode_key(&mut out).unwrap();
    let before = out.as_bytes().to_vec();
    let large = text_of(MAX_VALUE_BYTES + 1);
    (1, [Some(&large)]).encode_key(&mut out).unwrap_err();
    assert_eq!(out.as_bytes(), before);
    out.serialize(&BTreeMap::from([(1, [Some(&large)])])).unwrap_err();
    assert_eq!(out.as_bytes(), before);
    "a".encode_key(&mut out).unwrap();
    assert_eq!(out.as_bytes(), [before, key("a")].concat());
}

#[derive(Clone, Copy, Serialize)]
enum Chain {
    End,
    /// Leaked, since dropping a million boxes in a chain would recurse.
    Link(&'static Chain),
}

impl Chain {
    fn of(links: u32) -> Self {
        (0..links).fold(Self::End, |chain, _| Self::Link(Box::leak(Box::new(chain))))
    }
}

impl CacheKey for Chain {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self {
            Self::End => out.unit_variant("End"),
            Self::Link(next) => out.variant("Link", |out| next.encode_key(out)),
        }
    }
}

#[test]
fn depth_is_bounded() {
    both(Chain::of(MAX_DEPTH - 1));
    assert_eq!(try_key(Chain::of(MAX_DEPTH)), Err(KeyError::TooDeep));
    assert_eq!(try_key(Chain::of(1_000_000)), Err(KeyError::TooDeep));
    assert_eq!(try_serde_key(Chain::of(1_000_000)), Err(KeyError::TooDeep));
}

#[test]
fn newtypes_without_end_are_too_deep() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_newtype_struct("Endless", &Endless)
        }
    }
    assert_eq!(try_serde_key(Endless), Err(KeyError::TooDeep));
}

#[test]
fn siblings_do_not_add_to_the_depth() {
    let wide: Vec<Option<[u8; 1]>> = vec![Some([1]); 1000];
    both(wide);
}

#[test]
fn a_refusal_says_why_and_what_to_do() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the handle is closed"))
        }
    }
    let error = try_serde_key([Refuses]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot be encoded: the handle is closed; implement `CacheKey` for its type, or leave it \
         out with `skip(…)`"
    );
    assert!(KeyError::TooLarge.to_string().starts_with("encodes to over 1 MiB"));
    assert!(KeyError::TooDeep.to_string().starts_with("is nested more than 128 deep"));
}

#[test]
fn a_map_whose_keys_and_values_do_not_pair_is_an_error() {
    struct Wrong(&'static [bool]);
    impl Serialize for Wrong {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for is_key in self.0 {
                if *is_key {
                    map.serialize_key(&1)?;
                } else {
                    map.serialize_value(&1)?;
                }
            }
            map.end()
        }
    }
    try_serde_key(Wrong(&[true, false, true, false])).unwrap();
    for wrong in [&[true][..], &[false], &[true, true], &[true, false, false]] {
        assert!(matches!(try_serde_key(Wrong(wrong)), Err(KeyError::Malformed(_))), "{wrong:?}");
    }
    let mut out = KeyEncoder::new();
    assert!(matches!(out.map(|out| out.str("key")), Err(KeyError::Malformed(_))));
    assert_eq!(out.as_bytes(), b"");
}

#[test]
fn an_error_that_a_type_swallows_leaves_its_value_well_formed() {
    struct Swallows;
    impl Serialize for Swallows {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(None)?;
            let _ = seq.serialize_element(&(1, Chain::of(1000)));
            seq.serialize_element(&2)?;
            seq.end()
        }
    }
    assert_eq!(serde_key(Swallows), key([2]));

    struct SwallowsField;
    impl Serialize for SwallowsField {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("SwallowsField", 2)?;
            let _ = fields.serialize_field("deep", &Chain::of(1000));
            fields.serialize_field("flat", &2)?;
            fields.end()
        }
    }
    assert_eq!(serde_key(SwallowsField), key(HashMap::from([("flat", 2)])));
}

#[test]
fn an_implementation_that_clears_the_encoder_gets_an_error_and_no_panic() {
    struct Clears;
    impl CacheKey for Clears {
        fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
            out.clear();
            Ok(())
        }
    }
    assert!(matches!(try_key([Clears]), Err(KeyError::Malformed(_))));
    assert!(matches!(try_key((1, Some(Clears))), Err(KeyError::Malformed(_))));
    assert!(matches!(try_key(HashMap::from([(1, Clears)])), Err(KeyError::Malformed(_))));
}

#[test]
fn a_cell_that_is_borrowed_is_refused() {
    let cell = std::cell::RefCell::new(1);
    assert_eq!(key(&cell), key(1));
    let _guard = cell.borrow_mut();
    assert!(matches!(try_key(&cell), Err(KeyError::Refused(_))));
}

#[test]
fn large_sets_are_sorted_within_the_limit() {
    let set: HashSet<u32> = (0..100_000).collect();
    let again: HashSet<u32> = (0..100_000).rev().collect();
    assert_eq!(key(&set), key(&again));
}

#[test]
fn values_of_every_size_move_from_the_stack_to_the_heap_whole() {
    for first in 0..140 {
        let (text, number) = ("x".repeat(first), u64::MAX);
        let mut out = KeyEncoder::new();
        text.encode_key(&mut out).unwrap();
        number.encode_key(&mut out).unwrap();
        3.encode_key(&mut out).unwrap();
        assert_eq!(out.as_bytes(), [key(&text), key(number), key(3)].concat());
        out.clear();
        assert_eq!(out.as_bytes(), b"");
        3.encode_key(&mut out).unwrap();
        assert_eq!(out.as_bytes(), key(3));
    }
}
