//! A range of time of a stored table: what is read of it, and what comes back.

use arrow_array::LargeStringArray;
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use nuthatch_core::civil::{Civil, Period};
use nuthatch_core::time::{TimeAxis, TimeRange};

use super::*;

/// How many rows a month has, where nothing is said of bytes.
const MONTH: usize = 20_000;

/// Half a year of five measured values, and a time in ascending order.
fn half_a_year(time: &DataType) -> RecordBatch {
    months(6, MONTH, time)
}

fn months(months: usize, month: usize, time: &DataType) -> RecordBatch {
    let rows = || 0..months * month;
    let mixed = |row: usize, column: usize| {
        let bits = (row * 8 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits as f64
    };
    let step = 28 * 86_400_000_000 / month as i64;
    let start = |number: usize| {
        let date = chrono::NaiveDate::from_ymd_opt(2011, number as u32 + 1, 1).expect("a month");
        date.signed_duration_since(chrono::NaiveDate::default()).num_days() * 86_400_000_000
    };
    let times = TimestampMicrosecondArray::from_iter_values(
        rows().map(|row| start(row / month) + (row % month) as i64 * step),
    );
    let times: ArrayRef = Arc::new(times);
    let times = cast(&times, time).expect("times become it");
    let mut columns = vec![("when".to_owned(), times)];
    for column in 0..5 {
        let values = Float64Array::from_iter_values(rows().map(|row| mixed(row, column)));
        columns.push((format!("value {column}"), Arc::new(values) as ArrayRef));
    }
    RecordBatch::try_from_iter(columns).expect("the columns are of one length")
}

fn civil(text: &str, last: bool) -> Option<Civil> {
    let period: Period = text.parse().expect("it is a time");
    Some(if last { period.last } else { period.first })
}

fn range(start: &str, end: &str) -> TimeRange {
    TimeRange::new(&["time", "when"], civil(start, false), civil(end, true))
}

fn read_within<T: Table>(source: &Source, range: &TimeRange) -> T {
    block_on(Parquet.read_within(source, range)).expect("it is read")
}

fn clip<T: TimeAxis<By>, By>(table: T, range: &TimeRange) -> T {
    table.clip_time(&["when"], range.start, range.end).expect("it is clipped")
}

#[test]
fn a_month_reads_its_row_groups_and_little_more() {
    // A month is some megabytes: whole blocks are read at both of its ends, and of the footer.
    const LARGE: usize = 140_000;
    let types =
        [DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into())), DataType::Date32];
    for time in types {
        let table = months(4, LARGE, &time);
        let options = format!("row_group_rows = {LARGE}");
        let source = stored(&memory(), &table, &options).expect("it is held");
        let (counting, counted) = counted(&source);
        let march = range("2011-03", "2011-03");
        let read: RecordBatch = read_within(&counted, &march);
        assert_eq!(read.num_rows(), LARGE, "{time}");
        assert_eq!(clip(read, &march), clip(table.clone(), &march), "{time}");
        let bytes = counting.counts().bytes_read;
        let scan =
            block_on(ParquetScan::open(&source, "parquet", "a table")).expect("it is opened");
        let footer = block_on(scan.footer(0)).expect("they are read");
        let group = footer.row_group(2).compressed_size() as u64;
        assert_eq!(footer.num_row_groups(), 4);
        let ratio = bytes as f64 / group as f64;
        assert!(ratio <= 1.2, "{time}: {bytes} bytes were read for a row group of {group}");
    }
}

#[test]
fn months_of_text_are_found_by_their_text() {
    const LARGE: usize = 70_000;
    let table = months(4, LARGE, &DataType::Utf8View);
    let source = stored(&memory(), &table, &format!("row_group_rows = {LARGE}"));
    let (counting, source) = counted(&source.expect("it is held"));
    let spring = range("2011-03-05", "2011-03-12T12");
    let read: RecordBatch = read_within(&source, &spring);
    assert_eq!(read.num_rows(), LARGE);
    assert_eq!(clip(read, &spring), clip(table, &spring));
    let (read, all) = (counting.counts().bytes_read, source.record.bytes);
    assert!(read < all / 2, "{read} bytes of {all} were read");
}

#[test]
fn batches_come_back_as_if_all_had_been_read_and_clipped() {
    let table = half_a_year(&DataType::Timestamp(TimeUnit::Second, None));
    let lengths = [11_000, 46_000, 0, 1, 61_000, 1_999];
    let starts =
        lengths.iter().scan(0, |start, length| Some(std::mem::replace(start, *start + length)));
    let batches: Vec<_> =
        starts.zip(lengths).map(|(start, length)| table.slice(start, length)).collect();
    let options = format!("row_group_rows = {}\npart_bytes = 1500000", MONTH / 2);
    let source = stored(&memory(), &batches, &options).expect("it is held");
    for (start, end) in [("2011-03", "2011-03"), ("2010", "2011-01-20"), ("2011-06-09", "2019")] {
        let range = range(start, end);
        let read: Vec<RecordBatch> = read_within(&source, &range);
        let rows: usize = read.iter().map(RecordBatch::num_rows).sum();
        assert!(rows < table.num_rows() / 2, "{start}: {rows} rows were read");
        assert_eq!(clip(read, &range), clip(batches.clone(), &range), "{start}");
    }
    for range in [range("2007", "2008"), range("2020", "2021")] {
        let read: Vec<RecordBatch> = read_within(&source, &range);
        assert_eq!(read, [table.slice(0, 0)]);
        assert_eq!(clip(read, &range), clip(batches.clone(), &range));
    }
}

#[test]
fn files_of_other_partitions_are_not_opened() {
    let years: ArrayRef =
        Arc::new(LargeStringArray::from_iter_values((0..400).map(|row| ["2007", "2008"][row % 2])));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..400));
    let table = RecordBatch::try_from_iter([("when", years), ("number", numbers)]).expect("two");
    let source = stored(&memory(), &table, "partition_by = 'when'").expect("it is held");
    let (counting, counted) = counted(&source);
    let of_2008 = range("2008", "2008");
    let read: RecordBatch = read_within(&counted, &of_2008);
    assert_eq!(read.num_rows(), 200);
    assert!(counting.counts().bytes_read < source.record.bytes);
    let whole: RecordBatch = super::read(&source).expect("it is read");
    assert_eq!(clip(read, &of_2008), clip(whole, &of_2008));
}

#[test]
fn a_table_without_times_is_read_whole() {
    let table = weather(1000);
    let source = stored(&memory(), &table, "").expect("it is held");
    assert_eq!(read_within::<RecordBatch>(&source, &range("1999", "1999")), table);
}
