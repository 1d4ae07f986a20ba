//! Whatever happens, no password is written or told.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use nuthatch::prelude::*;

use crate::database::Database;
use crate::told::Told;

#[cache(backend = "sql")]
fn table(n: i64) -> nuthatch::Result<RecordBatch> {
    let column = Arc::new(Int64Array::from(vec![n])) as _;
    Ok(RecordBatch::try_from_iter([("n", column)]).unwrap())
}

fn nothing_is_told(database: &Database) {
    let told = Told::listen();
    let options = || {
        let mut options = toml::Table::new();
        options.insert("password".to_owned(), "hunter2".into());
        options.insert("write_password".to_owned(), "hunter3".into());
        Options::new().backend_options(options)
    };
    table(1).unwrap();
    // Wrong ones: a warning, and the value.
    nuthatch::with(options(), || table::call(2).run()).unwrap();
    let wrong = table::call(3).backend_options(toml::toml! { password = "hunter2" }).run();
    assert_eq!(wrong.unwrap().num_rows(), 1);
    let error = table::call(4)
        .backend_options(toml::toml! { pasword = "hunter2" })
        .strict(true)
        .run()
        .unwrap_err();
    table::call(1).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    let settings = nuthatch::config::current().unwrap();
    let manifest = table::entry(1).run().unwrap().unwrap();
    let everything = [
        told.all(),
        database.files(),
        format!("{error} {error:?} {settings} {settings:?} {manifest:?} {:?}", options()),
        table::uri(1).run().unwrap().unwrap(),
    ];
    assert!(everything[0].contains("could not be stored"), "{}", everything[0]);
    for secret in ["hunter2", "hunter3", "throw-away"] {
        for text in &everything {
            let at = text.find(secret);
            assert!(at.is_none(), "{}", &text[at.unwrap().saturating_sub(200)..]);
        }
    }
}

#[test]
fn nothing_is_told_of_postgres() {
    nothing_is_told(&Database::postgres());
}

#[test]
fn nothing_is_told_of_mysql() {
    nothing_is_told(&Database::mysql());
}
