//! `Key` and `KeyParts`.

use std::collections::HashSet;

use super::super::{Generic, Key, KeyParts, Level};

const PARTS: KeyParts<'static> = KeyParts {
    identity: "a::b",
    generics: &[],
    namespace: None,
    version: None,
    level: Level::Whole,
    arguments: &[],
    processors: &[],
};

#[test]
fn every_part_of_a_call_changes_its_key() {
    let all = [
        PARTS,
        KeyParts { identity: "a::c", ..PARTS },
        KeyParts { identity: "", ..PARTS },
        KeyParts { generics: &[("T", Generic::Type("u8"))], ..PARTS },
        KeyParts { generics: &[("T", Generic::Type("u16"))], ..PARTS },
        KeyParts { generics: &[("T", Generic::Const(b"u8"))], ..PARTS },
        KeyParts { generics: &[("U", Generic::Type("u8"))], ..PARTS },
        KeyParts { generics: &[("T", Generic::Type("u8")), ("U", Generic::Type("u8"))], ..PARTS },
        KeyParts { namespace: Some(""), ..PARTS },
        KeyParts { namespace: Some("x"), ..PARTS },
        KeyParts { version: Some(""), ..PARTS },
        KeyParts { version: Some("x"), ..PARTS },
        KeyParts { level: Level::Processed, ..PARTS },
        KeyParts { arguments: &[("a", b"\x01")], ..PARTS },
        KeyParts { arguments: &[("a", b"\x02")], ..PARTS },
        KeyParts { arguments: &[("b", b"\x01")], ..PARTS },
        KeyParts { arguments: &[("a", b"\x01"), ("b", b"\x01")], ..PARTS },
        KeyParts { processors: &[b"p"], ..PARTS },
        KeyParts { processors: &[b"p", b"p"], ..PARTS },
        KeyParts { processors: &[b"pp"], ..PARTS },
    ];
    let keys: HashSet<Key> = all.iter().map(KeyParts::key).collect();
    assert_eq!(keys.len(), all.len());
}

#[test]
fn a_boundary_between_parts_cannot_be_moved() {
    let key = |arguments| KeyParts { arguments, ..PARTS }.key();
    assert_ne!(key(&[("ab", b"c")]), key(&[("a", b"bc")]));
    assert_ne!(key(&[("a", b"x"), ("b", b"y")]), key(&[("a", b"x\x09\0\0\0\0\0\0\0\x01b")]));
    // An argument `k/v` against a key `k` in a namespace `v`.
    let in_namespace = KeyParts { namespace: Some("v"), arguments: &[("k", b"")], ..PARTS };
    assert_ne!(in_namespace.key(), key(&[("k/v", b"")]));
}

#[test]
fn hex_is_read_back_and_nothing_else_is() {
    let key = PARTS.key();
    assert_eq!(Key::from_hex(&key.to_hex()), Ok(key));
    assert_eq!(key.to_hex().parse(), Ok(key));
    for wrong in ["", "00", &key.to_hex().to_uppercase(), &format!("{key}00"), &"é".repeat(32)] {
        assert!(Key::from_hex(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn serde_has_hex() {
    let text = serde_json::to_string(&PARTS.key()).unwrap();
    assert_eq!(text, format!("\"{}\"", PARTS.key()));
    assert_eq!(serde_json::from_str::<Key>(&text).unwrap(), PARTS.key());
    assert!(serde_json::from_str::<Key>("\"2a\"").is_err());
}

#[test]
fn base32_is_that_of_the_rfc() {
    // RFC 4648, section 10: "foobar" is MZXW6YTBOI.
    let mut bytes = [0; 32];
    bytes[..6].copy_from_slice(b"foobar");
    assert_eq!(Key::from_bytes(bytes).short(), "mzxw6ytboiaaaaaaaaaaaaaaaa");
    assert_eq!(Key::from_bytes(bytes).shard(), "mz");
}

#[test]
fn keys_sort_as_their_hex_does() {
    let low = Key::from_bytes([1; 32]);
    let high = Key::from_bytes([2; 32]);
    assert!(low < high && low.to_hex() < high.to_hex());
}
