use nuthatch::prelude::*;

#[timeseries(dim = "time")]
#[cache]
fn monthly(from: &str, to: &str) -> nuthatch::Result<u32> {
    let _ = (from, to);
    Ok(1)
}

#[timeseries(dim = "time", start = from, end = until)]
fn bare(from: &str, to: &str) -> nuthatch::Result<u32> {
    let _ = (from, to);
    Ok(1)
}

fn main() {}
