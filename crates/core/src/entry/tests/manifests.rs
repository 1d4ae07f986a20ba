//! A manifest's bytes: frozen, checked, and kind to what newer releases add.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::super::document::{Carried, Head, Unreadable, with_text};
use super::super::seal;
use super::*;

const GOLDEN: &[u8] = include_bytes!("golden/layout-1/value.json");
const GOLDEN_NULL: &[u8] = include_bytes!("golden/layout-1/null.json");
const GOLDEN_TOMBSTONE: &[u8] = include_bytes!("golden/layout-1/tombstone.json");

fn stored() -> Stored {
    Stored {
        backend: "basic".to_owned(),
        generation: "01kdwmqv0g9x7c2m4t6r8y0abc".to_owned(),
        path: "_/lake.weather.daily/data/aa/window=3~aaaa/01kdwmqv0g9x7c2m4t6r8y0abc".to_owned(),
        bytes: 71,
        type_name: "i64".to_owned(),
        type_shape: Some("5ac1".to_owned()),
        inline: Some("bnV0aGF0Y2g=".to_owned()),
        details: serde_json::Map::new(),
        time_extent: None,
    }
}

/// Every member that there is, so that a forgotten one shows.
fn full() -> Manifest {
    let extent = |start: &str, end: &str| Extent {
        dim: "time".to_owned(),
        start: Some(start.to_owned()),
        end: Some(end.to_owned()),
    };
    Manifest {
        layout: 1,
        key: std::array::from_fn(|at| u8::try_from(at).unwrap()),
        function: "lake::weather::daily".to_owned(),
        arguments: [("station", "\"seattle\""), ("window", "3")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        namespace: Some("Prüfung/1".to_owned()),
        version: Some("0.1.0".to_owned()),
        state: State::Value,
        time_extent: Some(extent("2008-01-01", "2008-12-31")),
        asked_range: Some(extent("2008-01-01", "2008-06-30")),
        created_at: "2026-01-01T00:00:00.000Z".to_owned(),
        compute_seconds: Some(1.25),
        user: Some("ada".to_owned()),
        host: Some("engine".to_owned()),
        git_commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        crate_version: Some("0.3.1".to_owned()),
        fingerprint: Some("f1f2".to_owned()),
        lineage: vec![Input {
            location: "mirror-noaa".to_owned(),
            path: "_/lake.weather.raw/entries/bb/station=seattle~bbbb.json".to_owned(),
            generation: Some("01kdwmqv0g000000000000000b".to_owned()),
        }],
        processors: vec![Processor {
            name: "timeseries".to_owned(),
            options: "dim = \"time\"".to_owned(),
        }],
        write_id: "01KDWMQV0G9X7C2M4T6R8Y0ABC".to_owned(),
        removing: None,
        replaced: vec![Replaced {
            backend: "zarr".to_owned(),
            generation: "01kdwmqv0g000000000000000a".to_owned(),
            path: "_/lake.weather.daily/data/aa/window=3~aaaa/01kdwmqv0g000000000000000a"
                .to_owned(),
            replaced_at: "2026-01-01T00:00:00.000Z".to_owned(),
        }],
        backends: vec![Arc::new(stored())],
    }
}

fn bare(state: State) -> Manifest {
    let none = Manifest { state, replaced: vec![], backends: vec![], ..full() };
    Manifest { lineage: vec![], processors: vec![], time_extent: None, asked_range: None, ..none }
}

/// The bytes that a release that knows every member would write.
fn bytes(manifest: &Manifest) -> Vec<u8> {
    let replaced = manifest.replaced.iter().map(|record| with_text(record.clone()).unwrap());
    let backends = manifest.backends.iter().map(|record| {
        let (_, text) = with_text((**record).clone()).unwrap();
        (Arc::clone(record), text)
    });
    let carried = Carried {
        unknown: BTreeMap::new(),
        replaced: replaced.collect(),
        backends: backends.collect(),
    };
    manifest.write(&carried).unwrap()
}

/// All of a manifest, checked as a look-up does.
fn read(bytes: &[u8]) -> Result<Manifest, Unreadable> {
    let head = Head::read(bytes)?;
    let manifest: Manifest = serde_json::from_slice(bytes).unwrap();
    assert_eq!((head.key, head.state), (manifest.key, manifest.state));
    assert!(head.backends.iter().eq(manifest.backends.iter().map(|record| &**record)));
    Ok(manifest)
}

/// Bytes as a newer release would write them: with members of its own, and sealed.
fn resealed(text: &str) -> Vec<u8> {
    let body = text.split(",\n\"blake3\"").next().unwrap();
    seal::seal(body.as_bytes().to_vec())
}

#[test]
fn manifests_of_layout_1_are_frozen() {
    for (golden, manifest) in [
        (GOLDEN, full()),
        (GOLDEN_NULL, bare(State::Null)),
        (GOLDEN_TOMBSTONE, bare(State::Forgotten)),
    ] {
        let written = String::from_utf8(bytes(&manifest)).unwrap();
        assert_eq!(written, String::from_utf8_lossy(golden));
        assert_eq!(read(golden).unwrap(), manifest);
    }
}

#[test]
fn a_usual_manifest_is_about_a_thousand_bytes() {
    assert!(GOLDEN_NULL.len() < 800, "{}", GOLDEN_NULL.len());
    assert!(GOLDEN.len() < 1_800, "{}", GOLDEN.len());
}

#[test]
fn the_seal_can_be_checked_without_this_crate() {
    let text = String::from_utf8(GOLDEN.to_vec()).unwrap();
    let (body, seal) = text.split_once(",\n\"blake3\":\"").unwrap();
    assert_eq!(seal, format!("{}\"\n}}\n", blake3::hash(body.as_bytes()).to_hex()));
}

#[test]
fn serialising_a_manifest_shows_all_of_it() {
    let shown: Manifest = serde_json::from_str(&serde_json::to_string(&full()).unwrap()).unwrap();
    assert_eq!(shown, full());
}

#[test]
fn every_flipped_bit_is_found() {
    for at in 0..GOLDEN.len() {
        for bit in 0..8 {
            let mut flipped = GOLDEN.to_vec();
            flipped[at] ^= 1 << bit;
            let found = read(&flipped);
            assert!(
                matches!(found, Err(Unreadable::Damaged(_))),
                "byte {at}, bit {bit}: {found:?}"
            );
        }
    }
}

#[test]
fn every_truncation_is_found() {
    for length in 0..GOLDEN.len() {
        let found = read(&GOLDEN[..length]);
        assert!(matches!(found, Err(Unreadable::Damaged(_))), "{length} bytes: {found:?}");
    }
}

#[test]
fn foreign_json_is_damage() {
    let deep = "[".repeat(100_000);
    for foreign in ["", "{}", "null", "[1]", "{\"layout\":1}", "{\"layout\":-1}", "\u{0}", &deep] {
        let found = read(foreign.as_bytes());
        assert!(matches!(found, Err(Unreadable::Damaged(_))), "{found:?}");
        let found = read(&resealed(foreign));
        assert!(matches!(found, Err(Unreadable::Damaged(_))), "{found:?}");
    }
}

#[test]
fn a_value_without_a_backend_is_damage() {
    let found = read(&bytes(&bare(State::Value)));
    assert!(matches!(found, Err(Unreadable::Damaged(_))), "{found:?}");
}

#[test]
fn a_newer_layout_is_told_from_damage() {
    let text = String::from_utf8(GOLDEN.to_vec()).unwrap();
    let newer = text.replace("\"layout\":1", "\"layout\":2");
    assert_eq!(read(&resealed(&newer)).unwrap_err(), Unreadable::Newer(2));
    // As different as it may be, as long as it has its number.
    let other = "{\n\"layout\":3,\n\"key\":[1,2]";
    assert_eq!(read(&resealed(other)).unwrap_err(), Unreadable::Newer(3));
    assert_eq!(read(b"{\"layout\":99}").unwrap_err(), Unreadable::Newer(99));
    let unsealed = read(newer.as_bytes());
    assert!(matches!(unsealed, Err(Unreadable::Damaged(_))), "a flipped bit: {unsealed:?}");
}

#[test]
fn no_member_that_is_written_is_taken_for_unknown() {
    let carried = Carried::from_bytes(GOLDEN).unwrap();
    assert!(carried.unknown.is_empty(), "{:?}", carried.unknown);
    let members: BTreeMap<String, Value> = serde_json::from_slice(GOLDEN).unwrap();
    assert_eq!(members.len(), 22, "a member was added: name it in KNOWN and in the golden file");
}

/// A manifest of a later release of this layout, which knows more.
fn of_a_later_release() -> String {
    String::from_utf8(GOLDEN.to_vec())
        .unwrap()
        .replace(
            "\"write_id\":",
            "\"quality\":{\"rank\":1e-400,\"of\":18446744073709551616},\n\"write_id\":",
        )
        .replace("\"bytes\":71,", "\"bytes\":71,\"tier\":\"cold\",")
        .replace("\"backend\":\"zarr\",", "\"backend\":\"zarr\",\"shard\":7,")
}

#[test]
fn members_of_a_later_release_are_ignored_by_readers() {
    assert_eq!(read(&resealed(&of_a_later_release())).unwrap(), full());
}

#[test]
fn members_of_a_later_release_survive_a_rewrite_to_the_letter() {
    let newer = resealed(&of_a_later_release());
    let carried = Carried::from_bytes(&newer).unwrap();
    let rewritten = read(&newer).unwrap().write(&carried).unwrap();
    let text = String::from_utf8(rewritten.clone()).unwrap();
    assert!(text.contains("\"quality\":{\"rank\":1e-400,\"of\":18446744073709551616}"), "{text}");
    assert!(text.contains("\"tier\":\"cold\"") && text.contains("\"shard\":7"), "{text}");
    assert_eq!(read(&rewritten).unwrap(), full());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read(&seal::seal(bytes)).is_err());
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written(
        function in ".*", namespace in prop::option::of(".*"),
        arguments in prop::collection::btree_map(".*", ".*", 0..4),
        seconds in prop::option::of(0.0..1e9_f64),
    ) {
        let compute_seconds = seconds.map(f64::floor);
        let manifest = Manifest { function, namespace, arguments, compute_seconds, ..full() };
        prop_assert_eq!(read(&bytes(&manifest)).unwrap(), manifest);
    }
}
