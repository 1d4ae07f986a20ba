/// The sea surface temperature, clipped to what is asked for.
#[timeseries(dim = ["time", "date"], tolerance = "30 days")]
#[processor(Every::nth(*step), takes(step))]
#[cache]
async fn clipped(start_time: &str, end_time: &str, step: u64) -> nuthatch::Result<Dataset> {
    sst().await
}
