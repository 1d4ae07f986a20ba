//! Views and files that others use: they are waited for, and not for long.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arrow::array::{Array, Int64Array, RecordBatch};
use nuthatch_core::Error;
use nuthatch_core::backend::Source;

use super::removals::reader;
use super::{Db, detail, publish, read, try_publish};
use crate::dialect::Dialect;

fn one(value: i64) -> RecordBatch {
    let column = Arc::new(Int64Array::from(vec![value])) as Arc<dyn Array>;
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

/// The same, for those who wait a second at the most.
fn impatient(source: &Source) -> Source {
    let mut impatient = source.clone();
    impatient.options.insert("lock_timeout".to_owned(), 1.into());
    impatient
}

fn is_told(error: &Error, said: &str) {
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(said) && text.contains("`lock_timeout`"), "{text}");
}

fn a_view_that_is_being_read(db: &Db, said: &str) {
    let (old, new) = (db.write(&one(1)).unwrap(), db.write(&one(2)).unwrap());
    publish(&old);
    let view = db.quoted(&detail(&old, "view"));
    let shown = || db.sql(&format!("SELECT * FROM {view}"));
    let mut reader = reader(db, &view);
    is_told(&try_publish(&impatient(&new)).unwrap_err(), said);
    // The view shows what it has shown, and the tables are as they were.
    assert_eq!(shown(), ["1"]);
    assert_eq!((read(&old).unwrap(), read(&new).unwrap()), (one(1), one(2)));
    if db.dialect == Dialect::Postgres {
        // Its server would notice a minute later.
        let sleeping = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                        WHERE query LIKE '%pg_sleep(60)' AND datname = current_database()";
        assert_eq!(db.sql(sleeping), ["t"]);
    }
    reader.kill().unwrap();
    reader.wait().unwrap();
    publish(&new);
    assert_eq!(shown(), ["2"]);
}

#[test]
fn on_postgres_a_view_that_is_being_read_is_not_waited_for_long() {
    a_view_that_is_being_read(&Db::postgres(), "lock timeout");
}

#[test]
fn on_mysql_a_view_that_is_being_read_is_not_waited_for_long() {
    a_view_that_is_being_read(&Db::mysql(), "Lock wait timeout");
}

/// A program that has begun to write into SQLite's file, and goes on until its input ends.
fn writer(db: &Db) -> Child {
    let script = "import sqlite3, sys\n\
        db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        db.execute('BEGIN IMMEDIATE')\n\
        print('begun', flush=True)\n\
        sys.stdin.read()\n\
        db.execute('ROLLBACK')";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(db.file());
    let mut writer = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(writer.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "begun");
    writer
}

#[test]
fn on_sqlite_who_writes_is_waited_for_and_readers_go_on() {
    let db = &Db::sqlite();
    let (old, new) = (db.write(&one(1)).unwrap(), db.write(&one(2)).unwrap());
    publish(&old);
    let mut writer = writer(db);
    is_told(&try_publish(&impatient(&new)).unwrap_err(), "database is locked");
    assert_eq!((read(&old).unwrap(), read(&new).unwrap()), (one(1), one(2)));
    // A write has more patience than a view is worth.
    let third = thread::scope(|scope| {
        let write = scope.spawn(|| db.write(&one(3)));
        thread::sleep(Duration::from_millis(300));
        drop(writer.stdin.take());
        write.join().unwrap().unwrap()
    });
    assert!(writer.wait().unwrap().success());
    assert_eq!(read(&third).unwrap(), one(3));
    publish(&third);
    let view = db.quoted(&detail(&third, "view"));
    assert_eq!(db.sql(&format!("SELECT * FROM {view}")), ["3"]);
}
