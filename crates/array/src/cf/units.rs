//! `units` of times: `hours since 2006-04-16 00:00:00`.

use nuthatch_core::civil::Civil;

use crate::calendar::Calendar;

/// A unit of time, and the moment that it counts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Since {
    /// How many nanoseconds the unit has.
    pub(super) unit: i64,
    /// The reference, in nanoseconds since 1970-01-01 of the calendar.
    pub(super) reference: i128,
}

impl Since {
    /// Reads the attribute, where it names a unit of fixed length and a date of the calendar.
    pub(super) fn parse(units: &str, calendar: Calendar) -> Option<Self> {
        let (unit, reference) = units.split_once(" since ")?;
        let unit = unit_of(unit).or_else(|| month_of(unit, calendar))?;
        Some(Self { unit, reference: moment(reference.trim(), calendar)? })
    }
}

const UNITS: [(&str, i64, &[&str]); 8] = [
    ("weeks", 604_800_000_000_000, &["week"]),
    ("days", 86_400_000_000_000, &["day", "d"]),
    ("hours", 3_600_000_000_000, &["hour", "hr", "hrs", "h"]),
    ("minutes", 60_000_000_000, &["minute", "min", "mins"]),
    ("seconds", 1_000_000_000, &["second", "sec", "secs", "s"]),
    ("milliseconds", 1_000_000, &["millisecond", "millisec", "millisecs", "msec", "msecs", "ms"]),
    ("microseconds", 1_000, &["microsecond", "microsec", "microsecs", "us"]),
    ("nanoseconds", 1, &["nanosecond", "nanosec", "nanosecs", "ns"]),
];

/// The nanoseconds of a unit; months and years have no fixed length.
pub(super) fn unit_of(name: &str) -> Option<i64> {
    let name = name.trim().to_ascii_lowercase();
    let unit = UNITS.iter().find(|(long, _, short)| *long == name || short.contains(&&*name))?;
    Some(unit.1)
}

/// A month, in the one calendar in which all are of one length.
fn month_of(name: &str, calendar: Calendar) -> Option<i64> {
    let is_month = matches!(name.trim().to_ascii_lowercase().as_str(), "month" | "months");
    (is_month && calendar == Calendar::Day360).then_some(30 * 86_400_000_000_000)
}

/// The longest unit, weeks apart, that divides all of these spans in nanoseconds.
pub(super) fn longest(spans: impl Iterator<Item = i128> + Clone) -> (&'static str, i64) {
    let divides = |unit: i64| spans.clone().all(|span| span % i128::from(unit) == 0);
    let found = UNITS.iter().skip(1).find(|(_, unit, _)| divides(*unit));
    found.map_or(("nanoseconds", 1), |(name, unit, _)| (name, *unit))
}

/// A date as CF has it: fields may be short, the time and the zone are optional.
fn moment(text: &str, calendar: Calendar) -> Option<i128> {
    let (date, rest) = match text.find(['T', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.trim()),
        None => (text, ""),
    };
    let negative = date.starts_with('-');
    let mut fields = date.trim_start_matches(['-', '+']).split('-').map(str::parse::<i32>);
    let year = fields.next()?.ok()?;
    let mut small = || match fields.next() {
        Some(field) => u8::try_from(field.ok()?).ok(),
        None => Some(1),
    };
    let (month, day) = (small()?, small()?);
    let year = if negative { -year } else { year };
    let (time, east) = zone(rest)?;
    let mut fields = time.split(':').filter(|field| !field.is_empty()).map(str::parse::<f64>);
    let mut field = || fields.next().unwrap_or(Ok(0.0)).ok().filter(|x| (0.0..100.0).contains(x));
    let (hours, minutes, seconds) = (field()?, field()?, field()?);
    let midnight = calendar.nanoseconds(Civil::date(year, month, day))?;
    // Below 100 hours, with nine digits of the second: exact in a float.
    let nanoseconds = ((hours * 60.0 + minutes) * 60.0 * 1e9 + (seconds * 1e9).round()) as i128;
    Some(midnight + nanoseconds - i128::from(east) * 60_000_000_000)
}

/// Takes a zone off the end, and gives it in minutes east of Greenwich.
fn zone(time: &str) -> Option<(&str, i32)> {
    let time = time.trim_end_matches("UTC").trim_end_matches(['Z', 'z']).trim_end();
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at_checked(at)?;
    let digits = offset.get(1..)?;
    // `2:30`, `0230` or `2`.
    let (hours, minutes) = match digits.split_once(':') {
        Some(fields) => fields,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let minutes = hours.trim().parse::<i32>().ok()? * 60 + minutes.trim().parse::<i32>().ok()?;
    Some((time.trim_end(), if offset.starts_with('-') { -minutes } else { minutes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_as_they_are_found_in_files_are_read() {
        let hour = 3_600_000_000_000_i128;
        let cases = [
            ("hours since 1970-01-01", 3_600_000_000_000, 0),
            ("Hours since 1970-1-1 0:0:0", 3_600_000_000_000, 0),
            ("days since 1970-01-02T01:00:00Z", 86_400_000_000_000, 25 * hour),
            ("seconds since 1970-01-01 01:00:00 +1:00", 1_000_000_000, 0),
            ("seconds since 1970-01-01 02:30:00 +0230", 1_000_000_000, 0),
            ("ms since 1970-01-01 00:00:00.0 UTC", 1_000_000, 0),
            ("minutes since 1970-01-01 00:00:01.5", 60_000_000_000, 1_500_000_000),
        ];
        for (text, unit, reference) in cases {
            let since = Since::parse(text, Calendar::ProlepticGregorian);
            assert_eq!(since, Some(Since { unit, reference }), "{text}");
        }
    }

    #[test]
    fn what_has_no_fixed_length_or_no_date_is_not_read() {
        for text in [
            "months since 1970-01-01",
            "K",
            "days since",
            "days since soon",
            "days since 2000-02-30",
        ] {
            assert_eq!(Since::parse(text, Calendar::ProlepticGregorian), None, "{text}");
        }
        assert!(Since::parse("days since 2000-02-30", Calendar::Day360).is_some());
        assert!(Since::parse("months since 2000-01-01", Calendar::Day360).is_some());
    }

    #[test]
    fn the_longest_unit_that_divides_is_taken() {
        let hour = 3_600_000_000_000_i128;
        assert_eq!(longest([24 * hour, 48 * hour].into_iter()).0, "days");
        assert_eq!(longest([24 * hour, 25 * hour].into_iter()).0, "hours");
        assert_eq!(longest([1, 1000].into_iter()).0, "nanoseconds");
    }
}
