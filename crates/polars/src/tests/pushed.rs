//! Columns, filters and limits reach the files: told by the bytes that are read.

use polars::prelude::{Expr, col, len, lit};

use super::*;

const ROWS: i64 = 200_000;
const OPTIONS: &str = "row_group_rows = 25000";

/// A stored table.
struct Table {
    counting: Counting,
    source: Source,
    rows: DataFrame,
}

impl Table {
    fn new(options: &str) -> Self {
        let rows = rows(ROWS);
        let (counting, source) = stored(&rows, options).expect("it is held");
        Self { counting, source, rows }
    }

    /// The bytes that are read of it by what is made of it, all of them, and the rows.
    fn bytes(&self, make: impl Fn(LazyFrame) -> LazyFrame) -> (u64, u64, DataFrame) {
        let before = self.counting.counts().bytes_read;
        let made = collect(make(read(&self.source)));
        (self.counting.counts().bytes_read - before, self.source.record.bytes, made)
    }
}

#[test]
fn a_column_alone_is_read() {
    let table = Table::new("row_group_rows = 100000");
    let (read, all, made) = table.bytes(|frame| frame.select([col("rain")]));
    assert!(made.equals(&table.rows.select(["rain"]).expect("it has it")));
    assert!(read < all, "{read} bytes of {all} were read");
    let (read, all, made) = table.bytes(|frame| frame.select([len()]));
    let count = made.columns()[0].get(0).expect("a count").extract::<i64>();
    assert_eq!(count, Some(ROWS));
    assert!(read < all, "{read} bytes of {all} were read");
}

#[test]
fn a_filter_leaves_row_groups_unread_and_rows_in_order() {
    let table = Table::new(OPTIONS);
    let ranges = [
        col("number").gt_eq(lit(60_000)).and(col("number").lt(lit(70_000))),
        lit(60_000).lt_eq(col("number")).and(lit(70_000).gt(col("number"))),
        col("number")
            .eq(lit(-1))
            .or(col("number").gt(lit(59_999)).and(col("number").lt_eq(lit(69_999)))),
    ];
    for range in ranges {
        let (read, all, made) = table.bytes(|frame| frame.filter(range.clone()));
        assert!(made.equals(&table.rows.slice(60_000, 10_000)), "{range:?}");
        assert!(read < all / 2, "{read} bytes of {all} were read: {range:?}");
    }
    let make =
        |frame: LazyFrame| frame.filter(col("number").eq(lit(199_999))).select([col("rain")]);
    let (read, all, made) = table.bytes(make);
    assert!(made.equals(&table.rows.slice(199_999, 1).select(["rain"]).expect("it has it")));
    assert!(read < all / 2, "{read} bytes of {all} were read");
}

#[test]
fn filters_of_every_kind_say_what_they_say_of_rows_in_memory() {
    // As many as are filtered in two goes.
    let plain = rows(140_000);
    let (_, source) = stored(&plain, "row_group_rows = 30000").expect("it is held");
    let filters: Vec<Expr> = vec![
        col("number").gt(col("number").mean()),
        col("number").gt(lit(5)).and(col("rain").lt(col("rain").max())),
        (col("number") % lit(7)).eq(lit(3)).or(col("number").lt(lit(9))),
        col("station").eq(lit("Ås")).and(col("number").gt(lit(1.5))),
        col("station").gt(lit("Bergen")),
        col("number").neq(lit(3)),
        col("number").gt(lit(100_000)).first(),
        col("number").is_not_null(),
        col("rain").cast(polars::prelude::DataType::Int64).eq(lit(4)),
        col("number").cum_sum_like(),
        lit(true),
        lit(false),
    ];
    for filter in filters {
        let expected = plain.clone().lazy().filter(filter.clone()).collect();
        let found = read(&source).filter(filter.clone()).collect();
        match (expected, found) {
            (Ok(expected), Ok(found)) => assert!(found.equals(&expected), "{filter:?}"),
            (expected, found) => assert_eq!(expected.is_err(), found.is_err(), "{filter:?}"),
        }
    }
}

/// A filter that looks at rows among others.
trait CumulativeLike {
    fn cum_sum_like(self) -> Expr;
}

impl CumulativeLike for Expr {
    fn cum_sum_like(self) -> Expr {
        self.clone().eq(self.shift(lit(1)) + lit(1))
    }
}

#[test]
fn floats_are_not_left_out_by_statistics_that_do_not_know_nan() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
    let table = frame(&RecordBatch::try_from_iter([("x", values)]).expect("one column"));
    let (_, source) = stored(&table, "").expect("it is held");
    let greater = col("x").gt(lit(5.0));
    let expected = collect(table.lazy().filter(greater.clone()));
    let recalled = collect(read(&source).filter(greater));
    assert_eq!((recalled.height(), expected.height()), (1, 1));
}

#[test]
fn partitions_that_a_filter_does_not_name_are_not_opened() {
    let table = Table::new("partition_by = 'station'");
    let filter =
        |frame: LazyFrame| frame.filter(col("station").eq(lit("Seattle"))).select([col("number")]);
    let (read, all, made) = table.bytes(filter);
    assert_eq!(made.height(), 66_666);
    assert!(read < all / 2, "{read} bytes of {all} were read");
}

#[test]
fn the_first_rows_are_read_and_no_more() {
    let table = Table::new(OPTIONS);
    let (read, all, made) = table.bytes(|frame| frame.limit(10));
    assert!(made.equals(&rows(10)));
    assert!(read < all / 2, "{read} bytes of {all} were read");
    let filtered = |frame: LazyFrame| frame.limit(10).filter(col("number").gt(lit(6)));
    assert!(table.bytes(filtered).2.equals(&rows(10).slice(7, 3)));
    assert_eq!(table.bytes(|frame| frame.limit(0)).2.height(), 0);
}
