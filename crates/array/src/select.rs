//! Selections: by index, and by label.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo};

use nuthatch_core::civil::{Civil, Period};
use nuthatch_core::{Error, Result};

use crate::data::Pick;
use crate::dtype::DType;
use crate::values::Values;
use crate::variable::Variable;

/// Indices along a dimension: `3` (which takes the dimension away), `0..12`, `..`, a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// One index; the dimension goes.
    At(u64),
    /// From, up to and without, and how far from one to the next.
    Span {
        /// The first index.
        start: u64,
        /// The end, which does not belong to it; that of the dimension where it is `None`.
        end: Option<u64>,
        /// 1 for each, 2 for every other.
        step: u64,
    },
    /// These, in this order.
    List(Vec<u64>),
}

impl Index {
    /// Every `step`-th index.
    #[must_use]
    pub fn every(step: u64) -> Self {
        Self::Span { start: 0, end: None, step: step.max(1) }
    }

    pub(crate) fn pick(&self, dim: &str, size: u64) -> Result<Pick> {
        let beyond = |at: u64| {
            Error::other(format!("index {at} is beyond the dimension `{dim}`, which has {size}"))
        };
        match self {
            Self::At(at) if *at < size => Ok(Pick::At(*at)),
            Self::At(at) => Err(beyond(*at)),
            Self::Span { start, end, step } => {
                let end = end.unwrap_or(size);
                if end > size {
                    return Err(beyond(end - 1));
                }
                let len = end.saturating_sub(*start).div_ceil((*step).max(1));
                Ok(Pick::Span { start: (*start).min(size), len, step: (*step).max(1) })
            }
            Self::List(list) => match list.iter().find(|at| **at >= size) {
                Some(at) => Err(beyond(*at)),
                None => Ok(Pick::of(list)),
            },
        }
    }
}

impl From<usize> for Index {
    fn from(at: usize) -> Self {
        Self::At(at as u64)
    }
}
impl From<Range<usize>> for Index {
    fn from(range: Range<usize>) -> Self {
        Self::Span { start: range.start as u64, end: Some(range.end as u64), step: 1 }
    }
}
impl From<RangeFrom<usize>> for Index {
    fn from(range: RangeFrom<usize>) -> Self {
        Self::Span { start: range.start as u64, end: None, step: 1 }
    }
}
impl From<RangeTo<usize>> for Index {
    fn from(range: RangeTo<usize>) -> Self {
        Self::Span { start: 0, end: Some(range.end as u64), step: 1 }
    }
}
impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Self {
        Self::every(1)
    }
}
impl From<Vec<usize>> for Index {
    fn from(list: Vec<usize>) -> Self {
        Self::List(list.into_iter().map(|at| at as u64).collect())
    }
}

/// Labels along a dimension, as its coordinate has them.
///
/// | label | takes |
/// |---|---|
/// | `10.5`, `3`, `"north"` | the one that is equal; the dimension goes |
/// | `10.0..=20.0`, `"a"..="f"` | all between, both ends included, however the coordinate is sorted |
/// | `"2008"`, `"2008-02"`, `"2008-02-29T12"` | all points in time of that year, month, hour |
/// | `"2008-03"..="2009"` | all points in time from the beginning of the one to the end of the other |
/// | [`Label::nearest`] | the one that is nearest; the dimension goes |
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Label {
    /// An equal number.
    Number(f64),
    /// All numbers between, ends included.
    Numbers(f64, f64),
    /// Equal text, or the time that it names.
    Text(String),
    /// All text between, or all time from the beginning of the one to the end of the other.
    Texts(String, String),
    /// All points in time between; an end that is left out is open.
    Times(Option<Civil>, Option<Civil>),
    /// The nearest number, at most so far away.
    Nearest(f64, Option<f64>),
}

impl Label {
    /// The nearest number.
    #[must_use]
    pub fn nearest(number: f64) -> Self {
        Self::Nearest(number, None)
    }

    /// The nearest number, which is at most `tolerance` away.
    #[must_use]
    pub fn nearest_within(number: f64, tolerance: f64) -> Self {
        Self::Nearest(number, Some(tolerance))
    }

