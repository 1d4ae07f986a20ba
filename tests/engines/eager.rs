//! Eager frames are in memory, so that all their rows are looked at before any is written.

use std::path::Path;
use std::sync::Arc;

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, TimestampNanosecondArray,
};
use nuthatch::table::polars::prelude::DataFrame;

use crate::lake::Lake;

/// Rows as Polars has them, by way of a file.
fn frame(name: &str, column: ArrayRef) -> nuthatch::Result<DataFrame> {
    #[cache(backend = "parquet", skip(batch))]
    fn stored(name: &str, batch: &RecordBatch) -> nuthatch::Result<RecordBatch> {
        let _ = name;
        Ok(batch.clone())
    }
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..column.len() as i64));
    let batch = RecordBatch::try_from_iter([("id", ids), (name, column)]);
    let batch = batch.map_err(nuthatch::Error::other)?;
    stored::call(name, &batch).engine::<DataFrame>().run()
}

#[cache]
fn whole_microseconds() -> nuthatch::Result<DataFrame> {
    frame("whole", Arc::new(TimestampNanosecondArray::from(vec![Some(1_000), None, Some(5_000)])))
}

#[test]
fn nanoseconds_of_an_eager_frame_are_times_in_delta_where_they_are_whole_microseconds() {
    let _lake = Lake::new();
    let computed = whole_microseconds().unwrap();
    let recalled = whole_microseconds::call().strict(true).run().unwrap();
    assert!(recalled.equals_missing(&computed));
    let uri = whole_microseconds::uri().run().unwrap().unwrap();
    let folder = Path::new(uri.strip_prefix("file://").unwrap()).join("value.delta/_delta_log");
    let log = std::fs::read_to_string(folder.join(format!("{:020}.json", 0))).unwrap();
    assert!(log.contains("timestamp_ntz"), "{log}");
}

#[cache(backend = "sql")]
fn far() -> nuthatch::Result<DataFrame> {
    frame("far", Arc::new(Date32Array::from(vec![0, i32::MAX])))
}

#[test]
fn an_eager_frame_that_the_database_does_not_hold_is_refused_before_anything_is_written() {
    let lake = Lake::new();
    frame("far", Arc::new(Date32Array::from(vec![0, i32::MAX]))).unwrap();
    lake.reset();
    assert_eq!(far().unwrap().height(), 2, "it is returned all the same");
    assert_eq!(nuthatch::stats().store_failures, 1);
    let requests = lake.requests("root");
    let is_put = |request: &&String| !request.starts_with("get") && !request.contains("/leases/");
    let puts: Vec<_> = requests.iter().filter(is_put).collect();
    assert!(puts.is_empty(), "{puts:?}");
}
