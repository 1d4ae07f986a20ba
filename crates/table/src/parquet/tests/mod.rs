//! The backend as its callers see it: tables in, files, and the same tables out.

mod conformance;
mod odd;
mod parts;
mod refused;
mod streams;
mod types;
mod upserts;
mod within;

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use futures::TryStreamExt;
use nuthatch_core::Result;
use nuthatch_core::backend::conformance::{source, target};
use nuthatch_core::backend::{Backend, Source};
use nuthatch_core::runtime::block_on;
use nuthatch_core::store::Counting;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::{Parquet, ParquetScan};
use crate::table::{Scan, Table};

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

fn prefix() -> Path {
    Path::from("data/aa/key/generation")
}

/// Writes a table with options in TOML, and gives what describes it.
fn stored<T: Table>(store: &Arc<dyn ObjectStore>, value: &T, options: &str) -> Result<Source> {
    let options = options.parse().expect("the options are TOML");
    let target = target(store, &prefix(), options);
    let written = block_on(Parquet.write(value, &target))?;
    Ok(source::<T>(&Parquet, &target, written))
}

fn read<T: Table>(source: &Source) -> Result<T> {
    block_on(Parquet.read(source))
}

fn round_trip<T: Table>(value: &T, options: &str) -> Result<T> {
    read(&stored(&memory(), value, options)?)
}

/// The same, with what is read of it counted.
fn counted(source: &Source) -> (Counting, Source) {
    let counting = Counting::new(Arc::clone(&source.store));
    (counting.clone(), Source { store: Arc::new(counting), ..source.clone() })
}

fn names(store: &Arc<dyn ObjectStore>) -> Vec<String> {
    let listed: Vec<_> = block_on(store.list(None).try_collect()).expect("list");
    let mut names: Vec<_> = listed.into_iter().map(|meta| meta.location.to_string()).collect();
    names.sort();
    names
}

/// Rows of weather: a day, a station, two measured values with some missing, and a number.
fn weather(rows: usize) -> RecordBatch {
    let index = || 0..rows;
    let day = TimestampMicrosecondArray::from_iter_values(
        index().map(|row| 1_325_376_000_000_000 + row as i64 / 4 * 86_400_000_000),
    );
    let station = ["Bergen", "Ås", "Seattle", ""];
    let rain = index().map(|row| (row % 7 != 3).then_some(row as f64 / 3.0));
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("day", Arc::new(day), false),
        (
            "station",
            Arc::new(StringArray::from_iter_values(index().map(|row| station[row % 4]))),
            false,
        ),
        ("rain", Arc::new(Float64Array::from_iter(rain)), true),
        ("wind", Arc::new(Float64Array::from_iter_values(index().map(|row| -(row as f64)))), false),
        ("number", Arc::new(Int64Array::from_iter_values(index().map(|row| row as i64))), false),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).expect("the columns are of one length")
}
