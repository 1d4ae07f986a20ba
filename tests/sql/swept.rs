//! `gc` drops the tables of what was replaced, forgotten and abandoned, and waits for nobody long.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arrow::array::{Int64Array, RecordBatch};
use nuthatch::GcReport;
use nuthatch::prelude::*;

use crate::database::{Database, Kind, on_all};

on_all!(
    the_table_of_what_was_replaced_goes,
    a_table_that_is_in_use_is_told_and_goes_with_the_next_sweep,
);

static NUMBER: AtomicI64 = AtomicI64::new(1);

#[cache(backend = "sql")]
fn levels(station: &str) -> nuthatch::Result<RecordBatch> {
    let _ = station;
    let numbers = Int64Array::from(vec![NUMBER.load(Ordering::SeqCst); 3]);
    RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).map_err(nuthatch::Error::other)
}

/// Stores twice, and has the grace time go by: the table that is of no use, and the other.
fn replaced(database: &Database) -> (String, String) {
    let table = || {
        let manifest = levels::entry("Ulm").run().unwrap().unwrap();
        database.named(&manifest, "table").trim_matches(['"', '`']).to_owned()
    };
    levels("Ulm").unwrap();
    let old = table();
    NUMBER.store(2, Ordering::SeqCst);
    levels::call("Ulm").recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    assert_eq!(database.tables().len(), 2, "readers of the old one finish");
    nuthatch::set_parameter!("grace", "1ms").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    (old, table())
}

fn sweep(dry: bool) -> GcReport {
    nuthatch::gc().only("root").dry_run(dry).run().unwrap()
}

fn stands() {
    let stored = levels::call("Ulm").strict(true).run().unwrap();
    assert_eq!(stored.column(0).as_ref(), &Int64Array::from(vec![2; 3]));
}

fn the_table_of_what_was_replaced_goes(database: &Database) {
    let (_, new) = replaced(database);
    let dry = sweep(true);
    assert_eq!((dry.removed().count, database.tables().len()), (1, 2), "{dry}");
    let report = sweep(false);
    assert_eq!((report.removed(), report.failed().count), (dry.removed(), 0), "{report}");
    assert_eq!(database.tables(), [new]);
    stands();
    assert_eq!(sweep(false).removed().count, 0);

    nuthatch::set_parameter!("grace", "7d").unwrap();
    assert!(levels::forget("Ulm").run().unwrap());
    nuthatch::set_parameter!("grace", "1ms").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let report = sweep(false);
    assert_eq!((report.removed().count, report.failed().count), (2, 0), "{report}");
    assert_eq!(database.tables(), Vec::<String>::new());
}

fn a_table_that_is_in_use_is_told_and_goes_with_the_next_sweep(database: &Database) {
    nuthatch::set_parameter!("root.sql.lock_timeout", 1).unwrap();
    let (old, new) = replaced(database);
    let mut holder = holding(database, &old);
    let report = sweep(false);
    assert_eq!((report.removed().count, report.failed().count), (0, 1), "{report}");
    let why = report.to_string();
    let said = match database.kind {
        Kind::Sqlite => "database is locked",
        Kind::Postgres => "lock timeout",
        Kind::MySql => "Lock wait timeout",
    };
    assert!(why.contains(said) && why.contains("run again"), "{why}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(database.tables().len(), 2, "it is there as before");
    stands();

    // The server has to see that its client is gone.
    let mut report = sweep(false);
    for _ in 0..30 {
        if report.failed().count == 0 {
            break;
        }
        report = sweep(false);
    }
    assert_eq!((report.removed().count, report.failed().count), (1, 0), "{report}");
    assert_eq!(database.tables(), [new]);
    stands();
}

/// A program that uses a table in a transaction that it does not end.
fn holding(database: &Database, table: &str) -> Child {
    let (mut command, said) = match database.kind {
        Kind::Sqlite => {
            let script = "import sqlite3, sys\n\
                db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                for line in sys.stdin: print(*(db.execute(line).fetchone() or []), flush=True)";
            let mut command = Command::new("python3");
            command.args(["-c", script]).arg(database.folder.path().join(".sql/tables.sqlite"));
            (command, "BEGIN IMMEDIATE\nSELECT 'held'\n".to_owned())
        }
        Kind::Postgres => {
            let said = format!("BEGIN;\nSELECT 1 FROM \"{table}\" LIMIT 1;\nSELECT 'held';\n");
            (database.client(), said)
        }
        Kind::MySql => {
            let said = format!("BEGIN;\nSELECT 1 FROM `{table}` LIMIT 1;\nSELECT 'held';\n");
            (database.client(), said)
        }
    };
    let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Both stay open, and with them the transaction.
    holder.stdin.as_mut().unwrap().write_all(said.as_bytes()).unwrap();
    let said = BufReader::new(holder.stdout.as_mut().unwrap()).lines();
    let held = said.map(Result::unwrap).find(|line| line == "held");
    assert!(held.is_some(), "the table could not be held");
    holder
}
