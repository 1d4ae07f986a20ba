//! Selections and reductions.

use std::time::Duration;

use super::small;
use crate::{Calendar, Dataset, Index, Label, Shared, TimeUnit, Values, Variable};

fn numbers(dataset: &Dataset, array: &str) -> Vec<f64> {
    dataset.array(array).unwrap().values::<f64>().unwrap().iter().copied().collect()
}

#[test]
fn by_index() {
    let rain = small();
    assert_eq!(numbers(&rain.isel("day", 2).unwrap(), "rain"), [4.0, 8.0]);
    assert_eq!(numbers(&rain.isel("station", 1..).unwrap(), "rain"), [1.5, 2.5, 8.0]);
    let reordered = rain.isel("day", vec![2, 0]).unwrap().isel("station", 0).unwrap();
    assert_eq!(numbers(&reordered, "rain"), [4.0, 0.0]);
    assert_eq!(
        numbers(&rain.isel("day", Index::every(2)).unwrap().isel("station", 1).unwrap(), "rain"),
        [1.5, 8.0]
    );
    assert_eq!(rain.isel("day", 1..1).unwrap().sizes()["day"], 0);
    for error in [rain.isel("day", 3), rain.isel("day", 1..4), rain.isel("depth", 0)] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("day") || error.contains("depth"), "{error}");
    }
}

#[test]
fn by_label_however_the_coordinate_is_sorted() {
    let rain = small();
    assert_eq!(numbers(&rain.sel("station", "Havel").unwrap(), "rain"), [1.5, 2.5, 8.0]);
    assert_eq!(numbers(&rain.sel("day", 3).unwrap(), "rain"), [4.0, 8.0]);
    let down = rain.isel("day", vec![2, 1, 0]).unwrap();
    let both = down.sel("day", 2..=3).unwrap().sel("station", "Elbe").unwrap();
    let both = numbers(&both, "rain");
    assert!(both[0] == 4.0 && both[1].is_nan());
    let unsorted = rain.isel("day", vec![1, 0, 2]).unwrap().sel("day", 1..=1).unwrap();
    assert_eq!(numbers(&unsorted, "rain"), [0.0, 1.5]);
    assert_eq!(rain.sel("station", "A"..="F").unwrap().sizes()["station"], 1);
    assert_eq!(numbers(&rain.sel("day", Label::nearest(2.8)).unwrap(), "rain"), [4.0, 8.0]);
}

