//! Processors around functions, cached and bare: what is stored, how often each runs, and in which
//! order.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{Error, Processor, Stored, stats};

use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);
static PROCESSED: AtomicU32 = AtomicU32::new(0);
static VALIDATED: AtomicU32 = AtomicU32::new(0);

/// How often the body ran, and how often the processor.
fn counted() -> (u32, u32) {
    (RUNS.swap(0, Ordering::SeqCst), PROCESSED.swap(0, Ordering::SeqCst))
}

/// Multiplies, and refuses what is over a bound.
struct Times(i64);

impl Processor<i64> for Times {
    fn name(&self) -> &str {
        "times"
    }
    fn options(&self) -> String {
        self.0.to_string()
    }
    fn process(&self, value: i64) -> nuthatch::Result<i64> {
        PROCESSED.fetch_add(1, Ordering::SeqCst);
        value.checked_mul(self.0).ok_or_else(|| Error::other(TooLarge))
    }
    fn validate(&self, value: &i64) -> Result<(), String> {
        VALIDATED.fetch_add(1, Ordering::SeqCst);
        if *value < 1000 { Ok(()) } else { Err(format!("{value} is not below 1000")) }
    }
}

struct Plus(i64);

impl Processor<i64> for Plus {
    fn name(&self) -> &str {
        "plus"
    }
    fn options(&self) -> String {
        self.0.to_string()
    }
    fn process(&self, value: i64) -> nuthatch::Result<i64> {
        Ok(value + self.0)
    }
}

#[derive(Debug)]
struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too large")
    }
}

impl std::error::Error for TooLarge {}

fn value(of: i64) -> i64 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    of
}

#[processor(Times(*factor), takes(factor))]
#[cache]
fn scaled(of: i64, factor: i64) -> nuthatch::Result<i64> {
    let _ = factor;
    Ok(value(of))
}

fn scaled_in(mode: CacheMode, factor: i64) -> i64 {
    scaled::call(7, factor).cache_mode(mode).run().unwrap()
}

#[test]
fn the_root_holds_the_whole_and_each_value_is_processed_once() {
    let _lake = Lake::new();
    assert_eq!((scaled(7, 2).unwrap(), counted()), (14, (1, 1)));
    assert_eq!((scaled(7, 2).unwrap(), counted()), (14, (0, 1)), "a hit");
    assert_eq!((scaled(7, 3).unwrap(), counted()), (21, (0, 1)), "another factor, one entry");
    assert_eq!(scaled::key(7, 2).unwrap(), scaled::key(7, 3).unwrap());

    let entry = scaled::entry(7, 2).run().unwrap().unwrap();
    assert!(entry.processors.is_empty());
    assert!(!entry.arguments.contains_key("factor"));
    assert_eq!(scaled_in(CacheMode::Off, 2), 14);
    assert_eq!(counted(), (1, 1));
}

#[test]
fn the_local_location_holds_what_was_processed() {
    let lake = Lake::new();
    assert_eq!((scaled_in(CacheMode::Local, 2), counted()), (14, (1, 1)));
    assert_eq!((scaled_in(CacheMode::Local, 2), counted()), (14, (0, 0)), "it is processed");
    assert_eq!((scaled_in(CacheMode::Local, 3), counted()), (21, (1, 1)), "another entry");
    let read_only = |factor| scaled::call(7, factor).cache_mode(CacheMode::ReadOnly);
    let entry = read_only(2).entry().run().unwrap().unwrap();
    let processors = entry.processors.iter().map(|one| (one.name.as_str(), one.options.as_str()));
    assert_eq!(processors.collect::<Vec<_>>(), [("times", "2")]);
    assert_eq!(entry.arguments["factor"], "2");
    assert!(!lake.path("root").join("_").exists());
}

