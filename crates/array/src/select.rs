//! Selections: by index, and by label.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo};
use std::time::Duration;

use nuthatch_core::civil::{Civil, Period};
use nuthatch_core::{Error, Result};

use crate::calendar::{Calendar, NAT};
use crate::data::Pick;
use crate::dtype::{DType, TimeUnit};
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
/// | [`Label::nearest`], [`Label::nearest_time`] | the one that is nearest; the dimension goes |
///
/// A label that the coordinate does not have, or a year without any point in time, is an error that
/// names the nearest ones, as in xarray; a range that has none is empty.
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
    /// The point in time that is nearest to the beginning of the one that the text names, at most
    /// so far away.
    NearestTime(String, Option<Duration>),
}

impl Label {
    /// The nearest number; of two that are equally near, the larger.
    #[must_use]
    pub fn nearest(number: f64) -> Self {
        Self::Nearest(number, None)
    }

    /// The nearest number, which is at most `tolerance` away.
    #[must_use]
    pub fn nearest_within(number: f64, tolerance: f64) -> Self {
        Self::Nearest(number, Some(tolerance))
    }

    /// The point in time that is nearest to a date, a datetime, or the beginning of a month or
    /// year; of two that are equally near, the later.
    ///
    /// ```
    /// use nuthatch_array::{DataArray, Label, Shared, TimeUnit, Calendar, Values};
    ///
    /// let days: Shared<i64> = ndarray::arr1(&[0, 86_400]).into_dyn().into_shared();
    /// let time = Values::Datetime(days, TimeUnit::Second, Calendar::ProlepticGregorian);
    /// let rain = DataArray::new("rain", ["time"], vec![0.5, 2.0])?.with_coord("time", time)?;
    /// let noon = rain.sel("time", Label::nearest_time("1970-01-01T11:00"))?;
    /// assert_eq!(noon.values::<f64>()?.first(), Some(&0.5));
    /// # Ok::<(), nuthatch_core::Error>(())
    /// ```
    #[must_use]
    pub fn nearest_time(text: impl Into<String>) -> Self {
        Self::NearestTime(text.into(), None)
    }

    /// The same, which is at most `tolerance` away.
    #[must_use]
    pub fn nearest_time_within(text: impl Into<String>, tolerance: Duration) -> Self {
        Self::NearestTime(text.into(), Some(tolerance))
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
                match times(&values, Some(period.first), Some(period.last)) {
                    pick if pick.len() == Some(0) => {
                        let around = Around::times(&values, &period);
                        Err(Error::other(format!("the coordinate `{name}` has no {text}{around}")))
                    }
                    pick => Ok(pick),
                }
            }
            (Self::NearestTime(text, tolerance), Values::Datetime(counts, unit, calendar)) => {
                let moments = counts.iter().map(|count| moment(*count, *unit));
                nearest_time(name, text, *tolerance, *calendar, moments)
            }
            (Self::Texts(start, end), Values::Datetime(..)) => {
                let start: Period = start.parse().map_err(Error::other)?;
                let end: Period = end.parse().map_err(Error::other)?;
                Ok(times(&values, Some(start.first), Some(end.last)))
            }
            (Self::Text(text), Values::String(labels)) => {
                let around = || Around::of(labels.iter().map(|label| &**label), text.as_str());
                one(name, text, positions(labels, |label| **label == **text), around)
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
            (Self::Times(..) | Self::NearestTime(..), _) => wrong("it has no points in time"),
            _ => wrong("a text is no label of it"),
        }
    }

    fn pick_number(&self, name: &str, labels: &ndarray::ArrayD<f64>) -> Result<Pick> {
        match *self {
            Self::Number(number) => {
                let found = positions(labels, |label| *label == number);
                let around = || Around::of(labels.iter().filter(|label| !label.is_nan()), &number);
                one(name, &number.to_string(), found, around)
            }
            Self::Numbers(start, end) => {
                Ok(Pick::of(&positions(labels, |label| start <= *label && *label <= end)))
            }
            Self::Nearest(number, tolerance) => {
                let far = |label: &f64| (label - number).abs();
                let nearest = labels.iter().enumerate().filter(|(_, label)| !label.is_nan());
                let nearest =
                    nearest.min_by(|a, b| far(a.1).total_cmp(&far(b.1)).then(b.1.total_cmp(a.1)));
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
fn one<T: fmt::Display>(
    name: &str,
    label: &str,
    found: Vec<u64>,
    around: impl FnOnce() -> Around<T>,
) -> Result<Pick> {
    match *found {
        [at] => Ok(Pick::At(at)),
        [] => {
            Err(Error::other(format!("the coordinate `{name}` has no label {label}{}", around())))
        }
        _ => Err(Error::other(format!(
            "the coordinate `{name}` has the label {label} {} times: select by index, or a range",
            found.len()
        ))),
    }
}

/// The labels nearest to one that is not there: what is told of them.
struct Around<T> {
    before: Option<T>,
    after: Option<T>,
}

impl<T: PartialOrd + Copy> Around<T> {
    fn of(labels: impl Iterator<Item = T> + Clone, asked: T) -> Self {
        let greater = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal);
        Self {
            before: labels.clone().filter(|label| *label < asked).max_by(greater),
            after: labels.filter(|label| *label > asked).min_by(greater),
        }
    }
}

impl Around<Civil> {
    fn times(values: &Values, period: &Period) -> Self {
        let Values::Datetime(counts, unit, calendar) = values else {
            return Self { before: None, after: None };
        };
        Self::of(counts.iter().filter_map(|count| calendar.civil(*count, *unit)), period.first)
    }
}

impl<T: fmt::Display> fmt::Display for Around<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "; the nearest are {before} and {after}"),
            (Some(only), None) => write!(f, "; the last is {only}"),
            (None, Some(only)) => write!(f, "; the first is {only}"),
            (None, None) => f.write_str("; it has none at all"),
        }
    }
}

/// Nanoseconds since 1970-01-01 of the calendar.
fn moment(count: i64, unit: TimeUnit) -> Option<i128> {
    (count != NAT).then(|| i128::from(count) * i128::from(unit.nanoseconds()))
}

fn nearest_time(
    name: &str,
    text: &str,
    tolerance: Option<Duration>,
    calendar: Calendar,
    moments: impl Iterator<Item = Option<i128>>,
) -> Result<Pick> {
    let period: Period = text.parse().map_err(Error::other)?;
    let asked = calendar.nanoseconds(period.first).ok_or_else(|| {
        Error::other(format!("the calendar of `{name}`, {calendar}, has no {}", period.first))
    })?;
    let far = |at: i128| at.abs_diff(asked);
    let there = moments.enumerate().filter_map(|(index, at)| Some((index, at?)));
    let nearest = there.min_by_key(|(_, at)| (far(*at), std::cmp::Reverse(*at)));
    match nearest {
        Some((index, at)) if tolerance.is_none_or(|most| far(at) <= most.as_nanos()) => {
            Ok(Pick::At(index as u64))
        }
        Some((_, at)) => Err(Error::other(format!(
            "the time of `{name}` nearest to {text} is {:?} away, farther than asked",
            Duration::from_nanos(u64::try_from(far(at)).unwrap_or(u64::MAX))
        ))),
        None => Err(Error::other(format!("the coordinate `{name}` has no points in time"))),
    }
}

/// Whether a coordinate holds points in time.
pub(crate) fn is_time(coordinate: &Variable) -> bool {
    matches!(coordinate.dtype(), DType::Datetime { .. })
}
