//! What tells one call from another: no two different calls share a result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::key::{CacheKey, KeyEncoder, KeyError};
use nuthatch::prelude::*;
use nuthatch::stats;

use crate::events::Events;
use crate::lake::Lake;
use crate::readings::manifests;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// Each body ran once, and each call is recalled as its own.
fn all_apart<T: PartialEq + std::fmt::Debug>(calls: &[&dyn Fn() -> T]) {
    let first: Vec<T> = calls.iter().map(|call| call()).collect();
    assert_eq!(runs() as usize, calls.len());
    for (call, value) in calls.iter().zip(&first) {
        assert_eq!(call(), *value);
    }
    assert_eq!(runs(), 0);
    for (i, value) in first.iter().enumerate() {
        assert!(!first[..i].contains(value), "the test's own values must differ: {value:?}");
    }
}

mod north {
    use super::*;
    #[cache]
    pub(super) fn station() -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        "north".to_owned()
    }
    pub(super) mod inner {
        use super::*;
        #[cache]
        pub(in super::super) fn station() -> String {
            RUNS.fetch_add(1, Ordering::SeqCst);
            "north::inner".to_owned()
        }
    }
}

mod south {
    use super::*;
    #[cache]
    pub(super) fn station() -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        "south".to_owned()
    }
}

#[test]
fn functions_of_one_name_in_two_modules_are_two() {
    let _lake = Lake::new();
    all_apart(&[&north::station, &south::station, &north::inner::station]);
}

#[test]
fn functions_of_one_name_in_two_enclosing_functions_are_two() {
    fn one() -> i64 {
        #[cache]
        fn value() -> i64 {
            RUNS.fetch_add(1, Ordering::SeqCst);
            1
        }
        value()
    }
    fn two() -> i64 {
        #[cache]
        fn value() -> i64 {
            RUNS.fetch_add(1, Ordering::SeqCst);
            2
        }
        value()
    }
    let _lake = Lake::new();
    all_apart(&[&one, &two]);
}

#[derive(Debug, Clone, serde::Serialize)]
struct Buoy(String);

#[derive(Debug, Clone, serde::Serialize)]
struct Ship(String);

impl Buoy {
    #[cache(in_impl)]
    fn position(&self) -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("buoy {}", self.0)
    }
}

impl Ship {
    #[cache(in_impl)]
    fn position(&self) -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("ship {}", self.0)
    }
}

#[test]
fn one_method_on_two_instances_and_of_two_types_is_told_apart() {
    let _lake = Lake::new();
    let (a, b) = (Buoy("a".to_owned()), Buoy("b".to_owned()));
    let ship = Ship("a".to_owned());
    all_apart(&[&|| a.position(), &|| b.position(), &|| ship.position()]);
    // An equal instance is the same.
    assert_eq!((a.clone().position(), runs()), ("buoy a".to_owned(), 0));
}

#[test]
fn type_parameters_and_const_generics_are_told_apart() {
    #[cache]
    fn shown<T: Default + std::fmt::Debug, const N: usize, const FLAG: bool>() -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("{:?} {N} {FLAG}", T::default())
    }
    let _lake = Lake::new();
    all_apart(&[
        &shown::<i64, 1, true>,
        &shown::<f64, 1, true>,
        &shown::<String, 1, true>,
        &shown::<i64, 2, true>,
        &shown::<i64, 1, false>,
    ]);
}

#[derive(serde::Serialize)]
struct Grid<T>(T);

impl<T: std::fmt::Display + serde::Serialize> Grid<T> {
    #[cache(in_impl, skip(self), name = "Grid::kind")]
    fn kind(&self) -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("{} of {}", std::any::type_name::<T>(), self.0)
    }

    #[cache(in_impl, name = "Grid::of")]
    fn of(cells: i64) -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("{} {cells}", std::any::type_name::<T>())
    }

    #[cache(in_impl)]
    fn unnamed(&self) -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(1)
    }
}

#[test]
fn a_generic_impl_with_a_name_does_not_share_between_its_types() {
    let _lake = Lake::new();
    all_apart(&[
        &|| Grid(1_i32).kind(),
        &|| Grid(1_i64).kind(),
        &|| Grid("1").kind(),
        &|| Grid::<i32>::of(1),
        &|| Grid::<i64>::of(1),
    ]);
}

#[test]
fn a_generic_impl_without_a_name_is_an_error_that_names_the_fix() {
    let _lake = Lake::new();
    let error = Grid(1).unnamed().unwrap_err().to_string();
    assert!(error.contains("#[cache(in_impl, name = "), "{error}");
    assert!(error.contains("identity.rs:"), "{error}");
    assert_eq!(runs(), 0);
}