    /// What it takes of a coordinate of one dimension.
    pub(crate) fn pick(&self, name: &str, coordinate: &Variable) -> Result<Pick> {
        let values = coordinate.read_blocking()?;
        let wrong = |what: &str| {
            let dtype = values.dtype();
            Err(Error::other(format!("the coordinate `{name}` is {dtype}; {what}")))
        };
        match (self, &values) {
            (Self::Times(start, end), Values::Datetime(..)) => Ok(times(&values, *start, *end)),
            (Self::Text(text), Values::Datetime(..)) => {
                let period: Period = text.parse().map_err(Error::other)?;
                Ok(times(&values, Some(period.first), Some(period.last)))
            }
            (Self::Texts(start, end), Values::Datetime(..)) => {
                let start: Period = start.parse().map_err(Error::other)?;
                let end: Period = end.parse().map_err(Error::other)?;
                Ok(times(&values, Some(start.first), Some(end.last)))
            }
            (Self::Text(text), Values::String(labels)) => {
                one(name, text, positions(labels, |label| **label == **text))
            }
            (Self::Texts(start, end), Values::String(labels)) => {
                Ok(Pick::of(&positions(labels, |label| **start <= **label && **label <= **end)))
            }
            (Self::Number(_) | Self::Numbers(..) | Self::Nearest(..), _) => {
                let Some(labels) = values.to_f64() else {
                    return wrong("a number is no label of it");
                };
                self.pick_number(name, &labels)
            }
            (Self::Times(..), _) => wrong("it has no points in time"),
            _ => wrong("a text is no label of it"),
        }
    }

    fn pick_number(&self, name: &str, labels: &ndarray::ArrayD<f64>) -> Result<Pick> {
        match *self {
            Self::Number(number) => {
                one(name, &number.to_string(), positions(labels, |label| *label == number))
            }
            Self::Numbers(start, end) => {
                Ok(Pick::of(&positions(labels, |label| start <= *label && *label <= end)))
            }
            Self::Nearest(number, tolerance) => {
                let far = |label: &f64| (label - number).abs();
                let nearest = labels.iter().enumerate().filter(|(_, label)| !label.is_nan());
                let nearest = nearest.min_by(|a, b| far(a.1).total_cmp(&far(b.1)));
                match nearest {
                    Some((at, label)) if tolerance.is_none_or(|most| far(label) <= most) => {
                        Ok(Pick::At(at as u64))
                    }
                    Some((_, label)) => Err(Error::other(format!(
                        "the label of `{name}` nearest to {number} is {label}, farther than asked"
                    ))),
                    None => Err(Error::other(format!("the coordinate `{name}` has no labels"))),
                }
            }
            _ => Err(Error::other(format!("no number was given for `{name}`"))),
        }
    }
}

impl From<f64> for Label {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
impl From<i32> for Label {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}
impl From<RangeInclusive<f64>> for Label {
    fn from(range: RangeInclusive<f64>) -> Self {
        Self::Numbers(*range.start(), *range.end())
    }
}
impl From<RangeInclusive<i32>> for Label {
    fn from(range: RangeInclusive<i32>) -> Self {
        Self::Numbers((*range.start()).into(), (*range.end()).into())
    }
}
impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<RangeInclusive<&str>> for Label {
    fn from(range: RangeInclusive<&str>) -> Self {
        Self::Texts((*range.start()).to_owned(), (*range.end()).to_owned())
    }
}

/// The points in time of a coordinate that lie between, ends included.
pub(crate) fn times(values: &Values, start: Option<Civil>, end: Option<Civil>) -> Pick {
    let Values::Datetime(counts, unit, calendar) = values else { return Pick::of(&[]) };
    let between = |count: &i64| {
        calendar.civil(*count, *unit).is_some_and(|civil| {
            start.is_none_or(|start| start <= civil) && end.is_none_or(|end| civil <= end)
        })
    };
    Pick::of(&positions(counts, between))
}

fn positions<'a, T: 'a>(
    labels: impl IntoIterator<Item = &'a T>,
    is: impl Fn(&T) -> bool,
) -> Vec<u64> {
    let labels = labels.into_iter().enumerate().filter(|(_, label)| is(label));
    labels.map(|(at, _)| at as u64).collect()
}

/// The only position of a label.
fn one(name: &str, label: &str, found: Vec<u64>) -> Result<Pick> {
    match *found {
        [at] => Ok(Pick::At(at)),
        [] => Err(Error::other(format!("the coordinate `{name}` has no label {label}"))),
        _ => Err(Error::other(format!(
            "the coordinate `{name}` has the label {label} {} times: select by index, or a range",
            found.len()
        ))),
    }
}

/// Whether a coordinate holds points in time.
pub(crate) fn is_time(coordinate: &Variable) -> bool {
    matches!(coordinate.dtype(), DType::Datetime { .. })
}
