//! How each column is encoded, as its values in the first row group of a file say.
//!
//! A dictionary, which is what the `parquet` crate takes for every column, makes one small whose
//! values come again and again. Where hardly any does, it holds a good part of them once more, and
//! numbers beside it that are looked up one by one when the column is read. So measurements are
//! written as they are, and numbers and times that lie close to those before them, as counters and
//! clocks give them, by their differences.

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

/// How many rows are looked at, from the first.
const MOST_ROWS: usize = 256 << 10;

/// Among fewer nothing is gained.
const FEWEST_ROWS: usize = 1 << 10;

/// Values are told apart by so many bits of a hash.
const HASH_BITS: u32 = 20;

/// What suits a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suits {
    Dictionary,
    Plain,
    Differences,
}

/// The same properties, with the encodings that suit the columns.
pub(super) fn suited(
    properties: &WriterProperties,
    schema: &Schema,
    group: &[RecordBatch],
) -> WriterProperties {
    if group.iter().map(RecordBatch::num_rows).sum::<usize>() < FEWEST_ROWS {
        return properties.clone();
    }
    let mut builder = properties.clone().into_builder();
    for (index, field) in schema.fields().iter().enumerate() {
        let path = || ColumnPath::from(vec![field.name().clone()]);
        let column = group.iter().map(|batch| batch.column(index));
        let suits = suits(field.data_type(), column);
        if suits != Suits::Dictionary {
            builder = builder.set_column_dictionary_enabled(path(), false);
        }
        if suits == Suits::Differences {
            builder = builder.set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED);
        }
    }
    builder.build()
}

fn suits<'a>(written_as: &DataType, column: impl Iterator<Item = &'a ArrayRef>) -> Suits {
    let Some(seen) = Seen::of(column) else { return Suits::Dictionary };
    if seen.values < FEWEST_ROWS || seen.different() * 2.0 <= seen.values as f64 {
        return Suits::Dictionary;
    }
    let bits_of_width = match written_as {
        DataType::Int32 | DataType::UInt32 | DataType::Date32 | DataType::Time32(_) => 32,
        DataType::Int64
        | DataType::UInt64
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Duration(_) => 64,
        _ => return Suits::Plain,
    };
    match seen.difference_bits * 2 <= bits_of_width * seen.steps {
        true => Suits::Differences,
        false => Suits::Plain,
    }
}

/// What the first values of a column look like.
struct Seen {
    /// A bit for the hash of each: linear counting.
    hashes: Vec<u64>,
    /// How many are not missing.
    values: usize,
    steps: u64,
    /// The bits that the differences between neighbours take, together.
    difference_bits: u64,
}

