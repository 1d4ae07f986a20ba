//! What is stored in a bucket is recalled from it.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::store::conformance::{Without, conformance_without};

use crate::bucket::{Bucket, Service, block_on};

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(version = "1")]
fn tripled(number: i64) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(3 * number)
}

/// More than one part of a multipart upload.
#[cache]
async fn large(first: u64) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((first..first + 3_000_000).collect())
}

fn the_store_behaves_as_every_store(service: Service) {
    let bucket = Bucket::new(service);
    let store = nuthatch::store::open(&bucket.url(), &bucket.options()).unwrap();
    assert!(!store.immediate && !store.read_only && store.folder.is_none());
    assert_eq!(store.url, bucket.url());
    // Azure has no suffixes, and S3 none of an empty object.
    let without = Without { suffixes: true, ..Without::default() };
    let without = match service {
        Service::S3 => Without { copies_if_absent: true, small_parts: true, ..without },
        // Azurite knows no names to begin a listing at.
        Service::Azure => Without { backslashes: true, offsets: true, ..without },
        // object_store 0.13 asks for the opposite condition in each kind of copy.
        Service::Google => Without { copies: true, ..without },
    };
    block_on(conformance_without(store.store, without));
}

fn a_result_is_stored_and_recalled(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    assert_eq!(tripled(-7).unwrap(), -21);
    assert_eq!(tripled(-7).unwrap(), -21);
    // As another process has it.
    bucket.configure();
    assert_eq!(tripled(-7).unwrap(), -21);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let stats = nuthatch::stats();
    assert_eq!((stats.absent, stats.root_hits, stats.stored), (1, 2, 1), "{stats}");
    let uri = tripled::uri(-7).run().unwrap().unwrap();
    assert!(uri.starts_with(&format!("{}/_/", bucket.url())), "{uri}");
    let manifest = tripled::entry(-7).run().unwrap().unwrap();
    assert!(!format!("{manifest:?}").contains("topsecret"));
}

fn a_large_result_goes_up_and_comes_down_whole(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    let value = block_on(large(5)).unwrap();
    assert_eq!(block_on(large(5)).unwrap(), value);
    assert_eq!((value.len(), value[2_999_999]), (3_000_000, 3_000_004));
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let (stats, bytes) = (nuthatch::stats(), 3_000_000 * 8);
    assert!(stats.bytes_written >= bytes && stats.bytes_read >= bytes, "{stats}");
}

fn a_hit_in_the_bucket_is_copied_to_this_machine(service: Service) {
    let (bucket, folder) = (Bucket::new(service), tempfile::tempdir().unwrap());
    bucket.configure();
    nuthatch::set_parameter!("local.filesystem", folder.path().to_str().unwrap()).unwrap();
    tripled(4).unwrap();
    bucket.asked();
    assert_eq!(tripled::call(4).cache_mode(CacheMode::Local).run().unwrap(), 12);
    assert_eq!(bucket.asked(), ["GET manifest"]);
    assert_eq!(tripled::call(4).cache_mode(CacheMode::Local).run().unwrap(), 12);
    assert_eq!(bucket.asked(), [""; 0], "the second is recalled from this machine");
    assert_eq!(tripled::call(4).cache_mode(CacheMode::Offline).run().unwrap(), 12);
    let stats = nuthatch::stats();
    assert_eq!((stats.absent, stats.root_hits, stats.local_hits), (1, 1, 2), "{stats}");
}

fn what_is_forgotten_is_computed_again(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    tripled(4).unwrap();
    assert!(tripled::forget(4).run().unwrap());
    assert!(tripled::entry(4).run().unwrap().is_none());
    tripled(4).unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    assert!(tripled::entry(4).run().unwrap().is_some());
}

tests! {
    the_store_behaves_as_every_store,
    a_result_is_stored_and_recalled,
    a_large_result_goes_up_and_comes_down_whole,
    a_hit_in_the_bucket_is_copied_to_this_machine,
    what_is_forgotten_is_computed_again,
}
