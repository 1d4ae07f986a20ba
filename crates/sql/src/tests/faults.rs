//! Tables that are gone, servers that are down, connections that are lost: what is an error, what
//! is a miss, and what nobody gets to see.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use nuthatch_core::Error;
use nuthatch_core::backend::Source;
use url::Url;

use super::{Db, detail, on_all, publish, read};
use crate::dialect::Dialect;

on_all!(
    a_table_that_was_dropped_is_damage,
    rows_that_were_changed_are_damage,
    another_driver_is_no_damage,
    no_secret_is_told,
);

fn rows(count: i64) -> RecordBatch {
    let numbers = Int64Array::from_iter_values(0..count);
    RecordBatch::try_from_iter([("n", Arc::new(numbers) as Arc<dyn Array>)]).unwrap()
}

fn with_details(
    source: &Source,
    change: impl Fn(&mut serde_json::Map<String, serde_json::Value>),
) -> Source {
    let mut record = (*source.record).clone();
    change(&mut record.details);
    Source { record: Arc::new(record), ..source.clone() }
}

fn a_table_that_was_dropped_is_damage(db: &Db) {
    let source = db.write(&rows(3)).unwrap();
    db.sql(&format!("DROP TABLE {}", db.quoted(&detail(&source, "table"))));
    let error = read(&source).unwrap_err();
    assert!(error.is_damaged(), "{error:?}");
    assert!(error.to_string().contains("its table is gone"), "{error}");
    if db.dialect == Dialect::Sqlite {
        std::fs::remove_dir_all(db.folder.path().join(".sql")).unwrap();
        assert!(read(&source).unwrap_err().is_damaged());
    }
    // The connection goes on to serve.
    assert_eq!(read(&db.write(&rows(2)).unwrap()).unwrap(), rows(2));
}

fn rows_that_were_changed_are_damage(db: &Db) {
    let source = db.write(&rows(3)).unwrap();
    let table = db.quoted(&detail(&source, "table"));
    db.sql(&format!("DELETE FROM {table} WHERE n = 1"));
    let error = read(&source).unwrap_err();
    assert!(error.is_damaged() && error.to_string().contains("2 rows, and 3"), "{error}");
    db.sql(&format!("ALTER TABLE {table} DROP COLUMN n"));
    assert!(read(&source).is_err());
    for missing in ["table", "columns", "arrow_schema", "driver"] {
        let source = with_details(&source, |details| {
            details.remove(missing);
        });
        assert!(read(&source).unwrap_err().is_damaged(), "{missing}");
    }
    let foreign = with_details(&source, |details| {
        details.insert("arrow_schema".to_owned(), "AAAA".into());
    });
    assert!(read(&foreign).unwrap_err().is_damaged());
}

fn another_driver_is_no_damage(db: &Db) {
    let source = db.write(&rows(3)).unwrap();
    let other = with_details(&source, |details| {
        details.insert("driver".to_owned(), "oracle".into());
    });
    let error = read(&other).unwrap_err();
    assert!(
        matches!(error, Error::Store { .. }) && error.to_string().contains("oracle"),
        "{error}"
    );
}

