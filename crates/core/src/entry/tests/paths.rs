//! Paths are frozen, safe on every filesystem, and never shared by two calls.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use object_store::path::Path;
use proptest::prelude::*;
use serde::Deserialize;

use super::super::layout;
use super::*;

#[derive(Deserialize)]
struct Golden {
    function: String,
    namespace: Option<String>,
    arguments: String,
    key: String,
    manifest: String,
    data: String,
}

#[test]
fn paths_of_layout_1_are_frozen() {
    let golden = include_str!("golden/layout-1/paths.jsonl");
    assert!(golden.lines().count() >= 12);
    for line in golden.lines() {
        let golden: Golden = serde_json::from_str(line).unwrap();
        let key = HEXLOWER.decode(golden.key.as_bytes()).unwrap().try_into().unwrap();
        let address =
            Address::new(&golden.function, golden.namespace.as_deref(), &golden.arguments, key);
        let address = address.unwrap();
        assert_eq!(address.manifest().as_ref(), golden.manifest, "{line}");
        assert_eq!(address.generation("01jg").unwrap().as_ref(), golden.data, "{line}");
    }
}

#[test]
fn the_namespace_that_stands_for_none_is_refused() {
    let error = Address::new("f", Some("_"), "", [0; 32]).unwrap_err();
    assert!(error.to_string().contains("choose another name"), "{error}");
}

#[test]
fn namespaces_that_look_alike_do_not_disturb_each_other() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let alike = [("A", [1; 32]), ("a", [2; 32]), ("x/y", [3; 32]), ("x_y", [4; 32])];
    let addresses = alike.map(|(name, key)| Address::new("f", Some(name), "n=1", key).unwrap());
    for (address, (name, _)) in addresses.iter().zip(alike) {
        let value = format!("the value of {name}");
        done(block_on(super::store(&lake, address, value.as_bytes())));
    }
    for (address, (name, _)) in addresses.iter().zip(alike) {
        let value = value(&lake, address).unwrap();
        assert_eq!(String::from_utf8(value).unwrap(), format!("the value of {name}"));
    }
}

#[test]
fn a_generation_is_one_segment() {
    for hostile in ["", ".", "..", "a/b", "../x", "a/", "/a", "a\0"] {
        assert!(address().generation(hostile).is_err(), "{hostile:?}");
    }
}

#[test]
fn the_generation_of_one_entry_is_below_no_other_entry() {
    let (one, other) = (address_of([1; 32]), address_of([2; 32]));
    let (one, other) = (one.generation("g").unwrap(), other.generation("g").unwrap());
    assert!(!one.prefix_matches(&other) && !other.prefix_matches(&one));
}

/// Text as callers have it, with what breaks paths in it.
fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "..",
        "/",
        "\\",
        "\0",
        "~",
        "#",
        "%2F",
        "?",
        "con",
        "NUL.txt",
        "com1",
        "LPT9.",
        ".",
        " ",
        "🦜",
        "é",
        "İ",
        "ẞ",
        "_",
        "nuthatch.json",
        ".locks",
        ".probe",
        "\n",
        "\u{202e}",
    ]);
    let piece = prop_oneof![hostile.prop_map(str::to_owned), ".{0,8}", "[a-z]{0,40}"];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn assert_safe(segment: &str, limit: usize) {
    assert!(!segment.is_empty() && segment.len() <= limit, "{segment:?}");
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._=-".contains(&b);
    assert!(segment.bytes().all(allowed), "{segment:?}");
    assert!(!segment.starts_with('.') && !segment.ends_with('.'), "{segment:?}");
    let stem = segment.split('.').next().unwrap();
    let device = ["con", "prn", "aux", "nul"].contains(&stem)
        || (stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    assert!(!device, "{segment:?}");
}

proptest! {
    #[test]
    fn every_path_is_safe(
        function in text(), namespace in prop::option::of(text()), arguments in text(),
        key in any::<[u8; 32]>(),
    ) {
        prop_assume!(namespace.as_deref() != Some("_"));
        let address = Address::new(&function, namespace.as_deref(), &arguments, key).unwrap();
        let parts: Vec<&str> = address.manifest().as_ref().split('/').collect();
        prop_assert_eq!(parts.len(), 5);
        assert_safe(parts[0], 64);
        prop_assert_eq!(parts[0] == "_", namespace.is_none());
        prop_assert!(parts[0] != layout::MARKER);
        assert_safe(parts[1], 100);
        prop_assert_eq!(parts[2], "entries");
        let (readable, rest) = parts[4].split_once('~').unwrap();
        assert_safe(readable, 64);
        let short = rest.strip_suffix(".json").unwrap();
        prop_assert_eq!(short.len(), 26);
        prop_assert_eq!(parts[3], &short[..2]);

        let reparsed = Path::parse(address.manifest().as_ref()).unwrap();
        prop_assert_eq!(&reparsed, address.manifest());
    }

    #[test]
    fn only_the_key_decides(
        function in text(), arguments in text(), keys in any::<[[u8; 17]; 2]>(),
    ) {
        let pad = |short: [u8; 17]| { let mut key = [0; 32]; key[..17].copy_from_slice(&short); key };
        let paths: BTreeSet<String> = keys
            .iter()
            .map(|key| Address::new(&function, None, &arguments, pad(*key)).unwrap())
            .map(|address| address.manifest().to_string())
            .collect();
        let [one, other] = keys;
        let differ = one[..16] != other[..16] || (one[16] ^ other[16]) >> 6 != 0;
        prop_assert_eq!(paths.len() == 2, differ);
    }
}

#[test]
fn ten_thousand_characters_make_a_path_of_usual_length() {
    let long = "🦜x".repeat(5_000);
    let address = Address::new(&long, Some(&long), &long, [0; 32]).unwrap();
    assert!(address.manifest().as_ref().len() < 300);
}
