//! Entries that lie in other chunks than their functions ask. Every test is a process of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn root() {
    nuthatch::set_parameter!("filesystem", "memory://rechunking").unwrap();
}

fn table() -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let x = ndarray::Array2::from_shape_fn((24, 5), |(i, j)| (i * 5 + j) as f64);
    Dataset::new()
        .with_variable("x", Variable::new(["row", "column"], x).with_attr("units", "m"))?
        .with_coord("row", (0..24_i64).collect::<Vec<i64>>())
}

#[cache(name = "table", backend_options(chunking(row = 10), auto_rechunk = true))]
fn by_ten() -> nuthatch::Result<Dataset> {
    table()
}

#[cache(backend_options(chunking(row = 10)))]
fn as_stored(grid: &str) -> nuthatch::Result<Dataset> {
    let _ = grid;
    table()
}

fn chunks(dataset: &Dataset) -> serde_json::Value {
    dataset.variables()["x"].encoding["chunks"].clone()
}

/// The options of a call: chunks of so many rows.
fn rows(rows: i64) -> toml::Table {
    format!("chunking = {{ row = {rows} }}\nauto_rechunk = true").parse().unwrap()
}

fn generation(entry: &nuthatch_core::entry::Manifest) -> String {
    entry.backends[0].generation.clone()
}

#[test]
fn an_entry_in_other_chunks_is_written_anew_as_another_generation() {
    root();
    let first = by_ten().unwrap();
    let before = by_ten::entry().run().unwrap().unwrap();
    assert_eq!(chunks(&by_ten().unwrap()), serde_json::json!([10, 5]));
    let same = by_ten::entry().run().unwrap().unwrap();
    assert_eq!(generation(&same), generation(&before), "it lies as asked");

    let old = by_ten().unwrap();
    let again = by_ten::call().backend_options(rows(6)).run().unwrap();
    assert_eq!(chunks(&again), serde_json::json!([6, 5]));
    assert!(again.identical(&first).unwrap());
    let after = by_ten::entry().run().unwrap().unwrap();
    assert_ne!(generation(&after), generation(&before));
    assert_eq!(after.replaced.len(), 1, "the old one goes after its grace time");
    assert_eq!(after.backends.len(), 1);
    assert_eq!((&after.created_at, &after.lineage), (&before.created_at, &before.lineage));
    // Who has the old generation reads on.
    assert!(old.identical(&first).unwrap());
    // What is asked again is there already.
    by_ten::call().backend_options(rows(6)).run().unwrap();
    assert_eq!(generation(&by_ten::entry().run().unwrap().unwrap()), generation(&after));
    assert_eq!(RUNS.load(Ordering::Relaxed), 1, "the body ran once");
}

#[test]
fn nothing_is_written_anew_where_it_is_not_asked_or_not_allowed() {
    root();
    as_stored("coarse").unwrap();
    let before = as_stored::entry("coarse").run().unwrap().unwrap();
    let silent: toml::Table = "chunking = { row = 6 }".parse().unwrap();
    let call = || as_stored::call("coarse");
    assert_eq!(chunks(&call().backend_options(silent).run().unwrap()), serde_json::json!([10, 5]));
    let read_only = call().backend_options(rows(6)).cache_mode(CacheMode::ReadOnly);
    assert_eq!(chunks(&read_only.run().unwrap()), serde_json::json!([10, 5]));
    let absent: toml::Table = "chunking = { depth = 6 }\nauto_rechunk = true".parse().unwrap();
    // Only rows are named in the attribute, and the call's options replace those of one name.
    let whole = call().backend_options(absent).run().unwrap();
    assert_eq!(chunks(&whole), serde_json::json!([24, 5]));
    let after = as_stored::entry("coarse").run().unwrap().unwrap();
    assert_ne!(generation(&after), generation(&before));
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

#[test]
fn chunks_that_depend_on_an_argument_are_looked_at_too() {
    root();
    for grid in ["coarse", "fine"] {
        as_stored(grid).unwrap();
    }
    let by_argument = "auto_rechunk = true\nchunking = { row = 10 }\n\
                       chunk_by_arg.grid = { fine = { row = 3 } }";
    let options: toml::Table = by_argument.parse().unwrap();
    let read = |grid| as_stored::call(grid).backend_options(options.clone()).run().unwrap();
    assert_eq!(chunks(&read("coarse")), serde_json::json!([10, 5]));
    assert_eq!(chunks(&read("fine")), serde_json::json!([3, 5]));
}

#[test]
fn version_2_is_written_anew_once() {
    root();
    let mut options = rows(7);
    options.insert("zarr_format".to_owned(), 2.into());
    let read = || as_stored::call("old").backend_options(options.clone()).run().unwrap();
    read();
    let first = generation(&as_stored::entry("old").run().unwrap().unwrap());
    assert_eq!(chunks(&read()), serde_json::json!([7, 5]));
    assert_eq!(generation(&as_stored::entry("old").run().unwrap().unwrap()), first);
    options.extend(rows(5));
    let read = || as_stored::call("old").backend_options(options.clone()).run().unwrap();
    assert_eq!(chunks(&read()), serde_json::json!([5, 5]));
}
