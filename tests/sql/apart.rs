//! Read from one backend and stored to another: `backend` and `storage_backend` apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Float64Array, Int64Array, RecordBatch};
use nuthatch::prelude::*;

use crate::database::{Database, on_all};

on_all!(
    what_is_stored_in_files_is_added_to_the_database,
    what_is_read_from_the_database_is_added_to_files,
    a_new_value_goes_to_the_storage_backend_alone,
    where_nothing_is_written_what_is_there_is_read,
);

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// How often the body has run since the last call.
fn ran() -> usize {
    RUNS.swap(0, Ordering::SeqCst)
}

fn rows(gauge: i64) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("day", Arc::new(Int64Array::from(vec![gauge, gauge + 1])) as _),
        ("level", Arc::new(Float64Array::from(vec![0.5, f64::NEG_INFINITY])) as _),
    ])
    .unwrap()
}

#[cache]
fn levels(gauge: i64) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(rows(gauge))
}

#[cache(backend = "parquet", storage_backend = "sql")]
fn both(gauge: i64) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(rows(gauge))
}

/// The backends of the entry, in the order in which they came.
fn stored(gauge: i64) -> Vec<String> {
    names(levels::entry(gauge).run().unwrap().unwrap())
}

fn names(manifest: nuthatch::Manifest) -> Vec<String> {
    manifest.backends.iter().map(|stored| stored.backend.clone()).collect()
}

fn count(database: &Database, gauge: i64) -> Vec<String> {
    let manifest = levels::entry(gauge).run().unwrap().unwrap();
    let table = database.named(&manifest, "table");
    database.sql(&format!("SELECT count(*) FROM {table}"))
}

fn what_is_stored_in_files_is_added_to_the_database(database: &Database) {
    assert_eq!(levels::call(1).backend("parquet").run().unwrap(), rows(1));
    assert_eq!((stored(1), ran(), database.tables().len()), (vec!["parquet".into()], 1, 0));
    let apart = || levels::call(1).backend("parquet").storage_backend("sql");
    assert_eq!(apart().run().unwrap(), rows(1));
    assert_eq!((stored(1), ran()), (vec!["parquet".into(), "sql".into()], 0));
    assert_eq!(count(database, 1), ["2"]);
    // Both are there now: nothing is added, and the table is what the database reads.
    let before = levels::entry(1).run().unwrap().unwrap();
    assert_eq!(apart().strict(true).run().unwrap(), rows(1));
    assert_eq!(levels::call(1).backend("sql").strict(true).run().unwrap(), rows(1));
    assert_eq!(levels::entry(1).run().unwrap().unwrap(), before);
    assert_eq!((database.tables().len(), ran()), (1, 0));
}

fn what_is_read_from_the_database_is_added_to_files(database: &Database) {
    assert_eq!(levels::call(1).backend("sql").run().unwrap(), rows(1));
    assert_eq!((stored(1), ran()), (vec!["sql".into()], 1));
    for (other, all) in [("delta", 2), ("parquet", 3)] {
        let apart = levels::call(1).backend("sql").storage_backend(other);
        assert_eq!(apart.run().unwrap(), rows(1));
        assert_eq!((stored(1).len(), ran()), (all, 0), "{other}");
    }
    // Without the database, what was added is what is there.
    let table = database.named(&levels::entry(1).run().unwrap().unwrap(), "table");
    let cascade = match database.kind {
        crate::database::Kind::Postgres => " CASCADE",
        _ => "",
    };
    database.sql(&format!("DROP TABLE {table}{cascade}"));
    for other in ["delta", "parquet"] {
        let call = levels::call(1).backend(other).strict(true);
        assert_eq!((call.run().unwrap(), ran()), (rows(1), 0), "{other}");
    }
}

fn a_new_value_goes_to_the_storage_backend_alone(database: &Database) {
    assert_eq!(both(1).unwrap(), rows(1));
    let entry = || both::entry(1).run().unwrap().unwrap();
    assert_eq!((names(entry()), ran()), (vec!["sql".into()], 1));
    // The next one asks for Parquet, which is not there yet.
    assert_eq!(both(1).unwrap(), rows(1));
    assert_eq!((names(entry()), ran()), (vec!["sql".into(), "parquet".into()], 0));
    let was = database.named(&entry(), "table");
    // A new value drops the other backend in the same commit.
    both::call(1).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    assert_eq!((names(entry()), ran()), (vec!["sql".into()], 1));
    assert_ne!(database.named(&entry(), "table"), was);
}

fn where_nothing_is_written_what_is_there_is_read(database: &Database) {
    assert_eq!(levels::call(1).backend("parquet").run().unwrap(), rows(1));
    ran();
    let call = || levels::call(1).storage_backend("sql").cache_mode(CacheMode::ReadOnly);
    assert_eq!(call().run().unwrap(), rows(1));
    assert_eq!(call().backend("sql").strict(true).run().unwrap(), rows(1));
    assert_eq!((stored(1), ran(), database.tables().len()), (vec!["parquet".into()], 0, 0));
    // What is not there at all is a miss, of one as of the other.
    let missed = levels::call(2).backend("sql").cache_mode(CacheMode::ReadOnlyStrict).run();
    assert!(matches!(missed, Err(nuthatch::Error::NotCached { .. })), "{missed:?}");
    assert_eq!(ran(), 0);
}
