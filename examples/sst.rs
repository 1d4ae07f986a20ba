//! Real sea surface temperatures: opened, smoothed over time, stored as Zarr, recalled clipped.
//!
//! `cargo run --example sst --features zarr`, from the root of the repository.

use nuthatch::array::{Values, Variable};
use nuthatch::prelude::*;

const SST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sst_monthly.zarr");
const NAME: &str = "surface_temperature";

#[cache]
async fn sst() -> nuthatch::Result<Dataset> {
    Dataset::open(SST).await
}

/// Stored whole, returned clipped: the bounds are in no key of the root.
#[timeseries(dim = "time")]
#[cache(cache_args(window), version = "0.1.0", backend_options(chunking(time = 6)))]
async fn smoothed(start_time: &str, end_time: &str, window: usize) -> nuthatch::Result<Dataset> {
    rolling_mean(&sst().await?, "time", window)
}

/// The mean over `window` months, up to and with each; the first ones have fewer.
fn rolling_mean(dataset: &Dataset, dim: &str, window: usize) -> nuthatch::Result<Dataset> {
    let array = dataset.array(NAME)?;
    let axis = array.dims().iter().position(|name| name == dim).unwrap_or(0);
    let values = array.values::<f32>()?;
    let mut smooth = values.to_owned();
    for (at, mut place) in smooth.axis_iter_mut(ndarray::Axis(axis)).enumerate() {
        let months = at.saturating_sub(window - 1)..=at;
        let count = months.clone().count() as f32;
        place.fill(0.0);
        for month in months {
            place += &(&values.index_axis(ndarray::Axis(axis), month) / count);
        }
    }
    let variable = Variable::new(array.dims().to_vec(), Values::from(smooth));
    dataset.clone().with_variable(NAME, variable.with_attr("units", "K"))
}

fn mean(dataset: &Dataset) -> nuthatch::Result<f64> {
    let mean = dataset.array(NAME)?.mean(&[])?.values::<f64>()?;
    mean.first().copied().ok_or_else(|| nuthatch::Error::other("there is no mean"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> nuthatch::Result<()> {
    let folder = tempfile::tempdir()?;
    let lake = folder.path().join("lake");
    nuthatch::set_parameter!("filesystem", lake.to_string_lossy().into_owned())?;
    nuthatch_examples::show_outcomes();

    title("Opened by xarray's own metadata: nothing is read yet but coordinates");
    let raw = sst().await?;
    println!("{raw}");

    title("Computed, stored whole, returned clipped to 2008");
    let year = smoothed("2008-01-01", "2008-12-31", 3).await?;
    println!("{}", year.array(NAME)?);

    title("Other bounds are the same entry: recalled, and the other years' chunks are not read");
    let spring = smoothed("2008-03", "2008-05", 3).await?;
    println!("  {:.3} K in spring", mean(&spring)?);

    title("Memoized: in memory, as it was clipped");
    smoothed::call("2008-01-01", "2008-06-30", 3).memoize(true).await?;
    let half = smoothed::call("2008-01-01", "2008-06-30", 3).memoize(true).await?;
    println!("  {} months", half.sizes()["time"]);

    title("Everything anew, replacing what is stored");
    smoothed::call("2008-01-01", "2008-12-31", 3)
        .recompute(["smoothed", "sst"])
        .cache_mode(CacheMode::Overwrite)
        .await?;

    title("The mean of 2008, as xarray has it: 300.61249887054913");
    let mean = mean(&raw.sel("time", "2008")?)?;
    println!("  {mean:.11} K");
    assert!((mean - 300.612_498_870_549_13).abs() < 1e-9);
    if let Some(uri) = smoothed::uri("2008-01-01", "2008-12-31", 3).await? {
        println!(
            "\n# xarray opens it\n  xarray.open_zarr('{}/value.zarr')",
            uri.trim_start_matches("file://")
        );
    }
    Ok(())
}

fn title(text: &str) {
    println!("\n# {text}");
}
