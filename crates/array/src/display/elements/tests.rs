use super::*;

#[test]
fn floats_have_four_digits() {
    let shown = [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (123.45, "123.5"),
        (999.94, "999.9"),
        (999.95, "1e+03"),
        (1234.0, "1.234e+03"),
        (0.000_123_45, "0.0001234"),
        (0.000_012_3, "1.23e-05"),
        (1e100, "1e+100"),
        (f64::NAN, "nan"),
        (f64::NEG_INFINITY, "-inf"),
    ];
    for (x, expected) in shown {
        assert_eq!(float(x), expected);
    }
}

#[test]
fn elements_of_both_ends_are_shown_as_far_as_they_fit() {
    let numbers = |count: i64| Values::from(ndarray::Array1::from_iter(0..count));
    assert_eq!(fitting(&numbers(0), 20), "");
    assert_eq!(fitting(&numbers(1), 20), "0");
    assert_eq!(fitting(&numbers(10), 19), "0 1 2 3 4 5 6 7 8 9");
    assert_eq!(fitting(&numbers(10), 18), "0 1 2 3 ... 7 8 9");
    assert_eq!(fitting(&numbers(1_000_000), 20), "0 1 ... 999999");
    assert_eq!(fitting(&numbers(1_000_000), 8), "0 ......".to_owned());
    assert_eq!(fitting(&Values::strings(["a long text", "b"]), 9), "'a lon...");
}

#[test]
fn texts_are_quoted() {
    assert_eq!(quoted("Elbe"), "'Elbe'");
    assert_eq!(quoted("it's"), "\"it's\"");
    assert_eq!(quoted("\"it's\""), "'\"it\\'s\"'");
    assert_eq!(quoted("a\nb\\"), "'a\\nb\\\\'");
}

#[test]
fn spans_show_days_and_hours_where_there_are_any() {
    let shown = |spans: &[i64]| timedeltas(spans, TimeUnit::Second).join(", ");
    assert_eq!(shown(&[0, 90, NAT]), "00:00:00, 00:01:30, NaT");
    assert_eq!(shown(&[0, 86_400, -86_400]), "0 days, 1 days, -1 days");
    assert_eq!(shown(&[90, -5]), "0 days 00:01:30, -1 days +23:59:55");
    assert_eq!(timedeltas(&[1_500_000], TimeUnit::Microsecond), ["00:00:01.500000"]);
}

#[test]
fn midnights_are_days() {
    let shown = |iso: &str| datetime(iso, Calendar::ProlepticGregorian);
    assert_eq!(shown("2008-01-01T00:00:00"), "2008-01-01");
    assert_eq!(shown("2008-01-01T12:00:00.5"), "2008-01-01T12:00:00.500000");
    assert_eq!(shown("NaT"), "NaT");
    assert_eq!(datetime("2000-02-30T00:00:00", Calendar::Day360), "2000-02-30 00:00:00");
}
