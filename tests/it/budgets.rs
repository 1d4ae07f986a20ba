//! How many requests each thing takes: every request that a location sees, in order, and so also
//! that nothing else is asked: no listing, no probing, no touch files.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;

use crate::asked::{CREATE, DATA, FIRST_WRITE, MANIFEST, MARKER, PUT_DATA, UPDATE, asked};
use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// More than is kept in a manifest.
const LARGE: usize = 64 * 1024;

/// Small values; `None` of an odd number.
#[cache(name = "budgets_small")]
fn small(number: u32) -> nuthatch::Result<Option<i64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(number.is_multiple_of(2).then_some(i64::from(number)))
}

#[cache(name = "budgets_large")]
fn large(number: u8) -> nuthatch::Result<Vec<u8>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((0..LARGE).map(|index| index as u8 ^ number).collect())
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn first_store_of_a_small_value(lake: &Lake) {
    small(2).unwrap();
    assert_eq!(asked(lake, "root"), [&[MARKER, MANIFEST], &FIRST_WRITE[..], &[CREATE]].concat());
    small(4).unwrap();
    assert_eq!(asked(lake, "root"), [MANIFEST, CREATE]);
    assert_eq!(runs(), 2);
}

fn first_store_of_a_large_value(lake: &Lake) {
    large(2).unwrap();
    let first = [&[MARKER, MANIFEST], &FIRST_WRITE[..], &[PUT_DATA, CREATE]].concat();
    assert_eq!(asked(lake, "root"), first);
    large(4).unwrap();
    assert_eq!(asked(lake, "root"), [MANIFEST, PUT_DATA, CREATE]);
    assert_eq!(runs(), 2);
}

fn recall_of_a_small_value(lake: &Lake) {
    small(2).unwrap();
    lake.reset();
    assert_eq!(small(2).unwrap(), Some(2));
    assert_eq!(asked(lake, "root"), [MANIFEST]);
    // As a new process has it: `nuthatch.json` once, and then no more.
    lake.configure_all();
    assert_eq!(small(2).unwrap(), Some(2));
    assert_eq!(small(2).unwrap(), Some(2));
    assert_eq!(asked(lake, "root"), [MARKER, MANIFEST, MANIFEST]);
    assert_eq!(runs(), 1);
}

fn recall_of_a_large_value(lake: &Lake) {
    let value = large(2).unwrap();
    lake.reset();
    assert_eq!(large(2).unwrap(), value);
    assert_eq!(asked(lake, "root"), [MANIFEST, DATA]);
    lake.configure_all();
    assert_eq!(large(2).unwrap(), value);
    assert_eq!(large(2).unwrap(), value);
    assert_eq!(asked(lake, "root"), [MARKER, MANIFEST, DATA, MANIFEST, DATA]);
    assert_eq!(runs(), 1);
}

fn a_miss_asks_each_location_once(lake: &Lake) {
    for call in [2, 4] {
        small::call(call).cache_mode(CacheMode::ReadOnly).run().unwrap();
        for location in ["root", "local", "mirror"] {
            let first = call == 2;
            let expected: &[&str] = if first { &[MARKER, MANIFEST] } else { &[MANIFEST] };
            assert_eq!(asked(lake, location), expected, "{location}");
        }
    }
    assert_eq!(runs(), 2);
}

fn a_hit_asks_nobody_after_it(lake: &Lake) {
    small::call(2).cache_mode(CacheMode::Offline).run().unwrap();
    lake.reset();
    small::call(2).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(asked(lake, "local"), [MANIFEST]);
    assert_eq!(asked(lake, "root"), [""; 0]);
    assert_eq!(asked(lake, "mirror"), [""; 0]);
    assert_eq!(runs(), 1);
}

fn a_hit_in_the_root_is_copied_by_one_more_put(lake: &Lake) {
    small(2).unwrap();
    large(2).unwrap();
    lake.reset();
    small::call(2).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(asked(lake, "root"), [MANIFEST]);
    let first = [&[MARKER, MANIFEST], &FIRST_WRITE[..], &[CREATE]].concat();
    assert_eq!(asked(lake, "local"), first);
    large::call(2).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(asked(lake, "root"), [MANIFEST, DATA]);
    // It crosses as it is, and is an entry when it was read here.
    assert_eq!(asked(lake, "local"), [MANIFEST, PUT_DATA, DATA, CREATE]);
    assert_eq!(runs(), 2);
}

