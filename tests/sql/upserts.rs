//! Rows that are merged into a stored table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use arrow::array::{AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use nuthatch::Nuthatch;
use nuthatch::prelude::*;

use crate::database::{Database, Kind, on_all};

on_all!(
    new_rows_are_merged_in_one_commit,
    the_storage_backend_is_told_what_it_is_told_apart,
    in_place_the_table_and_its_generation_stay,
    what_another_backend_holds_is_dropped_by_a_merge,
    what_another_backend_holds_is_dropped_by_a_merge_in_place,
    two_who_merge_at_once_are_both_in,
    two_who_merge_in_place_at_once_are_both_in,
);

/// How often the bodies have run.
static RUNS: AtomicUsize = AtomicUsize::new(0);

fn rows(days: &[i64], rain: &[f64]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("day", Arc::new(Int64Array::from(days.to_vec())) as _),
        ("rain", Arc::new(Float64Array::from(rain.to_vec())) as _),
    ])
    .unwrap()
}

#[cache(backend = "sql", cache_args(station), upsert_keys("day"))]
fn rain(station: &str, days: Vec<i64>, rain: Vec<f64>) -> nuthatch::Result<RecordBatch> {
    let _ = station;
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(rows(&days, &rain))
}

fn upsert(days: &[i64], amounts: &[f64]) -> nuthatch::Result<RecordBatch> {
    rain::call("Ulm", days.to_vec(), amounts.to_vec()).upsert(true).run()
}

fn new_rows_are_merged_in_one_commit(database: &Database) {
    upsert(&[1, 2, 3], &[0.0, 0.5, 1.0]).unwrap();
    let merged = upsert(&[4, 2], &[2.0, f64::INFINITY]).unwrap();
    assert_eq!(merged, rows(&[1, 2, 3, 4], &[0.0, f64::INFINITY, 1.0, 2.0]));
    assert_eq!(rain("Ulm", vec![], vec![]).unwrap(), merged);
    let manifest = rain::entry("Ulm", vec![], vec![]).run().unwrap().unwrap();
    let view = database.named(&manifest, "view");
    assert_eq!(database.sql(&format!("SELECT count(*) FROM {view}")), ["4"]);
    let error = upsert(&[5, 5], &[1.0, 1.0]).unwrap_err();
    assert!(error.to_string().contains("same upsert keys (day)"), "{error}");
    assert_eq!(rain("Ulm", vec![], vec![]).unwrap(), merged);
}

#[cache(cache_args(station), upsert_keys("day"))]
fn apart(station: &str, days: Vec<i64>) -> nuthatch::Result<RecordBatch> {
    let _ = station;
    Ok(rows(&days, &vec![1.0; days.len()]))
}

fn the_storage_backend_is_told_what_it_is_told_apart(database: &Database) {
    let call = |days: &[i64]| {
        let told = toml::toml! { upsert_in_place = true };
        apart::call("Ulm", days.to_vec()).storage_backend("sql").storage_backend_options(told)
    };
    call(&[1, 2]).upsert(true).run().unwrap();
    let stored = || apart::entry("Ulm", vec![]).run().unwrap().unwrap();
    let before = stored();
    assert_eq!(before.backends[0].backend, "sql");
    let merged = call(&[2, 3]).upsert(true).run().unwrap();
    assert_eq!(merged, rows(&[1, 2, 3], &[1.0; 3]));
    let after = stored();
    assert_eq!(database.named(&after, "table"), database.named(&before, "table"), "in place");
}

fn in_place_the_table_and_its_generation_stay(database: &Database) {
    nuthatch::set_parameter!("root.sql.upsert_in_place", true).unwrap();
    let stored = || rain::entry("Ulm", vec![], vec![]).run().unwrap().unwrap();
    upsert(&[1, 2], &[0.0, 0.5]).unwrap();
    let before = stored();
    let merged = upsert(&[2, 3], &[9.0, 1.0]).unwrap();
    assert_eq!(merged, rows(&[1, 2, 3], &[0.0, 9.0, 1.0]));
    let after = stored();
    assert_eq!(database.named(&after, "table"), database.named(&before, "table"));
    assert_eq!(after.backends[0].generation, before.backends[0].generation);
    assert!(after.replaced.is_empty(), "{:?}", after.replaced);
    assert_eq!(rain("Ulm", vec![], vec![]).unwrap(), merged);
}

