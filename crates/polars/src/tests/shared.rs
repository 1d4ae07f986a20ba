//! What crosses is shared, not copied: told by where its bytes lie.

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrowPrimitiveType, BooleanArray, LargeStringArray, PrimitiveArray, StringArray,
};

use super::*;

const LONG: &str = "a text of more than the twelve bytes that a view holds itself";

const ROWS: usize = 1000;

/// Numbers, of which every third is missing where `nulls` says so.
fn numbers<T: ArrowPrimitiveType>(nulls: bool, of: fn(usize) -> T::Native) -> PrimitiveArray<T> {
    (0..ROWS).map(|row| (!nulls || row % 3 > 0).then(|| of(row))).collect()
}

/// Texts in several blocks, some of them short enough for their views.
fn views(nulls: bool) -> ArrayRef {
    let mut views = StringViewBuilder::new().with_fixed_block_size(4096);
    for row in 0..ROWS {
        match (row % 3, row % 5) {
            (0, _) if nulls => views.append_null(),
            (_, 0) => views.append_value(format!("{row}")),
            _ => views.append_value(format!("{LONG} {row}")),
        }
    }
    Arc::new(views.finish())
}

/// A column of every type that crosses without a copy, whole and with nulls.
fn shared() -> RecordBatch {
    let mut columns: Vec<(String, ArrayRef, bool)> = Vec::new();
    for nulls in [false, true] {
        let micros = || numbers::<TimestampMicrosecondType>(nulls, |row| row as i64);
        let nanos = || numbers::<TimestampNanosecondType>(nulls, |row| row as i64);
        let truth = (0..ROWS).map(|row| (!nulls || row % 3 > 0).then_some(row % 2 == 0));
        let of_each: [(&str, ArrayRef); 18] = [
            ("i8", Arc::new(numbers::<Int8Type>(nulls, |row| row as i8))),
            ("i16", Arc::new(numbers::<Int16Type>(nulls, |row| row as i16))),
            ("i32", Arc::new(numbers::<Int32Type>(nulls, |row| row as i32))),
            ("i64", Arc::new(numbers::<Int64Type>(nulls, |row| row as i64))),
            ("u8", Arc::new(numbers::<UInt8Type>(nulls, |row| row as u8))),
            ("u16", Arc::new(numbers::<UInt16Type>(nulls, |row| row as u16))),
            ("u32", Arc::new(numbers::<UInt32Type>(nulls, |row| row as u32))),
            ("u64", Arc::new(numbers::<UInt64Type>(nulls, |row| row as u64))),
            ("f32", Arc::new(numbers::<Float32Type>(nulls, |row| row as f32))),
            ("f64", Arc::new(numbers::<Float64Type>(nulls, |row| row as f64))),
            ("bool", Arc::new(truth.collect::<BooleanArray>())),
            ("us", Arc::new(micros())),
            ("us UTC", Arc::new(micros().with_timezone("UTC"))),
            ("us Oslo", Arc::new(micros().with_timezone("Europe/Oslo"))),
            ("ns", Arc::new(nanos())),
            ("ns UTC", Arc::new(nanos().with_timezone("UTC"))),
            ("ns Oslo", Arc::new(nanos().with_timezone("Europe/Oslo"))),
            ("views", views(nulls)),
        ];
        let named = of_each.map(|(name, column)| (format!("{name}, nulls: {nulls}"), column, true));
        columns.extend(named);
    }
    RecordBatch::try_from_iter_with_nullable(columns).expect("the columns are of one length")
}

/// Where each buffer of each column lies: its validity, and all others. Bits begin at an offset.
fn places(batch: &RecordBatch) -> Vec<(String, Vec<usize>)> {
    let place = |(field, column): (&Arc<arrow_schema::Field>, &ArrayRef)| {
        let data = column.to_data();
        let is_bits = *column.data_type() == arrow_schema::DataType::Boolean;
        let nulls =
            data.nulls().map(|nulls| nulls.validity().as_ptr() as usize + nulls.offset() / 8);
        let begin = if is_bits { data.offset() / 8 } else { 0 };
        let others = data.buffers().iter().map(|buffer| buffer.as_ptr() as usize + begin);
        (field.name().clone(), nulls.into_iter().chain(others).collect())
    };
    batch.schema_ref().fields().iter().zip(batch.columns()).map(place).collect()
}

#[test]
fn numbers_booleans_times_and_views_cross_both_ways_without_a_copy() {
    let table = shared();
    let crossed = batches(&frame(&table)).remove(0);
    assert_eq!(crossed, table);
    let (before, after) = (places(&table), places(&crossed));
    for (before, after) in before.iter().zip(&after) {
        let (name, buffers) = before;
        let count = if name.starts_with("views") { 5 } else { 1 };
        assert!(buffers.len() >= count + usize::from(name.ends_with("true")), "{name}");
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());
}

#[test]
fn other_texts_become_views_of_the_same_bytes() {
    let texts = || (0..ROWS).map(|row| format!("{LONG} {row}"));
    let columns: [(&str, ArrayRef); 2] = [
        ("utf8", Arc::new(StringArray::from_iter_values(texts()))),
        ("large", Arc::new(LargeStringArray::from_iter_values(texts()))),
    ];
    let table = RecordBatch::try_from_iter(columns).expect("two columns");
    let crossed = batches(&frame(&table)).remove(0);
    let bytes = |column: &ArrayRef| column.to_data().buffers()[1].as_ptr();
    for column in [0, 1] {
        let views = crossed.column(column).as_string_view();
        assert_eq!(views.value(999), format!("{LONG} 999"));
        assert_eq!(bytes(table.column(column)), bytes(crossed.column(column)));
    }
}

#[test]
fn a_slice_with_an_offset_crosses_without_a_copy() {
    // It begins with a byte of bits.
    let table = shared().slice(16, 100);
    let crossed = batches(&frame(&table)).remove(0);
    assert_eq!(crossed, table);
    assert_eq!(places(&table), places(&crossed));
}
