//! `#[timeseries]`: values along time, stored whole and returned clipped.

#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};

use crate::civil::{Civil, Period};
use crate::entry::Extent;
use crate::error::{Error, Result};
use crate::processor::{Lack, Processor, Recalled};
use crate::time::{TimeAxis, TimeRange};

/// How much less than is asked for a recalled entry may have where it is validated, in days.
const TOLERANCE: u32 = 365;

/// An argument that names a time: text (`2008`, `2008-02`, `2008-02-29T12:30`), a date or time of
/// chrono or jiff, or an `Option` of one, where `None` is an open end.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no time",
    label = "it is the beginning or the end of a time series",
    note = "text, dates and times of chrono and jiff, and options of them do"
)]
pub trait AsTime {
    /// The time that is named; `None` for an open end.
    ///
    /// # Errors
    ///
    /// A text names no time.
    fn as_time(&self) -> Result<Option<Period>>;
}

impl AsTime for str {
    fn as_time(&self) -> Result<Option<Period>> {
        self.parse().map(Some).map_err(Error::other)
    }
}

impl AsTime for String {
    fn as_time(&self) -> Result<Option<Period>> {
        self.as_str().as_time()
    }
}

impl<T: AsTime + ?Sized> AsTime for &T {
    fn as_time(&self) -> Result<Option<Period>> {
        (**self).as_time()
    }
}

impl<T: AsTime> AsTime for Option<T> {
    fn as_time(&self) -> Result<Option<Period>> {
        self.as_ref().map_or(Ok(None), AsTime::as_time)
    }
}

impl AsTime for NaiveDate {
    fn as_time(&self) -> Result<Option<Period>> {
        self.to_string().as_time()
    }
}

impl AsTime for NaiveDateTime {
    fn as_time(&self) -> Result<Option<Period>> {
        Ok(Some(Period::instant((*self).into())))
    }
}

impl<Tz: TimeZone> AsTime for DateTime<Tz> {
    fn as_time(&self) -> Result<Option<Period>> {
        self.naive_utc().as_time()
    }
}

#[cfg(feature = "jiff")]
mod jiff_types {
    use super::{AsTime, Civil, Period, Result};

    impl AsTime for jiff::civil::Date {
        fn as_time(&self) -> Result<Option<Period>> {
            self.to_string().as_time()
        }
    }

    impl AsTime for jiff::civil::DateTime {
        fn as_time(&self) -> Result<Option<Period>> {
            // Every field of a time of jiff's is positive, but the year.
            let small = |field: i8| u64::try_from(field).unwrap_or(0);
            let seconds = (small(self.hour()) * 60 + small(self.minute())) * 60;
            let seconds = seconds + small(self.second());
            let fraction = u64::try_from(self.subsec_nanosecond()).unwrap_or(0);
            Ok(Some(Period::instant(Civil {
                year: self.year().into(),
                month: self.month().unsigned_abs(),
                day: self.day().unsigned_abs(),
                nanosecond: seconds * 1_000_000_000 + fraction,
            })))
        }
    }

    impl AsTime for jiff::Timestamp {
        fn as_time(&self) -> Result<Option<Period>> {
            self.to_zoned(jiff::tz::TimeZone::UTC).datetime().as_time()
        }
    }

    impl AsTime for jiff::Zoned {
        fn as_time(&self) -> Result<Option<Period>> {
            self.timestamp().as_time()
        }
    }
}

/// Clips values along time, both ends included. `#[timeseries]` makes it.
///
/// `By` is that of the value's [`TimeAxis`].
pub struct Timeseries<By = ()> {
    dims: &'static [&'static str],
    start: Option<Civil>,
    end: Option<Civil>,
    tolerance: TimeDelta,
    by: PhantomData<fn() -> By>,
}

impl<By> fmt::Debug for Timeseries<By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dims, start, end, tolerance, by: _ } = self;
        f.debug_struct("Timeseries")
            .field("dims", dims)
            .field("start", start)
            .field("end", end)
            .field("tolerance", tolerance)
            .finish()
    }
}