/// Everything that is told of a table, and of failures around it.
fn no_secret_is_told(db: &Db) {
    let target = db.target();
    let source = db.write_to(&rows(3), &target).unwrap();
    publish(&source);
    let mut told = vec![format!("{target:?} {source:?}")];
    told.push(serde_json::to_string(&*source.record).unwrap());
    told.push(format!(
        "{:?}",
        crate::options::Options::read(&target.options, target.folder.as_deref())
    ));
    let bad = db.options_with(toml::toml! { password = "hunter2" write_password = "hunter3" });
    let failing = db.target_of("_", "_", bad.clone());
    if db.dialect != Dialect::Sqlite {
        let error = db.write_to(&rows(3), &failing).unwrap_err();
        assert!(matches!(error, Error::Store { .. }), "{error:?}");
        assert!(error.to_string().contains("`user` and `password`"), "{error}");
        told.push(format!("{error} {error:?}"));
        let read = read(&Source { options: bad, ..source.clone() }).unwrap_err();
        assert!(matches!(read, Error::Store { .. }), "{read:?}");
        told.push(format!("{read} {read:?}"));
    }
    for object in walk(db.folder.path()) {
        told.push(String::from_utf8_lossy(&std::fs::read(object).unwrap()).into_owned());
    }
    for secret in ["hunter2", "hunter3", "throw-away"] {
        assert!(told.iter().all(|text| !text.contains(secret)), "{secret} is in {told:#?}");
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

fn at_port_one(url: &Url) -> String {
    let mut url = url.clone();
    url.set_port(Some(1)).unwrap();
    url.into()
}

fn a_server_that_is_down_is_found_out_at_once(db: &Db) {
    let url = at_port_one(db.url.as_ref().unwrap());
    let options = toml::Table::from_iter([("url".to_owned(), url.into())]);
    let begun = Instant::now();
    let error = db.write_to(&rows(3), &db.target_of("_", "_", options.clone())).unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    assert!(error.to_string().contains("see that the server runs"), "{error}");
    let source = db.write(&rows(3)).unwrap();
    let error = read(&Source { options, ..source }).unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    // The pool of connections alone would wait for ten seconds, twice.
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_postgres_that_is_down_is_found_out_at_once() {
    a_server_that_is_down_is_found_out_at_once(&Db::postgres());
}

#[test]
fn a_mysql_that_is_down_is_found_out_at_once() {
    a_server_that_is_down_is_found_out_at_once(&Db::mysql());
}

/// The error of what is being done while the connection is ended that does it.
fn ended_while(
    db: &Db,
    doing: &str,
    end: impl Fn(&str) -> String,
    does: impl Fn() -> nuthatch_core::Result<Source> + Sync,
) -> Error {
    thread::scope(|scope| {
        let write = scope.spawn(&does);
        let patience = Instant::now() + Duration::from_secs(60);
        let mut ended = 0;
        while !write.is_finished() {
            assert!(Instant::now() < patience, "the write neither fails nor ends");
            if ended == 0 {
                for id in db.sql(doing) {
                    db.sql(&end(&id));
                    ended += 1;
                }
            }
            thread::sleep(Duration::from_millis(2));
        }
        assert!(ended > 0, "the write was over before it was found");
        write.join().unwrap().unwrap_err()
    })
}

/// Ends the connection that writes.
fn lost_in_mid_write(db: &Db, writing: &str, end: impl Fn(&str) -> String) {
    let text =
        StringArray::from_iter_values((0..400_000).map(|n| format!("row {n} {}", "x".repeat(100))));
    let large = RecordBatch::try_from_iter([("t", Arc::new(text) as Arc<dyn Array>)]).unwrap();
    let before = db.write(&rows(3)).unwrap();
    let error = ended_while(db, writing, end, || db.write(&large));
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    // Nothing is left of it, what was there is whole, and the next write works.
    assert_eq!(db.tables(), [detail(&before, "table")]);
    assert_eq!(read(&before).unwrap(), rows(3));
    assert_eq!(read(&db.write(&rows(5)).unwrap()).unwrap(), rows(5));
}

#[test]
fn a_postgres_lost_in_mid_write_leaves_nothing() {
    let writing = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                   AND query LIKE 'COPY%FROM STDIN%' AND state = 'active'";
    lost_in_mid_write(&Db::postgres(), writing, |id| format!("SELECT pg_terminate_backend({id})"));
}

#[test]
fn a_mysql_lost_in_mid_write_leaves_nothing() {
    let writing = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() \
                   AND info LIKE 'INSERT INTO%'";
    lost_in_mid_write(&Db::mysql(), writing, |id| format!("KILL {id}"));
}

/// Ends the connection in the middle of a merge, which is found by what it does then. The texts of
/// the new rows are so long that there is time to find it.
fn lost_in_mid_merge(db: &Db, merging: &str, end: impl Fn(&str) -> String, in_place: bool) {
    let options = || match in_place {
        true => db.options_with(toml::toml! { upsert_in_place = true }),
        false => db.options(),
    };
    let rows = |from: i64, to: i64, text: &str| {
        let numbers = Int64Array::from_iter_values(from..to);
        let texts = StringArray::from_iter_values((from..to).map(|n| format!("{text} {n}")));
        let columns = [("n", Arc::new(numbers) as Arc<dyn Array>), ("t", Arc::new(texts) as _)];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let stored = rows(0, 100, "old");
    let base = db.upsert(&stored, &["n"], None, options()).unwrap();
    let new = rows(50, 100_000, &"x".repeat(800));
    let merge = || db.upsert(&new, &["n"], Some(&base), options());
    let error = ended_while(db, merging, end, merge);
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    assert!(error.to_string().contains("write the table of root (a test's lake)"), "{error}");
    // The old rows are whole, nothing is left beside them, and a second attempt merges them all.
    assert_eq!(db.tables(), [detail(&base, "table")]);
    assert_eq!(read(&base).unwrap(), stored);
    let merged = merge().unwrap();
    assert_eq!(detail(&merged, "table") == detail(&base, "table"), in_place);
    let found = read(&merged).unwrap();
    assert_eq!(found.num_rows(), 100_000);
    assert_eq!(found.slice(0, 50), stored.slice(0, 50));
    assert_eq!(found.slice(50, 99_950), new);
    if !in_place {
        assert_eq!(read(&base).unwrap(), stored);
    }
}

const STAGING: &str = "COPY%nuthatch staging%FROM STDIN%";
const MERGING: &str = "INSERT INTO%ON CONFLICT%";

fn postgres_lost(doing: &str, in_place: bool) {
    let merging = format!(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
         AND query LIKE '{doing}' AND state = 'active' AND pid <> pg_backend_pid()"
    );
    let end = |id: &str| format!("SELECT pg_terminate_backend({id})");
    lost_in_mid_merge(&Db::postgres(), &merging, end, in_place);
}

#[test]
fn a_postgres_lost_while_new_rows_come_keeps_the_old_ones() {
    postgres_lost(STAGING, false);
}

#[test]
fn a_postgres_lost_in_mid_merge_keeps_the_old_rows() {
    postgres_lost(MERGING, false);
}

#[test]
fn a_postgres_lost_in_mid_merge_in_place_keeps_the_old_rows() {
    postgres_lost(MERGING, true);
}

fn mysql_lost(in_place: bool) {
    let merging = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() \
                   AND info LIKE 'INSERT INTO%ON DUPLICATE KEY UPDATE%'";
    lost_in_mid_merge(&Db::mysql(), merging, |id| format!("KILL {id}"), in_place);
}

#[test]
fn a_mysql_lost_in_mid_merge_keeps_the_old_rows() {
    mysql_lost(false);
}

#[test]
fn a_mysql_lost_in_mid_merge_in_place_keeps_the_old_rows() {
    mysql_lost(true);
}
