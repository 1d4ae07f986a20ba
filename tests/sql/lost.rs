//! Connections that are lost in the middle of a write, as the network loses them: the entry is the
//! old one or the new one, the function's caller is told what was lost and what to do, and a second
//! try does it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use nuthatch::prelude::*;

use crate::database::Database;
use crate::proxy::{Cut, Proxy};
use crate::told::Told;

/// What goes over the wire at one moment of a write.
#[derive(Debug, Clone, Copy)]
struct Moment {
    words: &'static str,
    cut: Cut,
}

/// So many rows that they come in several statements.
const ROWS: i64 = 6000;

/// How a database is spoken to.
struct Wire {
    /// In the clear, so that the proxy sees what is said.
    options: &'static str,
    /// That and no more.
    commit: &'static str,
}

const POSTGRES: Wire = Wire { options: "sslmode=disable", commit: "COMMIT\0" };
const MYSQL: Wire = Wire { options: "ssl-mode=DISABLED", commit: "\x03COMMIT" };

impl Wire {
    /// While rows come, where the database is asked to keep them, and when it has kept them.
    fn moments(&self) -> [Moment; 3] {
        [
            Moment { words: "in the middle", cut: Cut::Before },
            Moment { words: self.commit, cut: Cut::Before },
            Moment { words: self.commit, cut: Cut::After },
        ]
    }
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Rows of these numbers, of which those in the middle say so.
fn rows(numbers: std::ops::Range<i64>, round: i64) -> RecordBatch {
    let middle = |n: i64| if (2000..4000).contains(&n) { "in the middle" } else { "elsewhere" };
    let texts = numbers.clone().map(|n| format!("{} of {}", middle(n), "x".repeat(100)));
    let columns = [
        ("n", Arc::new(Int64Array::from_iter_values(numbers.clone())) as _),
        ("text", Arc::new(StringArray::from_iter_values(texts)) as _),
        ("round", Arc::new(Int64Array::from_iter_values(numbers.map(|_| round))) as _),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[cache(backend = "sql", cache_args(gauge), upsert_keys("n"))]
fn levels(gauge: i64, from: i64, round: i64) -> nuthatch::Result<RecordBatch> {
    let _ = gauge;
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(rows(from..ROWS, round))
}

/// How many rows there are of each round, as they are stored, and none computed.
fn stored(gauge: i64) -> BTreeMap<i64, usize> {
    let batch = levels::call(gauge, 0, 0).strict(true).run().unwrap();
    let mut rounds = BTreeMap::new();
    for round in batch.column(2).as_primitive::<Int64Type>().values() {
        *rounds.entry(*round).or_default() += 1;
    }
    rounds
}

/// The database as it is reached by way of a proxy.
fn through(database: &Database, wire: &Wire) -> Proxy {
    let url = database.url();
    let (login, rest) = url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::before(server);
    let url = format!("{login}@{}/{name}?{}", proxy.address, wire.options);
    database.configure(&url);
    proxy
}

/// What is told of a write that was lost: the function, the table, the way on, and no secret.
#[track_caller]
fn is_told(text: &str, moment: Moment) {
    for said in ["lost.levels", "write the table of", "it_", "the connection was lost", "try again"]
    {
        assert!(text.contains(said), "{moment:?}: {said:?} is not in {text}");
    }
    assert!(!text.contains("throw-away"), "{text}");
}

/// Whatever a lost write has left goes with a sweep: there are tables of these entries alone.
#[track_caller]
fn swept(database: &Database, entries: usize) {
    nuthatch::set_parameter!("grace", "1ms").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let report = nuthatch::gc().only("root").run().unwrap();
    assert_eq!(report.failed().count, 0, "{report}");
    assert_eq!(database.tables().len(), entries, "{report}");
    nuthatch::set_parameter!("grace", "7d").unwrap();
}

fn a_store_that_is_lost(database: &Database, wire: &Wire) {
    let told = Told::listen();
    let proxy = through(database, wire);
    levels(1, 0, 0).unwrap();
    for (round, moment) in (1..).zip(wire.moments()) {
        let overwrite = || {
            let call = levels::call(1, 0, round).recompute(true);
            call.cache_mode(CacheMode::Overwrite).run().unwrap()
        };
        told.warnings();
        proxy.cut_at(moment.words, moment.cut);
        assert_eq!(overwrite(), rows(0..ROWS, round), "{moment:?}: it is returned all the same");
        assert_eq!(proxy.struck(), 1, "{moment:?}");
        let warnings = told.warnings();
        let [warning] = &warnings[..] else { panic!("{moment:?}: {warnings:#?}") };
        is_told(warning, moment);
        assert_eq!(
            stored(1),
            [(round - 1, ROWS as usize)].into(),
            "{moment:?}: the old one stands"
        );
        overwrite();
        assert_eq!(told.warnings(), Vec::<String>::new(), "{moment:?}");
        assert_eq!(stored(1), [(round, ROWS as usize)].into(), "{moment:?}");
        swept(database, 1);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1 + 2 * 3);
}

fn an_upsert_that_is_lost(database: &Database, wire: &Wire, in_place: bool) {
    let proxy = through(database, wire);
    nuthatch::set_parameter!("root.sql.upsert_in_place", in_place).unwrap();
    const KNOWN: i64 = 1000;
    for (gauge, moment) in (1..).zip(wire.moments()) {
        levels::call(gauge, 0, 0).upsert(true).run().unwrap();
        let upsert = || levels::call(gauge, KNOWN, 1).upsert(true).run();
        proxy.cut_at(moment.words, moment.cut);
        is_told(&upsert().unwrap_err().to_string(), moment);
        assert_eq!(proxy.struck(), 1, "{moment:?}");
        let old = BTreeMap::from([(0, ROWS as usize)]);
        let new = BTreeMap::from([(0, KNOWN as usize), (1, (ROWS - KNOWN) as usize)]);
        // In place the database's transaction is the commit, whoever has heard of it.
        let is_in = in_place && moment.cut == Cut::After;
        assert_eq!(stored(gauge), if is_in { &new } else { &old }.clone(), "{moment:?}");
        assert_eq!(upsert().unwrap().num_rows(), ROWS as usize, "{moment:?}: a second try");
        assert_eq!(stored(gauge), new, "{moment:?}");
        swept(database, gauge as usize);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 3 * 3);
}

#[test]
fn a_store_that_is_lost_on_its_way_to_postgres_leaves_the_old_entry() {
    a_store_that_is_lost(&Database::postgres(), &POSTGRES);
}

#[test]
fn a_store_that_is_lost_on_its_way_to_mysql_leaves_the_old_entry() {
    a_store_that_is_lost(&Database::mysql(), &MYSQL);
}

#[test]
fn an_upsert_that_is_lost_on_its_way_to_postgres_leaves_the_old_entry() {
    an_upsert_that_is_lost(&Database::postgres(), &POSTGRES, false);
}

#[test]
fn an_upsert_that_is_lost_on_its_way_to_mysql_leaves_the_old_entry() {
    an_upsert_that_is_lost(&Database::mysql(), &MYSQL, false);
}

#[test]
fn an_upsert_in_place_that_is_lost_on_its_way_to_postgres_is_in_or_is_not() {
    an_upsert_that_is_lost(&Database::postgres(), &POSTGRES, true);
}

#[test]
fn an_upsert_in_place_that_is_lost_on_its_way_to_mysql_is_in_or_is_not() {
    an_upsert_that_is_lost(&Database::mysql(), &MYSQL, true);
}
