//! Tables along time: stored whole, returned clipped.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[timeseries(dim = "date", start = start, end = end)]
#[cache(backend = "parquet")]
fn daily(start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    let _ = (start, end);
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(2012))
}

#[test]
fn a_month_is_clipped_from_the_year_that_is_stored() {
    let _lake = Lake::new();
    let february = daily("2012-02", "2012-02").unwrap();
    assert_eq!(february, weather::year(2012).slice(31, 29));
    assert_eq!(daily("2012-12-31", "2013").unwrap().num_rows(), 1);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let entry = daily::entry("2012", "2012").run().unwrap().unwrap();
    let extent = entry.time_extent.unwrap();
    assert_eq!(extent.dim, "date");
    assert_eq!(extent.start.as_deref(), Some("2012-01-01T00:00:00"));
    assert_eq!(extent.end.as_deref(), Some("2012-12-31T00:00:00"));
}
