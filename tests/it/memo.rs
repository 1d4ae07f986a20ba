//! The memo: how it is asked for, what it keeps apart, and what it never hands out.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{clear_memo, set_parameter, stats};

use crate::events::Events;
use crate::lake::{Counts, Lake};
use crate::readings::{Readings, Total};

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicI64 = AtomicI64::new(1);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[cache]
fn measured(station: i64) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(station * 100 + VALUE.load(Ordering::SeqCst))
}

#[cache(memoize)]
fn remembered(station: i64, text: &str) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(station * 100 + i64::try_from(text.len()).unwrap())
}

#[cache(memoize)]
async fn remembered_async(station: i64) -> i64 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    station
}

/// A call that touches no location.
macro_rules! off {
    ($station:expr) => {
        measured::call($station).cache_mode(CacheMode::Off).memoize(true)
    };
}

#[test]
fn a_call_may_ask_for_it() {
    let lake = Lake::new();
    assert_eq!(measured::call(1).memoize(true).run().unwrap(), 101);
    lake.reset();
    assert_eq!(measured::call(1).memoize(true).run().unwrap(), 101);
    assert_eq!((runs(), stats().memo_hits), (1, 1));
    for location in crate::lake::LOCATIONS {
        assert_eq!(lake.counts(location), Counts::default(), "{location}");
    }
    assert_eq!(measured(1).unwrap(), 101);
    assert_eq!((runs(), stats().memo_hits, stats().root_hits), (0, 1, 1));
}

#[tokio::test]
async fn the_attribute_may_ask_for_it() {
    let lake = Lake::new();
    remembered(1, "abc").unwrap();
    remembered_async(2).await;
    lake.reset();
    for _ in 0..3 {
        assert_eq!((remembered(1, "abc").unwrap(), remembered_async(2).await), (103, 2));
        assert_eq!(remembered::call(1, "abc").await.unwrap(), 103);
    }
    assert_eq!((runs(), stats().memo_hits, lake.counts("root").gets), (2, 9, 0));
    assert_eq!(remembered::call(1, "abc").memoize(false).run().unwrap(), 103);
    assert_eq!((stats().memo_hits, lake.counts("root").gets), (9, 1));
}

#[test]
fn the_configuration_may_ask_for_it() {
    let _lake = Lake::new();
    set_parameter!("memoize", true).unwrap();
    assert_eq!((measured(1).unwrap(), measured(1).unwrap()), (101, 101));
    assert_eq!((runs(), stats().memo_hits), (1, 1));
    measured::call(1).memoize(false).run().unwrap();
    assert_eq!((stats().memo_hits, stats().root_hits), (1, 1));
}

#[test]
fn it_works_in_mode_off() {
    let lake = Lake::new();
    assert_eq!((off!(1).run().unwrap(), off!(1).run().unwrap()), (101, 101));
    assert_eq!((runs(), stats().memo_hits), (1, 1));
    assert_eq!(measured::call(1).cache_mode(CacheMode::Off).run().unwrap(), 101);
    assert_eq!(runs(), 1, "without the memo, off computes");
    for location in crate::lake::LOCATIONS {
        assert!(lake.requests(location).is_empty(), "{location}");
    }
}

#[test]
fn it_is_bounded_in_bytes() {
    #[cache(memoize)]
    fn series(of: u32) -> nuthatch::Result<Vec<u8>> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(vec![of as u8; 10_000])
    }
    let _lake = Lake::new();
    set_parameter!("memo_size", "200 kB").unwrap();
    for of in 0..200 {
        series(of).unwrap();
    }
    nuthatch::reset_stats();
    for of in 0..200 {
        assert_eq!(series(of).unwrap(), vec![of as u8; 10_000]);
    }
    // Every result weighs at least its 10,000 bytes.
    assert!(stats().memo_hits <= 20, "{}", stats());
    assert_eq!(runs(), 200);
    set_parameter!("memo_size", 0).unwrap();
    nuthatch::reset_stats();
    series(1).unwrap();
    series(1).unwrap();
    assert_eq!(stats().memo_hits, 0, "a memo of no bytes holds nothing");
}

#[test]
fn what_is_used_stays_when_others_go() {
    #[cache(memoize)]
    fn series(of: u32) -> nuthatch::Result<Vec<u8>> {
        Ok(vec![of as u8; 1000])
    }
    let _lake = Lake::new();
    set_parameter!("memo_size", "2 MB").unwrap();
    series(0).unwrap();
    for of in 1..10_000 {
        series::call(of).cache_mode(CacheMode::Off).run().unwrap();
        series(0).unwrap();
    }
    nuthatch::reset_stats();
    series(0).unwrap();
    assert_eq!(stats().memo_hits, 1);
}

