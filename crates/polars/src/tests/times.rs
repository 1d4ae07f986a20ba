//! Frames along time.

use nuthatch_core::time::{TimeAxis, TimeRange};
use nuthatch_table::test_util::{every_six_hours, ranges};

use super::*;

#[test]
fn frames_are_clipped_as_their_rows_are() {
    for table in every_six_hours() {
        let name = table.column(0).data_type().to_string();
        let eager = frame(&table);
        let (_, source) = stored(&eager, "row_group_rows = 100").expect(&name);
        for (start, end) in ranges() {
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
