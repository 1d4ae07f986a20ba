//! Rows that replace others, and rows that are new.

use std::sync::Arc;
use std::thread;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::{Float64Type, Int64Type};
use nuthatch_core::Error;
use nuthatch_core::backend::Source;

use super::{Db, detail, on_all, publish, read};
use crate::dialect::Dialect;

on_all!(
    rows_with_known_keys_are_replaced_and_new_ones_appended,
    the_first_upsert_writes_and_the_second_merges,
    keys_that_are_missing_or_twice_there_are_refused,
    columns_may_come_in_another_order_and_be_wider,
    columns_that_do_not_fit_are_named,
    texts_bytes_and_floats_are_keys,
    keys_that_the_stored_rows_share_are_an_error,
    in_place_the_table_itself_is_changed,
    merges_in_place_at_once_lose_nothing,
);

fn table(day: &[&str], town: &[&str], rain: &[f64]) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("day", Arc::new(StringArray::from(day.to_vec())) as ArrayRef),
        ("town", Arc::new(StringArray::from(town.to_vec())) as ArrayRef),
        ("rain", Arc::new(Float64Array::from(rain.to_vec())) as ArrayRef),
    ])
    .unwrap()
}

fn refused(db: &Db, batch: &RecordBatch, keys: &[&str], base: &Source) -> String {
    let before = db.tables();
    let error = db.upsert(batch, keys, Some(base), db.options()).unwrap_err();
    assert!(!matches!(error, Error::Store { .. } | Error::Damaged { .. }), "{error:?}");
    assert_eq!(db.tables(), before);
    error.to_string()
}

fn rows_with_known_keys_are_replaced_and_new_ones_appended(db: &Db) {
    let old =
        table(&["1", "1", "2", "2"], &["Ulm", "ulm", "Ulm", "Köln "], &[1.0, f64::NAN, 3.0, 4.0]);
    let base = db.write(&old).unwrap();
    publish(&base);
    let new = table(
        &["2", "3", "1", "2"],
        &["Ulm", "Ulm", "ulm", "Köln"],
        &[f64::NAN, 5.0, 2.0, f64::INFINITY],
    );
    let merged = db.upsert(&new, &["day", "town"], Some(&base), db.options()).unwrap();
    publish(&merged);
    assert!(!merged.record.details.contains_key("in_base"));
    let found = read(&merged).unwrap();
    let expected = table(
        &["1", "1", "2", "2", "3", "2"],
        &["Ulm", "ulm", "Ulm", "Köln ", "Ulm", "Köln"],
        &[1.0, 2.0, f64::NAN, 4.0, 5.0, f64::INFINITY],
    );
    assert_eq!(found.project(&[0, 1]).unwrap(), expected.project(&[0, 1]).unwrap());
    let rain: &Float64Array = found.column(2).as_primitive::<Float64Type>();
    let shown = |values: &Float64Array| values.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>();
    assert_eq!(shown(rain), shown(expected.column(2).as_primitive()));
    // Who still reads the old table is not disturbed.
    assert_eq!(read(&base).unwrap().num_rows(), 4);
    assert_ne!(detail(&base, "table"), detail(&merged, "table"));
    let view = db.quoted(&detail(&merged, "view"));
    assert_eq!(db.sql(&format!("SELECT count(*) FROM {view}")), ["6"]);
}

fn the_first_upsert_writes_and_the_second_merges(db: &Db) {
    let first = table(&["1"], &["Ulm"], &[1.0]);
    let base = db.upsert(&first, &["day"], None, db.options()).unwrap();
    assert_eq!(read(&base).unwrap(), first);
    let second = table(&["1", "2"], &["Bonn", "Ulm"], &[2.0, 3.0]);
    let merged = db.upsert(&second, &["day"], Some(&base), db.options()).unwrap();
    assert_eq!(read(&merged).unwrap(), second);
    let third = db.upsert(&first, &["day"], Some(&merged), db.options()).unwrap();
    assert_eq!(read(&third).unwrap(), table(&["1", "2"], &["Ulm", "Ulm"], &[1.0, 3.0]));
}

