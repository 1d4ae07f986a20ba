//! The rows: a number, two measurements, one of a few words, a moment.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

const WORDS: [&str; 5] = ["sun", "rain", "drizzle", "fog", "snow"];
/// 2008-01-01.
const FIRST: i64 = 1_199_145_600_000_000;

pub(crate) fn batch(count: usize) -> RecordBatch {
    let numbers = 0..count as i64;
    let x = numbers.clone().map(|n| (n as f64).sin());
    let y = numbers.clone().map(|n| (n as f64) / 3.0);
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