impl Seen {
    /// Of numbers; what is none, or a small one, is not looked at.
    fn of<'a>(column: impl Iterator<Item = &'a ArrayRef>) -> Option<Self> {
        let hashes = vec![0; 1 << (HASH_BITS - 6)];
        let mut seen = Self { hashes, values: 0, steps: 0, difference_bits: 0 };
        let mut left = MOST_ROWS;
        for array in column {
            let width @ (4 | 8 | 16) = array.data_type().primitive_width()? else { return None };
            let array = array.slice(0, array.len().min(left));
            left -= array.len();
            seen.values += array.len() - array.null_count();
            let data = array.to_data();
            let start = data.offset() * width;
            seen.add(width, data.buffers().first()?.get(start..start + data.len() * width)?);
            if left == 0 {
                break;
            }
        }
        Some(seen)
    }

    fn add(&mut self, width: usize, bytes: &[u8]) {
        match width {
            4 => {
                let numbers = bytes.as_chunks().0.iter().map(|it| i32::from_le_bytes(*it));
                self.add_all(numbers.clone().map(|it| u64::from(it.cast_unsigned())));
                self.step_all(numbers, |one, next| next.wrapping_sub(one).unsigned_abs().into());
            }
            8 => {
                let numbers = bytes.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it));
                self.add_all(numbers.clone().map(i64::cast_unsigned));
                self.step_all(numbers, |one, next| next.wrapping_sub(one).unsigned_abs());
            }
            _ => {
                let numbers = bytes.as_chunks().0.iter().map(|it| u128::from_le_bytes(*it));
                self.add_all(numbers.map(|it| it as u64 ^ ((it >> 64) as u64).rotate_left(21)));
            }
        }
    }

    fn add_all(&mut self, values: impl Iterator<Item = u64>) {
        for value in values {
            let hash = (value ^ (value >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let bit = hash >> (u64::BITS - HASH_BITS);
            self.hashes[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
    }

    fn step_all<T: Copy>(
        &mut self,
        numbers: impl Iterator<Item = T> + Clone,
        difference: fn(T, T) -> u64,
    ) {
        for (one, next) in numbers.clone().zip(numbers.skip(1)) {
            // One more for the sign.
            self.difference_bits +=
                u64::from(u64::BITS + 1 - difference(one, next).leading_zeros());
            self.steps += 1;
        }
    }

    /// About how many different values there are.
    fn different(&self) -> f64 {
        let all = f64::from(1 << HASH_BITS);
        let unseen: u32 = self.hashes.iter().map(|bits| bits.count_zeros()).sum();
        -all * (f64::from(unseen.max(1)) / all).ln()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        Decimal128Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array,
        StringArray, TimestampMicrosecondArray, UInt64Array,
    };

    use super::*;

    fn of(column: impl Array + 'static) -> Suits {
        let column: ArrayRef = Arc::new(column);
        // In two batches, of which the second starts within its buffer.
        let half = column.len() / 2;
        let parts = [column.slice(0, half), column.slice(half, column.len() - half)];
        suits(column.data_type(), parts.iter())
    }

    #[test]
    fn measurements_are_written_as_they_are() {
        let rows = 0..100_000;
        assert_eq!(of(Float64Array::from_iter_values(rows.clone().map(f64::from))), Suits::Plain);
        let waves = rows.clone().map(|row| (row as f32).sin());
        assert_eq!(of(Float32Array::from_iter_values(waves)), Suits::Plain);
        let exact = Decimal128Array::from_iter_values(rows.clone().map(i128::from));
        assert_eq!(of(exact), Suits::Plain);
        let noise = rows.map(|row: i32| (row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        assert_eq!(of(UInt64Array::from_iter_values(noise)), Suits::Plain);
    }

    #[test]
    fn counters_and_clocks_are_written_by_their_differences() {
        let rows = 0..100_000;
        assert_eq!(of(Int32Array::from_iter_values(rows.clone())), Suits::Differences);
        let around = rows.clone().map(|row| (i64::MAX - 99).wrapping_add(row.into()));
        assert_eq!(of(Int64Array::from_iter_values(around)), Suits::Differences);
        let minutes = rows.map(|row| i64::from(row) * 60_000_000);
        assert_eq!(of(TimestampMicrosecondArray::from_iter_values(minutes)), Suits::Differences);
    }

    #[test]
    fn values_that_come_again_are_seen_wherever_they_come() {
        let rows = 0..100_000_i64;
        let ways: [fn(i64) -> i64; 4] = [|_| 7, |n| n / 24, |n| n % 40_000, |n| n * n % 9973];
        for (index, way) in ways.into_iter().enumerate() {
            let values = Int64Array::from_iter_values(rows.clone().map(way));
            assert_eq!(of(values), Suits::Dictionary, "{index}");
        }
    }

    #[test]
    fn missing_values_are_none() {
        let some = (0..100_000).map(|row| (row % 50 == 0).then_some(f64::from(row)));
        assert_eq!(of(Float64Array::from_iter(some)), Suits::Plain);
        let few = (0..100_000).map(|row| (row % 500 == 0).then_some(f64::from(row)));
        assert_eq!(of(Float64Array::from_iter(few)), Suits::Dictionary, "200 are too few to say");
    }

    #[test]
    fn texts_and_small_numbers_are_left_alone() {
        let texts = StringArray::from_iter_values((0..9999).map(|row| row.to_string()));
        assert_eq!(of(texts), Suits::Dictionary);
        let small = Int8Array::from_iter_values((0..9999).map(|row| row as i8));
        assert_eq!(of(small), Suits::Dictionary);
    }
}
