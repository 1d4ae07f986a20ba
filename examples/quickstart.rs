//! A pipeline of three cached functions over four years of weather in Seattle.
//!
//! Run it twice: the first run computes, the second recalls.

use nuthatch::prelude::*;
use serde::{Deserialize, Serialize};

/// One row of the CSV: millimetres of rain, degrees Celsius, metres a second.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Day {
    date: String,
    precipitation: f64,
    temp_max: f64,
    temp_min: f64,
    wind: f64,
    weather: String,
}

/// A month in sum: millimetres of rain, and the mean of the daily maxima in degrees Celsius.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Month {
    month: String,
    rain: f64,
    temp_max: f64,
    days: u32,
}

#[cache]
fn daily() -> nuthatch::Result<Vec<Day>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/seattle_weather.csv");
    let mut reader = csv::Reader::from_path(path).map_err(nuthatch::Error::other)?;
    reader.deserialize().collect::<Result<_, _>>().map_err(nuthatch::Error::other)
}

#[cache]
fn monthly() -> nuthatch::Result<Vec<Month>> {
    let days = daily()?;
    let same_month = |a: &Day, b: &Day| a.date.get(..7) == b.date.get(..7);
    Ok(days.chunk_by(same_month).map(summary).collect())
}

#[cache]
fn wettest(count: usize) -> nuthatch::Result<Vec<Month>> {
    let mut months = monthly()?;
    months.sort_by(|a, b| b.rain.total_cmp(&a.rain));
    months.truncate(count);
    Ok(months)
}

fn summary(days: &[Day]) -> Month {
    Month {
        month: days.first().map_or(String::new(), |day| day.date.chars().take(7).collect()),
        rain: days.iter().map(|day| day.precipitation).sum(),
        temp_max: days.iter().map(|day| day.temp_max).sum::<f64>() / days.len() as f64,
        days: days.len() as u32,
    }
}

fn main() -> nuthatch::Result<()> {
    nuthatch_examples::show_outcomes();
    // No configuration: in this mode results are kept on this machine, under ~/.nuthatch/caches.
    nuthatch::with(Options::new().cache_mode(CacheMode::Local), || {
        println!("# The three wettest months, which need all months, which need all days");
        for Month { month, rain, temp_max, days } in wettest(3)? {
            println!("  {month}: {rain:.1} mm in {days} days, {temp_max:.1} °C by day");
        }

        println!("\n# Each step is a result of its own");
        let (months, days) = (monthly()?, daily()?);
        let dry = days.iter().filter(|day| day.precipitation == 0.0).count();
        println!("  {} months; {dry} of {} days were dry", months.len(), days.len());

        println!("\n# Run this again, and no body runs. What is stored is a file");
        let uri = wettest::uri(3).run()?.unwrap_or_default();
        println!("  cat '{}'", uri.trim_start_matches("file://"));
        Ok(())
    })
}
