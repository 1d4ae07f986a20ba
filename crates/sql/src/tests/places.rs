//! Who reads, who writes, and who does so at once.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use arrow::array::{Array, Int64Array, RecordBatch};
use nuthatch_core::Error;
use nuthatch_core::backend::Source;

use super::{Db, detail, on_all, publish, read};

on_all!(writers_do_not_disturb_each_other, what_was_announced_is_in_the_location);

fn rows(from: i64, to: i64) -> RecordBatch {
    let column = Arc::new(Int64Array::from_iter_values(from..to)) as Arc<dyn Array>;
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn writers_do_not_disturb_each_other(db: &Db) {
    let work = |thread: i64| {
        let mut last = None;
        for round in 0..4 {
            let batch = rows(thread * 100, thread * 100 + round + 1);
            let target = db.target_of("trial", &format!("thread={thread}"), db.options());
            let source = db.write_to(&batch, &target).unwrap();
            publish(&source);
            assert_eq!(read(&source).unwrap(), batch);
            last = Some((source, batch));
        }
        last.unwrap()
    };
    let stored: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (source, batch) in &stored {
        assert_eq!(read(source).unwrap(), *batch);
    }
    assert_eq!(db.tables().len(), 24);
}

fn what_was_announced_is_in_the_location(db: &Db) {
    let source = db.write(&rows(0, 1)).unwrap();
    let path = db.folder.path().join(source.prefix.as_ref()).join("elsewhere.json");
    let said: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(said["table"], detail(&source, "table"));
    assert_eq!(said["backend"], "sql");
    let database = said["database"].as_str().unwrap();
    assert!(database.starts_with(&format!("{}://", db.dialect.name())), "{database}");
    assert!(!database.contains('@'), "{database}");
}

#[test]
fn on_postgres_the_reader_reads_and_only_the_writer_writes() {
    let db = Db::postgres();
    let database = db.url.as_ref().unwrap().path().trim_start_matches('/').to_owned();
    let (reader, writer) = (format!("r_{database}"), format!("w_{database}"));
    db.sql(&format!(
        "CREATE ROLE {reader} LOGIN PASSWORD 'reads'; CREATE ROLE {writer} LOGIN PASSWORD 'writes'; \
         GRANT CREATE ON DATABASE {database} TO {writer}; GRANT CREATE ON SCHEMA public TO {writer}"
    ));
    let mut options = db.options();
    for (name, value) in [
        ("user", reader.as_str()),
        ("password", "reads"),
        ("write_user", writer.as_str()),
        ("write_password", "writes"),
    ] {
        options.insert(name.to_owned(), value.into());
    }
    for namespace in ["_", "trial"] {
        let target = db.target_of(namespace, "_", options.clone());
        let source = db.write_to(&rows(0, 3), &target).unwrap();
        publish(&source);
        assert_eq!(read(&source).unwrap(), rows(0, 3));
        let owner = format!(
            "SELECT tableowner FROM pg_tables WHERE tablename = '{}'",
            detail(&source, "table")
        );
        assert_eq!(db.sql(&owner), [writer.as_str()]);
    }
    // Without the writer's name, who reads may not write.
    let mut alone = options.clone();
    alone.remove("write_user");
    alone.remove("write_password");
    let error = db.write_to(&rows(0, 3), &db.target_of("_", "_", alone)).unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    assert!(error.to_string().contains("`write_user`"), "{error}");
    drop(db.try_sql(&format!("DROP OWNED BY {reader}, {writer}; DROP ROLE {reader}, {writer}")));
}

#[test]
fn on_mysql_the_reader_need_not_write() {
    let db = Db::mysql();
    let database = db.url.as_ref().unwrap().path().trim_start_matches('/').to_owned();
    let reader = format!("r_{database}");
    db.sql(&format!(
        "CREATE USER '{reader}'@'%' IDENTIFIED BY 'reads'; \
         GRANT SELECT ON {database}.* TO '{reader}'@'%'"
    ));
    let source = db.write(&rows(0, 3)).unwrap();
    let mut options = source.options.clone();
    options.insert("user".to_owned(), reader.clone().into());
    options.insert("password".to_owned(), "reads".into());
    assert_eq!(read(&Source { options: options.clone(), ..source }).unwrap(), rows(0, 3));
    assert!(db.write_to(&rows(0, 3), &db.target_of("_", "_", options)).is_err());
    drop(db.try_sql(&format!("DROP USER '{reader}'@'%'")));
}

#[test]
fn on_sqlite_who_reads_holds_up_nobody_who_writes() {
    let db = Db::sqlite();
    let source = db.write(&rows(0, 3)).unwrap();
    assert_eq!(db.sql("PRAGMA journal_mode"), ["wal"]);
    let script = "import sqlite3, sys\n\
        db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        db.execute('BEGIN')\n\
        print(len(db.execute(sys.argv[2]).fetchall()), flush=True)\n\
        input()\n\
        print(len(db.execute(sys.argv[2]).fetchall()), flush=True)";
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let mut reader = Command::new("python3")
        .args(["-c", script])
        .arg(db.file())
        .arg(tables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(reader.stdout.take().unwrap()).lines();
    assert_eq!(told.next().unwrap().unwrap(), "1");
    // With a journal that is rolled back, its transaction would keep this from being committed.
    let second = db.write(&rows(3, 5)).unwrap();
    assert_eq!(read(&second).unwrap(), rows(3, 5));
    reader.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(told.next().unwrap().unwrap(), "1", "it goes on reading what it began with");
    assert!(reader.wait().unwrap().success());
    assert_eq!(read(&source).unwrap(), rows(0, 3));
}
