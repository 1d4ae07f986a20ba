use nuthatch::prelude::*;

#[cache]
#[timeseries(dimension = "time")]
fn misspelt(start_time: &str, end_time: &str) -> nuthatch::Result<u32> {
    let _ = (start_time, end_time);
    Ok(1)
}

#[timeseries]
#[cache]
fn without_a_dimension(start_time: &str, end_time: &str) -> nuthatch::Result<u32> {
    let _ = (start_time, end_time);
    Ok(1)
}

#[cache]
#[timeseries(dim = "time", tolerance = "soon")]
fn without_days(start_time: &str, end_time: &str) -> nuthatch::Result<u32> {
    let _ = (start_time, end_time);
    Ok(1)
}

#[cache]
#[processor]
fn without_a_processor() -> u32 {
    1
}

#[processor(Nothing, taking(count))]
#[cache]
fn with_another_word(count: u32) -> u32 {
    count
}

fn main() {}
