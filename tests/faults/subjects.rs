//! A function for each way to store a value. Its value is a number, written all over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};

/// The number that bodies write.
pub(crate) static NUMBER: AtomicU32 = AtomicU32::new(1);

fn number() -> u32 {
    NUMBER.load(Ordering::SeqCst)
}

/// What is done with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Do {
    /// Recalled, or computed and stored.
    Call,
    /// Recalled, and never computed.
    Read,
    Overwrite,
    Upsert,
    /// Recalled from the root, and kept in the local location.
    Copy,
    /// Recalled from the local location alone.
    ReadLocal,
    /// Gives 1 where there was something to forget, else 0.
    Forget,
}

/// One way to store a value: what a call gives, as the number that is written all over it.
pub(crate) type Subject = fn(Do) -> nuthatch::Result<u32>;

macro_rules! asked {
    ($call:expr, $what:expr) => {{
        let call = $call;
        match $what {
            Do::Call => call.run(),
            Do::Read => call.strict(true).run(),
            Do::Overwrite => call.recompute(true).cache_mode(CacheMode::Overwrite).run(),
            Do::Upsert => call.upsert(true).run(),
            Do::Copy => call.cache_mode(CacheMode::Local).run(),
            Do::ReadLocal => call.cache_mode(CacheMode::Offline).strict(true).run(),
            Do::Forget => return call.forget().run().map(u32::from),
        }
    }};
}

#[cache]
fn as_small() -> nuthatch::Result<Vec<u32>> {
    Ok(vec![number(); 10])
}

/// More than is inlined.
#[cache]
fn as_large() -> nuthatch::Result<Vec<u32>> {
    Ok(vec![number(); 40_000])
}

/// More than goes up in one request: in parts, which are decoded while they come down.
#[cache]
fn as_parts() -> nuthatch::Result<Vec<f64>> {
    Ok(vec![f64::from(number()) + 0.3; 200_000])
}

/// Nothing is the number 1.
#[cache]
fn as_null() -> nuthatch::Result<Option<Vec<u32>>> {
    Ok((number() != 1).then(|| vec![number(); 10]))
}

/// Nothing is the number 2.
#[cache]
fn as_becoming_null() -> nuthatch::Result<Option<Vec<u32>>> {
    Ok((number() != 2).then(|| vec![number(); 40_000]))
}

fn levels() -> nuthatch::Result<Dataset> {
    let values = vec![f64::from(number()); 30];
    Dataset::new().with_variable("level", Variable::new(["time"], values))
}

#[cache(backend_options(chunking(time = 10)))]
fn as_zarr() -> nuthatch::Result<Dataset> {
    levels()
}

#[cache(backend_options(chunking(time = 10), zarr_format = 2))]
fn as_zarr2() -> nuthatch::Result<Dataset> {
    levels()
}

fn rows() -> nuthatch::Result<RecordBatch> {
    let ids = Int64Array::from_iter_values(0..20);
    let kinds = StringArray::from_iter_values((0..20).map(|id| if id < 10 { "a" } else { "b" }));
    let numbers = Int64Array::from(vec![i64::from(number()); 20]);
    let columns = [
        ("id", Arc::new(ids) as ArrayRef),
        ("kind", Arc::new(kinds) as ArrayRef),
        ("number", Arc::new(numbers) as ArrayRef),
    ];
    RecordBatch::try_from_iter(columns).map_err(nuthatch::Error::other)
}

#[cache(backend = "parquet", upsert_keys("id"))]
fn as_parquet() -> nuthatch::Result<RecordBatch> {
    rows()
}

#[cache(backend = "parquet", upsert_keys("id"), backend_options(partition_by = ["kind"]))]
fn as_partitions() -> nuthatch::Result<RecordBatch> {
    rows()
}

#[cache(upsert_keys("id"))]
fn as_delta() -> nuthatch::Result<RecordBatch> {
    rows()
}

#[cache(backend = "sql", upsert_keys("id"))]
fn as_sql() -> nuthatch::Result<RecordBatch> {
    rows()
}

pub(crate) fn small(what: Do) -> nuthatch::Result<u32> {
    asked!(as_small::call(), what).map(one)
}

pub(crate) fn large(what: Do) -> nuthatch::Result<u32> {
    asked!(as_large::call(), what).map(one)
}

pub(crate) fn parts(what: Do) -> nuthatch::Result<u32> {
    asked!(as_parts::call(), what).map(|values| one(values.into_iter().map(|value| value as u32)))
}

pub(crate) fn null(what: Do) -> nuthatch::Result<u32> {
    asked!(as_null::call(), what).map(|values| values.map_or(1, one))
}

pub(crate) fn becoming_null(what: Do) -> nuthatch::Result<u32> {
    asked!(as_becoming_null::call(), what).map(|values| values.map_or(2, one))
}

pub(crate) fn zarr(what: Do) -> nuthatch::Result<u32> {
    asked!(as_zarr::call(), what).and_then(|dataset| one_in(&dataset))
}

pub(crate) fn zarr2(what: Do) -> nuthatch::Result<u32> {
    asked!(as_zarr2::call(), what).and_then(|dataset| one_in(&dataset))
}

/// An array is lazy: what is read of it may be told to be damaged only then.
fn one_in(dataset: &Dataset) -> nuthatch::Result<u32> {
    let values = dataset.variables()["level"].values::<f64>()?;
    assert_eq!(values.len(), 30);
    Ok(one(values.iter().map(|&value| value as u32)))
}

pub(crate) fn parquet(what: Do) -> nuthatch::Result<u32> {
    asked!(as_parquet::call(), what).map(|table| one_of(&table))
}

pub(crate) fn partitions(what: Do) -> nuthatch::Result<u32> {
    asked!(as_partitions::call(), what).map(|table| one_of(&table))
}

pub(crate) fn delta(what: Do) -> nuthatch::Result<u32> {
    asked!(as_delta::call(), what).map(|table| one_of(&table))
}

pub(crate) fn sql(what: Do) -> nuthatch::Result<u32> {
    asked!(as_sql::call(), what).map(|table| one_of(&table))
}

fn one(values: impl IntoIterator<Item = u32>) -> u32 {
    let mut values = values.into_iter();
    let first = values.next().unwrap();
    assert!(values.all(|value| value == first), "half of one value and half of another");
    first
}

fn one_of(table: &RecordBatch) -> u32 {
    assert_eq!(table.num_rows(), 20);
    let numbers = table.column_by_name("number").unwrap().as_any();
    let numbers = numbers.downcast_ref::<Int64Array>().unwrap();
    one(numbers.values().iter().map(|&number| number as u32))
}