#[test]
fn a_copy_of_a_root_hit_is_processed_and_is_not_again() {
    let _lake = Lake::new();
    scaled(7, 2).unwrap();
    assert_eq!(counted(), (1, 1));
    assert_eq!((scaled_in(CacheMode::Local, 5), counted()), (35, (0, 1)), "from the root");
    assert_eq!((scaled_in(CacheMode::Offline, 5), counted()), (35, (0, 0)), "from the copy");
    let entry = scaled::call(7, 5).cache_mode(CacheMode::Offline).entry().run().unwrap().unwrap();
    assert_eq!(entry.processors.len(), 1);
}

#[test]
fn the_memo_holds_what_was_processed_and_tells_arguments_apart() {
    let _lake = Lake::new();
    let memoized = |factor| scaled::call(7, factor).memoize(true).run().unwrap();
    assert_eq!((memoized(2), counted()), (14, (1, 1)));
    assert_eq!((memoized(2), counted()), (14, (0, 0)));
    assert_eq!((memoized(3), counted()), (21, (0, 1)));
    assert_eq!(stats().memo_hits, 1);
    let last = scaled::call(7, 2).memoize(true).post_process(|value| value.map(|v| v + 1)).run();
    assert_eq!((last.unwrap(), memoized(2), counted()), (15, 14, (0, 0)));
}

static FACTOR: AtomicI64 = AtomicI64::new(2);

#[cache(memoize)]
#[processor(Times(FACTOR.load(Ordering::SeqCst)))]
fn by_setting() -> nuthatch::Result<i64> {
    Ok(value(7))
}

#[test]
fn what_tells_processors_apart_is_in_the_keys_of_memo_and_local_location() {
    let _lake = Lake::new();
    let local = || by_setting::call().cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!((local(), local(), counted()), (14, 14, (1, 1)));
    FACTOR.store(3, Ordering::SeqCst);
    assert_eq!((local(), counted()), (21, (1, 1)));
    nuthatch::clear_memo();
    FACTOR.store(2, Ordering::SeqCst);
    assert_eq!((local(), counted()), (14, (0, 0)), "from the local location");
}

#[processor(Plus(1))]
#[processor(Times(10))]
#[cache]
fn above() -> nuthatch::Result<i64> {
    Ok(7)
}

#[cache]
#[processor(Plus(1))]
#[processor(Times(10))]
fn below() -> nuthatch::Result<i64> {
    Ok(7)
}

#[processor(Plus(1))]
#[cache]
#[processor(Times(10))]
fn around() -> nuthatch::Result<i64> {
    Ok(7)
}

#[nuthatch::processor(Plus(1))]
#[nuthatch::processor(Times(10))]
#[nuthatch::processor(Plus(3))]
fn bare() -> i64 {
    7
}

#[test]
fn those_nearest_to_the_function_run_first_wherever_the_cache_stands() {
    let _lake = Lake::new();
    for _ in 0..2 {
        assert_eq!([above().unwrap(), below().unwrap(), around().unwrap()], [71; 3]);
    }
    assert_eq!(bare(), 101);
}

/// A type that nothing stores.
#[derive(Debug, PartialEq)]
struct Opaque(i64);

struct Bump;

impl Processor<Opaque> for Bump {
    fn name(&self) -> &str {
        "bump"
    }
    fn process(&self, value: Opaque) -> nuthatch::Result<Opaque> {
        Ok(Opaque(value.0 + 1))
    }
}

#[processor(Bump)]
fn opaque() -> Opaque {
    Opaque(1)
}

/// The body returns early.
#[processor(Times(*factor), takes(factor))]
async fn bare_async(of: &str, factor: i64) -> Result<Option<i64>, Error> {
    tokio::task::yield_now().await;
    let _ = factor;
    if of.is_empty() {
        return Ok(None);
    }
    let parsed: i64 = of.parse().map_err(Error::other)?;
    Ok(Some(parsed))
}

struct Grid(i64);

impl Grid {
    #[processor(Times(*factor), takes(factor))]
    #[cache(in_impl, skip(self))]
    fn cells(&self, factor: i64) -> nuthatch::Result<i64> {
        let _ = factor;
        Ok(value(self.0))
    }

    #[processor(Plus(1))]
    fn bare(&mut self) -> Option<i64> {
        self.0 += 1;
        Some(self.0).filter(|cells| *cells < 10)
    }
}

