/// The sea surface temperature, smoothed over a window of months.
#[cache(cache_args(window), version = "0.1.0")]
pub async fn smoothed(
    start_time: &str,
    end_time: &str,
    window: usize,
) -> nuthatch::Result<Dataset> {
    rolling_mean(&sst().await?, "time", window)
}