mod first {
    use super::*;
    #[cache(name = "taken")]
    pub(super) fn one() -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(1)
    }
}

mod second {
    use super::*;
    #[cache(name = "taken")]
    pub(super) fn two() -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(2)
    }
    #[cache(name = "taken", memoize)]
    pub(super) fn plain() -> i64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        3
    }
}

#[test]
fn a_repeated_name_is_an_error_at_first_call_that_names_both_places() {
    let (lake, events) = (Lake::new(), Events::listen());
    assert_eq!(first::one().unwrap(), 1);
    let error = second::two().unwrap_err().to_string();
    assert_eq!(error.matches("identity.rs:").count(), 2, "{error}");
    assert!(error.contains("nuthatch-tests::taken"), "{error}");
    assert!(second::two::key().is_err() && second::two::entry().run().is_err());
    assert_eq!(runs(), 1);
    // Without room for an error it warns and computes, and still reads nobody else's result.
    events.take();
    assert_eq!((second::plain(), second::plain(), runs()), (3, 3, 2));
    let warnings = events.warnings();
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0].matches("identity.rs:").count(), 2, "{warnings:#?}");
    assert_eq!((first::one().unwrap(), runs()), (1, 0));
    assert_eq!(manifests(&lake.path("root")).len(), 1);
}

/// Any value as one argument type, so that nothing but the value's own key tells calls apart.
struct Any(Box<Encode>);

type Encode = dyn Fn(&mut KeyEncoder) -> Result<(), KeyError> + Send + Sync;

impl Any {
    fn of(value: impl CacheKey + Send + Sync + 'static) -> Self {
        Self(Box::new(move |out| value.encode_key(out)))
    }
}

impl CacheKey for Any {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.0(out)
    }
}

#[cache(skip(told))]
fn keyed(value: &Any, told: usize) -> usize {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let _ = value;
    told
}

/// Every value is a call of its own.
fn values_apart(values: Vec<Any>) {
    let _lake = Lake::new();
    for round in 0..2 {
        for (i, value) in values.iter().enumerate() {
            assert_eq!(keyed(value, if round == 0 { i } else { usize::MAX }), i);
        }
    }
    assert_eq!(runs() as usize, values.len());
}

#[test]
fn values_that_look_alike_are_told_apart() {
    values_apart(vec![
        Any::of(("a_b", "c")),
        Any::of(("a", "b_c")),
        Any::of([1, 2]),
        Any::of([2, 1]),
        Any::of((3, 4)),
        Any::of(BTreeSet::from([3, 4])),
        Any::of(None::<i64>),
        Any::of("None"),
        Any::of(1),
        Any::of("1"),
        Any::of(true),
        Any::of("True"),
        Any::of("true"),
        Any::of(BTreeMap::from([("k", 1)])),
        Any::of("k-1"),
        Any::of(1.0),
        Any::of(Some(1)),
        Any::of(()),
        Any::of(0.0),
        Any::of(-0.0),
    ]);
}

#[test]
fn arguments_do_not_run_together() {
    #[cache]
    fn two(first: &str, second: &str) -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("{first}|{second}")
    }
    let _lake = Lake::new();
    all_apart(&[
        &|| two("a_b", "c"),
        &|| two("a", "b_c"),
        &|| two("c", "a_b"),
        &|| two("", "a_bc"),
        &|| two("a_bc", ""),
        &|| two("a,second=b", "c"),
    ]);
}

#[test]
fn every_argument_counts_where_cache_args_are_left_out() {
    #[cache]
    fn sum(values: &[i64], more: i64) -> i64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        values.iter().sum::<i64>() * 1000 + more
    }
    let _lake = Lake::new();
    all_apart(&[&|| sum(&[1], 1), &|| sum(&[1, 2], 1), &|| sum(&[1, 2, 5], 1), &|| sum(&[1], 2)]);
}

#[test]
fn long_arrays_that_differ_in_the_middle_are_told_apart() {
    #[cache]
    fn middle(values: &[f64]) -> f64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        values[values.len() / 2]
    }
    let _lake = Lake::new();
    let array = |value: f64| {
        let mut values = vec![0.0; 10_000];
        values[5_000] = value;
        values
    };
    let (one, two) = (array(1.0), array(2.0));
    all_apart(&[&|| middle(&one), &|| middle(&two)]);
}

