use std::collections::BTreeSet;

use super::World;
use crate::config::parameters::{BACKENDS, GLOBALS, LOCATIONS, PLACE, Parameter};

const EXAMPLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../nuthatch.toml.example"));

#[test]
fn the_example_is_a_configuration() {
    let settings = World::new().project(EXAMPLE).resolve();
    assert!(settings.root.is_some());
    assert_eq!(settings.mirrors.len(), 2);
}

#[test]
fn the_example_names_every_key_of_the_code_and_no_other() {
    let document: toml::Table = toml::from_str(EXAMPLE).unwrap();
    let mut named = BTreeSet::new();
    for (key, value) in document["nuthatch"].as_table().unwrap() {
        if !key.starts_with("mirror-") && !LOCATIONS.contains(&key.as_str()) {
            named.insert(key.clone());
            continue;
        }
        let location = if key.starts_with("mirror-") { "mirror-NAME" } else { key };
        for (key, value) in value.as_table().unwrap() {
            if !BACKENDS.contains(&key.as_str()) {
                named.insert(format!("{location}.{key}"));
                continue;
            }
            named.insert(format!("BACKEND {key}"));
            let own = value.as_table().unwrap().keys();
            let own = own.filter(|key| PLACE.iter().any(|known| known.name == *key));
            named.extend(own.map(|key| format!("{location}.BACKEND.{key}")));
        }
    }
    let mut known: BTreeSet<String> = GLOBALS.iter().map(|known| known.name.to_owned()).collect();
    for Parameter { name, .. } in PLACE {
        let locations = LOCATIONS.into_iter().chain(["mirror-NAME"]);
        known.extend(locations.map(|location| format!("{location}.{name}")));
        known.extend([name.to_owned(), format!("root.BACKEND.{name}")]);
    }
    // Right under the head and in the table of the root would be twice.
    known.retain(|key| !["filesystem", "filesystem_options"].contains(&key.as_str()));
    known.extend(BACKENDS.map(|name| format!("BACKEND {name}")));
    assert_eq!(named, known);
}

#[test]
fn every_key_of_the_example_has_a_comment() {
    let mut commented = false;
    for line in EXAMPLE.lines() {
        match line.trim() {
            "" => commented = false,
            line if line.starts_with('#') => commented = true,
            line => assert!(commented || line.contains(" # "), "no comment: {line}"),
        }
    }
}
