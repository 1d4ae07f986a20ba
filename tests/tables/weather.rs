//! Real rows: daily weather in Seattle, 2012 to 2015.

use std::sync::Arc;

use nuthatch::table::arrow_array::{ArrayRef, Date32Array, Float64Array, RecordBatch, StringArray};

const CSV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/seattle_weather.csv");

/// Days since 1970 of a date of the file, `2012/01/01`.
fn day(date: &str) -> i32 {
    let mut numbers = date.split('/').map(|number| number.parse::<i64>().unwrap());
    let (year, month, day) =
        (numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap());
    // The day of a calendar that begins its years with March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year / 4 - year / 100 + year / 400;
    i32::try_from(before + (153 * month + 2) / 5 + day - 719_469).unwrap()
}

/// All days of a year, as a table.
pub(crate) fn year(year: i32) -> RecordBatch {
    let text = std::fs::read_to_string(CSV).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| row[0].starts_with(&year.to_string()))
        .collect();
    let number = |column: usize| {
        Arc::new(rows.iter().map(|row| row[column].parse::<f64>().ok()).collect::<Float64Array>())
    };
    let columns: [(&str, ArrayRef); 4] = [
        ("date", Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| day(row[0]))))),
        ("precipitation", number(1)),
        ("temp_max", number(2)),
        ("weather", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[5])))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}
