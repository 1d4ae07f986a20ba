//! Rows that replace others, and rows that are new.

use std::sync::Arc;
use std::thread;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, LargeStringArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt32Array, UInt64Array,
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
    keys_may_be_wider_and_find_their_rows,
    in_place_the_table_itself_is_changed,
    in_place_other_keys_make_another_table,
    in_place_keys_that_the_stored_rows_share_are_told_each_time,
    both_zeros_are_one_key,
    keys_that_are_too_long_are_told,
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

/// What was begun for the keys is not left behind, where it would be in the way of the next.
fn in_place_keys_that_the_stored_rows_share_are_told_each_time(db: &Db) {
    let shared = table(&["1", "1"], &["Ulm", "Bonn"], &[1.0, 2.0]);
    let base = db.write_to(&shared, &db.target_of("_", "month=3", in_place(db))).unwrap();
    let new = table(&["2"], &["Ulm"], &[3.0]);
    for _ in 0..2 {
        let error = db.upsert(&new, &["day"], Some(&base), in_place(db)).unwrap_err().to_string();
        assert!(error.contains("several stored rows have equal keys (day)"), "{error}");
    }
    assert_eq!(read(&base).unwrap(), shared);
    let merged = db.upsert(&new, &["day", "town"], Some(&base), in_place(db)).unwrap();
    assert_eq!(read(&merged).unwrap().num_rows(), 3);
}

fn keys_that_are_too_long_are_told(db: &Db) {
    // Nothing that PostgreSQL's compression makes shorter.
    let mut state = 1_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + (state >> 33) as u8 % 90)
    };
    let base = db.write(&table(&["1"], &["Ulm"], &[0.0])).unwrap();
    for length in [6_000, 20_000] {
        let long: String = (0..length).map(|_| letter()).collect();
        let new = table(&[&long], &["Ulm"], &[1.0]);
        if db.dialect == Dialect::Postgres {
            let error = refused(db, &new, &["day"], &base);
            assert!(error.contains("an upsert key is longer than postgresql can"), "{error}");
        } else {
            let merged = db.upsert(&new, &["day"], Some(&base), db.options()).unwrap();
            assert_eq!(read(&merged).unwrap().num_rows(), 2);
        }
    }
}

/// Databases hold them equal, and one row would replace the other unseen.
fn both_zeros_are_one_key(db: &Db) {
    let base = db.write(&table(&["1"], &["Ulm"], &[0.0])).unwrap();
    let twice = table(&["2", "3"], &["Ulm", "Ulm"], &[0.0, -0.0]);
    let error = refused(db, &twice, &["rain"], &base);
    assert!(error.contains("two rows have the same upsert keys (rain)"), "{error}");
    let new = table(&["2"], &["Bonn"], &[-0.0]);
    let merged = db.upsert(&new, &["rain"], Some(&base), db.options()).unwrap();
    assert_eq!(read(&merged).unwrap().num_rows(), 1);
}

fn in_place_other_keys_make_another_table(db: &Db) {
    let first = table(&["1", "2"], &["A", "A"], &[1.0, 2.0]);
    let base = db.upsert(&first, &["day"], None, in_place(db)).unwrap();
    let new = table(&["2"], &["A"], &[3.0]);
    let merged = db.upsert(&new, &["day"], Some(&base), in_place(db)).unwrap();
    assert_eq!(detail(&merged, "table"), detail(&base, "table"));
    // Equal in the day, by which rows were told apart before, and another row by both.
    let new = table(&["2", "1"], &["B", "A"], &[4.0, 5.0]);
    let other = db.upsert(&new, &["day", "town"], Some(&merged), in_place(db)).unwrap();
    assert_ne!(detail(&other, "table"), detail(&merged, "table"));
    let expected = table(&["1", "2", "2"], &["A", "A", "B"], &[5.0, 3.0, 4.0]);
    assert_eq!(read(&other).unwrap(), expected);
    assert_eq!(read(&merged).unwrap(), table(&["1", "2"], &["A", "A"], &[1.0, 3.0]));
    // That one is changed in place again.
    let new = table(&["2"], &["B"], &[6.0]);
    let last = db.upsert(&new, &["day", "town"], Some(&other), in_place(db)).unwrap();
    assert_eq!(detail(&last, "table"), detail(&other, "table"));
    assert_eq!(read(&last).unwrap().num_rows(), 3);
    // A writer that died after the database's commit left keys that no manifest knows.
    let refused = db.upsert(&table(&["1"], &["B"], &[7.0]), &["town"], Some(&base), in_place(db));
    let error = refused.unwrap_err();
    assert!(!matches!(error, Error::Damaged { .. }), "{error:?}");
    assert_eq!(read(&merged).unwrap(), table(&["1", "2"], &["A", "A"], &[1.0, 3.0]));
}

/// Keys of one type, then of a wider one, of which the first is known.
fn wider_keys() -> Vec<(ArrayRef, ArrayRef)> {
    let decimals = |values: [i128; 2], precision, scale| {
        let values = Decimal128Array::from(values.to_vec());
        Arc::new(values.with_precision_and_scale(precision, scale).unwrap()) as ArrayRef
    };
    let floats = Float32Array::from(vec![0.5, -2.0]);
    let seconds = TimestampSecondArray::from(vec![1_325_419_200, -5]);
    let micros = TimestampMicrosecondArray::from(vec![1_500_000, 7]);
    vec![
        (decimals([15, -25], 5, 1), decimals([-250, 151], 6, 2)),
        (decimals([3, 0], 5, 0), decimals([0, 301], 7, 2)),
        (Arc::new(floats), Arc::new(Float64Array::from(vec![-2.0, 0.25]))),
        (Arc::new(seconds), Arc::new(TimestampNanosecondArray::from(vec![-5_000_000_000, 0]))),
        (Arc::new(micros), Arc::new(TimestampNanosecondArray::from(vec![7_000, 8_000]))),
        (
            Arc::new(UInt32Array::from(vec![1, u32::MAX])),
            Arc::new(UInt64Array::from(vec![u64::from(u32::MAX), u64::MAX])),
        ),
        (Arc::new(UInt8Array::from(vec![1, 255])), Arc::new(Int16Array::from(vec![255, -1]))),
        (
            Arc::new(StringArray::from(vec!["a", "b"])),
            Arc::new(LargeStringArray::from(vec!["b", "c"])),
        ),
    ]
}

fn keys_may_be_wider_and_find_their_rows(db: &Db) {
    for (known, wider) in wider_keys() {
        let types = format!("{} and {}", known.data_type(), wider.data_type());
        let rows = |keys: ArrayRef, numbers: [i64; 2]| {
            let numbers = Arc::new(Int64Array::from(numbers.to_vec())) as ArrayRef;
            RecordBatch::try_from_iter([("key", keys), ("number", numbers)]).unwrap()
        };
        let base = db.write(&rows(known, [1, 2])).unwrap();
        let merged = db.upsert(&rows(wider, [3, 4]), &["key"], Some(&base), db.options());
        let found = read(&merged.unwrap_or_else(|error| panic!("{types}: {error}"))).unwrap();
        let numbers = found.column(1).as_primitive::<Int64Type>().values().to_vec();
        assert_eq!(numbers, [1, 3, 4], "{types}");
    }
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
