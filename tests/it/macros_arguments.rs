//! What makes the key, what is skipped, and `cfg` on arguments.

use std::sync::atomic::{AtomicUsize, Ordering};

use nuthatch::prelude::*;

#[test]
fn only_cache_args_make_the_key_of_the_root() {
    #[cache(cache_args(station))]
    fn measured(station: &str, progress: bool) -> usize {
        station.len() + usize::from(progress)
    }

    let key = |station, progress| measured::key(station, progress).map_err(|e| e.to_string());
    assert_eq!(key("a", true), key("a", false));
    assert_ne!(key("a", true), key("b", true));
}

#[test]
fn an_empty_list_of_cache_args_is_one_entry() {
    #[cache(cache_args())]
    fn constant(value: i64) -> i64 {
        value
    }

    assert_eq!(constant::key(1).ok(), constant::key(2).ok());
}

#[test]
fn a_skipped_argument_need_not_be_a_key() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    struct Pool;

    #[cache(memoize, skip(pool))]
    fn count(pool: &Pool, table: &str) -> usize {
        let Pool = pool;
        RUNS.fetch_add(1, Ordering::Relaxed);
        table.len()
    }

    assert_eq!((count(&Pool, "rows"), count(&Pool, "rows")), (4, 4));
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

#[test]
fn the_order_of_arguments_in_the_source_is_not_in_the_key() {
    mod before {
        use super::*;

        #[cache(name = "ordered")]
        pub(super) fn ordered(a: i64, b: i64) -> i64 {
            a - b
        }

        pub(super) fn key() -> String {
            format!("{:?}", ordered::key(1, 2))
        }
    }
    #[cache]
    fn ordered(b: i64, a: i64) -> i64 {
        a - b
    }

    assert_eq!(before::key(), format!("{:?}", before::ordered::key(1, 2)));
    assert_ne!(format!("{:?}", ordered::key(2, 1)), format!("{:?}", ordered::key(1, 2)));
}

#[test]
fn a_condition_sees_the_arguments_by_reference() {
    #[cache(cache_disable_if = window.len() > 2 || *exact)]
    fn sum(window: Vec<i64>, exact: bool) -> i64 {
        window.iter().sum::<i64>() + i64::from(exact)
    }

    assert_eq!((sum(vec![1, 2, 3], false), sum(vec![1], true)), (6, 2));
}

#[test]
fn an_argument_under_cfg_is_there_or_not() {
    #[cache(cache_args(always, in_tests, elsewhere))]
    fn conditional(
        always: i64,
        #[cfg(debug_assertions)] in_tests: i64,
        #[cfg(not(debug_assertions))] elsewhere: i64,
    ) -> i64 {
        #[cfg(debug_assertions)]
        let other = in_tests;
        #[cfg(not(debug_assertions))]
        let other = elsewhere;
        always + other
    }

    assert_eq!(conditional(1, 2), 3);
    assert_ne!(conditional::key(1, 2).ok(), conditional::key(1, 3).ok());
}
