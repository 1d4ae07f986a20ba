//! The suite that every backend runs.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use nuthatch_core::backend::conformance::Suite;
use nuthatch_core::runtime;

use super::{Db, on_all};
use crate::Sql;
use crate::dialect::Dialect;

on_all!(
    tables_behave_as_every_backend_does,
    tables_that_are_changed_in_place_behave_as_every_backend_does,
);

fn rows(numbers: std::ops::Range<i64>) -> RecordBatch {
    let count = || numbers.clone();
    let columns: [(&str, ArrayRef); 3] = [
        ("number", Arc::new(Int64Array::from_iter_values(count()))),
        ("rain", Arc::new(Float64Array::from_iter_values(count().map(|n| n as f64 / 7.0)))),
        ("station", Arc::new(StringArray::from_iter_values(count().map(|n| format!("s{n}"))))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn tables_behave_as_every_backend_does(db: &Db) {
    behaves(db, db.options());
}

fn tables_that_are_changed_in_place_behave_as_every_backend_does(db: &Db) {
    behaves(db, db.options_with(toml::toml! { upsert_in_place = true }));
}

fn behaves(db: &Db, mut options: toml::Table) {
    if db.dialect == Dialect::Sqlite {
        // The suite's locations have no folder that SQLite's file could lie in.
        let file = db.folder.path().join("suite.sqlite");
        options.insert("driver".to_owned(), "sqlite".into());
        options.insert("database".to_owned(), file.to_str().unwrap().into());
    }
    let suite = Suite::new(&Sql, |one: &RecordBatch, other| one == other)
        .options(options)
        .elsewhere()
        // Says where a table may be, for those who clean up.
        .unread(|path| path.filename() == Some("elsewhere.json"))
        .value(rows(0..0))
        .value(rows(0..100))
        .upsert(&["number"], rows(0..30), rows(20..40), rows(0..40));
    runtime::block_on(runtime::within(suite.run()));
}