#[test]
fn bare_functions_and_methods_are_processed_whatever_they_return() {
    let _lake = Lake::new();
    assert_eq!(opaque(), Opaque(2));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(bare_async("7", 3)).unwrap(), Some(21));
    assert_eq!(runtime.block_on(bare_async("", 3)).unwrap(), None);
    assert!(runtime.block_on(bare_async("x", 3)).is_err());

    let mut grid = Grid(8);
    assert_eq!((grid.cells(2).unwrap(), grid.cells(3).unwrap()), (16, 24));
    assert_eq!(counted().0, 1);
    assert_eq!((grid.bare(), grid.bare()), (Some(10), None));
}

#[processor(Times(i64::MAX))]
#[cache]
fn plain() -> i64 {
    value(7)
}

#[test]
fn a_processor_that_fails_is_told_with_its_call_and_costs_no_entry() {
    let _lake = Lake::new();
    for _ in 0..2 {
        let error = scaled(7, i64::MAX).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains("scaled(") && shown.contains("`times` failed: too large"),
            "{shown}"
        );
        let Error::Processor { source, .. } = error else { panic!("{error:?}") };
        assert!(source.downcast_ref::<TooLarge>().is_some());
    }
    assert_eq!((scaled(7, 2).unwrap(), counted()), (14, (1, 3)), "the whole was stored");

    let panicked = std::panic::catch_unwind(plain).unwrap_err();
    let message = panicked.downcast_ref::<String>().unwrap();
    assert!(message.contains("too large") && message.contains("no `Result`"), "{message}");
}

#[test]
fn what_is_returned_is_validated_where_it_is_asked_for_wherever_it_comes_from() {
    let _lake = Lake::new();
    let validated = |factor, mode| {
        let call = scaled::call(7, factor).memoize(true).cache_mode(mode).validate(true);
        (call.run().map_err(|error| error.to_string()), VALIDATED.swap(0, Ordering::SeqCst))
    };
    for mode in [CacheMode::Write, CacheMode::Write, CacheMode::Local, CacheMode::Offline] {
        assert_eq!(validated(2, mode), (Ok(14), 1), "{mode}");
    }
    let (refused, times) = validated(1000, CacheMode::Write);
    let refused = refused.unwrap_err();
    assert!(refused.contains("`times`") && refused.contains("7000 is not below 1000"), "{refused}");
    assert_eq!((times, RUNS.load(Ordering::SeqCst)), (1, 1));
    // Without, it is returned; and a memoized one is validated all the same.
    assert_eq!(scaled::call(7, 1000).memoize(true).run().unwrap(), 7000);
    assert_eq!(VALIDATED.swap(0, Ordering::SeqCst), 0);
    assert!(validated(1000, CacheMode::Write).0.is_err());
}

#[test]
fn an_engine_reads_what_was_processed() {
    let _lake = Lake::new();
    let read = |mode| {
        let Stored(read) =
            scaled::call(7, 2).cache_mode(mode).engine::<Stored<i64>>().run().unwrap();
        (read, counted())
    };
    assert_eq!(read(CacheMode::Write), (14, (1, 1)));
    assert_eq!(read(CacheMode::Write), (14, (0, 1)));
    assert_eq!(read(CacheMode::Local), (14, (0, 1)));
    assert_eq!(read(CacheMode::Local), (14, (0, 0)));
}

#[processor(Times(2))]
#[cache]
fn nothing() -> Option<i64> {
    (value(0) > 0).then_some(1)
}

#[test]
fn nothing_is_not_processed() {
    let _lake = Lake::new();
    assert_eq!((nothing(), nothing(), counted()), (None, None, (1, 0)));
}

#[test]
fn calls_that_join_get_one_processed_value() {
    let _lake = Lake::new();
    #[processor(Times(2))]
    #[cache]
    fn slow() -> nuthatch::Result<i64> {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Ok(value(7))
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(slow().unwrap(), 14));
        }
    });
    assert_eq!(counted().0, 1);
}
