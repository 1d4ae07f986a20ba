//! Weather, computed once by those who publish this crate. `nuthatch.toml` beside it names the lake
//! that holds the results.

use nuthatch::prelude::*;
use serde::{Deserialize, Serialize};

/// A month: millimetres of rain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// 1 is January.
    pub number: u32,
    /// Millimetres.
    pub rain: f64,
}

/// The rain of each month in an average year.
///
/// # Errors
///
/// The body fails without the station's raw data, which only the owner of the lake has: it is named
/// by the variable `WEATHER_STATION`. Who recalls the result needs none.
#[cache]
pub fn monthly() -> nuthatch::Result<Vec<Month>> {
    let Ok(station) = std::env::var("WEATHER_STATION") else {
        return Err(nuthatch::Error::other("the station's data is not here"));
    };
    let days = std::fs::read_to_string(station).map_err(nuthatch::Error::other)?;
    let mut months: Vec<Month> = (1..=12).map(|number| Month { number, rain: 0.0 }).collect();
    // date,precipitation,…: 2012/01/31,0.5,…
    for day in days.lines().skip(1) {
        let mut fields = day.split(',');
        let month = fields.next().and_then(|date| date.split('/').nth(1)?.parse::<usize>().ok());
        let rain = fields.next().and_then(|rain| rain.parse::<f64>().ok());
        if let (Some(month), Some(rain)) = (month, rain)
            && let Some(sum) = month.checked_sub(1).and_then(|index| months.get_mut(index))
        {
            // The data has four years.
            sum.rain += rain / 4.0;
        }
    }
    Ok(months)
}
