//! What other readers of Delta Lake make of nuthatch's tables.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::types::{Int8Type, Int32Type};
use nuthatch::table::arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, FixedSizeBinaryArray,
    Float32Array, Int64Array, ListArray, NullArray, RecordBatch, StringArray, StringViewArray,
    Time32SecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
    UInt8Array, UInt64Array,
};
use nuthatch::table::arrow_array::{RecordBatchOptions, StructArray};
use nuthatch::table::arrow_schema::{DataType, Field, Schema};
use nuthatch_tests::python;

use crate::lake::Lake;
use crate::weather;

static REPORT: Mutex<Option<RecordBatch>> = Mutex::new(None);

#[cache(upsert_keys("date"))]
fn daily() -> nuthatch::Result<RecordBatch> {
    Ok(REPORT.lock().unwrap().take().unwrap_or_else(|| weather::year(2012)))
}

#[cache(backend_options(partition_by = ["weather"]))]
fn parted() -> nuthatch::Result<RecordBatch> {
    Ok(weather::year(2013))
}

#[cache]
fn none() -> nuthatch::Result<RecordBatch> {
    Ok(weather::year(2013).slice(0, 0))
}

#[cache]
fn without_columns() -> nuthatch::Result<RecordBatch> {
    let rows = RecordBatchOptions::new().with_row_count(Some(3));
    let schema = Arc::new(Schema::empty());
    RecordBatch::try_new_with_options(schema, vec![], &rows).map_err(nuthatch::Error::other)
}

#[cache]
fn types() -> nuthatch::Result<RecordBatch> {
    let words = [Some("rain"), None, Some("sun")];
    let decimals = Decimal128Array::from(vec![Some(12_345), None, Some(-1)]);
    let lists = [Some(vec![Some(1), None]), None, Some(vec![])];
    let bytes = [Some([1_u8, 255]), None, Some([0, 0])];
    let noon = 1_325_419_200;
    let inner: ArrayRef = Arc::new(UInt8Array::from(vec![Some(200), None, Some(7)]));
    let inner = StructArray::from(vec![(Arc::new(Field::new("x", DataType::UInt8, true)), inner)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("u8", Arc::new(UInt8Array::from(vec![Some(200), None, Some(0)]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.5), None, Some(f32::NEG_INFINITY)]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("text", Arc::new(StringArray::from(vec![Some("Ås"), None, Some("")]))),
        ("view", Arc::new(StringViewArray::from_iter(words))),
        ("word", Arc::new(words.into_iter().collect::<DictionaryArray<Int8Type>>())),
        (
            "bytes",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes.into_iter(), 2).unwrap(),
            ),
        ),
        ("decimal", Arc::new(decimals.with_precision_and_scale(20, 2).unwrap())),
        ("day", Arc::new(Date32Array::from(vec![Some(15_340), None, Some(-1)]))),
        (
            "naive",
            Arc::new(TimestampNanosecondArray::from(vec![
                Some(noon * 1_000_000_000),
                None,
                Some(0),
            ])),
        ),
        (
            "utc",
            Arc::new(
                TimestampSecondArray::from(vec![Some(noon), None, Some(0)]).with_timezone("UTC"),
            ),
        ),
        (
            "oslo",
            Arc::new(
                TimestampMillisecondArray::from(vec![Some(noon * 1000), None, Some(0)])
                    .with_timezone("Europe/Oslo"),
            ),
        ),
        ("clock", Arc::new(Time32SecondArray::from(vec![Some(61), None, Some(0)]))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
        ("inner", Arc::new(inner)),
        ("nothing", Arc::new(NullArray::new(3))),
        ("a \"b'`;,.{}()=% 🌧️", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    RecordBatch::try_from_iter(columns).map_err(nuthatch::Error::other)
}

fn path(uri: Option<String>) -> PathBuf {
    let uri = uri.unwrap();
    PathBuf::from(uri.strip_prefix("file://").unwrap()).join("value.delta")
}

#[test]
fn deltalake_polars_and_duckdb_read_what_nuthatch_stores() {
    let _lake = Lake::new();
    nuthatch::set_parameter!("on_store_failure", "error").unwrap();
    let year = daily().unwrap();
    // The table has two versions, of which the second corrects ten days and adds another year's.
    let next = weather::year(2013).slice(0, 5);
    let week = year.slice(0, 10);
    let rows = arrow_select::concat::concat_batches(&year.schema(), [&week, &next]).unwrap();
    let mut columns = rows.columns().to_vec();
    let rain = nuthatch::table::arrow_array::Float64Array::from(vec![99.5; 15]);
    columns[1] = Arc::new(rain);
    let rows = RecordBatch::try_new(rows.schema(), columns).unwrap();
    *REPORT.lock().unwrap() = Some(rows);
    assert_eq!(daily::call().upsert(true).run().unwrap().num_rows(), 371);
    parted().unwrap();
    none().unwrap();
    without_columns().unwrap();
    types().unwrap();
    let tables = [
        daily::uri().run(),
        parted::uri().run(),
        none::uri().run(),
        without_columns::uri().run(),
        types::uri().run(),
    ];
    python("check_delta.py", &tables.map(|uri| path(uri.unwrap())));
}
