//! What is counted as read of a lazy dataset: what was read of its objects, when it was read.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;
use nuthatch::stats;

use crate::files;
use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Noise, which no codec makes much smaller.
#[cache]
fn noise(count: u64) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let mixed = |at: u64| (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    let values: Vec<u64> = (0..count).map(|at| mixed(mixed(at))).collect();
    let places: Vec<u64> = (0..count).collect();
    Dataset::new()
        .with_variable("noise", Variable::new(["place"], values))?
        .with_coord("place", places)
}

#[test]
fn bytes_of_a_lazy_recall_are_counted_when_they_are_read() {
    let lake = Lake::new();
    noise(100_000).unwrap();
    let stored = noise::entry(100_000).run().unwrap().unwrap().backends[0].bytes;
    let manifest = std::fs::metadata(files::only_manifest(&lake.path("root"))).unwrap().len();
    assert!(stored > 800_000, "{stored} bytes");

    let (counted, requested) = (stats().bytes_read, lake.bytes_read("root"));
    let opened = noise(100_000).unwrap();
    let at_opening = stats().bytes_read - counted;
    // The manifest is no part of the value.
    assert_eq!(at_opening + manifest, lake.bytes_read("root") - requested);
    assert!(0 < at_opening && at_opening < stored / 4, "{at_opening} bytes of {stored}");

    let (counted, requested) = (stats().bytes_read, lake.bytes_read("root"));
    let values = opened.array("noise").unwrap().values::<u64>().unwrap();
    let when_read = stats().bytes_read - counted;
    assert_eq!(when_read, lake.bytes_read("root") - requested);
    assert!(when_read > stored / 2, "{when_read} bytes of {stored}");
    assert_eq!((values.len(), RUNS.load(Ordering::SeqCst)), (100_000, 1));
}

#[test]
fn bytes_that_are_never_read_are_never_counted() {
    let _lake = Lake::new();
    noise(100_000).unwrap();
    let stored = noise::entry(100_000).run().unwrap().unwrap().backends[0].bytes;
    let before = stats().bytes_read;
    for _ in 0..3 {
        drop(noise(100_000).unwrap());
    }
    let read = stats().bytes_read - before;
    assert!(read < stored, "{read} bytes of {stored} were counted for three openings");
    assert_eq!((RUNS.load(Ordering::SeqCst), stats().root_hits), (1, 3));
}
