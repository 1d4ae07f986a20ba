//! `#[timeseries]` on frames of Polars: one whole is stored, and each call gets what lies between
//! its bounds.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{
    ArrayRef, Float64Array, RecordBatch, TimestampMicrosecondArray,
};
use nuthatch::table::polars::prelude::{DataFrame, IntoLazy, LazyFrame, col, lit};
use nuthatch::{Stats, stats};

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Days of 2012, as they come from Arrow.
fn year() -> DataFrame {
    #[cache(backend = "parquet")]
    fn batch() -> nuthatch::Result<RecordBatch> {
        Ok(weather::year(2012))
    }
    static YEAR: OnceLock<DataFrame> = OnceLock::new();
    YEAR.get_or_init(|| batch::call().engine::<DataFrame>().run().unwrap()).clone()
}

#[timeseries(dim = "date", start = start, end = end)]
#[cache(backend = "parquet")]
fn eager(start: &str, end: &str) -> nuthatch::Result<DataFrame> {
    let _ = (start, end);
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(year())
}

#[timeseries(dim = "date", start = start, end = end)]
#[cache]
fn lazy(start: &str, end: &str) -> nuthatch::Result<LazyFrame> {
    let _ = (start, end);
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(year().lazy())
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// Hits of the root, and values that were stored, since then.
fn since(before: &Stats) -> (u64, u64) {
    let now = stats();
    (now.root_hits - before.root_hits, now.stored - before.stored)
}

#[test]
fn an_eager_frame_is_stored_whole_and_clipped_for_each_call() {
    let _lake = Lake::new();
    let year = year();
    let before = stats();
    let march = eager("2012-03-01", "2012-03-31").unwrap();
    assert!(march.equals(&year.slice(60, 31)));
    assert_eq!((runs(), since(&before)), (1, (0, 1)), "a miss");

    let before = stats();
    for (start, end, first, count) in [
        ("2012-03", "2012-03", 60, 31),
        ("2012-02-28", "2012-03-01", 58, 3),
        ("2012", "2012", 0, 366),
        ("2011-01-01", "2012-01-02", 0, 2),
        ("2012-12-31", "2013-12-31", 365, 1),
        ("2013-01-01", "2013-12-31", 0, 0),
    ] {
        let clipped = eager(start, end).unwrap();
        assert!(clipped.equals(&year.slice(first, count)), "{start} {end}");
    }
    assert_eq!((runs(), since(&before)), (0, (6, 0)), "hits");
}

#[test]
fn a_lazy_frame_is_stored_whole_and_its_bounds_reach_the_files() {
    let _lake = Lake::new();
    let year = year();
    let before = stats();
    let march = lazy("2012-03-01", "2012-03-31").unwrap();
    assert_eq!((runs(), since(&before)), (1, (0, 1)), "a miss");
    assert!(march.collect().unwrap().equals(&year.slice(60, 31)));

    let before = stats();
    let week = lazy("2012-03-05", "2012-03-11").unwrap();
    assert_eq!((runs(), since(&before)), (0, (1, 0)), "a hit");
    let plan = week.explain(true).unwrap();
    assert!(plan.contains("SELECTION") && !plan.contains("FILTER"), "{plan}");
    let week = week.filter(col("precipitation").gt_eq(lit(0.0)));
    assert!(week.collect().unwrap().equals(&year.slice(64, 7)));
    for (start, end, first, count) in
        [("2011-01-01", "2012-01-02", 0, 2), ("2013-01-01", "2013-12-31", 0, 0)]
    {
        let clipped = lazy(start, end).unwrap().collect().unwrap();
        assert!(clipped.equals(&year.slice(first, count)), "{start} {end}");
    }
    assert_eq!(runs(), 0);
}

/// Hours since 2012, and a value that does not compress.
fn hours() -> DataFrame {
    #[cache(backend = "parquet")]
    fn batch() -> nuthatch::Result<RecordBatch> {
        let hour = |row: i64| 1_325_376_000_000_000 + row * 3_600_000_000;
        let mixed = |row: i64| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64;
        let rows = 0..400_000;
        let columns: [(&str, ArrayRef); 2] = [
            ("time", Arc::new(TimestampMicrosecondArray::from_iter_values(rows.clone().map(hour)))),
            ("value", Arc::new(Float64Array::from_iter_values(rows.map(mixed)))),
        ];
        RecordBatch::try_from_iter(columns).map_err(nuthatch::Error::other)
    }
    batch::call().engine::<DataFrame>().run().unwrap()
}

#[timeseries(dim = "time", start = start, end = end)]
#[cache(backend = "parquet", backend_options(row_group_rows = 50_000))]
fn eager_hours(start: &str, end: &str) -> nuthatch::Result<DataFrame> {
    let _ = (start, end);
    Ok(hours())
}

#[timeseries(dim = "time", start = start, end = end)]
#[cache(backend_options(row_group_rows = 50_000))]
fn lazy_hours(start: &str, end: &str) -> nuthatch::Result<LazyFrame> {
    let _ = (start, end);
    Ok(hours().lazy())
}

#[test]
fn row_groups_without_a_time_within_are_not_read() {
    let lake = Lake::new();
    let ranges = [("2012", "2060"), ("2013-03-01", "2013-03-02")];
    let eager = |(start, end)| eager_hours(start, end).unwrap().height();
    let lazy = |(start, end)| lazy_hours(start, end).unwrap().collect().unwrap().height();
    let read = |rows: &dyn Fn((&'static str, &'static str)) -> usize, range| {
        let before = lake.bytes_read("root");
        (rows(range), lake.bytes_read("root") - before)
    };
    for rows in [&eager as &dyn Fn(_) -> usize, &lazy] {
        rows(ranges[0]);
        let [(all, whole), (two_days, some)] = ranges.map(|range| read(rows, range));
        assert_eq!((all, two_days), (400_000, 48));
        assert!(some < whole / 4, "{some} bytes of {whole} were read");
    }
}
