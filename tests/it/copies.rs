//! What a local mode finds elsewhere is copied as it is: object by object, nothing decoded on the
//! way, and checked.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};

use crate::files;
use crate::lake::Lake;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
static DECODED: AtomicU32 = AtomicU32::new(0);

/// Knows how often one of it was decoded.
#[derive(Debug, PartialEq, Serialize)]
struct Levels(Vec<u32>);

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        DECODED.fetch_add(1, Ordering::SeqCst);
        Vec::deserialize(from).map(Self)
    }
}

#[cache(name = "copies_levels")]
fn levels(length: u32) -> nuthatch::Result<Levels> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(Levels((0..length).map(|at| at.wrapping_mul(2_654_435_761)).collect()))
}

fn record(lake: &Lake, location: &str) -> serde_json::Value {
    let manifest = fs::read(files::only_manifest(&lake.path(location))).unwrap();
    serde_json::from_slice::<serde_json::Value>(&manifest).unwrap()["backends"][0].take()
}

/// One request, several, and more than is sent as one part.
#[test]
fn a_copy_decodes_nothing_and_has_the_bytes_and_checksums_of_its_original() {
    for length in [20_000, 300_000, 3_000_000] {
        let lake = Lake::new();
        let stored = levels(length).unwrap();
        lake.configure_all();
        DECODED.store(0, Ordering::SeqCst);
        let copied = levels::call(length).cache_mode(CacheMode::Local).run().unwrap();
        assert_eq!(copied, stored);
        assert_eq!(DECODED.load(Ordering::SeqCst), 1, "once, from the copy");
        let asked = lake.requests("root");
        let data = asked.iter().filter(|request| request.contains("/data/"));
        assert_eq!(data.count(), 1, "{asked:?}");

        let (root, local) = (record(&lake, "root"), record(&lake, "local"));
        for same in ["backend", "bytes", "type", "type_shape", "details"] {
            assert_eq!(root[same], local[same], "{same}");
        }
        assert_ne!(root["generation"], local["generation"]);
        let bytes = |location| fs::read(&files::data(&lake.path(location))[0]).unwrap();
        assert_eq!(bytes("root"), bytes("local"));
        let offline = levels::call(length).cache_mode(CacheMode::Offline).strict(true).run();
        assert_eq!(offline.unwrap(), stored);
        lake.empty("root");
        lake.empty("local");
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
}

/// The computation is that of the original: when, how long, by whom.
#[test]
fn a_copy_says_who_computed_it_and_counts_as_a_hit_of_the_root() {
    let lake = Lake::new();
    levels(20_000).unwrap();
    let original = levels::entry(20_000).run().unwrap().unwrap();
    lake.configure_all();
    nuthatch::reset_stats();
    levels::call(20_000).cache_mode(CacheMode::Local).run().unwrap();
    let stats = nuthatch::stats();
    assert_eq!((stats.root_hits, stats.local_hits, stats.stored), (1, 0, 1), "{stats}");
    lake.empty("root");
    nuthatch::set_parameter!("cache_mode", "offline").unwrap();
    let copy = levels::entry(20_000).run().unwrap().unwrap();
    assert_eq!(copy.created_at, original.created_at);
    assert_eq!(copy.compute_seconds, original.compute_seconds);
    assert_eq!(copy.host, original.host);
}

#[test]
fn what_is_damaged_is_not_copied_and_costs_a_warning() {
    for location in ["root", "mirror"] {
        let lake = Lake::new();
        let told = if location == "root" { Some(Told::listen()) } else { None };
        let stored = levels(20_000).unwrap();
        if location == "mirror" {
            fs::rename(lake.path("root"), lake.path("mirror")).unwrap();
        }
        let data = files::data(&lake.path(location)).pop().unwrap();
        let mut bytes = fs::read(&data).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&data, bytes).unwrap();
        lake.configure_all();
        RUNS.store(0, Ordering::SeqCst);
        let computed = levels::call(20_000).cache_mode(CacheMode::Local).run().unwrap();
        assert_eq!((computed, RUNS.load(Ordering::SeqCst)), (stored, 1), "it was computed anew");
        if let Some(told) = told {
            told.says(&["damaged"]);
        }
        let offline = levels::call(20_000).cache_mode(CacheMode::Offline).strict(true).run();
        assert!(offline.is_ok(), "what was computed is kept: {offline:?}");
        for emptied in ["root", "local", "mirror"] {
            lake.empty(emptied);
        }
    }
}

/// Refuses what begins with the number that is refused now.
#[derive(Debug, PartialEq, Serialize)]
struct Picky(Vec<u32>);

static REFUSED: AtomicU32 = AtomicU32::new(0);
static FIRST: AtomicU32 = AtomicU32::new(0);

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let values = Vec::deserialize(from)?;
        match values.first() {
            Some(first) if *first != 0 && *first == REFUSED.load(Ordering::SeqCst) => {
                Err(serde::de::Error::custom("it is of another kind now"))
            }
            _ => Ok(Self(values)),
        }
    }
}

#[cache(name = "copies_picky")]
fn picky() -> nuthatch::Result<Picky> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(Picky(vec![FIRST.load(Ordering::SeqCst); 20_000]))
}

/// Whole by its checksums, and nothing that this build can read.
#[test]
fn what_cannot_be_read_is_not_copied_and_what_is_computed_instead_is_kept() {
    let lake = Lake::new();
    FIRST.store(1, Ordering::SeqCst);
    picky().unwrap();
    lake.configure_all();
    REFUSED.store(1, Ordering::SeqCst);
    FIRST.store(2, Ordering::SeqCst);
    RUNS.store(0, Ordering::SeqCst);
    for _ in 0..3 {
        let found = picky::call().cache_mode(CacheMode::Local).run().unwrap();
        assert_eq!(found.0[0], 2);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1, "computed once, and kept");
    assert_eq!(picky::call().cache_mode(CacheMode::Offline).strict(true).run().unwrap().0[0], 2);
    // What was copied in vain goes, off the call's path.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while files::data(&lake.path("local")).len() > 1 {
        assert!(std::time::Instant::now() < patience, "{:?}", files::data(&lake.path("local")));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
