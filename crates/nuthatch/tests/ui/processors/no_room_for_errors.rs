use nuthatch::civil::Civil;
use nuthatch::prelude::*;
use nuthatch::{TimeAxis, backend::Extent};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Series(Vec<f64>);

impl TimeAxis for Series {
    fn time_extent(&self, _: &[&str]) -> nuthatch::Result<Option<Extent>> {
        Ok(None)
    }
    fn clip_time(
        self,
        _: &[&str],
        _: Option<Civil>,
        _: Option<Civil>,
    ) -> nuthatch::Result<Self> {
        Ok(self)
    }
}

#[timeseries(dim = "time")]
#[cache]
fn plain(start_time: &str, end_time: &str) -> Series {
    Series(vec![(start_time.len() + end_time.len()) as f64])
}

#[timeseries(dim = "time")]
fn bare(start_time: &str, end_time: &str) -> Result<Series, String> {
    Ok(Series(vec![(start_time.len() + end_time.len()) as f64]))
}

fn main() {}
