//! Tables of Delta Lake as frames: lazily, with what a plan needs pushed down to the files.

use std::sync::Arc;

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::cast::AsArray;
use nuthatch::table::arrow_array::types::TimestampNanosecondType;
use nuthatch::table::arrow_array::{
    ArrayRef, Float64Array, RecordBatch, TimestampNanosecondArray, UInt32Array,
};
use nuthatch::table::datafusion::common::ScalarValue;
use nuthatch::table::datafusion::prelude::{DataFrame, col, lit};
use nuthatch::table::session;

use crate::lake::Lake;
use crate::weather;

/// Eight row groups, in an order of their own.
const ROWS: usize = 400_000;

fn large() -> RecordBatch {
    let mixed = |row: usize| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64;
    let hour = |row: usize| 1_325_376_000_000_000_000 + row as i64 * 3_600_000_000_000;
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(UInt32Array::from_iter_values(0..ROWS as u32))),
        ("time", Arc::new(TimestampNanosecondArray::from_iter_values((0..ROWS).map(hour)))),
        ("x", Arc::new(Float64Array::from_iter_values((0..ROWS).map(mixed)))),
        ("y", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|row| mixed(row + ROWS))))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[cache(backend_options(row_group_rows = 50_000))]
fn table() -> nuthatch::Result<RecordBatch> {
    Ok(large())
}

#[timeseries(dim = "time", start = start, end = end)]
#[cache(backend_options(row_group_rows = 50_000))]
fn series(start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    let _ = (start, end);
    Ok(large())
}

#[cache(backend = "delta", upsert_keys("date"))]
async fn daily(year: i32) -> nuthatch::Result<DataFrame> {
    session().read_batch(weather::year(year)).map_err(nuthatch::Error::other)
}

/// Hours to the nanosecond, computed as they are written: all whole microseconds, but for the last.
#[cache(backend = "delta")]
async fn fine() -> nuthatch::Result<DataFrame> {
    let ids = UInt32Array::from_iter_values(0..3);
    let times = TimestampNanosecondArray::from(vec![Some(1_000), None, Some(86_400_000_000_001)]);
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids)), ("time", Arc::new(times))];
    let batch = RecordBatch::try_from_iter(columns).map_err(nuthatch::Error::other)?;
    session().read_batch(batch).map_err(nuthatch::Error::other)
}

async fn rows(frame: DataFrame) -> Vec<RecordBatch> {
    frame.collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_columns_reach_the_files_of_a_table_of_delta() {
    let lake = Lake::new();
    table().unwrap();
    let stored = table::entry().await.unwrap().unwrap().backends[0].bytes;
    let before = lake.bytes_read("root");
    let frame = table::call().strict(true).engine::<DataFrame>().await.unwrap();
    let opened = lake.bytes_read("root") - before;
    assert!(opened < 64 << 10, "it is opened, and not read");
    // Both columns are held as wider ones, and found by what they are.
    let some = col("id").gt_eq(lit(120_000_u32)).and(col("id").lt(lit(120_010_u32)));
    let some = frame.filter(some).unwrap().select_columns(&["id", "x"]).unwrap();
    let read = rows(some).await;
    let read = arrow_select::concat::concat_batches(&read[0].schema(), &read).unwrap();
    assert_eq!(read, large().slice(120_000, 10).project(&[0, 2]).unwrap());
    let bytes = lake.bytes_read("root") - before;
    assert!(bytes < stored / 5, "{bytes} bytes of {stored} were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_of_delta_is_clipped_by_its_row_groups() {
    let lake = Lake::new();
    series("2012-01-01", "2057-01-01").unwrap();
    let stored = series::entry("2012", "2013").await.unwrap().unwrap().backends[0].bytes;
    let before = lake.bytes_read("root");
    let call = series::call("2013-03-01", "2013-03-02").strict(true);
    let read = rows(call.engine::<DataFrame>().await.unwrap()).await;
    assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 48);
    let bytes = lake.bytes_read("root") - before;
    assert!(bytes < stored / 4, "{bytes} bytes of {stored} were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_stored_in_delta_and_merged_there() {
    let _lake = Lake::new();
    let computed = daily(2012).await.unwrap();
    assert_eq!(rows(computed).await, [weather::year(2012)]);
    let merged = daily::call(2012).upsert(true).await.unwrap();
    assert_eq!(rows(merged).await, [weather::year(2012)]);
    let entry = daily::entry(2012).await.unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "delta");
    assert_eq!(entry.backends[0].details["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nanoseconds_of_a_frame_come_back_from_delta_as_they_were() {
    let _lake = Lake::new();
    let computed = rows(fine().await.unwrap()).await;
    assert_eq!(nuthatch::stats().store_failures, 0);
    let times = computed[0].column(1).as_primitive::<TimestampNanosecondType>();
    assert_eq!(times.iter().collect::<Vec<_>>(), [Some(1_000), None, Some(86_400_000_000_001)]);
    let recalled = fine::call().strict(true).await.unwrap();
    assert_eq!(rows(recalled.clone()).await, computed);
    // A filter means the times, and not what holds them.
    let day = lit(ScalarValue::TimestampNanosecond(Some(86_400_000_000_000), None));
    let late = rows(recalled.filter(col("time").gt(day)).unwrap()).await;
    assert_eq!(late, [computed[0].slice(2, 1)]);
}