#[test]
fn callers_do_not_change_what_is_handed_out() {
    #[cache(memoize)]
    fn table() -> nuthatch::Result<Vec<Vec<i64>>> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(vec![vec![1, 2], vec![3]])
    }
    let _lake = Lake::new();
    for _ in 0..3 {
        let mut mine = table().unwrap();
        assert_eq!(mine, [vec![1, 2], vec![3]]);
        mine[0].push(99);
        mine.clear();
    }
    assert_eq!((runs(), stats().memo_hits), (1, 2));
}

#[test]
fn post_processing_is_not_remembered() {
    let _lake = Lake::new();
    let doubled = |result: nuthatch::Result<i64>| result.map(|value| value * 2);
    assert_eq!(off!(1).post_process(doubled).run().unwrap(), 202);
    assert_eq!(off!(1).post_process(doubled).run().unwrap(), 202);
    assert_eq!((off!(1).run().unwrap(), runs()), (101, 1));
}

#[test]
fn namespaces_and_arguments_are_kept_apart() {
    let _lake = Lake::new();
    let in_namespace = |namespace: &str, value| {
        VALUE.store(value, Ordering::SeqCst);
        off!(1).namespace(namespace).run().unwrap()
    };
    assert_eq!((in_namespace("a", 1), in_namespace("b", 2), in_namespace("", 3)), (101, 102, 103));
    VALUE.store(4, Ordering::SeqCst);
    assert_eq!((off!(1).run().unwrap(), off!(2).run().unwrap()), (104, 204));
    assert_eq!((in_namespace("a", 9), in_namespace("b", 9), in_namespace("", 9)), (101, 102, 103));
    assert_eq!((off!(1).run().unwrap(), off!(2).run().unwrap(), runs()), (104, 204, 5));
    nuthatch::with(Options::new().namespace("a"), || assert_eq!(off!(1).run().unwrap(), 101));
}

#[test]
fn a_namespace_of_the_configuration_is_kept_apart() {
    #[cache(memoize)]
    fn current() -> nuthatch::Result<i64> {
        Ok(VALUE.load(Ordering::SeqCst))
    }
    let _lake = Lake::new();
    assert_eq!(current().unwrap(), 1);
    for (namespace, value) in [("theirs", 2), ("ours", 3)] {
        VALUE.store(value, Ordering::SeqCst);
        set_parameter!("namespace", namespace).unwrap();
        assert_eq!(current().unwrap(), value);
    }
    nuthatch::reset_stats();
    VALUE.store(4, Ordering::SeqCst);
    assert_eq!(current().unwrap(), 3);
    set_parameter!("namespace", "theirs").unwrap();
    assert_eq!((current().unwrap(), stats().memo_hits), (2, 2));
}

#[test]
fn bytes_of_a_namespace_and_of_an_argument_do_not_run_together() {
    #[cache]
    fn joined(text: &str) -> String {
        text.to_owned()
    }
    let _lake = Lake::new();
    let call = |namespace: &str, text: &str| {
        let call = joined::call(text).cache_mode(CacheMode::Off).memoize(true);
        call.namespace(namespace).run()
    };
    for (namespace, text) in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")] {
        assert_eq!(call(namespace, text), text);
        assert_eq!(call(namespace, text), text);
    }
    assert_eq!((stats().memo_hits, stats().uncached), (4, 4));
}

#[test]
fn a_recomputed_value_is_not_handed_out_any_more() {
    let _lake = Lake::new();
    let memoized = || measured::call(1).memoize(true).run().unwrap();
    assert_eq!(memoized(), 101);
    VALUE.store(2, Ordering::SeqCst);
    // By a call that does not memoize itself.
    let call = measured::call(1).cache_mode(CacheMode::Overwrite).recompute(true);
    assert_eq!(call.run().unwrap(), 102);
    assert_eq!(memoized(), 102);
    VALUE.store(3, Ordering::SeqCst);
    let call = measured::call(1).cache_mode(CacheMode::Overwrite).recompute(true);
    assert_eq!(call.memoize(true).run().unwrap(), 103);
    assert_eq!((memoized(), runs()), (103, 3));
}

#[test]
fn a_forgotten_value_is_not_handed_out_any_more() {
    let _lake = Lake::new();
    let memoized = || measured::call(1).memoize(true).run().unwrap();
    assert_eq!(memoized(), 101);
    assert!(measured::forget(1).run().unwrap());
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!((memoized(), runs()), (102, 2));
}

