//! A function whose table is stored once and recalled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
use nuthatch::prelude::*;

use crate::database::{Database, Kind, on_all};
use crate::told::Told;

on_all!(
    a_table_is_stored_once_and_recalled,
    an_overwrite_is_a_new_table_and_the_view_follows,
    a_table_whose_grace_time_is_over_is_dropped_by_a_later_write,
    a_table_that_another_backend_has_replaced_is_dropped_too,
    another_backend_is_added_by_conversion,
    namespaces_hold_tables_of_their_own,
    what_cannot_be_stored_is_returned_with_a_warning,
);

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn ran() -> usize {
    RUNS.load(Ordering::SeqCst)
}

#[cache(backend = "sql")]
fn daily(month: i64) -> nuthatch::Result<RecordBatch> {
    let run = RUNS.fetch_add(1, Ordering::SeqCst) as f64;
    Ok(RecordBatch::try_from_iter([
        ("day", Arc::new(Int64Array::from(vec![month * 100 + 1, month * 100 + 2])) as _),
        ("rain", Arc::new(Float64Array::from(vec![run, f64::NAN])) as _),
        ("weather", Arc::new(StringArray::from(vec!["rain", "früh"])) as _),
    ])
    .unwrap())
}

#[cache(backend = "sql")]
fn nested() -> nuthatch::Result<RecordBatch> {
    use arrow::array::{ListArray, types::Int32Type};
    RUNS.fetch_add(1, Ordering::SeqCst);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
    Ok(RecordBatch::try_from_iter([("levels", Arc::new(list) as _)]).unwrap())
}

fn shown(batch: &RecordBatch) -> String {
    format!("{batch:?}")
}

fn a_table_is_stored_once_and_recalled(database: &Database) {
    let first = daily(3).unwrap();
    let again = daily(3).unwrap();
    assert_eq!((shown(&again), ran()), (shown(&first), 1));
    assert_eq!(daily(4).unwrap().num_rows(), 2);
    assert_eq!(ran(), 2);
    let batches: Vec<RecordBatch> = daily::call(3).engine::<Vec<RecordBatch>>().run().unwrap();
    assert_eq!((shown(&batches[0]), ran()), (shown(&first), 2));

    let manifest = daily::entry(3).run().unwrap().unwrap();
    assert_eq!(manifest.backends[0].backend, "sql");
    let view = database.named(&manifest, "view");
    assert_eq!(database.sql(&format!("SELECT day FROM {view} WHERE rain = 0")), ["301"]);
    let uri = daily::uri(3).run().unwrap().unwrap();
    let begin = match database.kind {
        Kind::Sqlite => "sqlite:///",
        Kind::Postgres => "postgresql://127.0.0.1:",
        Kind::MySql => "mysql://127.0.0.1:",
    };
    assert!(uri.starts_with(begin) && uri.contains("daily_month=3~"), "{uri}");
}

fn an_overwrite_is_a_new_table_and_the_view_follows(database: &Database) {
    daily(3).unwrap();
    let old = daily::entry(3).run().unwrap().unwrap();
    let new = daily::call(3).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    let manifest = daily::entry(3).run().unwrap().unwrap();
    let (was, is) = (database.named(&old, "table"), database.named(&manifest, "table"));
    assert_ne!(was, is);
    assert_eq!((shown(&daily(3).unwrap()), ran()), (shown(&new), 2));
    let view = database.named(&manifest, "view");
    assert_eq!(database.sql(&format!("SELECT count(*) FROM {view} WHERE rain = 1")), ["1"]);
    // Until the grace time is over, whoever reads the old table finds it.
    assert_eq!(database.sql(&format!("SELECT count(*) FROM {was}")), ["2"]);
}

fn overwrite(backend: &str) -> nuthatch::Manifest {
    let call = daily::call(3).backend(backend).recompute(true);
    call.cache_mode(CacheMode::Overwrite).run().unwrap();
    daily::entry(3).run().unwrap().unwrap()
}

/// Waits until a table is gone, which happens beside the call that has it dropped.
fn dropped(database: &Database, table: &str) {
    let patience = Instant::now() + Duration::from_secs(60);
    while database.tables().contains(&table.to_owned()) {
        assert!(Instant::now() < patience, "{table} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn table(manifest: &nuthatch::Manifest) -> String {
    manifest.backends[0].details["table"].as_str().unwrap().to_owned()
}

fn a_table_whose_grace_time_is_over_is_dropped_by_a_later_write(database: &Database) {
    nuthatch::set_parameter!("grace", "0s").unwrap();
    let (first, second) = (table(&overwrite("sql")), table(&overwrite("sql")));
    assert!(database.tables().contains(&first), "readers may hold it until the next write");
    let third = table(&overwrite("sql"));
    dropped(database, &first);
    assert_eq!(database.tables(), [second, third]);
    let shown = daily::call(3).strict(true).run().unwrap();
    assert_eq!((shown.num_rows(), ran()), (2, 3));
}

fn a_table_that_another_backend_has_replaced_is_dropped_too(database: &Database) {
    nuthatch::set_parameter!("grace", "0s").unwrap();
    let first = table(&overwrite("sql"));
    overwrite("parquet");
    overwrite("parquet");
    dropped(database, &first);
    assert_eq!(database.tables(), Vec::<String>::new());
}

fn another_backend_is_added_by_conversion(_: &Database) {
    let first = daily::call(3).backend("parquet").run().unwrap();
    let manifest = daily::entry(3).run().unwrap().unwrap();
    assert_eq!(manifest.backends.len(), 1);
    let again = daily(3).unwrap();
    assert_eq!((shown(&again), ran()), (shown(&first), 1));
    let manifest = daily::entry(3).run().unwrap().unwrap();
    let names: Vec<&str> = manifest.backends.iter().map(|stored| stored.backend.as_str()).collect();
    assert_eq!(names, ["parquet", "sql"]);
    for backend in names {
        let found = daily::call(3).backend(backend).strict(true).run().unwrap();
        assert_eq!(shown(&found), shown(&first));
    }
}

fn namespaces_hold_tables_of_their_own(_: &Database) {
    let plain = daily(3).unwrap();
    let trial = daily::call(3).namespace("trial").run().unwrap();
    assert_eq!(ran(), 2);
    assert_ne!(shown(&plain), shown(&trial));
    let again = daily::call(3).namespace("trial").run().unwrap();
    assert_eq!(
        (shown(&again), shown(&daily(3).unwrap()), ran()),
        (shown(&trial), shown(&plain), 2)
    );
}

fn what_cannot_be_stored_is_returned_with_a_warning(_: &Database) {
    let told = Told::listen();
    assert_eq!(nested().unwrap().num_rows(), 1);
    let warnings = told.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(
        warnings[0].contains("\\\"levels\\\"") || warnings[0].contains("\"levels\""),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("parquet"), "{warnings:?}");
    assert_eq!((nested().unwrap().num_rows(), ran()), (1, 2));
}
