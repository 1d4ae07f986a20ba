//! Rows that tests of backends and engines store.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_cast::cast;
use arrow_schema::DataType;
use nuthatch_core::civil::{Civil, Period};

/// A number, noise, a measured value and a station, in rows that have no other order.
pub fn mixed(count: i64) -> RecordBatch {
    let index = || 0..count;
    let noise = |row: i64| row.wrapping_mul(0x1e37_79b9_7f4a_7c15);
    let station = ["Bergen", "Ås", "Seattle"];
    let stations = index().map(|row| station[usize::try_from(row % 3).unwrap_or_default()]);
    let columns: [(&str, ArrayRef); 4] = [
        ("number", Arc::new(Int64Array::from_iter_values(index()))),
        ("noise", Arc::new(Int64Array::from_iter_values(index().map(noise)))),
        ("rain", Arc::new(Float64Array::from_iter_values(index().map(|row| row as f64 / 7.0)))),
        ("station", Arc::new(StringArray::from_iter_values(stations))),
    ];
    RecordBatch::try_from_iter(columns).expect("the columns are of one length")
}

/// A time every six hours of 2012, as every kind of column, each beside the number of its row.
pub fn every_six_hours() -> Vec<RecordBatch> {
    let start = 15_340 * 86_400_i64;
    let seconds = || (0..366 * 4).map(move |row| start + row * 6 * 3600);
    let nanoseconds = || seconds().map(|second| second * 1_000_000_000);
    let days = || seconds().map(|second| (second / 86_400) as i32);
    let texts: ArrayRef = Arc::new(TimestampSecondArray::from_iter_values(seconds()));
    let columns: [ArrayRef; 5] = [
        Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds())),
        Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds()).with_timezone("+02:00")),
        Arc::new(TimestampSecondArray::from_iter_values(seconds()).with_timezone("Europe/Oslo")),
        Arc::new(Date32Array::from_iter_values(days())),
        cast(&texts, &DataType::Utf8).expect("times are texts"),
    ];
    let table = |times: ArrayRef| {
        let numbers = Int64Array::from_iter_values(0..times.len() as i64);
        let columns = [("Time", times), ("number", Arc::new(numbers) as ArrayRef)];
        RecordBatch::try_from_iter(columns).expect("two columns")
    };
    columns.into_iter().map(table).collect()
}

/// Two ends of a range of time, of which each may be open.
pub type Moments = (Option<Civil>, Option<Civil>);

/// Ranges of time: a month, two with an open end, one around that year, and one outside of it.
pub fn ranges() -> [Moments; 5] {
    let period = |text: &str| text.parse::<Period>().expect("it is a time");
    let first = |text: &str| Some(period(text).first);
    let last = |text: &str| Some(period(text).last);
    [
        (first("2012-02"), last("2012-02")),
        (first("2012-12-31T12"), None),
        (None, last("2012-01-01")),
        (first("1000"), last("9999")),
        (first("2013"), last("2014")),
    ]
}
