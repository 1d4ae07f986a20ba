//! The suite that every backend runs, in buckets: what holds in memory and on local files holds there.

use std::sync::Arc;

use nuthatch::array::{Variable, Zarr};
use nuthatch::backend::Basic;
use nuthatch::backend::conformance::Suite;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{Int64Array, RecordBatch, StringArray};
use nuthatch::table::{Delta, Parquet};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::bucket::{Bucket, Service, block_on};

/// Runs a suite in a bucket of its own.
fn run<T: Send + Sync + 'static>(service: Service, suite: &Suite<'_, T>) {
    let bucket = Bucket::new(service);
    let opened = nuthatch::store::open(&bucket.url(), &bucket.options()).unwrap();
    assert!(!opened.immediate);
    let store: Arc<dyn ObjectStore> = opened.store;
    block_on(suite.run_afar(store));
    assert!(bucket.front.asked().len() > 100, "it was the bucket that was asked");
}

fn rows(range: std::ops::Range<i64>) -> RecordBatch {
    let names = StringArray::from_iter_values(range.clone().map(|id| format!("row {id}")));
    let kinds = StringArray::from_iter_values(range.clone().map(|id| ["a", "b"][id as usize % 2]));
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(range)) as _),
        ("name", Arc::new(names) as _),
        ("kind", Arc::new(kinds) as _),
    ])
    .unwrap()
}

fn same(one: &RecordBatch, other: &RecordBatch) -> bool {
    one == other
}

fn basic(service: Service) {
    let large: Vec<u64> = (0..20_000).collect();
    run(service, &Suite::new(&Basic, |one: &Vec<u64>, other| one == other).value(large));
}

fn parquet(service: Service) {
    let suite = Suite::new(&Parquet, same).value(rows(0..60));
    run(service, &suite.upsert(&["id"], rows(0..30), rows(20..40), rows(0..40)));
}

fn parquet_in_partitions(service: Service) {
    let options = "partition_by = ['kind']".parse().unwrap();
    let rows_of = |table: &RecordBatch| table.num_rows();
    let same = move |one: &RecordBatch, other: &RecordBatch| rows_of(one) == rows_of(other);
    run(service, &Suite::new(&Parquet, same).value(rows(0..60)).options(options));
}

fn delta(service: Service) {
    let suite = Suite::new(&Delta, same).value(rows(0..60));
    run(service, &suite.upsert(&["id"], rows(0..30), rows(20..40), rows(0..40)));
}

/// The documents of single arrays are for other programs: one describes all.
fn is_unread(path: &Path) -> bool {
    let name = path.filename().unwrap_or_default();
    let is_array = !path.as_ref().ends_with("value.zarr/zarr.json") && name == "zarr.json";
    is_array || [".zarray", ".zattrs", ".zgroup"].contains(&name)
}

fn zarr(service: Service, options: &str) {
    let values: Vec<f64> = (0..30).map(|at| f64::from(at) / 8.0).collect();
    let dataset = Dataset::new().with_variable("level", Variable::new(["time"], values)).unwrap();
    let same = |one: &Dataset, other: &Dataset| one.identical(other).unwrap_or(false);
    let suite = Suite::new(&Zarr, same).lazy().unread(is_unread).value(dataset);
    run(service, &suite.options(options.parse().unwrap()));
}

fn zarr_in_chunks(service: Service) {
    zarr(service, "chunking = { time = 10 }");
}

fn zarr_of_the_older_version(service: Service) {
    zarr(service, "zarr_format = 2");
}

tests! {
    basic,
    parquet,
    parquet_in_partitions,
    delta,
    zarr_in_chunks,
    zarr_of_the_older_version,
}
