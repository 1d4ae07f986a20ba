//! Time series whose column says when in any way, stored in each tabular backend and clipped as each
//! engine's type.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use nuthatch::backend::block_on;
use nuthatch::prelude::*;
use nuthatch::table::datafusion::prelude::DataFrame as Plan;
use nuthatch::table::polars::prelude::{DataFrame, LazyFrame};

use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Rows from 2012-01-01 on, one every six hours of the year.
const ROWS: i64 = 366 * 4;
const FIRST_DAY: i64 = 15_340;

/// Every type that says when.
fn kinds() -> Vec<DataType> {
    let units =
        [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let zones = [None, Some("UTC"), Some("+02:00"), Some("Europe/Oslo")];
    let stamps = units
        .into_iter()
        .flat_map(|unit| zones.map(|zone| DataType::Timestamp(unit, zone.map(Into::into))));
    let texts = [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View];
    let words =
        texts.clone().map(|text| DataType::Dictionary(Box::new(DataType::Int32), text.into()));
    [DataType::Date32, DataType::Date64]
        .into_iter()
        .chain(stamps)
        .chain(texts)
        .chain(words)
        .collect()
}

fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

/// The times as this type has them.
fn times(data_type: &DataType) -> ArrayRef {
    let seconds = || (0..ROWS).map(|row| FIRST_DAY * 86_400 + row * 6 * 3_600);
    // Counts become times by a cast that no zone moves.
    let counted = |of: i64, each: i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(seconds().map(|second| second / of * each)))
    };
    let naive = DataType::Timestamp(TimeUnit::Second, None);
    match data_type {
        DataType::Date32 => {
            let days = seconds().map(|second| (second / 86_400) as i32);
            cast(&(Arc::new(Int32Array::from_iter_values(days)) as ArrayRef), data_type)
        }
        DataType::Date64 => cast(&counted(86_400, 86_400_000), data_type),
        DataType::Timestamp(TimeUnit::Second, _) => cast(&counted(1, 1), data_type),
        DataType::Timestamp(TimeUnit::Millisecond, _) => cast(&counted(1, 1_000), data_type),
        DataType::Timestamp(TimeUnit::Microsecond, _) => cast(&counted(1, 1_000_000), data_type),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => cast(&counted(1, 1_000_000_000), data_type),
        _ => {
            let texts =
                cast(&counted(1, 1), &naive).and_then(|times| cast(&times, &DataType::Utf8));
            cast(&texts.unwrap(), data_type)
        }
    }
    .unwrap()
}

#[timeseries(dim = "time", start = start, end = end)]
#[cache(cache_args(kind, backend))]
fn levels(kind: usize, backend: &str, start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    let _ = (backend, start, end);
    RUNS.fetch_add(1, Ordering::SeqCst);
    let rows = Arc::new(Int64Array::from_iter_values(0..ROWS));
    Ok(RecordBatch::try_from_iter([("row", rows as _), ("time", times(&kinds()[kind]))]).unwrap())
}

fn of_arrow(batches: &[RecordBatch]) -> Vec<i64> {
    let rows = |batch: &RecordBatch| {
        batch.column_by_name("row").unwrap().as_primitive::<Int64Type>().values().to_vec()
    };
    batches.iter().flat_map(rows).collect()
}

fn of_polars(frame: &DataFrame) -> Vec<i64> {
    frame.column("row").unwrap().i64().unwrap().into_no_null_iter().collect()
}

/// The rows that a call gives as each engine's type.
fn as_each_engine(
    kind: usize,
    backend: &str,
    start: &str,
    end: &str,
) -> [(&'static str, Vec<i64>); 5] {
    let call = || levels::call(kind, backend, start, end).backend(backend).strict(true);
    let plan = call().engine::<Plan>().run().unwrap();
    let lazy = call().engine::<LazyFrame>().run().unwrap();
    [
        ("batch", of_arrow(&[call().run().unwrap()])),
        ("batches", of_arrow(&call().engine::<Vec<RecordBatch>>().run().unwrap())),
        ("datafusion", of_arrow(&block_on(plan.collect()).unwrap())),
        ("polars", of_polars(&call().engine::<DataFrame>().run().unwrap())),
        ("lazy polars", of_polars(&lazy.collect().unwrap())),
    ]
}

fn every_kind_of_time_is_clipped(backend: &str) {
    let _lake = Lake::new();
    for (kind, data_type) in kinds().iter().enumerate() {
        levels::call(kind, backend, "2012", "2012").backend(backend).run().unwrap();
        let stored = levels::entry(kind, backend, "2012", "2012").run().unwrap().unwrap();
        assert_eq!(stored.backends.len(), 1, "{data_type}");
        assert_eq!(stored.backends[0].backend, backend, "{data_type}");
        assert_eq!(RUNS.swap(0, Ordering::SeqCst), 1, "{data_type}");
        // A date says the day alone, which begins before its noon.
        let noon = if is_date(data_type) { ROWS..ROWS } else { ROWS - 2..ROWS };
        for (start, end, rows) in [
            ("2012-02", "2012-02", 31 * 4..60 * 4),
            ("2012-12-31T12:00:00", "2012-12-31", noon),
            ("2012-01-01", "2012-01-01", 0..4),
        ] {
            for (engine, found) in as_each_engine(kind, backend, start, end) {
                let what = format!("{data_type} as {engine} from {start} to {end}");
                assert_eq!(found, rows.clone().collect::<Vec<_>>(), "{what}");
            }
        }
        assert_eq!(RUNS.load(Ordering::SeqCst), 0, "{data_type} was recalled");
    }
}

#[test]
fn every_kind_of_time_in_parquet_is_clipped_in_every_engine() {
    every_kind_of_time_is_clipped("parquet");
}

#[test]
fn every_kind_of_time_in_delta_is_clipped_in_every_engine() {
    every_kind_of_time_is_clipped("delta");
}

#[test]
fn every_kind_of_time_in_a_database_is_clipped_in_every_engine() {
    every_kind_of_time_is_clipped("sql");
}
