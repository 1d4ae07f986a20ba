//! What nuthatch tells of itself: one event an outcome, and the counts.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{reset_stats, stats};
use tracing::Level;

use crate::events::{Event, Events};
use crate::lake::Lake;
use crate::readings::manifests;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicI64 = AtomicI64::new(1);

#[cache]
fn measured(station: i64) -> nuthatch::Result<Option<i64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    std::thread::sleep(std::time::Duration::from_millis(2));
    tracing::info!(target: "user", "reading the instrument");
    Ok(Some(station + VALUE.load(Ordering::SeqCst)).filter(|value| *value >= 0))
}

/// The one event of nuthatch since the last call, which tells an outcome.
fn outcome(events: &Events) -> Event {
    let told: Vec<Event> =
        events.take().into_iter().filter(|e| e.field("target") == "nuthatch").collect();
    let [event] = &told[..] else { panic!("expected one event: {told:#?}") };
    assert_eq!(event.field("function"), "nuthatch-tests::it::observability::measured");
    assert!(event.message().contains("measured(station = 1)"), "{event:?}");
    event.clone()
}

fn seconds(event: &Event, field: &str) -> f64 {
    event.field(field).parse().unwrap_or_else(|_| panic!("no {field}: {event:?}"))
}

#[test]
fn a_computed_result_is_one_event() {
    let (_lake, events) = (Lake::new(), Events::listen());
    measured(1).unwrap();
    let event = outcome(&events);
    assert_eq!(event.level, Level::INFO);
    assert!(event.message().starts_with("computed "), "{event:?}");
    assert_eq!(event.field("key"), measured::key(1).unwrap().to_hex());
    assert_eq!((event.field("location"), event.field("backend")), ("root", "basic"));
    assert_eq!(event.field("why"), "absent");
    assert!(event.field("bytes").parse::<u64>().unwrap() > 0);
    assert!(seconds(&event, "seconds") >= 0.002, "{event:?}");
}

#[test]
fn the_key_of_what_was_computed_is_that_of_its_entry() {
    let (_lake, events) = (Lake::new(), Events::listen());
    let key = || {
        measured::call(1).cache_mode(CacheMode::Local).run().unwrap();
        outcome(&events).field("key").to_owned()
    };
    let (computed, recalled) = (key(), key());
    assert_eq!(computed, recalled, "one entry of the local location, whose keys are its own");
}

#[test]
fn a_recalled_result_is_one_event() {
    let (_lake, events) = (Lake::new(), Events::listen());
    measured(1).unwrap();
    events.take();
    measured(1).unwrap();
    let event = outcome(&events);
    assert_eq!(event.level, Level::INFO);
    assert!(event.message().starts_with("recalled "), "{event:?}");
    assert_eq!(event.field("key"), measured::key(1).unwrap().to_hex());
    assert_eq!((event.field("location"), event.field("backend")), ("root", "basic"));
    assert!(event.field("path").contains("observability.measured/entries/"), "{event:?}");
    assert!(event.field("bytes").parse::<u64>().unwrap() > 0);
    assert!(seconds(&event, "seconds") >= 0.0 && seconds(&event, "seconds_saved") >= 0.002);
}

#[test]
fn a_hit_in_each_level_names_it() {
    let (lake, events) = (Lake::new(), Events::listen());
    measured(1).unwrap();
    lake.publish_root();
    lake.empty("root");
    events.take();
    measured(1).unwrap();
    assert_eq!(outcome(&events).field("location"), "mirror");
    measured::call(1).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(outcome(&events).field("location"), "mirror");
    measured::call(1).cache_mode(CacheMode::Local).memoize(true).run().unwrap();
    let event = outcome(&events);
    assert_eq!(event.field("location"), "local");
    assert_eq!(event.field("key").len(), 64);
    measured::call(1).cache_mode(CacheMode::Local).memoize(true).run().unwrap();
    let event = outcome(&events);
    assert_eq!((event.field("location"), event.level), ("memo", Level::DEBUG));
    assert_eq!(event.field("key"), measured::key(1).unwrap().to_hex());
    assert!(seconds(&event, "seconds_saved") >= 0.002, "{event:?}");
}

#[tokio::test]
async fn a_joined_call_is_one_event() {
    #[cache]
    async fn measured_slowly(station: i64) -> nuthatch::Result<i64> {
        tokio::task::yield_now().await;
        std::thread::sleep(std::time::Duration::from_millis(2));
        Ok(station)
    }
    let (_lake, events) = (Lake::new(), Events::listen());
    let (one, two) = tokio::join!(measured_slowly(1), measured_slowly(1));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
    let told = events.take();
    let locations: Vec<&str> = told.iter().map(|event| event.field("location")).collect();
    assert_eq!(locations, ["root", "flight"], "{told:#?}");
    assert!(told.iter().all(|event| event.field("function").ends_with("::measured_slowly")));
    let keys: Vec<&str> = told.iter().map(|event| event.field("key")).collect();
    assert_eq!(keys[0], keys[1]);
    assert!(seconds(&told[1], "seconds_saved") >= 0.002 && stats().seconds_saved >= 0.002);
    assert_eq!((stats().joined, stats().computed()), (1, 1));
}

#[test]
fn what_a_body_tells_is_told_within_its_call() {
    let (_lake, events) = (Lake::new(), Events::listen());
    measured(1).unwrap();
    let told = events.take();
    let own = told.iter().find(|event| event.field("target") == "user").unwrap();
    assert_eq!(own.spans, ["compute"]);
    let outcome = told.iter().find(|event| event.field("target") == "nuthatch").unwrap();
    assert_eq!(outcome.spans, Vec::<String>::new());
}

