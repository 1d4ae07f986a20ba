//! A range of time of a table: the database leaves out what lies outside.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use nuthatch_core::backend::{Backend, Source};
use nuthatch_core::civil::Civil;
use nuthatch_core::runtime;
use nuthatch_core::time::TimeRange;

use super::{Db, on_all, read};
use crate::Sql;

on_all!(rows_far_outside_are_not_read, what_no_database_can_tell_is_read_whole);

/// A row a day from 2012-01-01 on, and one without a time.
const DAYS: i64 = 400;
/// 2012-01-01.
const FIRST: i64 = 15_340;

/// The days as this type has them, and their numbers.
fn days(data_type: &DataType) -> RecordBatch {
    let midnights = (0..DAYS).map(|day| Some((FIRST + day) * 86_400)).chain([None]);
    let seconds: ArrayRef = Arc::new(Int64Array::from_iter(midnights));
    let seconds = cast(&seconds, &DataType::Timestamp(TimeUnit::Second, None)).unwrap();
    let days = cast(&seconds, data_type).unwrap();
    let numbers = Arc::new(Int64Array::from_iter_values(0..=DAYS)) as ArrayRef;
    let columns = [("number", numbers, false), ("date", days, true)];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn numbers(source: &Source, start: Option<Civil>, end: Option<Civil>) -> Vec<i64> {
    let range = TimeRange::new(&["time", "date"], start, end);
    let found: RecordBatch = runtime::block_on(Sql.read_within(source, &range)).unwrap();
    found.column(0).as_primitive::<Int64Type>().values().to_vec()
}

fn rows_far_outside_are_not_read(db: &Db) {
    let (march, april) = (Some(Civil::date(2012, 3, 1)), Some(Civil::date(2012, 3, 31)));
    let zone = |unit, zone: &str| DataType::Timestamp(unit, Some(zone.into()));
    for data_type in [
        DataType::Date32,
        DataType::Date64,
        DataType::Timestamp(TimeUnit::Second, None),
        DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, None),
        zone(TimeUnit::Microsecond, "UTC"),
        zone(TimeUnit::Nanosecond, "+05:00"),
    ] {
        let table = days(&data_type);
        let source = db.write(&table).unwrap();
        assert_eq!(numbers(&source, None, None), (0..=DAYS).collect::<Vec<_>>(), "{data_type}");
        for (start, end, within) in [
            (march, april, 60..91),
            (march, None, 60..DAYS),
            (None, april, 0..91),
            (Some(Civil::date(-4000, 1, 1)), Some(Civil::date(200_000, 1, 1)), 0..DAYS),
        ] {
            let found = numbers(&source, start, end);
            let wanted = found.iter().filter(|number| within.contains(number));
            assert!(wanted.copied().eq(within.clone()), "{data_type}: {found:?}");
            assert!(found.is_sorted(), "{data_type}: {found:?}");
            let more = found.len() - within.count();
            assert!(more <= 8, "{data_type}: {more} rows too many");
        }
        assert_eq!(read(&source).unwrap(), table, "{data_type}");
    }
}

fn what_no_database_can_tell_is_read_whole(db: &Db) {
    let texts = days(&DataType::Utf8);
    let source = db.write(&texts).unwrap();
    let (start, end) = (Some(Civil::date(2012, 3, 1)), Some(Civil::date(2012, 3, 31)));
    assert_eq!(numbers(&source, start, end).len() as i64, DAYS + 1);
    let other = texts.project(&[0]).unwrap();
    let source = db.write(&other).unwrap();
    assert_eq!(numbers(&source, start, end).len() as i64, DAYS + 1);
}
