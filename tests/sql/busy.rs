//! A view that others read when it is to be pointed at a new table: the table is stored all the same.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use nuthatch::prelude::*;

use crate::database::Database;
use crate::told::Told;

static RUNS: AtomicI64 = AtomicI64::new(0);

#[cache(backend = "sql")]
fn runs() -> nuthatch::Result<RecordBatch> {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(RecordBatch::try_from_iter([("run", Arc::new(Int64Array::from(vec![run])) as _)]).unwrap())
}

fn overwritten() -> nuthatch::Manifest {
    runs::call().recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    runs::entry().run().unwrap().unwrap()
}

/// A program that has read the view in a transaction, which goes on until its input ends.
fn reader(database: &Database, view: &str) -> Child {
    let mut command = database.client();
    let mut reader = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let asked = format!("BEGIN;\nSELECT * FROM {view};\nSELECT 'it was read';\n");
    reader.stdin.as_mut().unwrap().write_all(asked.as_bytes()).unwrap();
    let mut lines = BufReader::new(reader.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "it was read"));
    reader
}

fn a_view_that_is_read_costs_a_warning(database: &Database, said: &str) {
    nuthatch::set_parameter!("root.sql.lock_timeout", 1).unwrap();
    let first = overwritten();
    let view = database.named(&first, "view");
    let shown = || database.sql(&format!("SELECT * FROM {view}"));
    assert_eq!(shown(), ["0"]);
    let told = Told::listen();
    let mut reader = reader(database, &view);
    let second = overwritten();
    let warnings = told.warnings();
    let [warning] = &warnings[..] else { panic!("{warnings:#?}") };
    assert!(warning.contains(said) && warning.contains("lock_timeout"), "{warning}");
    // The commit stands: the new value is what is recalled, from a table of its own.
    assert_ne!(database.named(&second, "table"), database.named(&first, "table"));
    let recalled = runs::call().strict(true).run().unwrap();
    assert_eq!((value(&recalled), RUNS.load(Ordering::SeqCst)), (1, 2));
    assert_eq!(shown(), ["0"], "people see the old rows for now");
    drop(reader.stdin.take());
    reader.wait().unwrap();
    overwritten();
    assert_eq!((shown(), told.warnings()), (vec!["2".to_owned()], vec![]));
}

fn value(batch: &RecordBatch) -> i64 {
    batch.column(0).as_primitive::<Int64Type>().value(0)
}

#[test]
fn a_view_that_is_read_in_postgres_costs_a_warning() {
    a_view_that_is_read_costs_a_warning(&Database::postgres(), "lock timeout");
}

#[test]
fn a_view_that_is_read_in_mysql_costs_a_warning() {
    a_view_that_is_read_costs_a_warning(&Database::mysql(), "Lock wait timeout");
}
