//! What crosses is shared, not copied: told by where its bytes lie.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int8Type, Int64Type, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{
    Array, BooleanArray, Int8Array, LargeStringArray, StringViewArray, TimestampMicrosecondArray,
    TimestampNanosecondArray,
};

use super::*;

const LONG: &str = "a text of more than the twelve bytes that a view holds itself";

fn table() -> RecordBatch {
    let count = 1000;
    let texts = || (0..count).map(|row| format!("{LONG} {row}"));
    let columns: [(&str, ArrayRef); 9] = [
        ("i8", Arc::new(Int8Array::from_iter((0..count).map(|row| Some(row as i8))))),
        (
            "i64",
            Arc::new(
                (0..i64::from(count))
                    .map(|row| (row % 3 > 0).then_some(row))
                    .collect::<Int64Array>(),
            ),
        ),
        ("f64", Arc::new(Float64Array::from_iter_values((0..count).map(f64::from)))),
        ("bool", Arc::new((0..count).map(|row| Some(row % 2 == 0)).collect::<BooleanArray>())),
        ("us", Arc::new(TimestampMicrosecondArray::from_iter_values(0..i64::from(count)))),
        (
            "ns",
            Arc::new(
                TimestampNanosecondArray::from_iter_values(0..i64::from(count))
                    .with_timezone("Europe/Oslo"),
            ),
        ),
        ("view", Arc::new(StringViewArray::from_iter_values(texts()))),
        ("utf8", Arc::new(StringArray::from_iter_values(texts()))),
        ("large", Arc::new(LargeStringArray::from_iter_values(texts()))),
    ];
    RecordBatch::try_from_iter(columns).expect("the columns are of one length")
}

/// Where the values of each column lie.
fn places(batch: &RecordBatch) -> Vec<(String, *const u8)> {
    let place = |(field, column): (&Arc<arrow_schema::Field>, &ArrayRef)| {
        let data = column.to_data();
        (field.name().clone(), data.buffers()[0].as_ptr())
    };
    batch.schema_ref().fields().iter().zip(batch.columns()).map(place).collect()
}

#[test]
fn numbers_booleans_times_and_views_cross_both_ways_without_a_copy() {
    let table = table();
    let crossed = batches(&frame(&table)).remove(0);
    assert_eq!(crossed.num_rows(), 1000);
    for (before, after) in places(&table).iter().zip(places(&crossed)).take(7) {
        assert_eq!(*before, after);
    }
    for column in 0..7 {
        assert_eq!(table.column(column), crossed.column(column));
        let (before, after) = (table.column(column), crossed.column(column));
        let place = |array: &ArrayRef| array.nulls().map(|nulls| nulls.validity().as_ptr());
        assert_eq!(place(before), place(after));
    }
    assert_eq!(crossed.column(0).as_primitive::<Int8Type>().value(5), 5);
    assert_eq!(crossed.column(1).as_primitive::<Int64Type>().null_count(), 334);
    assert_eq!(crossed.column(2).as_primitive::<Float64Type>().value(5), 5.0);
    assert_eq!(crossed.column(4).as_primitive::<TimestampMicrosecondType>().value(7), 7);
    assert_eq!(crossed.column(5).as_primitive::<TimestampNanosecondType>().value(7), 7);
}

#[test]
fn other_texts_become_views_of_the_same_bytes() {
    let table = table();
    let crossed = batches(&frame(&table)).remove(0);
    let bytes = |column: &ArrayRef| column.to_data().buffers()[1].as_ptr();
    for column in [7, 8] {
        let views = crossed.column(column).as_string_view();
        assert_eq!(views.value(999), format!("{LONG} 999"));
        assert_eq!(bytes(table.column(column)), bytes(crossed.column(column)));
    }
}

#[test]
fn a_slice_with_an_offset_crosses_without_a_copy() {
    let table = table().slice(13, 100);
    let crossed = batches(&frame(&table)).remove(0);
    for column in 0..7 {
        assert_eq!(table.column(column), crossed.column(column));
    }
    let place =
        |batch: &RecordBatch| batch.column(2).as_primitive::<Float64Type>().values().as_ptr();
    assert_eq!(place(&table), place(&crossed));
}
