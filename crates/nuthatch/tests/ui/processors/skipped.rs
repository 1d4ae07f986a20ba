use nuthatch::prelude::*;

#[timeseries(dim = "time")]
#[cache(skip(start_time))]
fn clipped(start_time: &str, end_time: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![(start_time.len() + end_time.len()) as f64])
}

fn main() {}
