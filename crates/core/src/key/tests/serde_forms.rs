//! What serde values become: sets by their type's name, maps in any order, what is hidden.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::ops::{Range, RangeInclusive};

use serde::{Serialize, Serializer};

use super::super::{CacheKey, KeyEncoder};
use super::{both, key, serde_key};

#[test]
fn sets_are_recognised_wherever_they_stand() {
    #[derive(Serialize)]
    struct Newtype(HashSet<u8>);
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Transparent {
        set: HashSet<u8>,
    }
    #[derive(Serialize)]
    struct Field<'a> {
        set: &'a HashSet<u8>,
    }
    #[derive(Serialize)]
    #[expect(clippy::box_collection, reason = "a box has no say in what it holds")]
    enum Variant {
        Of(Box<HashSet<u8>>),
    }
    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Of { set: HashSet<u8> },
    }
    #[derive(Serialize)]
    struct Flattened {
        #[serde(flatten)]
        inner: BTreeMap<&'static str, HashSet<u8>>,
    }

    let set = || HashSet::from([1, 2, 3]);
    let sorted = BTreeSet::from([1, 2, 3]);
    let expected = key(&sorted);
    assert_eq!(both(set()), expected);
    assert_eq!(serde_key(set()), expected);
    assert_eq!(serde_key(Newtype(set())), expected);
    assert_eq!(serde_key(Transparent { set: set() }), expected);
    assert_eq!(serde_key(Field { set: &set() }), key(BTreeMap::from([("set", &sorted)])));
    assert_eq!(serde_key(Some(set())), key(Some(&sorted)));
    let mut variant = KeyEncoder::new();
    variant.variant("Of", |out| sorted.encode_key(out)).unwrap();
    assert_eq!(serde_key(Variant::Of(Box::new(set()))), variant.as_bytes());
    let tagged = serde_key(Tagged::Of { set: set() });
    assert!(tagged.windows(expected.len()).any(|bytes| bytes == expected));
    let flattened = Flattened { inner: BTreeMap::from([("set", set())]) };
    assert_eq!(serde_key(flattened), key(BTreeMap::from([("set", &sorted)])));
}

#[test]
fn a_set_is_neither_a_sequence_nor_a_tuple() {
    assert_ne!(both(HashSet::from([3])), both(vec![3]));
    assert_ne!(both(BTreeSet::from([3, 4])), both((3, 4)));
}

#[test]
fn hashbrown_sets_are_recognised() {
    let state = std::hash::RandomState::new;
    let mut set = hashbrown::HashSet::with_hasher(state());
    set.extend([2, 1, 3]);
    assert_eq!(serde_key(&set), key(BTreeSet::from([1, 2, 3])));
    assert_eq!(serde_key([&set]), key([BTreeSet::from([1, 2, 3])]));
    let mut map = hashbrown::HashMap::with_hasher(state());
    map.extend([("b", 1), ("a", 2)]);
    assert_eq!(serde_key(&map), key(BTreeMap::from([("a", 2), ("b", 1)])));
}

#[test]
fn lists_made_of_a_maps_iterator_do_not_depend_on_its_order() {
    struct Pairs(HashMap<(u8, u8), u8>);
    impl Serialize for Pairs {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(&self.0)
        }
    }
    let pairs = |order: &[u8]| Pairs(order.iter().map(|&n| ((n, n), n)).collect());
    let expected = serde_key(pairs(&[1, 2, 3, 4, 5]));
    assert_eq!(expected, serde_key(pairs(&[5, 3, 4, 1, 2])));
    assert_eq!(expected, key((1..6).map(|n| ((n, n), n)).collect::<BTreeSet<_>>()));
}

#[test]
fn heaps_are_sets_that_keep_duplicates() {
    let heap = BinaryHeap::from([1, 3, 3, 2]);
    assert_eq!(both(&heap), both(BinaryHeap::from([3, 2, 3, 1])));
    assert_ne!(both(&heap), both(BinaryHeap::from([3, 2, 1])));
}

