//! Dates and times of day that belong to no calendar library: what labels and ranges of time are
//! written as.

use std::fmt;
use std::str::FromStr;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

/// A date and a time of day, in some calendar.
///
/// The fields are valid in *some* calendar: the 30th of February is one, for the calendar of 360
/// days has it. Two are compared field by field, which is their order in every calendar.
///
/// ```
/// use nuthatch_core::civil::Civil;
///
/// let leap = Civil::date(2008, 2, 29);
/// assert!(leap < Civil::date(2008, 3, 1));
/// assert_eq!(leap.to_string(), "2008-02-29T00:00:00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Civil {
    /// The year; 0 is the one before 1.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Nanoseconds since midnight, below 86,400 · 10⁹.
    pub nanosecond: u64,
}

impl Civil {
    /// Midnight at the beginning of a day.
    #[must_use]
    pub const fn date(year: i32, month: u8, day: u8) -> Self {
        Self { year, month, day, nanosecond: 0 }
    }
}

impl fmt::Display for Civil {
    /// ISO 8601, with as many digits of the second as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.nanosecond / SECOND;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match self.year {
            0..=9999 => write!(f, "{:04}", self.year)?,
            year => write!(f, "{year:+05}")?,
        }
        write!(f, "-{:02}-{:02}", self.month, self.day)?;
        write!(f, "T{hour:02}:{minute:02}:{second:02}")?;
        let fraction = self.nanosecond % SECOND;
        if fraction == 0 {
            return Ok(());
        }
        let digits = format!("{fraction:09}");
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

/// A stretch of time that a text names: a year, a month, a day, a minute, an instant. Both ends
/// belong to it.
///
/// ```
/// use nuthatch_core::civil::{Civil, Period};
///
/// let february: Period = "2008-02".parse()?;
/// assert_eq!(february.first, Civil::date(2008, 2, 1));
/// assert_eq!(february.last.to_string(), "2008-02-31T23:59:59.999999999");
/// # Ok::<(), nuthatch_core::civil::NoPeriod>(())
/// ```
///
/// A month ends with its day 31 in every calendar: the last that it has is before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// The first nanosecond.
    pub first: Civil,
    /// The last nanosecond.
    pub last: Civil,
}

impl Period {
    /// One instant.
    #[must_use]
    pub const fn instant(civil: Civil) -> Self {
        Self { first: civil, last: civil }
    }

    /// Whether the moment lies within, ends included.
    #[must_use]
    pub fn contains(&self, civil: Civil) -> bool {
        self.first <= civil && civil <= self.last
    }
}

/// The text names no date or time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no date or time: write a year (2008), a month (2008-02), a day (2008-02-29) or a \
     time (2008-02-29T12:30, seconds, a fraction and a zone may follow)"
)]
pub struct NoPeriod {
    text: String,
}

impl FromStr for Period {
    type Err = NoPeriod;

    /// Reads `2008`, `2008-02`, `2008-02-29`, and with `T` or a space the hour, minute, second and
    /// fraction, and then a zone (`Z`, `+01:00`), by which the time is turned into UTC.
    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        parse(text.trim()).ok_or_else(|| NoPeriod { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Period> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, Some(text.get(at + 1..)?)),
        None => (text, None),
    };
    let negative = date.starts_with('-');
    let digits = date.strip_prefix(['-', '+']);
    // Without a sign `20080229` would be a year.
    let most = if digits.is_some() { 6 } else { 4 };
    let mut parts = digits.unwrap_or(date).split('-');
    let year = parts.next().filter(|year| (4..=most).contains(&year.len()))?;
    let year = i32::try_from(number(year)?).ok()?;
    let year = if negative { -year } else { year };
    let month = optional(parts.next(), 1, 12)?;
    let day = optional(parts.next(), 1, 31)?;
    if parts.next().is_some() {
        return None;
    }
    let first = Civil::date(year, month.unwrap_or(1), day.unwrap_or(1));
    match (time, day) {
        (None, _) => {
            let (month, day) = (month.unwrap_or(12), day.unwrap_or(31));
            Some(Period { first, last: Civil { year, month, day, nanosecond: DAY - 1 } })
        }
        (Some(time), Some(_)) => of_day(first, time),
        (Some(_), None) => None,
    }
}

/// A time of the day `date`.
fn of_day(date: Civil, time: &str) -> Option<Period> {
    let (time, minutes_east) = zone(time.trim())?;
    let mut parts = time.split(':');
    let hour = u64::from(field(parts.next()?, 0, 24)?);
    let minute = optional(parts.next(), 0, 59)?;
    let second = parts.next();
    if parts.next().is_some() || (minute.is_none() && minutes_east.is_some()) {
        return None;
    }
    let (second, fraction, precision) = match second {
        None if minute.is_none() => (0, 0, 3600 * SECOND),
        None => (0, 0, 60 * SECOND),
        Some(second) => seconds(second)?,
    };
    let nanosecond =
        (hour * 3600 + u64::from(minute.unwrap_or(0)) * 60 + second) * SECOND + fraction;
    // 24:00 is the next midnight, and nothing is after it.
    if hour == 24 && nanosecond != 24 * 3600 * SECOND {
        return None;
    }
    let east = i64::from(minutes_east.unwrap_or(0)) * 60;
    let first = shifted(date, nanosecond, east)?;
    let last = shifted(date, nanosecond + precision - 1, east)?;
    Some(Period { first, last })
}

/// The second, its fraction in nanoseconds, and how long what was written lasts.
fn seconds(text: &str) -> Option<(u64, u64, u64)> {
    let Some((whole, fraction)) = text.split_once(['.', ',']) else {
        return Some((u64::from(field(text, 0, 59)?), 0, SECOND));
    };
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let precision = 10_u64.pow(9 - u32::try_from(fraction.len()).ok()?);
    Some((u64::from(field(whole, 0, 59)?), number(fraction)? * precision, precision))
}