fn keys_that_are_missing_or_twice_there_are_refused(db: &Db) {
    let base = db.write(&table(&["1"], &["Ulm"], &[1.0])).unwrap();
    let twice = table(&["2", "2"], &["Ulm", "Ulm"], &[1.0, 2.0]);
    let error = refused(db, &twice, &["day", "town"], &base);
    assert!(error.contains("same upsert keys (day, town)"), "{error}");
    let error = refused(db, &table(&["2"], &["Ulm"], &[f64::NAN]), &["rain"], &base);
    assert!(error.contains("\"rain\""), "{error}");
    let error = refused(db, &twice, &["month"], &base);
    assert!(error.contains("no column \"month\""), "{error}");
    let null = RecordBatch::try_from_iter_with_nullable([
        ("day", Arc::new(StringArray::from(vec![None::<&str>])) as ArrayRef, true),
        ("town", Arc::new(StringArray::from(vec!["Ulm"])) as ArrayRef, true),
        ("rain", Arc::new(Float64Array::from(vec![1.0])) as ArrayRef, true),
    ]);
    let error = refused(db, &null.unwrap(), &["day"], &base);
    assert!(error.contains("no value in the upsert key \"day\""), "{error}");
}

fn columns_may_come_in_another_order_and_be_wider(db: &Db) {
    let base = RecordBatch::try_from_iter([
        ("n", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef),
        ("x", Arc::new(Int32Array::from(vec![10, 20])) as ArrayRef),
        ("t", Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef),
    ]);
    let base = db.write(&base.unwrap()).unwrap();
    let new = RecordBatch::try_from_iter([
        ("t", Arc::new(StringArray::from(vec!["c", "d"])) as ArrayRef),
        ("x", Arc::new(Float64Array::from(vec![0.5, f64::NAN])) as ArrayRef),
        ("n", Arc::new(Int64Array::from(vec![2, i64::MAX])) as ArrayRef),
    ]);
    let merged = db.upsert(&new.unwrap(), &["n"], Some(&base), db.options()).unwrap();
    let found = read(&merged).unwrap();
    let n: Vec<i64> = found.column(0).as_primitive::<Int64Type>().values().to_vec();
    let x: Vec<f64> = found.column(1).as_primitive::<Float64Type>().values().to_vec();
    assert_eq!((n, &x[..2]), (vec![1, 2, i64::MAX], &[10.0, 0.5][..]));
    assert!(x[2].is_nan());
    assert_eq!(found.column(2).as_ref(), &StringArray::from(vec!["a", "c", "d"]) as &dyn Array);
}