#[test]
fn a_null_is_told_without_a_backend() {
    let (_lake, events) = (Lake::new(), Events::listen());
    VALUE.store(-5, Ordering::SeqCst);
    for begins in ["computed", "recalled"] {
        assert_eq!(measured(1).unwrap(), None);
        let event = outcome(&events);
        assert!(event.message().starts_with(begins), "{event:?}");
        assert_eq!((event.field("location"), event.field("backend")), ("root", ""));
        assert_eq!(event.field("bytes"), "0");
    }
}

#[test]
fn a_body_that_fails_is_one_event_and_is_counted() {
    #[cache(name = "observability_failing")]
    fn failing(station: i64) -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Err(nuthatch::Error::other(format!("station {station} is silent")))
    }
    let (_lake, events) = (Lake::new(), Events::listen());
    assert!(failing(1).is_err());
    let told = events.take();
    let [event] = &told[..] else { panic!("expected one event: {told:#?}") };
    assert!(event.message().starts_with("computed failing(station = 1) in "), "{event:?}");
    assert!(event.message().ends_with("returned an error; nothing is stored"), "{event:?}");
    assert_eq!(event.field("key"), failing::key(1).unwrap().to_hex());
    assert_eq!((event.field("location"), event.field("why")), ("nowhere", "absent"));
    assert!(seconds(event, "seconds") >= 0.0);
    failing::call(1).recompute(true).run().unwrap_err();
    failing::call(1).cache_mode(CacheMode::Off).run().unwrap_err();
    let stats = stats();
    assert_eq!((stats.absent, stats.recomputed, stats.uncached), (1, 1, 1), "{stats}");
    assert_eq!((stats.computed(), stats.failed, stats.stored), (3, 3, 0), "{stats}");
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
}

#[test]
fn a_strict_call_that_finds_nothing_is_one_event_and_is_counted() {
    let (_lake, events) = (Lake::new(), Events::listen());
    assert!(measured::call(1).cache_mode(CacheMode::ReadOnlyStrict).run().is_err());
    let event = outcome(&events);
    assert!(event.message().contains("may not compute"), "{event:?}");
    for location in ["root (", "local (", "mirror ("] {
        assert!(event.field("location").contains(location), "{event:?}");
    }
    let stats = stats();
    assert_eq!((stats.not_cached, stats.computed(), stats.hits()), (1, 0, 0), "{stats}");
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
}

#[test]
fn hits_are_counted_by_level() {
    let lake = Lake::new();
    let call = |mode| measured::call(1).cache_mode(mode);
    call(CacheMode::Write).run().unwrap();
    let first = stats();
    assert_eq!((first.absent, first.stored, first.hits(), first.computed()), (1, 1, 0, 1));
    assert!(first.bytes_written > 0 && first.bytes_read == 0 && first.seconds_saved == 0.0);

    reset_stats();
    call(CacheMode::Write).run().unwrap();
    lake.publish_root();
    lake.empty("root");
    call(CacheMode::Write).run().unwrap();
    call(CacheMode::Local).run().unwrap();
    call(CacheMode::Offline).run().unwrap();
    call(CacheMode::Offline).memoize(true).run().unwrap();
    call(CacheMode::Offline).memoize(true).run().unwrap();
    let stats = stats();
    assert_eq!(
        (stats.root_hits, stats.mirror_hits, stats.local_hits, stats.memo_hits),
        (1, 2, 2, 1)
    );
    assert_eq!((stats.hits(), stats.computed(), stats.stored), (6, 0, 1));
    assert_eq!(stats.bytes_read, 5 * first.bytes_written);
    assert!(stats.seconds_saved >= 6.0 * 0.002, "{stats}");
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[test]
fn bytes_of_a_value_in_an_object_of_its_own_are_counted_as_those_in_a_manifest() {
    #[cache(name = "observability_large")]
    fn large() -> nuthatch::Result<Vec<u64>> {
        Ok((0..20_000).map(|number| number << 40).collect())
    }
    let _lake = Lake::new();
    large().unwrap();
    let stored = large::entry().run().unwrap().unwrap().backends[0].bytes;
    assert_eq!((stats().bytes_written, stats().bytes_read), (stored, 0));
    large().unwrap();
    large().unwrap();
    assert_eq!((stats().bytes_read, stats().root_hits), (2 * stored, 2));
}

#[test]
fn bodies_are_counted_by_why_they_ran() {
    let lake = Lake::new();
    let call = |mode| measured::call(1).cache_mode(mode);
    call(CacheMode::Write).run().unwrap();
    call(CacheMode::Overwrite).recompute(true).run().unwrap();
    call(CacheMode::Off).run().unwrap();
    call(CacheMode::Write).cache(false).run().unwrap();
    for manifest in manifests(&lake.path("root")) {
        std::fs::write(lake.path("root").join(manifest), "{").unwrap();
    }
    call(CacheMode::Write).run().unwrap();
    assert!(call(CacheMode::Offline).strict(true).run().is_err());
    let stats = stats();
    assert_eq!(
        (stats.absent, stats.recomputed, stats.uncached, stats.unusable),
        (1, 1, 2, 1),
        "{stats}"
    );
    assert_eq!((stats.computed(), u64::from(RUNS.load(Ordering::SeqCst))), (5, 5));
    assert_eq!((stats.hits(), stats.stored, stats.store_failures), (0, 3, 0));
    assert_eq!((stats.failed, stats.not_cached), (0, 1));
}

#[test]
fn the_counts_are_shown_as_people_read_them() {
    let _lake = Lake::new();
    measured(1).unwrap();
    measured(1).unwrap();
    let shown = stats().to_string();
    for part in ["recalled 1 ", "root 1", "computed 1 (absent 1", "stored 1,"] {
        assert!(shown.contains(part), "{shown}");
    }
}
