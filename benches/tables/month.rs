//! What is read for one month, beside what its row groups weigh.

use arrow::array::RecordBatch;
use nuthatch::prelude::*;
use nuthatch_benches::local_path;

use crate::{Result, bare, batch};

#[timeseries(dim = "time", start = start, end = end)]
#[cache(backend = "parquet")]
fn in_parquet(start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    let _ = (start, end);
    batch()
}

#[timeseries(dim = "time", start = start, end = end)]
#[cache(backend = "delta")]
fn in_delta(start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    let _ = (start, end);
    batch()
}

pub(crate) fn print() -> Result {
    println!("\nOne month of a time series\n");
    in_parquet("2008", "2100")?;
    let uri = in_parquet::uri("2008", "2100").run()?.ok_or("it was stored")?;
    let read = counted(|| in_parquet("2008-02", "2008-02"))?;
    line("Parquet", read, &uri)?;
    in_delta("2008", "2100")?;
    let uri = in_delta::uri("2008", "2100").run()?.ok_or("it was stored")?;
    let read = counted(|| in_delta("2008-02", "2008-02"))?;
    line("Delta Lake", read, &uri)
}

/// How many rows came back, and how many bytes were read for them.
fn counted(recall: impl Fn() -> nuthatch::Result<RecordBatch>) -> Result<(usize, u64)> {
    let before = nuthatch::stats().bytes_read;
    let rows = recall()?.num_rows();
    Ok((rows, nuthatch::stats().bytes_read - before))
}

fn line(format: &str, (rows, read): (usize, u64), uri: &str) -> Result {
    let groups = bare::parquet::groups_within(&local_path(uri), bare::parquet::FEBRUARY)?;
    let ratio = read as f64 / groups as f64;
    let verdict = if ratio <= 1.2 { "met" } else { "MISSED" };
    println!(
        "  {format:10}  {rows} rows  {read} bytes read  {ratio:.2} × its row groups, goal 1.20: {verdict}"
    );
    Ok(())
}
