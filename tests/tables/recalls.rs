//! What is stored is recalled, in few requests, and what was stored otherwise is converted.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(backend = "parquet")]
fn daily(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(backend = "parquet", backend_options(partition_by = ["weather"], row_group_rows = 50))]
fn by_weather(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(backend = "parquet")]
async fn several(years: i32) -> Option<Vec<RecordBatch>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    (years > 0).then(|| (0..years).map(|year| weather::year(2012 + year)).collect())
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[test]
fn a_table_is_recalled_without_its_body_in_two_requests() {
    let lake = Lake::new();
    let table = daily(2012).unwrap();
    assert_eq!((table.num_rows(), runs()), (366, 1));
    let stored = lake.counts("root");
    // The lease is made and deleted, and once it is had the manifest is looked for again.
    assert_eq!((stored.gets, stored.puts, stored.leases), (2, 2, 2), "{stored:?}");
    lake.configure_all();
    assert_eq!(daily(2012).unwrap(), table);
    let recalled = lake.counts("root");
    assert_eq!((recalled.gets, recalled.puts, runs()), (2, 0, 0), "{recalled:?}");
    assert!(recalled.others.is_empty() && recalled.leases == 0, "{recalled:?}");
}

#[test]
fn a_table_is_found_where_its_uri_says() {
    let _lake = Lake::new();
    daily(2013).unwrap();
    let uri = daily::uri(2013).run().unwrap().unwrap();
    let folder = std::path::Path::new(uri.strip_prefix("file://").unwrap());
    let file = folder.join("value.parquet/part-00000.parquet");
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
    let entry = daily::entry(2013).run().unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "parquet");
    assert_eq!(entry.backends[0].bytes, bytes.len() as u64);
}

#[test]
fn partitions_come_back_with_all_their_rows() {
    let lake = Lake::in_memory();
    let stored = by_weather(2014).unwrap();
    lake.configure_all();
    let recalled = by_weather(2014).unwrap();
    assert_eq!((recalled.num_rows(), runs()), (365, 1));
    assert_eq!(recalled.schema(), stored.schema());
    let rows = |table: &RecordBatch| {
        let mut rows: Vec<_> = (0..table.num_rows())
            .map(|row| format!("{:?}", table.slice(row, 1).columns()))
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(&recalled), rows(&stored));
}

#[tokio::test]
async fn several_batches_and_none_are_recalled() {
    let _lake = Lake::in_memory();
    let batches = several(3).await.unwrap();
    assert_eq!(several(3).await.unwrap(), batches);
    assert!(several(0).await.is_none() && several(0).await.is_none());
    assert_eq!(runs(), 2);
}

#[test]
fn a_memoized_table_touches_no_store() {
    let lake = Lake::new();
    let table = daily::call(2012).memoize(true).run().unwrap();
    lake.reset();
    assert_eq!(daily::call(2012).memoize(true).run().unwrap(), table);
    assert_eq!((lake.requests("root"), runs()), (Vec::new(), 1));
}
