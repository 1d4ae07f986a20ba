//! Tables that nobody needs any more.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, Int64Array, RecordBatch};
use nuthatch_core::backend::Source;
use nuthatch_core::runtime::block_on;

use super::{Db, detail, on_all, publish, read};

on_all!(a_removed_table_goes_with_the_view_that_shows_it, what_is_gone_already_is_no_error,);

fn one() -> RecordBatch {
    let column = Arc::new(Int64Array::from(vec![1])) as Arc<dyn Array>;
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn remove(db: &Db, source: &Source) -> nuthatch_core::Result<bool> {
    block_on(crate::remove(&source.prefix, &source.options, Some(db.folder.path())))
}

fn a_removed_table_goes_with_the_view_that_shows_it(db: &Db) {
    let (old, new) = (db.write(&one()).unwrap(), db.write(&one()).unwrap());
    publish(&new);
    assert!(remove(db, &old).unwrap());
    assert!(read(&old).unwrap_err().is_damaged());
    // The view shows another table, and stays.
    let view = db.quoted(&detail(&new, "view"));
    assert_eq!(db.sql(&format!("SELECT * FROM {view}")), ["1"]);
    assert_eq!(read(&new).unwrap(), one());

    assert!(remove(db, &new).unwrap());
    assert!(db.try_sql(&format!("SELECT * FROM {view}")).is_err());
    assert_eq!(db.tables(), Vec::<String>::new());
}

fn what_is_gone_already_is_no_error(db: &Db) {
    let source = db.write(&one()).unwrap();
    assert!(remove(db, &source).unwrap());
    assert!(!remove(db, &source).unwrap());
}

#[test]
fn a_table_that_is_being_read_is_not_waited_for_long() {
    let db = Db::postgres();
    let source = db.write(&one()).unwrap();
    let table = db.quoted(&detail(&source, "table"));
    let url = db.url.as_ref().unwrap().as_str();
    let reading = format!("BEGIN; SELECT * FROM {table}; SELECT pg_sleep(60)");
    let mut reader = Command::new("psql");
    let reader = reader.args(["-X", "-q", url, "-c", &reading]).stdout(Stdio::null()).spawn();
    let mut reader = reader.unwrap();
    let locked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' \
                  AND wait_event = 'PgSleep'";
    while db.sql(locked) != ["1"] {
        std::thread::sleep(Duration::from_millis(20));
    }
    let begun = Instant::now();
    let mut impatient = source.clone();
    impatient.options.insert("lock_timeout".to_owned(), 1.into());
    let error = remove(&db, &impatient).unwrap_err();
    assert!(error.to_string().contains("lock timeout"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(read(&source).unwrap(), one());
    reader.kill().unwrap();
    reader.wait().unwrap();
}
