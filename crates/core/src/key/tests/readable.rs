//! What people are shown.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{CacheKey, Secret, readable, readable_within, value_len};
use super::{key, serde_key};

#[track_caller]
fn shows(value: impl CacheKey, text: &str) {
    assert_eq!(readable(&key(value)), text);
}

#[test]
fn values_read_as_rust_writes_them() {
    shows(3, "3");
    shows(-3, "-3");
    shows(i128::MIN, "-170141183460469231731687303715884105728");
    shows(u128::MAX, "340282366920938463463374607431768211455");
    shows(1.5, "1.5");
    shows(1.0, "1.0");
    shows(-0.0, "-0.0");
    shows(f64::NAN, "NaN");
    shows(f64::NEG_INFINITY, "-inf");
    shows(true, "true");
    shows((), "()");
    shows("a b", r#""a b""#);
    shows("it's \"so\"\n", r#""it's \"so\"\n""#);
    shows("Zürich 🐦", "\"Zürich 🐦\"");
    shows("\u{202e}", r#""\u{202e}""#);
    shows(c"a\xff", r#"b"a\xff""#);
    shows([1, 2], "[1, 2]");
    shows((1, [2.5]), "[1, [2.5]]");
    shows(BTreeSet::from([2, 1]), "{1, 2}");
    shows(BTreeMap::from([("k", 1), ("j", 2)]), r#"{"j": 2, "k": 1}"#);
    shows([0; 0], "[]");
    shows(None::<u8>, "None");
    shows(Some(Some(3)), "Some(Some(3))");
    shows(Ok::<_, ()>(1), "Ok(1)");
    shows(std::cmp::Ordering::Less, "Less");
}

#[test]
fn a_secret_is_never_shown() {
    shows(Secret::new(String::from("hunter2")), "***");
    shows([Some(Secret::new(String::from("hunter2")))], "[Some(***)]");
    let secret = Secret::new(String::from("hunter2"));
    assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
    assert!(!key(secret).windows(7).any(|bytes| bytes == b"hunter2"));
}

#[test]
fn long_values_are_cut() {
    assert_eq!(readable_within(&key("abcdef"), 4), "\"ab…");
    assert_eq!(readable_within(&key("ab"), 4), "\"ab\"");
    assert_eq!(readable_within(&key([1, 2, 3]), 5), "[1, …");
    assert_eq!(readable_within(&key(1), 0), "");
    assert_eq!(readable(&key("x".repeat(1000))).chars().count(), 240);
    assert_eq!(readable(&key(vec![(); 10_000])).chars().count(), 240);
}

#[test]
fn foreign_bytes_are_said_to_be_no_value() {
    for foreign in [&b""[..], b"\0", b"\xff", b"\x06", b"\x06\x11", b"\x08\0\0\0\x05abc", b"\x03"] {
        assert_eq!(value_len(foreign), None, "{foreign:?}");
        assert_eq!(readable(foreign), "<not a value>");
    }
    // A sequence that is whole, of an element that is not.
    assert_eq!(readable(b"\x0a\0\0\0\x02\xff\xff"), "[<not a value>]");
    assert_eq!(readable(b"\x08\0\0\0\x01\xff"), "<not a value>");
    assert_eq!(readable(b"\x0d\0\0\0\x02\x06\x00"), "<not a value>");
}

#[test]
fn hostile_depth_is_cut() {
    let somes = [vec![3; 1 << 14], vec![1]].concat();
    assert_eq!(value_len(&somes), Some((1 << 14) + 1));
    assert!(readable_within(&somes, usize::MAX).contains("<too deep>"));
    let nested = (0..1000_u32).rev().fold(Vec::new(), |held, _| {
        let len = u32::try_from(held.len()).unwrap().to_be_bytes();
        [&[0x0a][..], &len, &held].concat()
    });
    assert!(readable_within(&nested, usize::MAX).contains("<too deep>"));
}

#[test]
fn structs_and_variants_of_serde_are_shown_by_their_names() {
    #[derive(serde::Serialize)]
    enum Shape {
        Circle { radius: f64 },
    }
    assert_eq!(readable(&serde_key(Shape::Circle { radius: 2.5 })), r#"Circle({"radius": 2.5})"#);
}
