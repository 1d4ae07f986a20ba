//! What people see who come with a program of the database's own.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array};

use super::{Db, detail, on_all, publish, read};
use crate::dialect::Dialect;

on_all!(
    a_view_shows_the_table_without_what_is_nuthatchs_own,
    the_view_follows_the_newest_table_and_old_readers_stay,
    the_number_of_the_row_is_shown_where_it_is_asked_for,
);

fn weather() -> RecordBatch {
    let time =
        TimestampNanosecondArray::from(vec![1_199_145_600_000_000_000, 1_199_232_000_000_000_001]);
    RecordBatch::try_from_iter([
        ("time", Arc::new(time) as _),
        ("rain", Arc::new(Float64Array::from(vec![0.5, f64::NAN])) as _),
        ("town", Arc::new(StringArray::from(vec!["Köln", "Ulm"])) as _),
        ("count", Arc::new(UInt64Array::from(vec![u64::MAX, 1])) as _),
    ])
    .unwrap()
}

fn a_view_shows_the_table_without_what_is_nuthatchs_own(db: &Db) {
    let source = db.write(&weather()).unwrap();
    publish(&source);
    assert_eq!(detail(&source, "view"), "daily_month=3~36qtfr7kd4n5vpxo");
    let rows = db.sql(&format!("SELECT * FROM {}", db.quoted(&detail(&source, "view"))));
    let nan = if db.dialect == Dialect::Postgres { "NaN" } else { "" };
    let micros = if db.dialect == Dialect::MySql { ".000000" } else { "" };
    let fine = match db.dialect {
        Dialect::Sqlite => ".000000001",
        _ => micros,
    };
    assert_eq!(
        rows,
        [
            format!("2008-01-01 00:00:00{micros}|0.5|Köln|18446744073709551615"),
            format!("2008-01-02 00:00:00{fine}|{nan}|Ulm|1"),
        ]
    );
    let uri = detail(&source, "uri");
    assert!(
        uri.ends_with(&detail(&source, "table")) && uri.starts_with(db.dialect.name()),
        "{uri}"
    );
}

fn the_view_follows_the_newest_table_and_old_readers_stay(db: &Db) {
    let old = db.write(&weather()).unwrap();
    publish(&old);
    let fewer = weather().project(&[2]).unwrap();
    let new = db.write(&fewer).unwrap();
    publish(&new);
    let view = db.quoted(&detail(&new, "view"));
    assert_eq!(detail(&old, "view"), detail(&new, "view"));
    assert_eq!(db.sql(&format!("SELECT * FROM {view}")), ["Köln", "Ulm"]);
    assert_eq!((read(&old).unwrap().num_columns(), read(&new).unwrap()), (4, fewer));
    // And back, with more columns than the view has.
    publish(&old);
    assert_eq!(db.sql(&format!("SELECT count(*) FROM {view} WHERE rain = 0.5")), ["1"]);
}

fn the_number_of_the_row_is_shown_where_it_is_asked_for(db: &Db) {
    let options = db.options_with(toml::toml! { write_index = true });
    let town = weather().project(&[2]).unwrap();
    let source = db.write_to(&town, &db.target_of("_", "_", options)).unwrap();
    publish(&source);
    let view = db.quoted(&detail(&source, "view"));
    assert_eq!(db.sql(&format!("SELECT * FROM {view}")), ["0|Köln", "1|Ulm"]);
    assert_eq!(read(&source).unwrap(), town);
}