#[test]
fn an_upserted_value_is_not_handed_out_any_more() {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    #[cache(upsert_keys("station"), backend = "ledger", memoize)]
    fn latest() -> nuthatch::Result<Readings> {
        let value = NEXT.fetch_add(1, Ordering::SeqCst);
        Ok(Readings::of([(["oslo", "rome"][value as usize % 2], value)]))
    }
    let _lake = Lake::new();
    assert_eq!(latest().unwrap(), Readings::of([("oslo", 0)]));
    let both = Readings::of([("oslo", 0), ("rome", 1)]);
    assert_eq!(latest::call().upsert(true).run().unwrap(), both);
    assert_eq!(latest().unwrap(), both);
    // As another type, too.
    assert_eq!(latest::call().engine::<Total>().run().unwrap(), Total(1));
    assert_eq!(latest().unwrap(), both);
}

#[test]
fn an_engine_that_cannot_be_copied_leaves_no_old_value_behind() {
    #[cache(memoize, backend = "ledger")]
    fn latest() -> nuthatch::Result<Readings> {
        Ok(Readings::of([("oslo", VALUE.load(Ordering::SeqCst))]))
    }
    let _lake = Lake::new();
    assert_eq!(latest().unwrap(), Readings::of([("oslo", 1)]));
    VALUE.store(2, Ordering::SeqCst);
    let call = latest::call().engine::<Total>().cache_mode(CacheMode::Overwrite);
    assert_eq!(call.recompute(true).run().unwrap(), Total(2));
    assert_eq!(latest().unwrap(), Readings::of([("oslo", 2)]));
}

#[test]
fn clear_memo_forgets_everything_in_memory_and_nothing_else() {
    let _lake = Lake::new();
    for station in 0..10 {
        measured::call(station).memoize(true).run().unwrap();
    }
    clear_memo();
    nuthatch::reset_stats();
    for station in 0..10 {
        measured::call(station).memoize(true).run().unwrap();
    }
    assert_eq!((stats().memo_hits, stats().root_hits, runs()), (0, 10, 10));
}

#[test]
fn a_value_that_cannot_be_copied_is_stored_and_said_not_to_be_memoized() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Once(i64);

    #[cache(memoize)]
    fn once() -> nuthatch::Result<Once> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(Once(5))
    }
    let (_lake, events) = (Lake::new(), Events::listen());
    assert_eq!((once().unwrap(), once().unwrap(), runs()), (Once(5), Once(5), 1));
    assert_eq!((stats().memo_hits, stats().root_hits), (0, 1));
    let warnings = events.warnings();
    assert!(warnings[0].contains("Once") && warnings[0].contains("`Clone`"), "{warnings:#?}");
}

#[test]
fn a_null_is_remembered_as_none() {
    #[cache(memoize)]
    fn nothing() -> Option<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        None
    }
    let _lake = Lake::new();
    assert_eq!((nothing(), nothing(), runs(), stats().memo_hits), (None, None, 1, 1));
}

#[test]
fn an_error_is_not_remembered() {
    #[cache(memoize)]
    fn failing() -> Result<i64, String> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Err("no".to_owned())
    }
    let _lake = Lake::new();
    assert!(failing().is_err() && failing().is_err());
    assert_eq!(runs(), 2);
}

#[test]
fn a_hit_is_in_the_lineage_of_who_used_it() {
    #[cache]
    fn above() -> nuthatch::Result<i64> {
        measured::call(1).memoize(true).run()
    }
    let _lake = Lake::new();
    measured::call(1).memoize(true).run().unwrap();
    above().unwrap();
    assert_eq!(stats().memo_hits, 1);
    let lineage = above::entry().run().unwrap().unwrap().lineage;
    let [input] = &lineage[..] else { panic!("{lineage:?}") };
    assert_eq!(input.location, "root");
    assert!(input.path.contains("memo.measured/"), "{input:?}");
}

/// Asks for another cached value when it is dropped, as a value with a connection might.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Leaving(u32);

impl Drop for Leaving {
    fn drop(&mut self) {
        let _ = last_word(self.0);
    }
}

#[cache(memoize)]
fn last_word(of: u32) -> nuthatch::Result<u32> {
    Ok(of)
}

#[cache(memoize)]
fn leaving(number: u32) -> nuthatch::Result<Leaving> {
    Ok(Leaving(number))
}

#[test]
fn a_value_that_calls_a_cached_function_when_the_memo_shrinks_does_not_hang() {
    let _lake = Lake::new();
    for number in 0..64 {
        leaving(number).unwrap();
    }
    let before = nuthatch::stats().memo_hits;
    leaving(63).unwrap();
    assert!(nuthatch::stats().memo_hits > before, "they are in the memo");
    nuthatch::set_parameter!("memo_size", "1 B").unwrap();
    assert_eq!(last_word(1_000).unwrap(), 1_000);
    leaving(63).unwrap();
}
