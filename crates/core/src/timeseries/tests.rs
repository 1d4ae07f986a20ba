use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};

use super::AsTime;

fn shown(time: &impl AsTime) -> String {
    match time.as_time() {
        Ok(Some(period)) => format!("{} {}", period.first, period.last),
        Ok(None) => "open".to_owned(),
        Err(error) => error.to_string(),
    }
}

const DAY: &str = "2008-02-29T00:00:00 2008-02-29T23:59:59.999999999";
const MOMENT: &str = "2008-02-29T12:30:15.25 2008-02-29T12:30:15.25";

#[test]
fn text_and_options_name_times() {
    assert_eq!(shown(&"2008-02-29"), DAY);
    assert_eq!(shown(&Some("2008-02-29".to_owned())), DAY);
    assert_eq!(shown(&&Some(&"2008-02-29")), DAY);
    assert_eq!(shown(&None::<String>), "open");
    assert!(shown(&Some("soon")).contains("soon"));
}

#[test]
fn a_date_of_chrono_is_its_day_and_a_time_its_moment_in_utc() {
    let date = NaiveDate::from_ymd_opt(2008, 2, 29).unwrap();
    let time = date.and_hms_milli_opt(12, 30, 15, 250).unwrap();
    assert_eq!(shown(&date), DAY);
    assert_eq!(shown(&time), MOMENT);
    assert_eq!(shown(&Utc.from_utc_datetime(&time)), MOMENT);
    let east = DateTime::parse_from_rfc3339("2008-02-29T14:30:15.250+02:00").unwrap();
    assert_eq!(shown(&east), MOMENT);
    for year in [-44, 12_000] {
        let date = NaiveDate::from_ymd_opt(year, 2, 28).unwrap();
        assert!(shown(&date).contains(&format!("{year:+05}-02-28")), "{}", shown(&date));
    }
}

#[cfg(feature = "jiff")]
#[test]
fn a_date_of_jiff_is_its_day_and_a_time_its_moment_in_utc() {
    let date = jiff::civil::date(2008, 2, 29);
    let time = date.at(12, 30, 15, 250_000_000);
    assert_eq!(shown(&date), DAY);
    assert_eq!(shown(&time), MOMENT);
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    assert_eq!(shown(&zoned.timestamp()), MOMENT);
    assert_eq!(shown(&zoned), MOMENT);
    let east = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    let zoned = date.at(14, 30, 15, 250_000_000).to_zoned(east).unwrap();
    assert_eq!(shown(&zoned), MOMENT);
    let early = jiff::civil::date(-44, 3, 15);
    assert!(shown(&early).starts_with("-0044-03-15T00:00:00"), "{}", shown(&early));
    assert!(shown(&early.at(12, 0, 0, 0)).starts_with("-0044-03-15T12"));
}