fn columns_that_do_not_fit_are_named(db: &Db) {
    let base = db.write(&table(&["1"], &["Ulm"], &[1.0])).unwrap();
    let error =
        refused(db, &table(&["1"], &["Ulm"], &[1.0]).project(&[0, 1]).unwrap(), &["day"], &base);
    assert!(error.contains("column \"rain\""), "{error}");
    let other = RecordBatch::try_from_iter([
        ("day", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("town", Arc::new(StringArray::from(vec!["Ulm"])) as ArrayRef),
        ("rain", Arc::new(Float64Array::from(vec![1.0])) as ArrayRef),
    ]);
    let error = refused(db, &other.unwrap(), &["day"], &base);
    assert!(error.contains("column \"day\"") && error.contains("Int64"), "{error}");
}

fn texts_bytes_and_floats_are_keys(db: &Db) {
    let long = "x".repeat(1500);
    let base = table(&[&long, "a", "A", "ä"], &["", " ", "\t", "."], &[0.1, 0.2, 0.3, -1e300]);
    let base = db.write(&base).unwrap();
    let new = table(&[&long, "ä", "a "], &["", ".", " "], &[0.1, -1e300, 0.2]);
    let merged = db.upsert(&new, &["day", "rain", "town"], Some(&base), db.options()).unwrap();
    assert_eq!(read(&merged).unwrap().num_rows(), 5);

    let moment = |nanos: i64| {
        let time = Arc::new(TimestampNanosecondArray::from(vec![nanos])) as ArrayRef;
        RecordBatch::try_from_iter([("time", time)]).unwrap()
    };
    let base = db.write(&moment(5_000)).unwrap();
    let merged = db.upsert(&moment(6_000), &["time"], Some(&base), db.options()).unwrap();
    assert_eq!(read(&merged).unwrap().num_rows(), 2);
    let fine = db.write(&moment(5_001)).unwrap();
    for (new, base) in [(moment(5_002), &base), (moment(6_000), &fine)] {
        let merged = db.upsert(&new, &["time"], Some(base), db.options());
        match db.dialect {
            // It holds the nanoseconds themselves.
            Dialect::Sqlite => assert_eq!(read(&merged.unwrap()).unwrap().num_rows(), 2),
            _ => assert!(merged.unwrap_err().to_string().contains("nanoseconds")),
        }
    }
}

fn keys_that_the_stored_rows_share_are_an_error(db: &Db) {
    let base = db.write(&table(&["1", "1"], &["Ulm", "Bonn"], &[1.0, 2.0])).unwrap();
    let error = refused(db, &table(&["2"], &["Ulm"], &[1.0]), &["day"], &base);
    assert!(error.contains("several stored rows have equal keys (day)"), "{error}");
    assert_eq!(read(&base).unwrap().num_rows(), 2);
}

fn in_place(db: &Db) -> toml::Table {
    db.options_with(toml::toml! { upsert_in_place = true })
}

fn in_place_the_table_itself_is_changed(db: &Db) {
    let first = table(&["1", "2"], &["Ulm", "Ulm"], &[1.0, 2.0]);
    let base = db.upsert(&first, &["day"], None, in_place(db)).unwrap();
    let new = table(&["2", "3"], &["Bonn", "Bonn"], &[f64::NEG_INFINITY, 4.0]);
    let merged = db.upsert(&new, &["day"], Some(&base), in_place(db)).unwrap();
    assert_eq!(detail(&merged, "table"), detail(&base, "table"));
    assert_eq!(merged.record.generation, base.record.generation);
    let expected =
        table(&["1", "2", "3"], &["Ulm", "Bonn", "Bonn"], &[1.0, f64::NEG_INFINITY, 4.0]);
    assert_eq!(read(&merged).unwrap(), expected);
    // The transaction was the commit: a manifest that was not written again says the same.
    assert_eq!(read(&base).unwrap(), expected);
    assert_eq!(db.tables().len(), 1);

    // A table that was not written to be changed is copied first.
    let plain = db.write(&first).unwrap();
    let copied = db.upsert(&new, &["day"], Some(&plain), in_place(db)).unwrap();
    assert_ne!(detail(&copied, "table"), detail(&plain, "table"));
    assert_eq!(read(&plain).unwrap(), first);
    assert_eq!(read(&copied).unwrap(), expected);
}

fn merges_in_place_at_once_lose_nothing(db: &Db) {
    let day = |n: usize| n.to_string();
    let base = db.upsert(&table(&["0"], &["Ulm"], &[0.0]), &["day"], None, in_place(db)).unwrap();
    thread::scope(|scope| {
        for thread in 1..5 {
            let base = &base;
            scope.spawn(move || {
                for round in 0..5 {
                    let (shared, own) = (day(0), day(thread * 10 + round));
                    let new = table(&[&shared, &own], &["Ulm", "Bonn"], &[thread as f64, 1.0]);
                    db.upsert(&new, &["day"], Some(base), in_place(db)).unwrap();
                }
            });
        }
    });
    assert_eq!(read(&base).unwrap().num_rows(), 21);
}
