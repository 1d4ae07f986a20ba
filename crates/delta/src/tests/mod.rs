//! The backend as its callers see it: tables in, tables of Delta, and the same tables out.

mod conformance;
mod damage;
mod odd;
mod stats;
mod types;
mod upserts;
mod within;

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
    UInt16Array,
};
use futures::TryStreamExt;
use nuthatch_core::Result;
use nuthatch_core::backend::conformance::{source, target};
use nuthatch_core::backend::{Backend, Source, Target, Written};
use nuthatch_core::runtime::block_on;
use nuthatch_table::Table;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::Delta;

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

fn prefix() -> Path {
    Path::from("data/aa/key/generation")
}

fn target_of(store: &Arc<dyn ObjectStore>, options: &str) -> Target {
    target(store, &prefix(), options.parse().expect("the options are TOML"))
}

/// Writes a table with options in TOML, and gives what describes it.
fn stored<T: Table>(store: &Arc<dyn ObjectStore>, value: &T, options: &str) -> Result<Source> {
    let target = target_of(store, options);
    let written = block_on(Delta.write(value, &target))?;
    Ok(source::<T>(&Delta, &target, written))
}

fn read<T: Table>(source: &Source) -> Result<T> {
    block_on(Delta.read(source))
}

fn round_trip<T: Table>(value: &T, options: &str) -> Result<T> {
    read(&stored(&memory(), value, options)?)
}

fn names(store: &Arc<dyn ObjectStore>) -> Vec<String> {
    let listed: Vec<_> = block_on(store.list(None).try_collect()).expect("list");
    let mut names: Vec<_> = listed.into_iter().map(|meta| meta.location.to_string()).collect();
    names.sort();
    names
}

/// The actions of one version of a log.
fn actions(store: &Arc<dyn ObjectStore>, version: u64) -> Vec<serde_json::Value> {
    let name = crate::log::version_name(version);
    let path = Path::parse(format!("{}/{name}", prefix())).expect("a path");
    let text = block_on(async { store.get(&path).await?.bytes().await }).expect("it is there");
    let text = std::str::from_utf8(&text).expect("it is text");
    text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
}

/// How many actions of a kind there are.
fn count(actions: &[serde_json::Value], kind: &str) -> usize {
    actions.iter().filter(|action| action.get(kind).is_some()).count()
}

/// Rows of weather: a day, a station, two measured values with some missing, and a number.
fn weather(rows: usize) -> RecordBatch {
    let index = || 0..rows;
    let day = TimestampNanosecondArray::from_iter_values(
        index().map(|row| 1_325_376_000_000_000_000 + row as i64 / 4 * 86_400_000_000_000),
    );
    let station = ["Bergen", "Ås", "Seattle", "?"];
    let rain = index().map(|row| (row % 7 != 3).then_some(row as f64 / 3.0));
    let height = index().map(|row| u16::try_from(row % 70_000).unwrap_or(u16::MAX));
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("day", Arc::new(day), false),
        (
            "station",
            Arc::new(StringArray::from_iter_values(index().map(|row| station[row % 4]))),
            false,
        ),
        ("rain", Arc::new(Float64Array::from_iter(rain)), true),
        ("height", Arc::new(UInt16Array::from_iter_values(height)), false),
        ("number", Arc::new(Int64Array::from_iter_values(index().map(|row| row as i64))), false),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).expect("the columns are of one length")
}

/// The rows in an order of their own, with the bits of their values.
fn sorted(batch: &RecordBatch) -> Vec<String> {
    let mut rows: Vec<_> =
        (0..batch.num_rows()).map(|row| format!("{:?}", batch.slice(row, 1).columns())).collect();
    rows.sort();
    rows
}