fn overwriting(lake: &Lake) {
    small(2).unwrap();
    large(2).unwrap();
    lake.reset();
    for _ in 0..3 {
        small::call(2).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        assert_eq!(asked(lake, "root"), [MANIFEST, UPDATE]);
        large::call(2).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        assert_eq!(asked(lake, "root"), [MANIFEST, PUT_DATA, UPDATE]);
    }
    assert_eq!(runs(), 8);
}

fn a_null(lake: &Lake) {
    small(2).unwrap();
    lake.reset();
    assert_eq!(small(3).unwrap(), None);
    assert_eq!(asked(lake, "root"), [MANIFEST, CREATE]);
    assert_eq!(small(3).unwrap(), None);
    assert_eq!(asked(lake, "root"), [MANIFEST]);
    assert_eq!(runs(), 2);
    assert_eq!(small::call(3).retry_null(true).run().unwrap(), None);
    assert_eq!(asked(lake, "root"), [MANIFEST, UPDATE]);
    assert_eq!(runs(), 1);
}

fn forgetting(lake: &Lake) {
    small(2).unwrap();
    large(2).unwrap();
    lake.reset();
    assert!(small::call(2).forget().run().unwrap());
    assert_eq!(asked(lake, "root"), [MANIFEST, UPDATE]);
    assert!(large::call(2).forget().run().unwrap());
    assert_eq!(asked(lake, "root"), [MANIFEST, UPDATE]);
    assert!(!small::call(2).forget().run().unwrap());
    assert_eq!(asked(lake, "root"), [MANIFEST]);
    small(2).unwrap();
    assert_eq!(asked(lake, "root"), [MANIFEST, UPDATE]);
    assert_eq!(runs(), 3);
}

fn questions_about_an_entry(lake: &Lake) {
    large(2).unwrap();
    lake.reset();
    assert!(large::call(2).entry().run().unwrap().is_some());
    assert_eq!(asked(lake, "root"), [MANIFEST]);
    assert!(large::call(2).uri().run().unwrap().is_some());
    assert_eq!(asked(lake, "root"), [MANIFEST]);
    large::call(2).key().unwrap();
    assert_eq!(asked(lake, "root"), [""; 0]);
    assert_eq!(runs(), 1);
}

fn what_asks_no_location(lake: &Lake) {
    small::call(2).cache_mode(CacheMode::Off).run().unwrap();
    small::call(2).cache(false).run().unwrap();
    assert_eq!(asked(lake, "root"), [""; 0]);
    small::call(2).memoize(true).run().unwrap();
    lake.reset();
    small::call(2).memoize(true).run().unwrap();
    assert_eq!(asked(lake, "root"), [""; 0]);
    assert_eq!(runs(), 3);
}

macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod on_local_files {
            $(#[test]
            fn $test() {
                super::$test(&super::Lake::new());
            })*
        }
        mod in_memory {
            $(#[test]
            fn $test() {
                super::$test(&super::Lake::in_memory());
            })*
        }
    };
}

on_both! {
    first_store_of_a_small_value,
    first_store_of_a_large_value,
    recall_of_a_small_value,
    recall_of_a_large_value,
    a_miss_asks_each_location_once,
    a_hit_asks_nobody_after_it,
    a_hit_in_the_root_is_copied_by_one_more_put,
    overwriting,
    a_null,
    forgetting,
    questions_about_an_entry,
    what_asks_no_location,
}

/// Beside the counted requests: on disk is what the requests made, and the lock files.
#[test]
fn a_recall_leaves_the_folder_as_it_was() {
    let lake = Lake::new();
    small(2).unwrap();
    large(2).unwrap();
    let before = crate::files::under(&lake.path("root"));
    for _ in 0..3 {
        small(2).unwrap();
        large(2).unwrap();
        lake.configure_all();
    }
    assert_eq!(crate::files::under(&lake.path("root")), before);
    let kinds: Vec<&str> = before.keys().filter_map(|path| path.split('/').next()).collect();
    assert!(kinds.iter().all(|kind| ["_", ".locks", "nuthatch.json"].contains(kind)), "{kinds:?}");
    assert_eq!(before.keys().filter(|path| path.starts_with("_/")).count(), 3);
}
