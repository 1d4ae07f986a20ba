//! Tables that nobody needs any more.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, Int64Array, RecordBatch};
use nuthatch_core::backend::{Elsewhere, Remover, Source};
use nuthatch_core::runtime::block_on;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::{Map, Value};

use super::{Db, detail, on_all, publish, read};
use crate::Sql;
use crate::dialect::Dialect;

on_all!(
    a_removed_table_goes_with_the_view_that_shows_it,
    what_is_gone_already_is_no_error,
    what_is_said_of_another_table_removes_nothing,
);

fn one() -> RecordBatch {
    let column = Arc::new(Int64Array::from(vec![1])) as Arc<dyn Array>;
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

/// As `gc` does, which knows the folder and the options, and no manifest.
fn remove(source: &Source) -> nuthatch_core::Result<()> {
    let path = Path::parse(format!("{}/elsewhere.json", source.prefix)).unwrap();
    let said = block_on(async { source.store.get(&path).await?.bytes().await }).unwrap();
    remove_said(source, serde_json::from_slice(&said).unwrap())
}

fn remove_said(source: &Source, announced: Map<String, Value>) -> nuthatch_core::Result<()> {
    let doomed = Elsewhere {
        prefix: source.prefix.clone(),
        shown: source.shown.clone(),
        folder: source.folder.clone(),
        options: source.options.clone(),
        announced,
    };
    block_on(Remover::remove(&Sql, &doomed))
}

fn a_removed_table_goes_with_the_view_that_shows_it(db: &Db) {
    let (old, new) = (db.write(&one()).unwrap(), db.write(&one()).unwrap());
    publish(&new);
    remove(&old).unwrap();
    assert!(read(&old).unwrap_err().is_damaged());
    // The view shows another table, and stays.
    let view = db.quoted(&detail(&new, "view"));
    assert_eq!(db.sql(&format!("SELECT * FROM {view}")), ["1"]);
    assert_eq!(read(&new).unwrap(), one());

    remove(&new).unwrap();
    assert!(db.try_sql(&format!("SELECT * FROM {view}")).is_err());
    assert_eq!(db.tables(), Vec::<String>::new());
}

fn what_is_gone_already_is_no_error(db: &Db) {
    let source = db.write(&one()).unwrap();
    remove(&source).unwrap();
    assert_eq!(db.tables(), Vec::<String>::new());
    remove(&source).unwrap();
}

fn what_is_said_of_another_table_removes_nothing(db: &Db) {
    let (one_table, other) = (db.write(&one()).unwrap(), db.write(&one()).unwrap());
    let said = |source: &Source| {
        let database = match &db.url {
            None => format!("sqlite://{}", db.file().display()),
            Some(url) => {
                let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
                format!("{}://{host}{}", db.dialect.name(), url.path())
            }
        };
        let mut said = Map::from_iter([("database".to_owned(), database.into())]);
        for name in ["schema", "table", "view"] {
            said.insert(name.to_owned(), source.record.details.get(name).cloned().into());
        }
        said
    };
    let error = remove_said(&one_table, said(&other)).unwrap_err();
    assert!(error.to_string().contains("another generation"), "{error}");
    let mut elsewhere = said(&one_table);
    elsewhere.insert("database".to_owned(), "postgresql://db.example.org/lake".into());
    let error = remove_said(&one_table, elsewhere).unwrap_err().to_string();
    assert!(error.contains("the table lies in postgresql://db.example.org/lake"), "{error}");
    let error = remove_said(&one_table, Map::new()).unwrap_err().to_string();
    assert!(error.contains("names no database"), "{error}");
    assert_eq!(db.tables().len(), 2);
    // What was changed above is all that was wrong.
    remove_said(&one_table, said(&one_table)).unwrap();
    assert_eq!(db.tables(), [detail(&other, "table")]);
}

/// A program that has read the table in a transaction, and goes on for a minute.
pub(super) fn reader(db: &Db, table: &str) -> std::process::Child {
    let url = db.url.as_ref().unwrap();
    let (mut command, slept) = match db.dialect {
        Dialect::MySql => {
            let mut command = Command::new("mariadb");
            command.args(["--no-defaults", "-h", url.host_str().unwrap(), "-u", url.username()]);
            command.arg(format!("-P{}", url.port().unwrap()));
            command.arg(format!("-p{}", url.password().unwrap()));
            command.args([url.path().trim_start_matches('/'), "-e"]);
            (command, "SELECT sleep(60)")
        }
        _ => {
            let mut command = Command::new("psql");
            command.args(["-X", "-q", url.as_str(), "-c"]);
            (command, "SELECT pg_sleep(60)")
        }
    };
    command.arg(format!("BEGIN; SELECT * FROM {table}; {slept}"));
    let reader = command.stdout(Stdio::null()).spawn().unwrap();
    let sleeping = match db.dialect {
        Dialect::MySql => {
            "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() \
             AND info = 'SELECT sleep(60)'"
        }
        _ => {
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' \
             AND wait_event = 'PgSleep'"
        }
    };
    while db.sql(sleeping) != ["1"] {
        std::thread::sleep(Duration::from_millis(20));
    }
    reader
}

fn not_waited_for_long(db: &Db, said: &str) {
    let source = db.write(&one()).unwrap();
    let mut reader = reader(db, &db.quoted(&detail(&source, "table")));
    let begun = Instant::now();
    let mut impatient = source.clone();
    impatient.options.insert("lock_timeout".to_owned(), 1.into());
    let error = remove(&impatient).unwrap_err();
    assert!(error.to_string().contains(said), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(read(&source).unwrap(), one());
    reader.kill().unwrap();
    reader.wait().unwrap();
}

#[test]
fn on_postgres_a_table_that_is_being_read_is_not_waited_for_long() {
    not_waited_for_long(&Db::postgres(), "lock timeout");
}

#[test]
fn on_mysql_a_table_that_is_being_read_is_not_waited_for_long() {
    not_waited_for_long(&Db::mysql(), "Lock wait timeout");
}