impl<By> Timeseries<By> {
    /// Clips along the first of the dimensions that a value has.
    ///
    /// # Errors
    ///
    /// A text names no time, or the end is before the beginning.
    pub fn new(
        dims: &'static [&'static str],
        start: &(impl AsTime + ?Sized),
        end: &(impl AsTime + ?Sized),
        tolerance_days: Option<u32>,
    ) -> Result<Self> {
        let start = start.as_time()?.map(|period| period.first);
        let end = end.as_time()?.map(|period| period.last);
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            return Err(Error::other(format!(
                "the time series ends at {end}, before it begins at {start}"
            )));
        }
        let tolerance = TimeDelta::days(tolerance_days.unwrap_or(TOLERANCE).into());
        Ok(Self { dims, start, end, tolerance, by: PhantomData })
    }

    /// What is missing at the beginning: asked for before what there is, and before what was asked
    /// for when it was computed, where that is known.
    fn before(&self, recalled: &Recalled<'_>) -> Option<Lack> {
        let asked = self.start?;
        let there = moment(self.of_dims(recalled.time_extent)?.start.as_deref())?;
        let computed = recalled.asked_range.map(|range| moment(range.start.as_deref()));
        let computed = computed.is_some_and(|start| start.is_none_or(|start| start <= asked));
        (asked < there && !computed).then(|| Lack {
            why: format!("it begins at {there}, and {asked} is asked for"),
            tolerated: self.tolerates(asked, there),
        })
    }

    /// The same at the end.
    fn after(&self, recalled: &Recalled<'_>) -> Option<Lack> {
        let asked = self.end?;
        let there = moment(self.of_dims(recalled.time_extent)?.end.as_deref())?;
        let computed = recalled.asked_range.map(|range| moment(range.end.as_deref()));
        let computed = computed.is_some_and(|end| end.is_none_or(|end| asked <= end));
        (there < asked && !computed).then(|| Lack {
            why: format!("it ends at {there}, and {asked} is asked for"),
            tolerated: self.tolerates(there, asked),
        })
    }

    /// An extent of another dimension says nothing.
    fn of_dims<'a>(&self, extent: Option<&'a Extent>) -> Option<&'a Extent> {
        extent.filter(|extent| self.dims.contains(&extent.dim.as_str()))
    }

    fn tolerates(&self, from: Civil, to: Civil) -> bool {
        days(from).zip(days(to)).is_some_and(|(from, to)| to - from <= self.tolerance)
    }
}

/// A moment of a manifest; `None` for an open end.
fn moment(text: Option<&str>) -> Option<Civil> {
    text?.parse::<Period>().ok().map(|period| period.first)
}

/// A moment on the Gregorian line, near enough to tell years from days in every calendar.
fn days(civil: Civil) -> Option<NaiveDateTime> {
    let day = |day: u32| NaiveDate::from_ymd_opt(civil.year, civil.month.into(), day);
    let date = (0..4).find_map(|less| day(u32::from(civil.day).checked_sub(less)?))?;
    Some(date.and_hms_opt(0, 0, 0)? + TimeDelta::nanoseconds(i64::try_from(civil.nanosecond).ok()?))
}

impl<T: TimeAxis<By> + 'static, By> Processor<T> for Timeseries<By> {
    fn name(&self) -> &str {
        "timeseries"
    }

    /// The bounds are arguments of the call, and in its key as such.
    fn options(&self) -> String {
        self.dims.join(",")
    }

    fn process(&self, value: T) -> Result<T> {
        value.clip_time(self.dims, self.start, self.end)
    }

    fn asked_range(&self) -> Option<Extent> {
        let dim = (*self.dims.first()?).to_owned();
        let text = |end: Option<Civil>| end.map(|civil| civil.to_string());
        Some(Extent { dim, start: text(self.start), end: text(self.end) })
    }

    fn reads_within(&self) -> Option<TimeRange> {
        let bounded = self.start.is_some() || self.end.is_some();
        bounded.then(|| TimeRange::new(self.dims, self.start, self.end))
    }

    fn time_extent(&self, value: &T) -> Option<Extent> {
        // What has no such dimension is told when it is clipped.
        value.time_extent(self.dims).ok().flatten()
    }

    fn check(&self, recalled: &Recalled<'_>) -> Result<(), Lack> {
        let lacks = [self.before(recalled), self.after(recalled)];
        let lack = lacks.into_iter().flatten().min_by_key(|lack| lack.tolerated);
        lack.map_or(Ok(()), |Lack { why, tolerated }| {
            let why = format!("{why}; `recompute(true)`, in a mode that overwrites, has the rest");
            Err(Lack { why, tolerated })
        })
    }
}
