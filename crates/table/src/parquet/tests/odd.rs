//! Tables that are not like others.

use std::collections::HashMap;

use arrow_array::{Int32Array, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema};

use super::*;

#[test]
fn tables_without_rows_come_back_with_their_schema() {
    let empty = weather(0);
    assert_eq!(round_trip(&empty, "").expect("it comes back"), empty);
    let read: RecordBatch = round_trip(&empty, "partition_by = 'station'").expect("it comes back");
    assert_eq!(read, empty);
    let several = vec![weather(0), weather(3), weather(0)];
    assert_eq!(round_trip(&several, "").expect("they come back"), several);
    let none: Vec<RecordBatch> = Vec::new();
    assert_eq!(round_trip(&none, "").expect("nothing comes back"), none);
}

#[test]
fn tables_without_columns_come_back_with_their_rows() {
    let schema = Schema::new_with_metadata(
        Vec::<Field>::new(),
        HashMap::from([("a".to_owned(), "b".to_owned())]),
    );
    let rows = |rows| {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(schema.clone()), vec![], &options).expect("rows")
    };
    for count in [0, 7] {
        assert_eq!(round_trip(&rows(count), "").expect("it comes back"), rows(count));
    }
    let several = vec![rows(3), rows(0), rows(4)];
    let source = stored(&memory(), &several, "").expect("it is held");
    assert_eq!(read::<Vec<RecordBatch>>(&source).expect("they come back"), several);
    assert_eq!(read::<RecordBatch>(&source).expect("it comes back"), rows(7));
}

#[test]
fn columns_of_one_name_and_of_odd_names_come_back() {
    let names = ["a", "a", "", "select", "a.b", "a\"b'`", "🌧️ rain", "x\ny", "A", "a b/c=d%", "\0"];
    let fields: Vec<_> =
        names.iter().map(|name| Field::new(*name, DataType::Int32, false)).collect();
    let columns = (0..names.len() as i32)
        .map(|column| Arc::new(Int32Array::from(vec![column, column * 10])) as ArrayRef)
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns");
    assert_eq!(round_trip(&batch, "").expect("it comes back"), batch);
    let read: RecordBatch = round_trip(&batch, "partition_by = 'a b/c=d%'").expect("it comes back");
    assert_eq!(read.schema(), batch.schema());
    assert_eq!(read, batch);
}

#[test]
fn two_thousand_columns_come_back_in_few_requests() {
    let columns = (0..2000).map(|column| {
        let values = Int32Array::from_iter_values((0..50).map(|row| row * column));
        (format!("column {column}"), Arc::new(values) as ArrayRef)
    });
    let batch = RecordBatch::try_from_iter(columns).expect("columns");
    let source = stored(&memory(), &batch, "").expect("it is held");
    let (counting, source) = counted(&source);
    assert_eq!(read::<RecordBatch>(&source).expect("it comes back"), batch);
    let requests = counting.counts().requests();
    assert!(requests <= 4, "{requests} requests");
}

#[test]
fn batches_come_back_as_they_were() {
    let lengths = [1, 1, 1, 500, 0, 3, 3, 1000];
    let batches: Vec<_> = lengths.iter().map(|rows| weather(*rows)).collect();
    for options in ["", "row_group_rows = 128", "row_group_rows = 10\npart_bytes = 3000"] {
        let source = stored(&memory(), &batches, options).expect("they are held");
        assert_eq!(read::<Vec<RecordBatch>>(&source).expect("they come back"), batches);
        let whole = arrow_select::concat::concat_batches(&batches[0].schema(), &batches);
        assert_eq!(
            read::<RecordBatch>(&source).expect("it comes back"),
            whole.expect("one schema")
        );
    }
}

#[test]
fn a_slice_is_stored_without_what_its_buffers_hold_beside_it() {
    let all = weather(10_000);
    let slice = all.slice(9_000, 10);
    let source = stored(&memory(), &slice, "").expect("it is held");
    assert!(source.record.bytes < 10_000, "{} bytes", source.record.bytes);
    assert_eq!(read::<RecordBatch>(&source).expect("it comes back"), slice);
}
