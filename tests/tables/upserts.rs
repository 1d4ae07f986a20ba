//! New rows in stored tables.

use std::sync::Arc;
use std::sync::Mutex;

use arrow_select::concat::concat_batches;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::cast::AsArray;
use nuthatch::table::arrow_array::types::Float64Type;
use nuthatch::table::arrow_array::{ArrayRef, Float64Array, RecordBatch};

use crate::lake::Lake;
use crate::weather;

/// What the station reports next.
static REPORT: Mutex<Option<RecordBatch>> = Mutex::new(None);

#[cache(backend = "parquet", upsert_keys("date"))]
fn station() -> nuthatch::Result<RecordBatch> {
    Ok(REPORT.lock().unwrap().clone().unwrap_or_else(|| weather::year(2012)))
}

/// A week, with rain that was measured anew.
fn corrected(week: &RecordBatch, rain: f64) -> RecordBatch {
    let mut columns = week.columns().to_vec();
    columns[1] = Arc::new(Float64Array::from(vec![rain; week.num_rows()])) as ArrayRef;
    RecordBatch::try_new(week.schema(), columns).unwrap()
}

#[test]
fn a_corrected_week_replaces_its_rows_and_a_new_one_is_appended() {
    let _lake = Lake::new();
    let year = station().unwrap();
    let week = corrected(&year.slice(10, 7), 99.5);
    *REPORT.lock().unwrap() = Some(week.clone());
    let before = nuthatch::stats();
    let merged = station::call().upsert(true).run().unwrap();
    let after = nuthatch::stats();
    assert_eq!((after.recomputed, after.stored), (before.recomputed + 1, before.stored + 1));
    assert_eq!(merged.num_rows(), 366);
    assert_eq!(merged.slice(10, 7), week);
    assert_eq!(merged.slice(0, 10), year.slice(0, 10));
    assert_eq!(merged.slice(17, 349), year.slice(17, 349));
    assert_eq!(station::call().strict(true).run().unwrap(), merged, "it is what is stored");

    *REPORT.lock().unwrap() = Some(weather::year(2013));
    let merged = station::call().upsert(true).run().unwrap();
    assert_eq!(merged.num_rows(), 366 + 365);
    let entry = station::entry().run().unwrap().unwrap();
    assert_eq!(entry.backends.len(), 1);
    let rain = merged.column(1).as_primitive::<Float64Type>();
    assert_eq!(rain.iter().flatten().filter(|rain| *rain == 99.5).count(), 7);
}

#[test]
fn rows_that_cannot_be_merged_leave_what_is_stored() {
    let lake = Lake::in_memory();
    let year = station().unwrap();
    let day = weather::year(2013).slice(0, 1);
    let twice = concat_batches(&day.schema(), [&day, &day]).unwrap();
    *REPORT.lock().unwrap() = Some(twice);
    lake.reset();
    let error = station::call().upsert(true).run().unwrap_err().to_string();
    assert!(error.contains("same upsert key, date = 2013-01-01"), "{error}");
    assert_eq!(lake.counts("root").puts, 0);
    assert_eq!(station::call().strict(true).run().unwrap(), year);
}