#[test]
fn an_argument_and_a_namespace_do_not_run_together() {
    #[cache]
    fn of(argument: &str) -> i64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        argument.len() as i64
    }
    let lake = Lake::new();
    assert_eq!(of("k/v"), 3);
    assert_eq!(of::call("k").namespace("v").run(), 1);
    assert_eq!(of::call("k").namespace("k").run(), 1);
    assert_eq!((of("../../x"), of::call("x").namespace("../x").run()), (7, 1));
    assert_eq!(runs(), 5);
    assert_eq!(manifests(&lake.path("root")).len(), 5);
    assert_eq!((of("k/v"), of::call("x").namespace("../x").run(), runs()), (3, 1, 0));
}

#[test]
fn a_version_bump_and_a_namespace_make_other_entries() {
    // Two releases of one function: never called in one program but here.
    mod old {
        use super::*;
        #[cache(version = "1")]
        pub(super) fn released() -> i64 {
            RUNS.fetch_add(1, Ordering::SeqCst);
            1
        }
    }
    let keys = [
        old::released::key().unwrap(),
        old::released::call().namespace("a").key().unwrap(),
        old::released::call().namespace("").key().unwrap(),
        bumped::released::key().unwrap(),
        unversioned::released::key().unwrap(),
    ];
    assert_eq!(BTreeSet::from(keys.map(|key| key.to_hex())).len(), keys.len());
    mod bumped {
        use super::*;
        #[cache(version = "2")]
        pub(super) fn released() -> i64 {
            2
        }
    }
    mod unversioned {
        use super::*;
        #[cache]
        pub(super) fn released() -> i64 {
            3
        }
    }
    let _lake = Lake::new();
    assert_eq!(old::released(), 1);
    assert_eq!((old::released::call().namespace("a").run(), runs()), (1, 2));
    assert_eq!(stats().absent, 2);
}

#[test]
fn the_version_alone_changes_the_key() {
    // One identity in two processes, as before and after a release.
    let key = |version: &str| {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "identity::child_prints_a_key", "--nocapture"])
            .env("IDENTITY_TEST_VERSION", version)
            .output()
            .unwrap();
        let text = String::from_utf8(child.stdout).unwrap();
        let line = text.lines().find_map(|line| line.split_once("key ")).expect(&text);
        line.1.to_owned()
    };
    assert_eq!(key("1"), key("1"));
    assert_ne!(key("1"), key("2"));
}

#[test]
#[ignore = "a child of the test above, which runs it"]
fn child_prints_a_key() {
    mod one {
        use super::*;
        #[cache(name = "released", version = "1")]
        pub(super) fn released() -> i64 {
            1
        }
    }
    mod two {
        use super::*;
        #[cache(name = "released", version = "2")]
        pub(super) fn released() -> i64 {
            1
        }
    }
    let key = match std::env::var("IDENTITY_TEST_VERSION").as_deref() {
        Ok("1") => one::released::key(),
        _ => two::released::key(),
    };
    println!("key {}", key.unwrap());
}

#[cache(name = "golden::plain")]
fn golden_plain(station: &str, year: i32) -> i64 {
    i64::from(year) + station.len() as i64
}

#[cache(name = "golden::full", version = "0.1.0", cache_args(window, factor))]
fn golden_full(window: usize, factor: f64, progress: bool) -> Option<f64> {
    (!progress).then_some(factor * window as f64)
}

/// Frozen: a change of any of these loses every entry that anybody has.
#[test]
fn keys_and_paths_of_fixed_calls_never_change() {
    let lake = Lake::new();
    golden_plain("Seattle", 2012);
    golden_full::call(3, 0.5, true).namespace("scenario").run();
    let keys = [
        golden_plain::key("Seattle", 2012).unwrap().to_hex(),
        golden_full::call(3, 0.5, true).namespace("scenario").key().unwrap().to_hex(),
    ];
    let paths = manifests(&lake.path("root"));
    let paths: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "2531484dc31ac1bd4978fdaf0df06d1dc728b5a93330716cb28b1ba003f01af6",
            "efa697f924d2dee7b148f4c8f7900471044374c3afe0b0e8c5e9b1d88ad96625",
        ]
    );
    assert_eq!(
        paths,
        [
            "_/nuthatch-tests.golden.plain/entries/eu/station=_seattle_year=2012~euyuqtoddla32sly7wxq34dndx.json",
            "scenario/nuthatch-tests.golden.full/entries/56/factor=0.5_window=3~56tjp6je2lpopmki6teppeaeoe.json",
        ]
    );
}
