//! Tables along time: stored whole, returned clipped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampSecondArray};

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

static LONG_RUNS: AtomicU32 = AtomicU32::new(0);

/// Rows of noise, one every three hours.
fn noise(year: i32) -> RecordBatch {
    let start = i64::from(year - 1970) * 365 * 86_400;
    let rows = || 0..365 * 8_i64;
    let times = rows().map(|row| start + row * 3 * 3600);
    let mut columns: Vec<(String, ArrayRef)> =
        vec![("date".to_owned(), Arc::new(TimestampSecondArray::from_iter_values(times)))];
    for column in 0..4 {
        let mixed = |row: i64| (start + row * 4 + column).wrapping_mul(0x1e37_79b9_7f4a_7c15);
        let values = Int64Array::from_iter_values(rows().map(mixed));
        columns.push((format!("noise {column}"), Arc::new(values)));
    }
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Forty years of 365 days, in row groups of about seven.
#[timeseries(dim = "date", start = start, end = end)]
#[cache(backend = "parquet", backend_options(row_group_rows = 20_000))]
fn long(start: &str, end: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    let _ = (start, end);
    LONG_RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((1960..2000).map(noise).collect())
}

#[test]
fn a_recalled_month_is_read_by_its_row_groups_alone() {
    let lake = Lake::new();
    assert_eq!(long("1950", "2010").unwrap().len(), 40);
    let stored = long::entry("1950", "2010").run().unwrap().unwrap().backends[0].bytes;
    let before = lake.bytes_read("root");
    let month = long("1970-06", "1970-06").unwrap();
    let read = lake.bytes_read("root") - before;
    assert_eq!(month, [noise(1970).slice(151 * 8, 30 * 8)]);
    assert!(read < stored / 3, "{read} bytes of {stored} were read for a month");
    // What is returned clipped has not become what is stored.
    assert_eq!(long("1950", "2010").unwrap().len(), 40);
    assert_eq!(LONG_RUNS.load(Ordering::SeqCst), 1);
}