#[test]
fn a_struct_is_a_map_whatever_the_order_of_its_fields() {
    #[derive(Serialize)]
    struct One {
        a: u8,
        bb: &'static str,
    }
    #[derive(Serialize)]
    struct Other {
        bb: String,
        a: i64,
    }
    let one = serde_key(One { a: 1, bb: "x" });
    assert_eq!(one, serde_key(Other { bb: "x".into(), a: 1 }));
    let value = serde_json::json!({"bb": "x", "a": 1});
    assert_eq!(one, serde_key(value));
}

#[test]
fn entries_of_one_key_are_kept_in_their_order() {
    struct Multi(&'static [(&'static str, u8)]);
    impl Serialize for Multi {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().copied())
        }
    }
    assert_ne!(serde_key(Multi(&[("a", 1)])), serde_key(Multi(&[("a", 1), ("a", 1)])));
    assert_ne!(serde_key(Multi(&[("a", 1), ("a", 2)])), serde_key(Multi(&[("a", 2), ("a", 1)])));
    assert_eq!(
        serde_key(Multi(&[("b", 0), ("a", 1), ("a", 2)])),
        serde_key(Multi(&[("a", 1), ("b", 0), ("a", 2)]))
    );
}

#[test]
fn variants_are_names() {
    #[derive(Serialize)]
    enum Before {
        B,
        C(u8),
    }
    #[derive(Serialize)]
    #[expect(dead_code, reason = "its place moves the others")]
    enum After {
        A,
        C(u8),
        B,
    }
    assert_eq!(serde_key(Before::B), serde_key(After::B));
    assert_eq!(serde_key(Before::C(1)), serde_key(After::C(1)));
    assert_ne!(serde_key(Before::B), serde_key("B"));
    assert_ne!(serde_key(Before::C(1)), serde_key(BTreeMap::from([("C", 1)])));
}

#[test]
fn ranges_that_include_their_end_are_told_apart_by_serde_too() {
    #[derive(Serialize)]
    struct Holder<R> {
        range: Box<R>,
    }
    let open: Holder<Range<u8>> = Holder { range: Box::new(1..2) };
    let closed: Holder<RangeInclusive<u8>> = Holder { range: Box::new(1..=2) };
    assert_ne!(serde_key(open), serde_key(closed));
}

#[test]
fn bytes_are_no_sequence() {
    struct Bytes(&'static [u8]);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    assert_ne!(serde_key(Bytes(b"ab")), serde_key(b"ab"));
    assert_ne!(serde_key(Bytes(b"ab")), serde_key("ab"));
    assert_eq!(serde_key(Bytes(b"ab")), key(c"ab"));
}

#[test]
fn the_form_is_that_for_people() {
    struct Asks;
    impl Serialize for Asks {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let readable = serializer.is_human_readable();
            serializer.serialize_bool(readable)
        }
    }
    assert_eq!(serde_key(Asks), key(true));
}

#[test]
fn what_serde_hides_is_not_in_the_key() {
    #[derive(Serialize)]
    struct Hides {
        shown: u8,
        #[serde(skip)]
        hidden: u8,
    }
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        A(u8),
        B(u8),
    }
    let one = Hides { shown: 1, hidden: 1 };
    let other = Hides { shown: 1, hidden: 2 };
    assert_ne!(one.hidden, other.hidden);
    assert_eq!(serde_key(one), serde_key(other));
    assert_eq!(serde_key(Untagged::A(1)), serde_key(Untagged::B(1)));
}

#[test]
fn every_pair_that_the_printed_form_confused_is_told_apart() {
    assert_ne!(both(("a_b", "c")), both(("a", "b_c")));
    assert_ne!(both([1, 2]), both([2, 1]));
    assert_ne!(both((3, 4)), both(HashSet::from([3, 4])));
    assert_ne!(both(None::<u8>), both("None"));
    assert_ne!(both(1), both("1"));
    assert_ne!(both(true), both("True"));
    assert_ne!(both(true), both("true"));
    assert_ne!(both(HashMap::from([("k", 1)])), both("k-1"));
    // Arrays whose printed form is cut in the middle.
    let mut long = vec![0.0; 10_000];
    let one = both(&long);
    long[5_000] = 1.0;
    assert_ne!(one, both(&long));
}
