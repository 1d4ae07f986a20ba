use nuthatch::prelude::*;

#[timeseries(dim = "time")]
#[cache]
fn without_bounds(station: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![station.len() as f64])
}

#[timeseries(dim = "time", start = form, end = to)]
fn misspelt(from: &str, to: &str) -> nuthatch::Result<Vec<f64>> {
    Ok(vec![(from.len() + to.len()) as f64])
}

#[processor(First(*count), takes(count))]
#[cache]
fn nothing_to_take() -> nuthatch::Result<Vec<f64>> {
    Ok(vec![])
}

fn main() {}
