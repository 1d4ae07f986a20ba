//! The rows: a number, two measurements, one of a few words, a moment.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

const WORDS: [&str; 5] = ["sun", "rain", "drizzle", "fog", "snow"];
/// 2008-01-01.
const FIRST: i64 = 1_199_145_600_000_000;

pub(crate) fn batch(count: usize) -> RecordBatch {
    of(count, |n| (n as f64).sin(), |n| n as f64 / 3.0)
}

/// Rows whose measurements are few, so that their files are small.
#[cfg(feature = "frames")]
pub(crate) fn repetitive(count: usize) -> RecordBatch {
    of(count, |n| (n % 50) as f64 / 10.0, |n| (n / 1000) as f64)
}

fn of(count: usize, x: fn(i64) -> f64, y: fn(i64) -> f64) -> RecordBatch {
    let numbers = 0..count as i64;
    let x = numbers.clone().map(x);
    let y = numbers.clone().map(y);
    let words = numbers.clone().map(|n| WORDS[n as usize % WORDS.len()]);
    let moments = numbers.clone().map(|n| FIRST + n * 60_000_000);
    let columns: [(&str, ArrayRef); 5] = [
        ("n", Arc::new(Int64Array::from_iter_values(numbers))),
        ("x", Arc::new(Float64Array::from_iter_values(x))),
        ("y", Arc::new(Float64Array::from_iter_values(y))),
        ("weather", Arc::new(StringArray::from_iter_values(words))),
        ("time", Arc::new(TimestampMicrosecondArray::from_iter_values(moments))),
    ];
    RecordBatch::try_from_iter(columns).expect("the columns are of one length")
}
