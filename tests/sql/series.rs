//! Time series in a database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::{Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
use nuthatch::prelude::*;

use crate::database::{Database, on_all};

on_all!(a_month_is_the_rows_of_a_month);

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Hours from 2012-01-01 on.
const HOURS: i64 = 24 * 120;

fn hours(range: std::ops::Range<i64>) -> RecordBatch {
    let times = range.clone().map(|hour| (1_325_376_000 + hour * 3_600) * 1_000_000);
    let rain = range.clone().map(|hour| hour as f64 / 10.0);
    RecordBatch::try_from_iter([
        ("hour", Arc::new(Int64Array::from_iter_values(range)) as _),
        ("time", Arc::new(TimestampMicrosecondArray::from_iter_values(times)) as _),
        ("rain", Arc::new(Float64Array::from_iter_values(rain)) as _),
    ])
    .unwrap()
}

#[timeseries(dim = "time", start = start, end = end)]
#[cache(backend = "sql")]
fn rain(start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    let _ = (start, end);
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(hours(0..HOURS))
}

fn a_month_is_the_rows_of_a_month(database: &Database) {
    let before = RUNS.load(Ordering::SeqCst);
    assert_eq!(rain("2012-01", "2012-04").unwrap(), hours(0..24 * 120));
    let february = hours(24 * 31..24 * 60);
    assert_eq!(rain("2012-02", "2012-02").unwrap(), february);
    assert_eq!(rain::call("2012-02", "2012-02").strict(true).run().unwrap(), february);
    assert_eq!(rain("2013", "2014").unwrap(), hours(0..0), "there is nothing then");
    assert_eq!(RUNS.load(Ordering::SeqCst) - before, 1);
    let manifest = rain::entry("2012", "2012").run().unwrap().unwrap();
    let view = database.named(&manifest, "view");
    assert_eq!(
        database.sql(&format!("SELECT count(*) FROM {view}")),
        ["2880"],
        "the whole is there"
    );
}
