//! `chrono` and `uuid`.

use chrono::{
    DateTime, FixedOffset, Month, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday,
};
use uuid::Uuid;

use super::super::{CacheKey, KeyEncoder, KeyError};
use super::{both, key};

fn noon() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 2, 29).unwrap().and_hms_milli_opt(12, 0, 0, 250).unwrap()
}

#[test]
fn times_are_their_text() {
    assert_eq!(both(noon().date()), key("2024-02-29"));
    assert_eq!(both(noon().time()), key("12:00:00.250"));
    assert_eq!(both(noon()), key("2024-02-29T12:00:00.250"));
    assert_eq!(both(noon().and_utc()), key("2024-02-29T12:00:00.250Z"));
    assert_eq!(both(Weekday::Mon), key("Mon"));
    assert_eq!(both(Month::May), key("May"));
}

#[test]
fn years_beyond_four_digits_keep_their_sign() {
    for year in [-1, 0, 9_999, 10_000, 262_142] {
        both(NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
        both(NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc());
    }
}

#[test]
fn one_instant_in_two_zones_is_two_values() {
    let rome = FixedOffset::east_opt(3600).unwrap();
    let instant = noon().and_utc();
    assert_eq!(instant, instant.with_timezone(&rome));
    assert_ne!(both(instant), both(instant.with_timezone(&rome)));
    let utc = FixedOffset::east_opt(0).unwrap();
    assert_eq!(both(instant), both(instant.with_timezone(&utc)));
}

#[test]
fn offsets_with_seconds_are_not_rounded() {
    let at = |seconds| {
        let zone = FixedOffset::east_opt(seconds).unwrap();
        key(zone.from_local_datetime(&noon()).unwrap())
    };
    assert_ne!(at(1172), at(1170));
    assert_eq!(at(1172), key("2024-02-29T12:00:00.250+00:19:32"));
    assert_eq!(at(1140), key("2024-02-29T12:00:00.250+00:19"));
}

#[test]
fn a_local_time_out_of_range_is_refused() {
    let east = FixedOffset::east_opt(3600).unwrap();
    let last = DateTime::<Utc>::MAX_UTC.with_timezone(&east);
    let refused = last.encode_key(&mut KeyEncoder::new());
    assert!(matches!(refused, Err(KeyError::Refused(_))));
}

#[test]
fn differences_of_time_are_exact() {
    for nanos in [0, 1, -1, 1_500_000_000, -1_500_000_000, -1_000_000_000, i64::MIN] {
        both(TimeDelta::nanoseconds(nanos));
    }
    both(TimeDelta::MIN);
    both(TimeDelta::MAX);
}

#[test]
fn ids_are_their_text() {
    let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    assert_eq!(both(id), key("01234567-89ab-cdef-0123-456789abcdef"));
}
