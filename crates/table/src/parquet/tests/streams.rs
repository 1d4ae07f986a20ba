//! A stored table read as a stream.

use arrow_select::concat::concat_batches;

use super::*;

fn scan(source: &Source) -> ParquetScan {
    block_on(ParquetScan::open(source, "parquet", "a table")).expect("its record is read")
}

fn streamed(scan: &ParquetScan, columns: Option<Vec<usize>>) -> Vec<RecordBatch> {
    block_on(scan.stream(columns).try_collect()).expect("its rows are read")
}

#[test]
fn rows_stream_in_order_and_in_small_batches() {
    let table = weather(20_000);
    let source = stored(&memory(), &table, "row_group_rows = 9000\npart_bytes = 50000");
    let scan = scan(&source.expect("it is held"));
    assert_eq!(scan.row_count(), Some(20_000));
    assert!(scan.files().count() > 1);
    let batches = streamed(&scan, None);
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8192));
    assert_eq!(concat_batches(&table.schema(), &batches).expect("one schema"), table);
}

#[test]
fn columns_that_are_not_asked_for_are_not_read() {
    // Values without any pattern, so that each column takes its eight bytes a row.
    let mixed =
        |row: i64, column: i64| (row * 8 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64);
    let columns = (0..8).map(|column| {
        let values = Int64Array::from_iter_values((0..300_000).map(|row| mixed(row, column)));
        (format!("column {column}"), Arc::new(values) as ArrayRef)
    });
    let table = RecordBatch::try_from_iter(columns).expect("columns");
    let (counting, source) = counted(&stored(&memory(), &table, "").expect("it is held"));
    let scan = scan(&source);
    let columns = vec![5, 2];
    let batches = streamed(&scan, Some(columns.clone()));
    let expected = table.project(&columns).expect("columns");
    assert_eq!(concat_batches(&expected.schema(), &batches).expect("one schema"), expected);
    let (read, all) = (counting.counts().bytes_read, source.record.bytes);
    // Two columns of eight, and the blocks in which they begin and end.
    assert!(read < all * 2 / 8 + (12 << 18), "{read} bytes of {all} were read");
}

#[test]
fn partition_columns_stream_too_alone_and_with_others() {
    let table = weather(100);
    let scan = scan(&stored(&memory(), &table, "partition_by = 'station'").expect("it is held"));
    for columns in [vec![1], vec![4, 1], vec![]] {
        let batches = streamed(&scan, Some(columns.clone()));
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, 100, "{columns:?}");
        assert!(batches.iter().all(|batch| batch.num_columns() == columns.len()));
    }
}
