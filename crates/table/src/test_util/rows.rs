//! Rows that tests of backends and engines store.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Date64Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampSecondArray,
};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
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

/// A time every six hours of 2012, as every kind of column that says when, each beside the number of
/// its row. Dates say the day alone.
pub fn every_six_hours() -> Vec<RecordBatch> {
    times().iter().map(at).collect()
}

/// Every type that says when: dates, timestamps of every unit with and without a zone, and texts.
fn times() -> Vec<DataType> {
    use DataType as D;
    use TimeUnit as U;
    let units = [U::Second, U::Millisecond, U::Microsecond, U::Nanosecond];
    let zones = [None, Some("UTC"), Some("+02:00"), Some("Europe/Oslo")];
    let stamps = units
        .into_iter()
        .flat_map(|unit| zones.map(|zone| D::Timestamp(unit, zone.map(Into::into))));
    let texts = [D::Utf8, D::LargeUtf8, D::Utf8View];
    let words = texts.clone().map(|text| D::Dictionary(Box::new(D::Int32), Box::new(text)));
    [D::Date32, D::Date64].into_iter().chain(stamps).chain(texts).chain(words).collect()
}

/// A time every six hours of 2012, as a column of this type that says when.
fn at(data_type: &DataType) -> RecordBatch {
    let start = 15_340 * 86_400_i64;
    let seconds = || (0..366 * 4).map(move |row| start + row * 6 * 3600);
    let converted = |array: &ArrayRef, to: &DataType| cast(array, to).expect("it says when");
    let times: ArrayRef = match data_type {
        DataType::Date32 => Arc::new(Date32Array::from_iter_values(
            seconds().map(|second| (second / 86_400) as i32),
        )),
        DataType::Date64 => Arc::new(Date64Array::from_iter_values(
            seconds().map(|second| second / 86_400 * 86_400_000),
        )),
        DataType::Timestamp(unit, _) => {
            let ticks = match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            };
            // A count, which no zone moves.
            let counts = Int64Array::from_iter_values(seconds().map(|second| second * ticks));
            converted(&(Arc::new(counts) as ArrayRef), data_type)
        }
        _ => {
            let naive: ArrayRef = Arc::new(TimestampSecondArray::from_iter_values(seconds()));
            converted(&converted(&naive, &DataType::Utf8), data_type)
        }
    };
    let numbers = Int64Array::from_iter_values(0..times.len() as i64);
    let columns = [("Time", times), ("number", Arc::new(numbers) as ArrayRef)];
    RecordBatch::try_from_iter(columns).expect("two columns")
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
