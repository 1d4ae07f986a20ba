//! A range of time of a stored table: what is read of it, and what comes back.

use arrow_array::TimestampMicrosecondArray;
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use nuthatch_core::civil::{Civil, Period};
use nuthatch_core::store::Counting;
use nuthatch_core::time::{TimeAxis, TimeRange};

use super::*;

/// Rows of a month: some megabytes, for whole blocks are read at both of its ends.
const MONTH: usize = 140_000;

/// Four months of five measured values, with a time in ascending order.
fn months(time: &DataType) -> RecordBatch {
    let rows = || 0..4 * MONTH;
    let mixed = |row: usize, column: usize| {
        let bits = (row * 8 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits as f64
    };
    let step = 28 * 86_400_000_000 / MONTH as i64;
    let start = |number: usize| {
        let date = chrono::NaiveDate::from_ymd_opt(2011, number as u32 + 1, 1).expect("a month");
        date.signed_duration_since(chrono::NaiveDate::default()).num_days() * 86_400_000_000
    };
    let times = TimestampMicrosecondArray::from_iter_values(
        rows().map(|row| start(row / MONTH) + (row % MONTH) as i64 * step),
    );
    let times: ArrayRef = Arc::new(times);
    let mut columns = vec![("when".to_owned(), cast(&times, time).expect("times become it"))];
    for column in 0..5 {
        let values = Float64Array::from_iter_values(rows().map(|row| mixed(row, column)));
        columns.push((format!("value {column}"), Arc::new(values) as ArrayRef));
    }
    RecordBatch::try_from_iter(columns).expect("the columns are of one length")
}

#[test]
fn a_month_reads_its_row_groups_and_little_more() {
    let zone = || Some("+00:00".into());
    for time in [
        DataType::Timestamp(TimeUnit::Nanosecond, zone()),
        DataType::Timestamp(TimeUnit::Second, None),
        DataType::Date32,
        // Held as counts, for they are no whole days.
        DataType::Date64,
    ] {
        let table = months(&time);
        let options = format!("row_group_rows = {MONTH}");
        let source = stored(&memory(), &table, &options).expect("it is held");
        let counting = Counting::new(Arc::clone(&source.store));
        let counted = Source { store: Arc::new(counting.clone()), ..source.clone() };
        let period: Period = "2011-03".parse().expect("a month");
        let (first, last): (Option<Civil>, _) = (Some(period.first), Some(period.last));
        let march = TimeRange::new(&["time", "when"], first, last);
        let read: RecordBatch = block_on(Delta.read_within(&counted, &march)).expect("it is read");
        assert_eq!(read.num_rows(), MONTH, "{time}");
        let clip = |table: RecordBatch| table.clip_time(&["when"], first, last).expect("clipped");
        assert_eq!(clip(read), clip(table), "{time}");
        let bytes = counting.counts().bytes_read;
        let scan = block_on(crate::open::open(&source, "a table")).expect("it is opened").scan;
        let footer = block_on(scan.footer(0)).expect("it is read");
        let group = footer.row_group(2).compressed_size() as u64;
        let ratio = bytes as f64 / group as f64;
        assert!(ratio <= 1.2, "{time}: {bytes} bytes were read for a row group of {group}");
    }
}
