//! Values along time: what `#[timeseries]` needs of a type.

use crate::civil::Civil;
use crate::entry::Extent;
use crate::error::Result;

/// A part of a value along time: what a reader may confine itself to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeRange {
    /// The candidates for the dimension, or the column: the first that a value has counts.
    pub dims: Vec<String>,
    /// The first point in time; none where this end is open.
    pub start: Option<Civil>,
    /// The last one, included; none where this end is open.
    pub end: Option<Civil>,
}

impl TimeRange {
    /// What lies between, both ends included.
    #[must_use]
    pub fn new(dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Self {
        Self { dims: dims.iter().map(|dim| (*dim).to_owned()).collect(), start, end }
    }
}

/// A value with a dimension, or a column, of points in time.
///
/// Implement it for a type of your own, and `#[timeseries]` clips what a function returns.
///
/// # Contract
///
/// Of several names in `dims` the first that the value has counts. A value that has none of them
/// is an error that says which it has.
///
/// # Types of other crates
///
/// `By` is for crates that implement it for types that are not their own, and name a type of
/// theirs there: `impl TimeAxis<Tables> for RecordBatch`. It is inferred.
pub trait TimeAxis<By = ()>: Sized {
    /// The first and the last point in time; `None` where there is none, or where it is not known
    /// without working the value out.
    ///
    /// # Errors
    ///
    /// The value has none of the dimensions, or they cannot be read.
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>>;

    /// What lies between, both ends included; an end that is left out is open.
    ///
    /// # Errors
    ///
    /// As [`time_extent`](Self::time_extent).
    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self>;
}
