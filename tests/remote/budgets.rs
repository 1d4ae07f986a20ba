//! How many requests each thing takes, counted where the server receives them.

use nuthatch::prelude::*;

use crate::bucket::{Bucket, Service};

/// More than is kept in a manifest.
const LARGE: usize = 64 * 1024;

/// Small values; `None` of an odd number.
#[cache]
fn small(number: u32) -> nuthatch::Result<Option<i64>> {
    Ok(number.is_multiple_of(2).then_some(i64::from(number)))
}

#[cache]
fn large(number: u8) -> nuthatch::Result<Vec<u8>> {
    Ok((0..LARGE).map(|index| index as u8 ^ number).collect())
}

/// A root whose `nuthatch.json` is known to this process.
fn known(service: Service) -> Bucket {
    let bucket = Bucket::new(service);
    bucket.configure();
    small(100).unwrap();
    bucket.asked();
    bucket
}

fn the_first_write_to_a_bucket_reads_the_marker_and_probes(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    small(2).unwrap();
    assert_eq!(
        bucket.asked(),
        ["GET marker", "GET manifest", "probe", "PUT marker if absent", "PUT manifest if absent"]
    );
}

fn a_first_store(service: Service) {
    let bucket = known(service);
    small(2).unwrap();
    assert_eq!(bucket.asked(), ["GET manifest", "PUT manifest if absent"]);
    large(2).unwrap();
    assert_eq!(bucket.asked(), ["GET manifest", "PUT data", "PUT manifest if absent"]);
}

fn a_recall(service: Service) {
    let bucket = known(service);
    small(2).unwrap();
    large(2).unwrap();
    bucket.asked();
    small(2).unwrap();
    assert_eq!(bucket.asked(), ["GET manifest"]);
    large(2).unwrap();
    assert_eq!(bucket.asked(), ["GET manifest", "GET data"]);
    bucket.configure();
    small(2).unwrap();
    small(2).unwrap();
    assert_eq!(bucket.asked(), ["GET marker", "GET manifest", "GET manifest"]);
}

fn a_null(service: Service) {
    let bucket = known(service);
    small(3).unwrap();
    assert_eq!(bucket.asked(), ["GET manifest", "PUT manifest if absent"]);
    assert_eq!(small(3).unwrap(), None);
    assert_eq!(bucket.asked(), ["GET manifest"]);
    small::call(3).retry_null(true).run().unwrap();
    assert_eq!(bucket.asked(), ["GET manifest", "PUT manifest if unchanged"]);
}

fn an_overwrite(service: Service) {
    let bucket = known(service);
    small(2).unwrap();
    bucket.asked();
    let again = || small::call(2).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    again();
    assert_eq!(bucket.asked(), ["GET manifest", "PUT manifest if unchanged"]);
}

fn a_miss_in_every_mode(service: Service) {
    let bucket = known(service);
    for mode in [CacheMode::ReadOnly, CacheMode::ReadOnlyStrict] {
        let missed = small::call(4).cache_mode(mode).run();
        assert_eq!(missed.is_err(), mode == CacheMode::ReadOnlyStrict);
        assert_eq!(bucket.asked(), ["GET manifest"], "{mode}");
    }
    for mode in [CacheMode::Off, CacheMode::Offline] {
        small::call(4).cache_mode(mode).run().unwrap();
        assert_eq!(bucket.asked(), [""; 0], "{mode}");
    }
}

/// Beside the requests of a first store, which are as ever.
fn a_lease(service: Service) {
    let bucket = known(service);
    small::call(2).lease(true).run().unwrap();
    assert_eq!(
        bucket.asked(),
        [
            "GET manifest",
            "PUT lease if absent",
            "GET manifest",
            "PUT manifest if absent",
            "DELETE lease"
        ]
    );
    small::call(2).lease(true).run().unwrap();
    assert_eq!(bucket.asked(), ["GET manifest"], "a recall takes none");
}

tests! {
    the_first_write_to_a_bucket_reads_the_marker_and_probes,
    a_first_store,
    a_recall,
    a_null,
    an_overwrite,
    a_miss_in_every_mode,
    a_lease,
}
