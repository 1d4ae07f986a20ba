//! A lazy frame on its way into the store is in memory a few row groups at a time.

use nuthatch::prelude::*;
use nuthatch::table::polars::prelude::{Column, DataFrame, IntoLazy, LazyFrame, col, lit};
use nuthatch_tests::peak_memory;

use crate::lake::Lake;

const COLUMNS: usize = 6;

/// A plan that makes columns of eight bytes of one of four.
#[cache]
fn widened(rows: i32) -> nuthatch::Result<LazyFrame> {
    let numbers = Column::new("number".into(), (0..rows).collect::<Vec<_>>());
    let frame = DataFrame::new_infer_height(vec![numbers]).map_err(nuthatch::Error::other)?;
    let wider = (0..COLUMNS).map(|column| {
        let times = lit(column as f64 + 0.5);
        (col("number") * times).alias(format!("times {column}"))
    });
    Ok(frame.lazy().with_columns(wider.collect::<Vec<_>>()))
}

#[test]
fn a_lazy_frame_of_any_length_takes_the_memory_of_a_few_row_groups() {
    let _lake = Lake::new();
    // Warm: threads, buffers, and as many rows as may be on their way at a time.
    drop(widened(1 << 20).unwrap());
    let before = peak_memory();
    let rows = 1 << 23;
    let frame = widened(rows).unwrap();
    let bytes = usize::try_from(rows).unwrap() * COLUMNS * 8;
    // Beside the numbers that the plan is made of.
    let more = peak_memory().saturating_sub(before + bytes / COLUMNS / 2);
    assert!(more < bytes / 3, "{more} bytes more at the peak for {bytes} bytes of rows");
    let last = frame.filter(col("number").eq(lit(rows - 1))).collect().unwrap();
    let last = last.column("times 1").unwrap().f64().unwrap().get(0);
    assert_eq!(last, Some(f64::from(rows - 1) * 1.5));
    let entry = widened::entry(rows).run().unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "parquet");
}
