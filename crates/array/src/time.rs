//! Datasets and arrays along time.

use nuthatch_core::civil::Civil;
use nuthatch_core::entry::Extent;
use nuthatch_core::time::TimeAxis;
use nuthatch_core::{Error, Result};

use crate::array::DataArray;
use crate::dataset::Dataset;
use crate::select::{is_time, times};
use crate::values::Values;
use crate::variable::Variable;

impl TimeAxis for Dataset {
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        let (dim, coordinate) = axis(self, dims)?;
        Ok(extent_of(dim, coordinate))
    }

    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        let (dim, coordinate) = axis(&self, dims)?;
        let pick = times(&coordinate.read_blocking()?, start, end);
        Ok(self.pick(dim, &pick))
    }
}

impl TimeAxis for DataArray {
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        self.clone().renamed("").to_dataset("")?.time_extent(dims)
    }

    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        let name = self.name().map(str::to_owned);
        let clipped = self.renamed("").to_dataset("")?.clip_time(dims, start, end)?.array("")?;
        Ok(match name {
            Some(name) => clipped.renamed(&name),
            None => clipped.without_name(),
        })
    }
}

/// The first of the dimensions that the dataset has, and its coordinate.
fn axis<'a>(dataset: &'a Dataset, dims: &[&'a str]) -> Result<(&'a str, &'a Variable)> {
    let sizes = dataset.sizes();
    let Some(dim) = dims.iter().find(|dim| sizes.contains_key(*dim)) else {
        let own: Vec<&str> = sizes.keys().copied().collect();
        return Err(Error::other(format!(
            "it has no dimension of {dims:?} to be clipped along; it has {own:?}"
        )));
    };
    match dataset.index(dim) {
        Some(coordinate) if is_time(coordinate) => Ok((dim, coordinate)),
        Some(coordinate) => Err(Error::other(format!(
            "the coordinate `{dim}` is {}, and no points in time",
            coordinate.dtype()
        ))),
        None => {
            Err(Error::other(format!("the dimension `{dim}` has no coordinate of points in time")))
        }
    }
}

/// The first and the last point in time of a coordinate.
pub(crate) fn extent_of(dim: &str, coordinate: &Variable) -> Option<Extent> {
    let Ok(Values::Datetime(counts, unit, calendar)) = coordinate.read_blocking() else {
        return None;
    };
    let there = counts.iter().filter_map(|count| calendar.civil(*count, unit));
    let (first, last) = (there.clone().min()?, there.max()?);
    Some(Extent {
        dim: dim.to_owned(),
        start: Some(first.to_string()),
        end: Some(last.to_string()),
    })
}