/// Parquet beside the table: once rows are merged into the one, nobody reads old ones from the other.
fn dropped(database: &Database) {
    let parquet = || rain::call("Ulm", vec![], vec![]).backend("parquet");
    let stored = || rain::entry("Ulm", vec![], vec![]).run().unwrap().unwrap();
    let backends = || {
        let stored = stored().backends;
        stored.iter().map(|stored| stored.backend.clone()).collect::<Vec<_>>()
    };
    upsert(&[1, 2], &[0.0, 0.5]).unwrap();
    let before = stored();
    assert_eq!(parquet().run().unwrap(), rows(&[1, 2], &[0.0, 0.5]));
    assert_eq!(
        (backends(), RUNS.load(Ordering::SeqCst)),
        (vec!["sql".into(), "parquet".into()], 1)
    );

    let merged = upsert(&[2, 3], &[9.0, 1.0]).unwrap();
    assert_eq!(merged, rows(&[1, 2, 3], &[0.0, 9.0, 1.0]));
    // In place, too, the table is left as it is: the files beside it are old until the commit.
    let is_same = database.named(&stored(), "table") == database.named(&before, "table");
    assert_eq!((backends(), is_same), (vec!["sql".into()], false));
    // Where nothing may be written, the table is read; else it is converted anew. No body runs.
    assert_eq!(parquet().cache_mode(CacheMode::ReadOnly).strict(true).run().unwrap(), merged);
    assert_eq!(backends(), ["sql"]);
    assert_eq!(parquet().strict(true).run().unwrap(), merged);
    assert_eq!(
        (backends(), RUNS.load(Ordering::SeqCst)),
        (vec!["sql".into(), "parquet".into()], 2)
    );
    assert_eq!(parquet().cache_mode(CacheMode::ReadOnly).strict(true).run().unwrap(), merged);
}

fn what_another_backend_holds_is_dropped_by_a_merge(database: &Database) {
    dropped(database);
}

fn what_another_backend_holds_is_dropped_by_a_merge_in_place(database: &Database) {
    nuthatch::set_parameter!("root.sql.upsert_in_place", true).unwrap();
    dropped(database);
}

/// No lease keeps the one writer waiting for the other.
#[cache(backend = "sql", cache_args(station), upsert_keys("day"), lease = false)]
fn raced(station: &str, days: Vec<i64>, rain: Vec<f64>) -> nuthatch::Result<RecordBatch> {
    let _ = station;
    Ok(rows(&days, &rain))
}

/// Two writers, each in a configuration of its own, whose weeks share a day. The entry is new to
/// both of them.
fn at_once(database: &Database, in_place: bool) {
    const WEEKS: i64 = 4;
    let root = database.folder.path().to_str().unwrap();
    let writer = || {
        let mut writer = Nuthatch::builder().set("filesystem", root);
        writer = writer.set("root.sql.upsert_in_place", in_place);
        if database.kind != Kind::Sqlite {
            writer = writer.set("root.sql.url", database.url());
        }
        writer.build().unwrap()
    };
    let gate = Barrier::new(2);
    thread::scope(|scope| {
        for number in [1_i64, 2] {
            let (writer, gate) = (writer(), &gate);
            scope.spawn(move || {
                for week in 0..WEEKS {
                    let own = (0..6).map(|day| number * 1000 + week * 10 + day);
                    let days: Vec<i64> = own.chain([week]).collect();
                    let amounts = vec![number as f64; days.len()];
                    gate.wait();
                    let call = || raced::call("Ulm", days, amounts).upsert(true).run();
                    writer.with(call).unwrap();
                }
            });
        }
    });
    let merged = raced("Ulm", vec![], vec![]).unwrap();
    let days = merged.column(0).as_primitive::<Int64Type>().values();
    let rain = merged.column(1).as_primitive::<Float64Type>().values();
    let of = |number: i64| {
        let own = days.iter().zip(rain).filter(|(day, _)| **day / 1000 == number);
        assert!(own.clone().all(|(_, rain)| *rain == number as f64), "{merged:?}");
        own.count()
    };
    assert_eq!((of(1), of(2)), (24, 24), "no week is lost");
    let shared = days.iter().zip(rain).filter(|(day, _)| **day < 1000);
    assert_eq!(shared.clone().count(), 4, "and none is there twice");
    assert!(shared.clone().all(|(_, rain)| [1.0, 2.0].contains(rain)), "{merged:?}");
}

fn two_who_merge_at_once_are_both_in(database: &Database) {
    at_once(database, false);
}

fn two_who_merge_in_place_at_once_are_both_in(database: &Database) {
    at_once(database, true);
}
