//! Tables that are gone and servers that are down: the function runs, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Int64Array, RecordBatch};
use nuthatch::prelude::*;

use crate::database::{Database, on_all};
use crate::told::Told;

on_all!(a_table_that_was_dropped_is_computed_anew, rows_that_are_missing_are_computed_anew);

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[cache(backend = "sql")]
fn levels(gauge: i64) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let level = Arc::new(Int64Array::from(vec![gauge, gauge + 1, gauge + 2])) as _;
    Ok(RecordBatch::try_from_iter([("level", level)]).unwrap())
}

fn damaged_by(database: &Database, statement: impl Fn(&str) -> String) {
    let told = Told::listen();
    let first = levels(1).unwrap();
    let manifest = levels::entry(1).run().unwrap().unwrap();
    database.sql(&statement(&database.named(&manifest, "table")));
    let error = levels::call(1).strict(true).run().unwrap_err();
    assert!(error.is_damaged(), "{error:?}");
    told.warnings();
    assert_eq!(levels(1).unwrap(), first);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    let warnings = told.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    // It stands again.
    assert_eq!(levels(1).unwrap(), first);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    assert!(told.warnings().is_empty());
}

fn a_table_that_was_dropped_is_computed_anew(database: &Database) {
    let cascade = if database.kind == crate::database::Kind::Postgres { " CASCADE" } else { "" };
    damaged_by(database, |table| format!("DROP TABLE {table}{cascade}"));
}

fn rows_that_are_missing_are_computed_anew(database: &Database) {
    damaged_by(database, |table| format!("DELETE FROM {table} WHERE level = 2"));
}

fn a_server_that_is_down_costs_time_and_nothing_else(database: &Database) {
    let told = Told::listen();
    let first = levels(1).unwrap();
    let url = database.url();
    let (server, name) = url.rsplit_once('/').unwrap();
    let (host, _) = server.rsplit_once(':').unwrap();
    database.configure(&format!("{host}:1/{name}"));
    told.warnings();
    assert_eq!(levels(1).unwrap(), first);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    let warnings = told.warnings();
    let [out_of_reach, kept] = &warnings[..] else { panic!("{warnings:#?}") };
    assert!(out_of_reach.contains("see that the server runs"), "{warnings:#?}");
    assert!(kept.contains("the entry was kept"), "{warnings:#?}");
    // The entry was out of reach, not damaged, and is there when the server is.
    database.configure(&url);
    assert_eq!(levels(1).unwrap(), first);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[test]
fn a_postgres_that_is_down_costs_time_and_nothing_else() {
    a_server_that_is_down_costs_time_and_nothing_else(&Database::postgres());
}

#[test]
fn a_mysql_that_is_down_costs_time_and_nothing_else() {
    a_server_that_is_down_costs_time_and_nothing_else(&Database::mysql());
}