/// Takes a zone off the end, and gives it in minutes east of Greenwich.
fn zone(time: &str) -> Option<(&str, Option<i32>)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, Some(0)));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, None)) };
    let (time, offset) = time.split_at_checked(at)?;
    let (hours, minutes) = match offset.get(1..)? {
        written if written.contains(':') => written.split_once(':')?,
        written if written.len() == 4 => written.split_at_checked(2)?,
        written => (written, "0"),
    };
    let minutes = i32::from(field(hours, 0, 23)?) * 60 + i32::from(field(minutes, 0, 59)?);
    Some((time, Some(if offset.starts_with('-') { -minutes } else { minutes })))
}

/// A time of a day, moved west by `seconds_east`. Only zones and 24:00 leave the day, and they
/// belong to the Gregorian calendar.
fn shifted(date: Civil, nanosecond: u64, seconds_east: i64) -> Option<Civil> {
    if seconds_east == 0 && nanosecond < DAY {
        return Some(Civil { nanosecond, ..date });
    }
    let day = chrono::NaiveDate::from_ymd_opt(date.year, date.month.into(), date.day.into())?;
    let midnight = day.and_hms_opt(0, 0, 0)?;
    let by = chrono::TimeDelta::nanoseconds(i64::try_from(nanosecond).ok()?)
        - chrono::TimeDelta::seconds(seconds_east);
    Some(midnight.checked_add_signed(by)?.into())
}

impl From<chrono::NaiveDateTime> for Civil {
    fn from(time: chrono::NaiveDateTime) -> Self {
        use chrono::{Datelike as _, Timelike as _};
        let seconds = u64::from(time.num_seconds_from_midnight());
        // A leap second is told as nanoseconds beyond the last second: it stays within the day.
        let nanosecond = (seconds * SECOND + u64::from(time.nanosecond())).min(DAY - 1);
        // Months and days of chrono are below 32.
        let small = |field: u32| u8::try_from(field).unwrap_or(u8::MAX);
        Self { year: time.year(), month: small(time.month()), day: small(time.day()), nanosecond }
    }
}

/// A field that may be left out, and is none where it is there and wrong.
fn optional(part: Option<&str>, least: u8, most: u8) -> Option<Option<u8>> {
    part.map_or(Some(None), |part| field(part, least, most).map(Some))
}

fn field(text: &str, least: u8, most: u8) -> Option<u8> {
    let value = number(text).filter(|_| text.len() == 2)?;
    u8::try_from(value).ok().filter(|value| (least..=most).contains(value))
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String) {
        let period: Period = text.parse().unwrap_or_else(|error| panic!("{error}"));
        (period.first.to_string(), period.last.to_string())
    }

    #[test]
    fn a_text_is_the_whole_of_what_it_names() {
        let expected = [
            ("2008", "2008-01-01T00:00:00", "2008-12-31T23:59:59.999999999"),
            ("-0044-03", "-0044-03-01T00:00:00", "-0044-03-31T23:59:59.999999999"),
            ("+12000-06", "+12000-06-01T00:00:00", "+12000-06-31T23:59:59.999999999"),
            ("2008-02-30", "2008-02-30T00:00:00", "2008-02-30T23:59:59.999999999"),
            ("2008-02-29T12", "2008-02-29T12:00:00", "2008-02-29T12:59:59.999999999"),
            ("2008-02-29 12:30", "2008-02-29T12:30:00", "2008-02-29T12:30:59.999999999"),
            ("2008-02-29T12:30:15", "2008-02-29T12:30:15", "2008-02-29T12:30:15.999999999"),
            ("2008-02-29T12:30:15.25", "2008-02-29T12:30:15.25", "2008-02-29T12:30:15.259999999"),
            ("2008-02-29T23:30:15Z", "2008-02-29T23:30:15", "2008-02-29T23:30:15.999999999"),
            ("2008-02-29T23:30-01:00", "2008-03-01T00:30:00", "2008-03-01T00:30:59.999999999"),
            ("2008-03-01T00:30+0100", "2008-02-29T23:30:00", "2008-02-29T23:30:59.999999999"),
            ("2008-12-31T24:00", "2009-01-01T00:00:00", "2009-01-01T00:00:59.999999999"),
        ];
        for (text, first, last) in expected {
            assert_eq!(read(text), (first.to_owned(), last.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_moment_is_read_as_it_is_written() {
        let ends = ["-0044", "0850-02", "2008", "+12000-06-30T12:30:15.25"];
        for period in ends.map(|text| text.parse::<Period>().unwrap()) {
            for moment in [period.first, period.last] {
                let read: Period = moment.to_string().parse().unwrap();
                assert_eq!(read.first, moment);
            }
        }
    }

    #[test]
    fn what_names_no_time_is_refused_and_told() {
        let texts = [
            "",
            "8",
            "208",
            "2008-13",
            "2008-00",
            "2008-1",
            "2008-02-32",
            "2008-02-01-03",
            "soon",
            "2008-02T12",
            "2008-02-29T25",
            "2008-02-29T12:60",
            "2008-02-29T12:30:60",
            "2008-02-29T12:30:15.",
            "2008-02-29T12:30:15.1234567890",
            "2008-02-29T24:01",
            "2008-02-29T12:30+25:00",
            "٢٠٠٨",
            "99999999999",
            "2008-02-30T23:00-02:00",
            "T",
            "2008-é",
            "20080229",
            "12000-06",
            "+1234567",
        ];
        for text in texts {
            let error = text.parse::<Period>().expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
