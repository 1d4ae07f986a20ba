//! Tables and arrays in a bucket: written there, and read back by another opening of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, RecordBatch, UInt64Array};

use crate::bucket::{Bucket, Service};
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(backend = "parquet")]
fn as_parquet(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

/// Numbers that no codec makes smaller: a row takes eight bytes.
#[cache(backend = "parquet")]
fn noise(rows: u64) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let column = UInt64Array::from_iter_values((0..rows).map(|row| {
        let mixed = (row ^ (row << 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }));
    RecordBatch::try_from_iter([("noise", Arc::new(column) as ArrayRef)])
        .map_err(nuthatch::Error::other)
}

#[cache(backend = "parquet", backend_options(partition_by = ["weather"]))]
fn partitioned(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(upsert_keys("date"))]
fn as_delta(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(backend_options(chunking(time = 100)))]
fn as_zarr(length: usize) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let values: Vec<f64> = (0..length).map(|at| at as f64 / 8.0).collect();
    Dataset::new().with_variable("level", Variable::new(["time"], values))
}

/// The root, whose requests are counted from here on.
fn root(service: Service) -> Bucket {
    let bucket = Bucket::new(service);
    bucket.configure();
    bucket
}

/// As another process has it: nothing is known of the bucket.
fn anew(bucket: &Bucket) {
    bucket.configure();
    bucket.asked();
    nuthatch::reset_stats();
}

fn recalled(times: u64) {
    let stats = nuthatch::stats();
    assert_eq!((stats.root_hits, stats.absent, stats.unusable), (times, 0, 0), "{stats}");
}

/// A table whose file comes whole, in one request beside those for `nuthatch.json` and the manifest.
fn comes_in_one_request(service: Service, table: impl Fn() -> nuthatch::Result<RecordBatch>) {
    let bucket = root(service);
    let stored = table().unwrap();
    anew(&bucket);
    assert_eq!(table().unwrap(), stored);
    recalled(1);
    let asked = bucket.asked();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    assert_eq!(asked.len(), 3, "nuthatch.json, the manifest and the file: {asked:?}");
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

fn a_small_file_of_parquet_is_recalled_in_two_requests(service: Service) {
    comes_in_one_request(service, || as_parquet(2012));
}

/// 4 MB: more than is fetched before it is known what is wanted.
fn a_larger_file_of_parquet_is_not_asked_for_its_footer_first(service: Service) {
    comes_in_one_request(service, || noise(500_000));
}

fn parquet_in_partitions_is_recalled(service: Service) {
    let bucket = root(service);
    let rows = partitioned(2013).unwrap().num_rows();
    anew(&bucket);
    assert_eq!(partitioned(2013).unwrap().num_rows(), rows);
    recalled(1);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

fn a_table_of_delta_is_recalled_and_upserted(service: Service) {
    let bucket = root(service);
    let table = as_delta(2014).unwrap();
    anew(&bucket);
    assert_eq!(as_delta(2014).unwrap(), table);
    recalled(1);
    let merged = as_delta::call(2014).upsert(true).run().unwrap();
    assert_eq!(merged.num_rows(), table.num_rows(), "every day is known already");
    anew(&bucket);
    assert_eq!(as_delta(2014).unwrap().num_rows(), table.num_rows());
    recalled(1);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

fn an_array_is_recalled_by_the_chunks_that_are_read(service: Service) {
    let bucket = root(service);
    as_zarr(1000).unwrap();
    anew(&bucket);
    let part = as_zarr(1000).unwrap().isel("time", 250..260).unwrap();
    recalled(1);
    let opened = bucket.asked().len();
    let values = part.variables()["level"].values::<f64>().unwrap();
    let expected: Vec<f64> = (250..260).map(|at| f64::from(at) / 8.0).collect();
    assert_eq!(values.iter().copied().collect::<Vec<_>>(), expected);
    let read = bucket.asked();
    assert!(!read.is_empty() && read.len() <= 2, "{opened} to open, and to read {read:?}");
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

tests! {
    a_small_file_of_parquet_is_recalled_in_two_requests,
    a_larger_file_of_parquet_is_not_asked_for_its_footer_first,
    parquet_in_partitions_is_recalled,
    a_table_of_delta_is_recalled_and_upserted,
    an_array_is_recalled_by_the_chunks_that_are_read,
}
