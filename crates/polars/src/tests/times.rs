//! Frames along time.

use arrow_array::{Date32Array, TimestampNanosecondArray, TimestampSecondArray};
use nuthatch_core::civil::{Civil, Period};
use nuthatch_core::time::{TimeAxis, TimeRange};

use super::*;

fn civil(text: &str, last: bool) -> Option<Civil> {
    let period: Period = text.parse().expect("it is a time");
    Some(if last { period.last } else { period.first })
}

/// A time every six hours of 2012, as every kind of column.
fn tables() -> Vec<RecordBatch> {
    let start = 15_340 * 86_400_i64;
    let seconds = || (0..366 * 4).map(move |row| start + row * 6 * 3600);
    let nanoseconds = || seconds().map(|second| second * 1_000_000_000);
    let days = || seconds().map(|second| (second / 86_400) as i32);
    let texts = arrow_cast::cast(
        &(Arc::new(TimestampSecondArray::from_iter_values(seconds())) as ArrayRef),
        &arrow_schema::DataType::Utf8,
    );
    let columns: [ArrayRef; 5] = [
        Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds())),
        Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds()).with_timezone("+02:00")),
        Arc::new(TimestampSecondArray::from_iter_values(seconds()).with_timezone("Europe/Oslo")),
        Arc::new(Date32Array::from_iter_values(days())),
        texts.expect("times are texts"),
    ];
    let table = |times: ArrayRef| {
        let numbers = Int64Array::from_iter_values(0..times.len() as i64);
        let columns = [("Time", times), ("number", Arc::new(numbers) as ArrayRef)];
        RecordBatch::try_from_iter(columns).expect("two columns")
    };
    columns.into_iter().map(table).collect()
}

#[test]
fn frames_are_clipped_as_their_rows_are() {
    for table in tables() {
        let name = table.column(0).data_type().to_string();
        let eager = frame(&table);
        let (_, source) = stored(&eager, "row_group_rows = 100").expect(&name);
        for (start, end) in [
            (civil("2012-02", false), civil("2012-02", true)),
            (civil("2012-12-31T12", false), None),
            (None, civil("2012-01-01", true)),
            (civil("1000", false), civil("9999", true)),
            (civil("2013", false), civil("2014", true)),
        ] {
            let expected = table.clone().clip_time(&["Time"], start, end).expect("rows");
            let expected = frame(&expected);
            let clipped = eager.clone().clip_time(&["Time"], start, end).expect("a frame");
            assert!(clipped.equals(&expected), "{name}: {start:?} to {end:?}");
            let clipped = read(&source).clip_time(&["Time"], start, end).expect("a frame");
            assert!(collect(clipped).equals(&expected), "{name}: {start:?} to {end:?}");
            let range = TimeRange::new(&["Time"], start, end);
            let within: LazyFrame = block_on(FRAMES.read_within(&source, &range)).expect("opened");
            let clipped = within.clip_time(&["Time"], start, end).expect("a frame");
            assert!(collect(clipped).equals(&expected), "{name}: {start:?} to {end:?}");
        }
        assert_eq!(
            eager.time_extent(&["Time"]).expect(&name),
            table.time_extent(&["Time"]).expect(&name)
        );
    }
}

#[test]
fn a_frame_without_such_a_column_is_told() {
    let error = rows(1).clip_time(&["time"], None, None).expect_err("it has none");
    assert!(error.to_string().contains("it has [\"number\", \"noise\""), "{error}");
    let error = rows(1).lazy().clip_time(&["time"], None, None).err().expect("it has none");
    assert!(error.to_string().contains("it has [\"number\", \"noise\""), "{error}");
    assert!(rows(1).lazy().time_extent(&["number"]).is_err());
}
