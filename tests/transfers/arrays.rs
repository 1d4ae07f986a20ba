//! Arrays, which go chunk by chunk and come as they are asked for.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;

use crate::gauge::Gauge;
use crate::{MB, configure, noise, peak_of};

static RUNS: AtomicU32 = AtomicU32::new(0);

const ROWS: usize = 320;
const BYTES: usize = ROWS * MB;

/// 320 MB that no codec makes much smaller, a megabyte a row.
fn field() -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let field = ndarray::Array2::from_shape_fn((ROWS, MB / 8), element);
    Dataset::new().with_variable("field", Variable::new(["row", "column"], field))
}

fn element((row, column): (usize, usize)) -> u64 {
    noise((row * MB / 8 + column) as u64)
}

/// In twenty objects of 16 MB, four requests at once.
#[cache(backend_options(chunking(row = 16), requests = 4))]
fn sharded() -> nuthatch::Result<Dataset> {
    field()
}

/// In ten objects of 32 MB, which go up in parts.
#[cache(backend_options(chunking(row = 32), requests = 4))]
fn larger() -> nuthatch::Result<Dataset> {
    field()
}

/// Reads all, a few rows at a time.
fn read_through(dataset: &Dataset) {
    let field = dataset.array("field").unwrap();
    for first in (0..ROWS).step_by(16) {
        let part = field.isel("row", first..first + 16).unwrap();
        let values = part.values::<u64>().unwrap();
        assert_eq!(values[[3, 5]], element((first + 3, 5)));
    }
}

fn goes_up_and_comes_down(call: fn() -> nuthatch::Result<Dataset>, chunk: usize) {
    let folder = tempfile::tempdir().unwrap();
    let gauge = Gauge::before(folder.path());
    configure(folder.path());
    let (stored, value) = peak_of(|| call().unwrap());
    let beside = stored.saturating_sub(BYTES);
    let (most, requests) = gauge.take();
    assert!(requests > BYTES / chunk, "{requests}");
    assert!((2..=4).contains(&most), "{most} requests at once to store");
    // Each in memory, and encoded.
    assert!(beside < 2 * 4 * chunk + 32 * MB, "{beside} bytes beside the value to store it");
    drop(value);

    configure(folder.path());
    let recall = || read_through(&call().unwrap());
    let (recalled, ()) = peak_of(recall);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let (most, _) = gauge.take();
    assert!((1..=4).contains(&most), "{most} requests at once to recall");
    assert!(recalled < 2 * 16 * MB + 2 * chunk, "{recalled} bytes to read through 320 MB");
}

#[test]
fn a_large_array_goes_up_and_comes_down_a_few_chunks_at_a_time() {
    goes_up_and_comes_down(sharded, 16 * MB);
}

#[test]
fn an_array_of_large_chunks_goes_up_in_parts() {
    goes_up_and_comes_down(larger, 32 * MB);
}

#[cache(backend_options(chunking(row = 32), requests = 4, zarr_format = 2))]
fn older() -> nuthatch::Result<Dataset> {
    field()
}

fn is_copied(call: fn(CacheMode) -> nuthatch::Result<Dataset>, objects: usize) {
    let folder = tempfile::tempdir().unwrap();
    let gauge = Gauge::before(folder.path());
    configure(folder.path());
    drop(call(CacheMode::Write).unwrap());
    configure(folder.path());
    gauge.take();
    let (copied, copy) = peak_of(|| call(CacheMode::Local).unwrap());
    let (most, requests) = gauge.take();
    assert_eq!(requests, 2 + objects, "the marker, the manifest, and each object once");
    assert!((2..=8).contains(&most), "{most} requests at once to copy");
    // Of each of eight objects three parts, and a chunk that is checked.
    assert!(copied < 8 * 20 * MB, "{copied} bytes to copy 320 MB");
    read_through(&copy);
    assert_eq!((gauge.take().1, RUNS.load(Ordering::SeqCst)), (0, 1));
}

#[test]
fn a_large_array_is_copied_a_few_parts_at_a_time() {
    // Ten shards, and two documents.
    is_copied(|mode| larger::call().cache_mode(mode).run(), 12);
}

#[test]
fn one_of_the_older_version_is_too() {
    // Chunks of 2 MB, five documents, and the checksums.
    is_copied(|mode| older::call().cache_mode(mode).run(), 160 + 5 + 1);
}
