//! The calendars of the CF conventions: days counted, and counts turned into dates.
//!
//! Source: CF Conventions 1.11, section 4.4.1.

use std::fmt;

use nuthatch_core::civil::Civil;

use crate::dtype::TimeUnit;

/// "Not a time", as numpy writes it.
pub const NAT: i64 = i64::MIN;

/// Which days there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// The Gregorian calendar since 1582-10-15, the Julian one before (`standard`, `gregorian`).
    Standard,
    /// The Gregorian calendar, at all times; that of numpy's `datetime64`.
    ProlepticGregorian,
    /// The Gregorian calendar without leap days (`noleap`, `365_day`).
    NoLeap,
    /// A leap day in every year (`all_leap`, `366_day`).
    AllLeap,
    /// Twelve months of thirty days (`360_day`).
    Day360,
    /// The Julian calendar.
    Julian,
}

/// The days of the Julian calendar are counted from its own 1970-01-01, which is 13 days later.
const JULIAN_BEHIND: i64 = 13;

/// 1582-10-15, the first Gregorian day, in days since 1970-01-01.
const REFORM: i64 = -141_427;

impl Calendar {
    /// The calendar of a CF attribute.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "standard" | "gregorian" => Self::Standard,
            "proleptic_gregorian" => Self::ProlepticGregorian,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            "360_day" => Self::Day360,
            "julian" => Self::Julian,
            _ => return None,
        })
    }

    /// The name of the calendar in a CF attribute.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::ProlepticGregorian => "proleptic_gregorian",
            Self::NoLeap => "noleap",
            Self::AllLeap => "all_leap",
            Self::Day360 => "360_day",
            Self::Julian => "julian",
        }
    }

    /// The days since 1970-01-01 of this calendar, where it has the date.
    #[must_use]
    pub fn days(self, year: i32, month: u8, day: u8) -> Option<i64> {
        if !(1..=12).contains(&month) || day == 0 || day > self.month_length(year, month) {
            return None;
        }
        let (y, m, d) = (i64::from(year), i64::from(month), i64::from(day));
        Some(match self {
            Self::Day360 => (y - 1970) * 360 + (m - 1) * 30 + d - 1,
            Self::NoLeap => (y - 1970) * 365 + days_before(m, false) + d - 1,
            Self::AllLeap => (y - 1970) * 366 + days_before(m, true) + d - 1,
            Self::ProlepticGregorian => gregorian(y, m, d),
            Self::Julian => julian(y, m, d) - JULIAN_BEHIND,
            Self::Standard => {
                let days = gregorian(y, m, d);
                if days >= REFORM {
                    days
                } else {
                    let days = julian(y, m, d);
                    // The ten days that the reform left out.
                    return (days < REFORM).then_some(days);
                }
            }
        })
    }

    /// The date of a count of days since 1970-01-01; `None` beyond the years of an `i32`.
    #[must_use]
    pub fn date(self, days: i64) -> Option<(i32, u8, u8)> {
        let (year, month, day) = match self {
            Self::Day360 => {
                let rest = days.rem_euclid(360);
                (1970 + days.div_euclid(360), rest / 30 + 1, rest % 30 + 1)
            }
            Self::NoLeap => of_year(1970 + days.div_euclid(365), days.rem_euclid(365), false),
            Self::AllLeap => of_year(1970 + days.div_euclid(366), days.rem_euclid(366), true),
            Self::ProlepticGregorian => from_gregorian(days),
            Self::Julian => from_julian(days.checked_add(JULIAN_BEHIND)?),
            Self::Standard if days >= REFORM => from_gregorian(days),
            Self::Standard => from_julian(days),
        };
        let small = |field: i64| u8::try_from(field).ok();
        Some((i32::try_from(year).ok()?, small(month)?, small(day)?))
    }

    /// The point in time of a count of units since 1970-01-01; `None` for [`NAT`].
    #[must_use]
    pub fn civil(self, count: i64, unit: TimeUnit) -> Option<Civil> {
        if count == NAT {
            return None;
        }
        let per_day = 86_400 * unit.per_second();
        let (year, month, day) = self.date(count.div_euclid(per_day))?;
        let of_day = count.rem_euclid(per_day) * unit.nanoseconds();
        Some(Civil { year, month, day, nanosecond: u64::try_from(of_day).ok()? })
    }

    /// The count of nanoseconds since 1970-01-01, where the calendar has the date.
    #[must_use]
    pub fn nanoseconds(self, civil: Civil) -> Option<i128> {
        let days = self.days(civil.year, civil.month, civil.day)?;
        Some(i128::from(days) * 86_400_000_000_000 + i128::from(civil.nanosecond))
    }

    fn month_length(self, year: i32, month: u8) -> u8 {
        let y = i64::from(year);
        let leap = match self {
            Self::Day360 => return 30,
            Self::NoLeap => false,
            Self::AllLeap => true,
            Self::Julian => y.rem_euclid(4) == 0,
            Self::Standard if y < 1582 => y.rem_euclid(4) == 0,
            Self::Standard | Self::ProlepticGregorian => {
                y.rem_euclid(4) == 0 && (y.rem_euclid(100) != 0 || y.rem_euclid(400) == 0)
            }
        };
        match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// The days of a year before a month.
fn days_before(month: i64, leap: bool) -> i64 {
    let index = usize::try_from(month - 1).unwrap_or(0).min(11);
    BEFORE[index] + i64::from(leap && month > 2)
}

fn of_year(year: i64, day: i64, leap: bool) -> (i64, i64, i64) {
    let month = (1..=12).rev().find(|month| days_before(*month, leap) <= day).unwrap_or(1);
    (year, month, day - days_before(month, leap) + 1)
}

/// The year that begins in March, and the day in it: the leap day comes last, and months have
/// 30.6 days.
fn from_march(y: i64, m: i64, d: i64) -> (i64, i64) {
    let year = if m <= 2 { y - 1 } else { y };
    (year, (153 * ((m + 9) % 12) + 2) / 5 + d - 1)
}

fn to_january(year: i64, day: i64) -> (i64, i64, i64) {
    let month = (5 * day + 2) / 153;
    let d = day - (153 * month + 2) / 5 + 1;
    let m = if month < 10 { month + 3 } else { month - 9 };
    (if m <= 2 { year + 1 } else { year }, m, d)
}

fn gregorian(y: i64, m: i64, d: i64) -> i64 {
    let (year, day) = from_march(y, m, d);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719_468
}

fn from_gregorian(days: i64) -> (i64, i64, i64) {
    // Beyond all years of an i32 the date is refused later; nothing may overflow before.
    let days = days.clamp(-(1 << 50), 1 << 50) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day = of_era - (365 * year + year / 4 - year / 100);
    to_january(year + era * 400, day)
}

/// Days since the Gregorian 1970-01-01.
fn julian(y: i64, m: i64, d: i64) -> i64 {
    let (year, day) = from_march(y, m, d);
    year.div_euclid(4) * 1461 + year.rem_euclid(4) * 365 + day - 719_470
}

fn from_julian(days: i64) -> (i64, i64, i64) {
    let days = days.clamp(-(1 << 50), 1 << 50) + 719_470;
    let (era, of_era) = (days.div_euclid(1461), days.rem_euclid(1461));
    let year = (of_era - of_era / 1460) / 365;
    to_january(year + era * 4, of_era - 365 * year)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Calendar; 6] = [
        Calendar::Standard,
        Calendar::ProlepticGregorian,
        Calendar::NoLeap,
        Calendar::AllLeap,
        Calendar::Day360,
        Calendar::Julian,
    ];

    #[test]
    fn every_day_of_a_thousand_years_is_counted_and_found_again() {
        for calendar in ALL {
            for days in -600_000..60_000 {
                let (year, month, day) = calendar.date(days).expect("within an i32");
                assert_eq!(calendar.days(year, month, day), Some(days), "{calendar} {days}");
            }
        }
    }

    #[test]
    fn days_follow_each_other() {
        for calendar in ALL {
            let date = |days| calendar.date(days).expect("within an i32");
            assert!((-600_000..60_000).all(|days| date(days) < date(days + 1)), "{calendar}");
        }
    }

    /// Days since 1970-01-01 of cftime 1.6 (`date2num`).
    #[test]
    fn counts_are_those_of_cftime() {
        let expected = [
            (Calendar::Standard, (2000, 2, 29), 11_016),
            (Calendar::Standard, (1582, 10, 15), -141_427),
            (Calendar::Standard, (1582, 10, 4), -141_428),
            (Calendar::Standard, (1, 1, 1), -719_164),
            (Calendar::ProlepticGregorian, (1, 1, 1), -719_162),
            (Calendar::NoLeap, (2000, 3, 1), 11_009),
            (Calendar::AllLeap, (2001, 2, 29), 11_405),
            (Calendar::Day360, (2000, 2, 30), 10_859),
            (Calendar::Julian, (2000, 2, 29), 11_016),
        ];
        for (calendar, (year, month, day), days) in expected {
            assert_eq!(calendar.days(year, month, day), Some(days), "{calendar} {year}");
        }
    }

    #[test]
    fn what_a_calendar_does_not_have_is_none() {
        assert_eq!(Calendar::Standard.days(1582, 10, 10), None);
        assert_eq!(Calendar::NoLeap.days(2000, 2, 29), None);
        assert_eq!(Calendar::Day360.days(2000, 1, 31), None);
        assert_eq!(Calendar::Julian.days(2000, 0, 1), None);
        for calendar in ALL {
            assert_eq!(calendar.civil(NAT, TimeUnit::Second), None);
            assert_eq!(calendar.date(i64::MAX), None);
            assert_eq!(calendar.date(i64::MIN), None);
        }
    }
}
