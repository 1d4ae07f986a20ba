//! Days and moments as databases count and write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::dialect::Dialect;

/// Nanoseconds of a day.
pub(crate) const DAY_NANOS: i64 = 86_400_000_000_000;
const DAY_MICROS: i64 = DAY_NANOS / 1000;

/// From 1970-01-01, which Arrow counts from, to 2000-01-01, which PostgreSQL counts from.
#[cfg(feature = "postgres")]
pub(crate) const POSTGRES_DAYS: i32 = 10_957;
#[cfg(feature = "postgres")]
pub(crate) const POSTGRES_MICROS: i64 = POSTGRES_DAYS as i64 * DAY_MICROS;

/// The days since 1970-01-01 that a `date` holds.
pub(crate) fn days(dialect: Dialect) -> (i64, i64) {
    match dialect {
        // 4714-11-24 BC and 5874897-12-31, which is all that Arrow counts and more.
        Dialect::Postgres => (-2_440_588, 2_145_042_905),
        // 1000-01-01 to 9999-12-31.
        Dialect::MySql => (-354_285, 2_932_896),
        // 0000-01-01 to 9999-12-31, as text.
        Dialect::Sqlite => (-719_528, 2_932_896),
    }
}

/// The microseconds since 1970 that a timestamp holds.
pub(crate) fn micros(dialect: Dialect) -> (i64, i64) {
    let (first, last) = match dialect {
        // To 294276-12-31.
        Dialect::Postgres => (-2_440_588, 106_741_034),
        _ => days(dialect),
    };
    (first * DAY_MICROS, last * DAY_MICROS + DAY_MICROS - 1)
}

/// The day of that number.
pub(crate) fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(days)
}

/// The number of that day.
pub(crate) fn day(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// The time of day, to the microsecond or to the nanosecond.
pub(crate) fn time(nanos: i64) -> Option<NaiveTime> {
    let seconds = u32::try_from(nanos / 1_000_000_000).ok()?;
    NaiveTime::from_num_seconds_from_midnight_opt(
        seconds,
        u32::try_from(nanos % 1_000_000_000).ok()?,
    )
}

/// The nanoseconds of the day.
pub(crate) fn time_nanos(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000_000 + i64::from(time.nanosecond())
}

/// The moment of a count of microseconds or nanoseconds.
pub(crate) fn moment(count: i64, nanos: bool) -> Option<NaiveDateTime> {
    match nanos {
        true => Some(DateTime::from_timestamp_nanos(count).naive_utc()),
        false => DateTime::from_timestamp_micros(count).map(|moment| moment.naive_utc()),
    }
}

/// The count of a moment.
pub(crate) fn count(moment: NaiveDateTime, nanos: bool) -> Option<i64> {
    match nanos {
        true => moment.and_utc().timestamp_nanos_opt(),
        false => Some(moment.and_utc().timestamp_micros()),
    }
}

/// As SQLite's own functions write and read them.
#[cfg(feature = "sqlite")]
pub(crate) mod text {
    use super::{NaiveDate, NaiveDateTime, NaiveTime};

    const DATE: &str = "%Y-%m-%d";
    const TIME: &str = "%H:%M:%S%.f";
    const MOMENT: &str = "%Y-%m-%d %H:%M:%S%.f";
    const UTC: &str = "+00:00";

    pub(crate) fn date(date: NaiveDate) -> String {
        date.format(DATE).to_string()
    }

    pub(crate) fn time(time: NaiveTime) -> String {
        time.format(TIME).to_string()
    }

    pub(crate) fn moment(moment: NaiveDateTime, zoned: bool) -> String {
        format!("{}{}", moment.format(MOMENT), if zoned { UTC } else { "" })
    }

    pub(crate) fn read_date(text: &str) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(text, DATE).ok()
    }

    pub(crate) fn read_time(text: &str) -> Option<NaiveTime> {
        NaiveTime::parse_from_str(text, TIME).ok()
    }

    pub(crate) fn read_moment(text: &str, zoned: bool) -> Option<NaiveDateTime> {
        let text = if zoned { text.strip_suffix(UTC)? } else { text };
        NaiveDateTime::parse_from_str(text, MOMENT).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_every_range_are_the_days_that_they_are_said_to_be() {
        let shown = |days: i64| date(i32::try_from(days).unwrap()).unwrap().to_string();
        assert_eq!(days(Dialect::MySql).0, -354_285);
        assert_eq!(shown(days(Dialect::MySql).0), "1000-01-01");
        assert_eq!(shown(days(Dialect::MySql).1), "9999-12-31");
        assert_eq!(shown(days(Dialect::Sqlite).0), "0000-01-01");
        // Year -4713 of astronomers is 4714 BC.
        assert_eq!(shown(days(Dialect::Postgres).0), "-4713-11-24");
        let (_, last) = micros(Dialect::Sqlite);
        assert_eq!(moment(last, false).unwrap().to_string(), "9999-12-31 23:59:59.999999");
    }

    #[test]
    fn counts_and_moments_are_one() {
        for count_ in [0, -1, 1, 1_700_000_000_123_456, -62_135_596_800_000_000] {
            assert_eq!(count(moment(count_, false).unwrap(), false), Some(count_));
        }
        for count_ in [0, -1, i64::MAX, i64::MIN + 1_000_000_000] {
            assert_eq!(count(moment(count_, true).unwrap(), true), Some(count_));
        }
        assert_eq!(time_nanos(time(DAY_NANOS - 1).unwrap()), DAY_NANOS - 1);
        assert_eq!(time(DAY_NANOS), None);
        assert_eq!(time(-1), None);
    }
}
