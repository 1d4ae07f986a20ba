//! What is told of chunks of an odd size and of what cannot be decoded, and what a time series
//! leaves unread.

use nuthatch::array::{Calendar, TimeUnit, Values, Variable};
use nuthatch::prelude::*;

use crate::lake::Lake;
use crate::listen::Told;

const LENGTH: i64 = 1000;

/// A value a day since 2008-01-01: the day's number.
fn days() -> Dataset {
    let counts = ndarray::Array1::from_iter((0..LENGTH).map(|at| (13_879 + at) * 86_400));
    let values: Vec<f64> = (0..LENGTH).map(|at| at as f64).collect();
    let times = Values::Datetime(
        counts.into_dyn().into_shared(),
        TimeUnit::Second,
        Calendar::ProlepticGregorian,
    );
    Dataset::new()
        .with_variable("x", Variable::new(["time"], values))
        .and_then(|dataset| dataset.with_coord("time", times))
        .unwrap()
}

#[cache]
fn whole() -> nuthatch::Result<Dataset> {
    Ok(days())
}

#[timeseries(dim = "time")]
#[cache(backend_options(chunking(time = 100)))]
fn cut(start_time: &str, end_time: &str) -> nuthatch::Result<Dataset> {
    assert!(start_time <= end_time);
    Ok(days())
}

#[cache]
fn undated() -> nuthatch::Result<Dataset> {
    let numbers = Variable::new(["x"], vec![1_i64, 2, 3]);
    Dataset::new().with_variable("age", numbers.with_attr("units", "months since the flood"))
}

#[test]
fn chunks_outside_30_to_300_megabytes_are_told_unless_all_is_one() {
    let _lake = Lake::new();
    let told = Told::listen();
    whole().unwrap();
    told.is_silent();
    cut("2008", "2010").unwrap();
    told.says(&["chunks are best between 30 and 300 MB", "variable=\"x\"", "bytes=800"]);
}

#[test]
fn what_cannot_be_decoded_is_left_as_it_is_and_told() {
    let _lake = Lake::new();
    undated().unwrap();
    let told = Told::listen();
    let recalled = undated().unwrap();
    let values = recalled.variables()["age"].values::<i64>().unwrap();
    assert_eq!(values.iter().copied().collect::<Vec<_>>(), [1, 2, 3]);
    told.says(&["variable=\"age\"", "left undecoded", "\"months since the flood\""]);
}

#[test]
fn a_time_series_reads_no_chunk_without_a_time_that_is_asked_for() {
    let lake = Lake::new();
    cut("2008-01-01", "2008-01-31").unwrap();
    lake.reset();
    // The days from 180 to 220 of 1000: the second and the third hundred.
    let part = cut("2008-06-29", "2008-08-08").unwrap();
    let values = part.variables()["x"].values::<f64>().unwrap();
    assert_eq!(
        values.iter().copied().collect::<Vec<_>>(),
        (180..=220).map(f64::from).collect::<Vec<_>>()
    );
    let requests = lake.requests("root");
    let chunks = requests.iter().filter(|request| request.contains("/x/c/"));
    let chunks: Vec<&str> = chunks.filter_map(|request| request.rsplit('/').next()).collect();
    assert_eq!(chunks, ["1", "2"], "{requests:?}");
}