#[test]
fn a_label_that_is_not_there_or_stands_twice_is_told() {
    let rain = small();
    let twice = rain.isel("day", vec![0, 0, 1]).unwrap();
    let cases = [
        (rain.sel("day", 7), "no label 7"),
        (twice.sel("day", 1), "2 times"),
        (rain.sel("day", Label::nearest_within(9.0, 1.0)), "farther"),
        (rain.sel("day", "2008"), "int32"),
        (rain.sel("station", 1), "string"),
        (rain.sel("hour", 1), "no dimension `hour`"),
    ];
    for (selected, expected) in cases {
        let error = selected.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_label_that_is_not_there_names_the_nearest() {
    let rain = small();
    let cases = [
        (rain.sel("day", 7), "no label 7; the last is 3"),
        (rain.sel("day", 0), "no label 0; the first is 1"),
        (rain.sel("day", 2.5), "no label 2.5; the nearest are 2 and 3"),
        (rain.sel("station", "Fulda"), "no label Fulda; the nearest are Elbe and Havel"),
        (rain.isel("day", 0..0).unwrap().sel("day", 1), "no label 1; it has none at all"),
    ];
    for (selected, expected) in cases {
        let error = selected.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(rain.sel("day", 8.0..=9.0).unwrap().sizes()["day"], 0, "a range may be empty");
}

/// A dataset of days of January 1970, and one that is not a time.
fn days(calendar: Calendar) -> Dataset {
    let days = [10, 4, i64::MIN, 6].map(|day: i64| day.saturating_mul(86_400));
    let days: Shared<i64> = ndarray::arr1(&days).into_dyn().into_shared();
    let time = Values::Datetime(days, TimeUnit::Second, calendar);
    let x = Variable::new(["time"], vec![0.0, 1.0, 2.0, 3.0]);
    Dataset::new().with_variable("x", x).unwrap().with_coord("time", time).unwrap()
}

#[test]
fn a_time_without_any_element_is_told_with_the_nearest() {
    let x = days(Calendar::ProlepticGregorian);
    assert_eq!(numbers(&x.sel("time", "1970-01").unwrap(), "x"), [0.0, 1.0, 3.0]);
    assert_eq!(x.sel("time", "1971"..="1972").unwrap().sizes()["time"], 0);
    let cases = [
        ("1971", "no 1971; the last is 1970-01-11T00:00:00"),
        ("1970-01-04", "no 1970-01-04; the first is 1970-01-05T00:00:00"),
        ("1970-01-09", "the nearest are 1970-01-07T00:00:00 and 1970-01-11T00:00:00"),
    ];
    for (label, expected) in cases {
        let error = x.sel("time", label).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_nearest_time_is_taken_in_every_calendar() {
    for calendar in [Calendar::ProlepticGregorian, Calendar::Day360, Calendar::Julian] {
        let x = days(calendar);
        let nearest = |text: &str| numbers(&x.sel("time", Label::nearest_time(text)).unwrap(), "x");
        assert_eq!(nearest("1970-01-10T13:00"), [0.0]);
        assert_eq!(nearest("1960"), [1.0]);
        assert_eq!(nearest("1970-01-06"), [3.0], "of two, the later");
        assert_eq!(nearest("1999-12-30"), [0.0]);
    }
    let x = days(Calendar::ProlepticGregorian);
    let within = |text: &str, hours: u64| {
        x.sel("time", Label::nearest_time_within(text, Duration::from_secs(hours * 3600)))
    };
    assert_eq!(numbers(&within("1970-01-12", 24).unwrap(), "x"), [0.0]);
    let error = within("1970-01-12", 23).unwrap_err().to_string();
    assert!(error.contains("86400s away"), "{error}");
    let error = days(Calendar::Day360).sel("time", Label::nearest_time("1970-01-31"));
    assert!(error.unwrap_err().to_string().contains("360_day, has no 1970-01-31"));
    assert!(small().sel("day", Label::nearest_time("1970")).is_err());
}

#[test]
fn sums_of_unsigned_integers_are_unsigned() {
    let array = crate::DataArray::new("x", ["a"], vec![u64::MAX - 1, 1]).unwrap();
    assert_eq!(array.sum(&[]).unwrap().values::<u64>().unwrap().first(), Some(&u64::MAX));
    let bytes = crate::DataArray::new("x", ["a"], vec![200_u8, 100]).unwrap();
    assert_eq!(bytes.sum(&[]).unwrap().values::<u64>().unwrap().first(), Some(&300));
    let over = crate::DataArray::new("x", ["a"], vec![u64::MAX, 1]).unwrap();
    assert!(over.sum(&[]).unwrap_err().to_string().contains("64-bit"));
    let signed = crate::DataArray::new("x", ["a"], vec![i64::MAX, 1]).unwrap();
    assert!(signed.sum(&[]).is_err());
}

#[test]
fn ragged_coordinates_are_refused() {
    let error = small().with_coord("day", vec![1_i32, 2]).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`day`") && error.contains('3'), "{error}");
    let error =
        small().with_variable("wind", Variable::new(["station"], vec![1.0; 3])).unwrap_err();
    assert!(error.to_string().contains("`wind` has 3 along `station`"), "{error}");
    assert!(Variable::try_new(["x"], Values::from(ndarray::arr2(&[[1.0]]))).is_err());
    assert!(Variable::try_new(["x", "x"], Values::from(ndarray::arr2(&[[1.0]]))).is_err());
}

#[test]
fn reductions_leave_out_what_is_missing() {
    let rain = small().array("rain").unwrap();
    let of = |reduced: crate::DataArray| {
        reduced.values::<f64>().unwrap().iter().copied().collect::<Vec<_>>()
    };
    assert_eq!(of(rain.mean(&["day"]).unwrap()), [2.0, 4.0]);
    assert_eq!(of(rain.sum(&["day"]).unwrap()), [4.0, 12.0]);
    assert_eq!(of(rain.max(&[]).unwrap()), [8.0]);
    assert_eq!(of(rain.min(&["station"]).unwrap()), [0.0, 2.5, 4.0]);
    assert!(rain.mean(&["depth"]).is_err());
    let empty = rain.isel("day", 0..0).unwrap();
    assert!(of(empty.mean(&["day"]).unwrap()).iter().all(|x| x.is_nan()));
    let days = small().array("day").unwrap();
    assert_eq!(days.sum(&[]).unwrap().values::<i64>().unwrap().first(), Some(&6));
    assert_eq!(days.max(&[]).unwrap().values::<i32>().unwrap().first(), Some(&3));
    assert!(days.isel("day", 0..0).unwrap().max(&[]).is_err());
}

#[test]
fn equal_means_nan_too_and_identical_means_attributes() {
    let rain = small();
    assert!(rain.equals(&small()).unwrap() && rain.identical(&small()).unwrap());
    let other = small().with_attr("title", "snow");
    assert!(rain.equals(&other).unwrap() && !rain.identical(&other).unwrap());
    assert!(!rain.equals(&rain.isel("day", 0..2).unwrap()).unwrap());
}

#[test]
fn labels_that_are_equal_are_replaced_and_others_follow() {
    let rain = small();
    let newer = rain.isel("day", 1..).unwrap();
    let changed =
        newer.array("rain").unwrap().with_values(ndarray::arr2(&[[1.0, 1.0], [2.0, 2.0]])).unwrap();
    let newer = Dataset::new().with_array("rain", &changed).unwrap();
    let newer = newer.with_coord("day", vec![3_i32, 4]).unwrap();
    let whole = rain.upserted(&newer, "day").unwrap();
    assert_eq!(
        whole.array("day").unwrap().values::<i32>().unwrap().as_slice(),
        Some(&[1, 2, 3, 4][..])
    );
    let first = whole.sel("station", "Havel").unwrap();
    assert_eq!(numbers(&first, "rain"), [1.5, 2.5, 1.0, 2.0]);
    let twice = rain.isel("day", vec![0, 0]).unwrap();
    assert!(rain.upserted(&twice, "day").unwrap_err().to_string().contains("more than once"));
    let others = Dataset::new().with_variable("wind", Variable::new(["day"], vec![1.0])).unwrap();
    let others = others.with_coord("day", vec![9_i32]).unwrap();
    assert!(rain.upserted(&others, "day").is_err());
}
