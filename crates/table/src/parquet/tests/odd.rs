//! Columns of names that other formats do not have.

use arrow_array::Int32Array;
use arrow_schema::{DataType, Field, Schema};

use super::*;

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
