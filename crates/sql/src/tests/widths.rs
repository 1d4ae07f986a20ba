//! More columns than a table has room for, and rows that are wider than a page.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use nuthatch_core::Error;

use super::{Db, on_all, read, refused};
use crate::dialect::Dialect;

on_all!(
    two_thousand_columns_of_any_type_are_refused,
    a_merge_that_makes_rows_too_wide_leaves_what_was_there,
);

/// Three rows of columns that are all alike, but for an `id`.
fn alike(count: usize, column: &ArrayRef) -> RecordBatch {
    let id = Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef;
    let first = ("id".to_owned(), id, true);
    let others = (1..count).map(|n| (format!("c{n}"), Arc::clone(column), true));
    RecordBatch::try_from_iter_with_nullable([first].into_iter().chain(others)).unwrap()
}

fn floats() -> ArrayRef {
    Arc::new(Float64Array::from(vec![Some(0.5), Some(1.5), Some(-2.5)]))
}

/// Texts of so many bytes, of which no two are alike.
fn texts(bytes: usize) -> ArrayRef {
    let text = |row: u64| {
        let noise = (0..).map(|n| (row * 1000 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string());
        noise.take(bytes).collect::<String>()[..bytes].to_owned()
    };
    Arc::new(StringArray::from_iter_values((0..3).map(text)))
}

#[track_caller]
fn is_held(db: &Db, batch: &RecordBatch) {
    assert_eq!(read(&db.write(batch).unwrap()).unwrap(), *batch);
}

/// It is refused, for these reasons, and nothing is left of it.
#[track_caller]
fn is_refused(db: &Db, batch: &RecordBatch, reasons: &[&str]) {
    let error = refused(db, batch);
    for reason in reasons.iter().chain(&["use `backend = \"parquet\"`", "root (a test's lake)"]) {
        assert!(error.contains(reason), "{reason:?} is not in {error}");
    }
}

fn two_thousand_columns_of_any_type_are_refused(db: &Db) {
    let before = alike(3, &floats());
    let source = db.write(&before).unwrap();
    for column in [floats(), texts(5), texts(5000)] {
        is_refused(db, &alike(2000, &column), &["the table has 2000 columns", db.dialect.name()]);
    }
    assert_eq!(read(&source).unwrap(), before);
}

#[test]
fn postgres_has_eight_kilobytes_for_a_row() {
    let db = &Db::postgres();
    is_held(db, &alike(1016, &floats()));
    is_refused(db, &alike(1018, &floats()), &["row 0", "8172 bytes", "1018 columns", "8160"]);
    is_refused(db, &alike(1598, &floats()), &["row 0", "1598 columns", "postgresql holds 8160"]);
    // What is missing takes no room, and what is short little.
    is_held(db, &alike(1598, &(Arc::new(Float64Array::from(vec![None, None, None])) as _)));
    is_held(db, &alike(1598, &texts(3)));
    is_held(db, &alike(400, &texts(5000)));
    is_refused(db, &alike(1598, &texts(40)), &["row 0", "1598 columns"]);
    let last = Float64Array::from(vec![None, None, Some(1.5)]);
    is_refused(db, &alike(1598, &(Arc::new(last) as _)), &["row 2"]);
    // What the server alone can tell.
    is_refused(db, &alike(500, &texts(20)), &["500 columns", "row is too big"]);
}

#[test]
fn mysql_has_half_a_page_for_a_row() {
    let db = &Db::mysql();
    is_held(db, &alike(990, &floats()));
    is_refused(db, &alike(1015, &floats()), &["1015 columns", "mysql", "8126"]);
    // A text is long without regard to what it holds.
    is_held(db, &alike(190, &texts(5000)));
    is_refused(db, &alike(500, &texts(3)), &["500 columns", "mysql", "8126"]);
    // What the server tells of a row alone, when a table of its own is there.
    is_refused(db, &alike(300, &texts(38)), &["300 columns", "mysql"]);
}

#[test]
fn sqlite_has_rows_of_any_width() {
    let db = &Db::sqlite();
    for column in [floats(), texts(3), texts(5000)] {
        is_held(db, &alike(1998, &column));
        is_refused(db, &alike(1999, &column), &["1999 columns", "sqlite holds 1998"]);
    }
}

/// As many columns as there may be, of numbers that are half as wide in the table that stands.
fn a_merge_that_makes_rows_too_wide_leaves_what_was_there(db: &Db) {
    let count = db.dialect.most_columns() - 2;
    let stored = alike(count, &(Arc::new(Int32Array::from(vec![1, 2, 3])) as _));
    let base = db.write(&stored).unwrap();
    let before = db.tables();
    let wide = alike(count, &(Arc::new(Int64Array::from(vec![4, 5, i64::MAX])) as _));
    let merged = db.upsert(&wide, &["id"], Some(&base), db.options());
    if db.dialect == Dialect::Sqlite {
        assert_eq!(read(&merged.unwrap()).unwrap(), wide);
    } else {
        let error = merged.unwrap_err();
        assert!(matches!(error, Error::Backend { .. }), "{error:?}");
        let error = error.to_string();
        assert!(
            error.contains(&format!("{count} columns")) && error.contains("parquet"),
            "{error}"
        );
        assert_eq!(db.tables(), before);
    }
    assert_eq!(read(&base).unwrap(), stored);
}
