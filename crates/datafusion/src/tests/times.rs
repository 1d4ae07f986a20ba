//! Frames along time.

use arrow_array::{Date32Array, TimestampNanosecondArray};
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
    let text = |second: i64| {
        let days = chrono::DateTime::from_timestamp(second, 0).expect("it is a time");
        days.format("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let days = seconds().map(|second| (second / 86_400) as i32);
    let columns: [ArrayRef; 4] = [
        Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds())),
        Arc::new(TimestampNanosecondArray::from_iter_values(nanoseconds()).with_timezone("+02:00")),
        Arc::new(Date32Array::from_iter_values(days)),
        Arc::new(StringArray::from_iter_values(seconds().map(text))),
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
        let (_, source) = stored(&frame(vec![table.clone()]), "row_group_rows = 100").expect(&name);
        for (start, end) in [
            (civil("2012-02", false), civil("2012-02", true)),
            (civil("2012-12-31T12", false), None),
            (None, civil("2012-01-01", true)),
            (civil("1000", false), civil("9999", true)),
            (civil("2013", false), civil("2014", true)),
        ] {
            let expected = table.clone().clip_time(&["Time"], start, end).expect("rows");
            let clipped = read(&source).clip_time(&["Time"], start, end).expect("a frame");
            assert_eq!(collect(clipped), expected, "{name}: {start:?} to {end:?}");
            let range = TimeRange::new(&["Time"], start, end);
            let within: DataFrame = block_on(FRAMES.read_within(&source, &range)).expect("opened");
            let clipped = within.clip_time(&["Time"], start, end).expect("a frame");
            assert_eq!(collect(clipped), expected, "{name}: {start:?} to {end:?}");
        }
    }
}

#[test]
fn a_frame_without_such_a_column_is_told() {
    let error = frame(vec![rows(1)]).clip_time(&["time"], None, None).expect_err("it has none");
    assert!(error.to_string().contains("it has [\"number\", \"noise\""), "{error}");
    assert!(frame(vec![rows(1)]).time_extent(&["number"]).is_err());
}
