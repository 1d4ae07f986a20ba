//! `#[timeseries]`: values along time, stored whole and returned clipped.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};

use crate::civil::{Civil, Period};
use crate::entry::Extent;
use crate::error::{Error, Result};
use crate::processor::{Processor, Recalled};
use crate::time::TimeAxis;

/// How far a recalled entry may be from what is asked for without a word, in days.
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
    use super::{AsTime, Period, Result};

    impl AsTime for jiff::civil::Date {
        fn as_time(&self) -> Result<Option<Period>> {
            self.to_string().as_time()
        }
    }

    impl AsTime for jiff::civil::DateTime {
        fn as_time(&self) -> Result<Option<Period>> {
            let text = self.strftime("%Y-%m-%dT%H:%M:%S%.9f").to_string();
            Ok(text.as_str().as_time()?.map(|period| Period::instant(period.first)))
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

    /// How far what is asked for lies beyond what an extent has.
    fn beyond(&self, known: &Extent) -> Option<String> {
        let at = |text: &Option<String>| text.as_ref()?.parse::<Period>().ok();
        let far = |from: Civil, to: Civil| {
            days(from).zip(days(to)).is_some_and(|(a, b)| b - a > self.tolerance)
        };
        if let (Some(asked), Some(first)) = (self.start, at(&known.start))
            && far(asked, first.first)
        {
            return Some(format!("it begins at {}, and {asked} is asked for", first.first));
        }
        if let (Some(asked), Some(last)) = (self.end, at(&known.end))
            && far(last.last, asked)
        {
            return Some(format!("it ends at {}, and {asked} is asked for", last.last));
        }
        None
    }
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

    fn check(&self, recalled: &Recalled<'_>) -> Result<(), String> {
        // What was asked for when it was computed may well have had no data.
        let unasked = recalled.asked_range.is_none_or(|range| self.beyond(range).is_some());
        match recalled.time_extent.and_then(|extent| self.beyond(extent)) {
            Some(why) if unasked => Err(format!("{why}; recompute it to have the rest")),
            _ => Ok(()),
        }
    }
}
