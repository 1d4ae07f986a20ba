//! Damage is a miss that is told, and what cannot be stored is returned all the same.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::types::IntervalMonthDayNano;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, IntervalMonthDayNanoArray, RecordBatch};

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(backend = "parquet")]
fn daily(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(backend = "parquet")]
fn mixed() -> nuthatch::Result<Vec<RecordBatch>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let other =
        RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
    Ok(vec![weather::year(2012), other.unwrap()])
}

#[cache(backend = "parquet")]
fn ages() -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let age = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3)]);
    RecordBatch::try_from_iter([("age", Arc::new(age) as ArrayRef)]).map_err(nuthatch::Error::other)
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn file(year: i32) -> PathBuf {
    let uri = daily::uri(year).run().unwrap().unwrap();
    PathBuf::from(uri.strip_prefix("file://").unwrap()).join("value.parquet/part-00000.parquet")
}

#[test]
fn a_damaged_file_is_computed_anew_and_an_error_in_strict_calls() {
    let _lake = Lake::new();
    let table = daily(2012).unwrap();
    let whole = std::fs::read(file(2012)).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cut = whole[..whole.len() - 100].to_vec();
    for damaged in [flipped(10), flipped(whole.len() - 5), cut, Vec::new()] {
        std::fs::write(file(2012), &damaged).unwrap();
        let error = daily::call(2012).strict(true).run().unwrap_err();
        assert!(error.is_damaged(), "{error}");
        assert!(error.to_string().contains("part-00000.parquet"), "{error}");
        runs();
        assert_eq!(daily(2012).unwrap(), table);
        assert_eq!(runs(), 1, "the damage is a miss");
        assert_eq!(daily::call(2012).strict(true).run().unwrap(), table, "it was replaced");
    }
    std::fs::remove_file(file(2012)).unwrap();
    assert!(daily::call(2012).strict(true).run().unwrap_err().is_damaged());
}

#[test]
fn what_cannot_be_stored_is_returned_and_counted() {
    let lake = Lake::new();
    assert_eq!(mixed().unwrap().len(), 2);
    assert_eq!(ages().unwrap().num_rows(), 1);
    assert_eq!((runs(), nuthatch::stats().store_failures), (2, 2));
    assert_eq!(lake.counts("root").puts, 0);
    nuthatch::set_parameter!("on_store_failure", "error").unwrap();
    let error = ages().unwrap_err().to_string();
    assert!(error.contains("column \"age\""), "{error}");
    let error = mixed().unwrap_err().to_string();
    assert!(error.contains("column \"date\"") && error.contains("batch 1"), "{error}");
}
