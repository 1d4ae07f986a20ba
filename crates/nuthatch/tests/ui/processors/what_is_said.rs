use nuthatch::prelude::*;

#[timeseries]
#[cache]
fn no_dimension(start_time: &str, end_time: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![(start_time.len() + end_time.len()) as f64])
}

#[timeseries(dimension = "time")]
fn misspelt(start_time: &str, end_time: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![(start_time.len() + end_time.len()) as f64])
}

#[timeseries(dim = "time", tolerance = "a year")]
fn no_days(start_time: &str, end_time: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![(start_time.len() + end_time.len()) as f64])
}

#[timeseries(dim = [])]
fn none_of_them(start_time: &str, end_time: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![(start_time.len() + end_time.len()) as f64])
}

#[processor]
#[cache]
fn no_processor() -> nuthatch::Result<Vec<f64>> {
    Ok(vec![])
}

#[timeseries(dim = "time")]
struct NoFunction;

fn main() {}
