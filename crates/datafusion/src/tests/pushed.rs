//! Columns, filters and limits reach the files: told by the bytes that are read.

use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{col, lit};

use super::*;

const ROWS: i64 = 400_000;
const OPTIONS: &str = "row_group_rows = 50000";

/// The bytes that are read of a stored table by what is made of it, and the rows of that.
fn bytes(make: impl Fn(DataFrame) -> DataFrame, options: &str) -> (u64, u64, RecordBatch) {
    let (counting, source) = stored(&frame(vec![rows(ROWS)]), options).expect("it is held");
    let before = counting.counts().bytes_read;
    let made = collect(make(read(&source)));
    (counting.counts().bytes_read - before, source.record.bytes, made)
}

#[test]
fn a_column_alone_is_read() {
    let select = |frame: DataFrame| frame.select_columns(&["rain"]).expect("it is a plan");
    let (read, all, made) = bytes(select, OPTIONS);
    assert_eq!(made, rows(ROWS).project(&[2]).expect("it has it"));
    assert!(read < all / 2 + (8 << 18), "{read} bytes of {all} were read");
}

#[test]
fn a_filter_leaves_row_groups_unread_and_rows_in_order() {
    let range = col("number").gt_eq(lit(120_000_i64)).and(col("number").lt(lit(140_000_i64)));
    let filter = |frame: DataFrame| frame.filter(range.clone()).expect("it is a plan");
    let (read, all, made) = bytes(filter, OPTIONS);
    assert_eq!(made, rows(ROWS).slice(120_000, 20_000));
    assert!(read < all / 8 + (4 << 18), "{read} bytes of {all} were read");
}

#[test]
fn a_filter_on_a_column_that_is_not_returned_is_applied() {
    let make = |frame: DataFrame| {
        let filtered = frame.filter(col("number").eq(lit(399_999_i64))).expect("it is a plan");
        filtered.select_columns(&["rain"]).expect("it is a plan")
    };
    let (read, all, made) = bytes(make, OPTIONS);
    let expected = rows(ROWS).slice(399_999, 1).project(&[2]).expect("it has it");
    assert_eq!(made, expected);
    assert!(read < all / 4, "{read} bytes of {all} were read");
}

#[test]
fn floats_are_not_left_out_by_statistics_that_do_not_know_nan() {
    let values = Float64Array::from(vec![1.0, f64::NAN]);
    let table = RecordBatch::try_from_iter([("x", Arc::new(values) as ArrayRef)]).expect("one");
    let (_, source) = stored(&frame(vec![table.clone()]), "").expect("it is held");
    let greater = col("x").gt(lit(5.0));
    let expected = collect(frame(vec![table]).filter(greater.clone()).expect("it is a plan"));
    let recalled = collect(read(&source).filter(greater).expect("it is a plan"));
    assert_eq!(recalled.num_rows(), 1);
    assert_eq!(recalled.num_rows(), expected.num_rows());
}

#[test]
fn partitions_that_a_filter_does_not_name_are_not_opened() {
    let filter = |frame: DataFrame| {
        let filtered = frame.filter(col("station").eq(lit("Seattle"))).expect("it is a plan");
        filtered.select_columns(&["number"]).expect("it is a plan")
    };
    let (read, all, made) = bytes(filter, "partition_by = 'station'");
    assert_eq!(made.num_rows(), 133_333);
    assert!(read < all / 3, "{read} bytes of {all} were read");
}

#[test]
fn the_first_rows_are_read_and_no_more() {
    let limit = |frame: DataFrame| frame.limit(0, Some(10)).expect("it is a plan");
    let (read, all, made) = bytes(limit, OPTIONS);
    assert_eq!(made, rows(ROWS).slice(0, 10));
    assert!(read < all / 4, "{read} bytes of {all} were read");
    let (_, _, none) = bytes(|frame| frame.limit(0, Some(0)).expect("it is a plan"), OPTIONS);
    assert_eq!(none.num_rows(), 0);
}

#[test]
fn rows_are_counted_without_a_column() {
    let total = |frame: DataFrame| {
        frame.aggregate(vec![], vec![count(lit(1)).alias("n")]).expect("it is a plan")
    };
    let (_, _, made) = bytes(total, OPTIONS);
    let expected: ArrayRef = Arc::new(Int64Array::from(vec![ROWS]));
    assert_eq!(made.column(0), &expected);
}
