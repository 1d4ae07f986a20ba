//! One stored table, read as several types.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(backend = "parquet")]
fn two_years() -> nuthatch::Result<Vec<RecordBatch>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![weather::year(2012), weather::year(2013)])
}

#[cache(backend = "parquet", engine = Vec<RecordBatch>)]
fn one_year() -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(2012))
}

#[test]
fn batches_are_read_as_one_whether_computed_or_recalled() {
    let _lake = Lake::new();
    let computed = two_years::call().engine::<RecordBatch>().run().unwrap();
    assert_eq!(computed.num_rows(), 366 + 365);
    let recalled = two_years::call().engine::<RecordBatch>().run().unwrap();
    assert_eq!(recalled, computed);
    assert_eq!(two_years().unwrap(), [weather::year(2012), weather::year(2013)]);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[test]
fn an_engine_in_the_attribute_is_the_one_of_calls() {
    let _lake = Lake::in_memory();
    assert_eq!(one_year::call().run().unwrap(), [weather::year(2012)]);
    assert_eq!(one_year().unwrap(), weather::year(2012));
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}
