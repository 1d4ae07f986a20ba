//! What becomes of an entry: provenance and lineage, replaced generations, tombstones, nulls.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nuthatch::prelude::*;

use crate::files;
use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicU32 = AtomicU32::new(0);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn value() -> u32 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    VALUE.load(Ordering::SeqCst)
}

#[cache(name = "entries_inner", version = "3")]
fn inner(station: &str) -> nuthatch::Result<u32> {
    let _ = station;
    Ok(value())
}

#[cache(name = "entries_outer")]
fn outer(first: &str, second: &str) -> nuthatch::Result<u32> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let nested = between(first)? + between(second)?;
    Ok(nested + inner(first)?)
}

/// Not cached: what it reads is read by whoever calls it.
fn between(station: &str) -> nuthatch::Result<u32> {
    inner(station)
}

#[cache(name = "entries_large")]
fn large() -> nuthatch::Result<Vec<u32>> {
    let value = value();
    Ok((0..20_000).map(|index| index ^ (value << 16)).collect())
}

#[cache(name = "entries_maybe")]
fn maybe() -> nuthatch::Result<Option<u32>> {
    Ok(Some(value()).filter(|value| *value > 0))
}

#[test]
fn lineage_names_the_entries_that_were_read_with_their_generations() {
    let lake = Lake::new();
    inner("bergen").unwrap();
    outer("bergen", "oslo").unwrap();
    let lineage = outer::call("bergen", "oslo").entry().run().unwrap().unwrap().lineage;
    let mut expected = Vec::new();
    for station in ["bergen", "oslo"] {
        let manifest = inner::call(station).entry().run().unwrap().unwrap();
        let uri = inner::call(station).uri().run().unwrap().unwrap();
        let generation = manifest.backends[0].generation.clone();
        expected.push((uri, Some(generation)));
    }
    let root = format!("file://{}/", lake.path("root").display());
    let found: Vec<_> = lineage
        .iter()
        .map(|input| (format!("{root}{}", input.path), input.generation.clone()))
        .collect();
    assert_eq!(found, expected, "each once, whether it was recalled or computed");
    assert!(lineage.iter().all(|input| input.location == "root"));
}

#[tokio::test]
async fn lineage_goes_up_through_a_with_and_comes_from_calls_that_joined() {
    #[cache(name = "entries_slow")]
    async fn slow() -> nuthatch::Result<u32> {
        tokio::task::yield_now().await;
        Ok(value())
    }
    #[cache(name = "entries_above")]
    async fn above(number: u32) -> nuthatch::Result<u32> {
        Ok(nuthatch::with_async(Options::new(), slow()).await? + number)
    }
    let _lake = Lake::new();
    let (one, two) = tokio::join!(above(1), above(2));
    assert_eq!((one.unwrap(), two.unwrap(), runs()), (1, 2, 1));
    assert_eq!(nuthatch::stats().joined, 1);
    for number in [1, 2] {
        let lineage = above::entry(number).await.unwrap().unwrap().lineage;
        let [input] = &lineage[..] else { panic!("{number}: {lineage:?}") };
        assert!(input.path.contains("entries_slow/"), "{number}: {lineage:?}");
    }
}

#[test]
fn lineage_goes_through_what_was_not_stored() {
    let _lake = Lake::new();
    inner("bergen").unwrap();

    #[cache(name = "entries_unstored")]
    fn unstored() -> nuthatch::Result<u32> {
        inner("bergen")
    }
    #[cache(name = "entries_outermost")]
    fn outermost() -> nuthatch::Result<u32> {
        unstored::call().cache(false).run()
    }
    outermost().unwrap();
    let lineage = outermost::call().entry().run().unwrap().unwrap().lineage;
    assert_eq!(lineage.len(), 1);
    assert!(lineage[0].path.contains("entries_inner"), "{lineage:?}");
}

#[test]
fn a_copy_in_the_local_location_keeps_its_provenance() {
    let lake = Lake::new();
    outer("bergen", "oslo").unwrap();
    let original = outer::call("bergen", "oslo").entry().run().unwrap().unwrap();
    // So that a new time or user would differ.
    std::thread::sleep(Duration::from_millis(20));
    runs();
    outer::call("bergen", "oslo").cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(runs(), 0);
    lake.empty("root");
    let copy = outer::call("bergen", "oslo").cache_mode(CacheMode::Offline).entry().run();
    let copy = copy.unwrap().unwrap();
    assert_eq!(copy.created_at, original.created_at);
    assert_eq!(copy.compute_seconds, original.compute_seconds);
    assert!(copy.compute_seconds.is_some_and(|seconds| seconds > 0.0));
    assert_eq!(copy.lineage, original.lineage);
    assert_eq!(copy.lineage.len(), 2);
    assert_eq!(copy.fingerprint, original.fingerprint);
    assert_eq!(copy.crate_version, original.crate_version);
    assert_eq!((copy.user, copy.host), (original.user, original.host));
    assert_ne!(copy.write_id, original.write_id);
    assert_ne!(copy.backends[0].generation, original.backends[0].generation);
}

#[test]
fn a_manifest_is_json_that_says_what_it_holds() {
    let lake = Lake::new();
    inner("bergen").unwrap();
    let text = fs::read(files::only_manifest(&lake.path("root"))).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let entry = inner::call("bergen").entry().run().unwrap().unwrap();
    assert_eq!(manifest["layout"], 1);
    assert_eq!(manifest["key"], inner::call("bergen").key().unwrap().to_string());
    assert_eq!(manifest["function"], entry.function);
    assert_eq!(manifest["arguments"]["station"], "\"bergen\"");
    assert_eq!(manifest["version"], "3");
    assert_eq!(manifest["state"], "value");
    assert_eq!(manifest["backends"][0]["backend"], "basic");
    assert_eq!(manifest["backends"][0]["type"], "u32");
    assert_eq!(manifest["blake3"].as_str().unwrap().len(), 64);
}

fn overwrite_large() {
    VALUE.fetch_add(1, Ordering::SeqCst);
    large::call().cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
}

#[test]
fn a_replaced_generation_stays_for_the_grace_time() {
    let lake = Lake::new();
    overwrite_large();
    let first = files::under(&lake.path("root"));
    let data: Vec<_> = first.iter().filter(|(path, _)| path.contains("/data/")).collect();
    assert_eq!(data.len(), 1);
    for _ in 0..3 {
        overwrite_large();
    }
    let now = files::under(&lake.path("root"));
    assert_eq!(now[data[0].0], *data[0].1, "who still reads it reads it whole");
    assert_eq!(files::data(&lake.path("root")).len(), 4);
    let manifest = large::call().entry().run().unwrap().unwrap();
    assert_eq!(manifest.replaced.len(), 3);
    assert!(lake.requests("root").iter().all(|request| !request.starts_with("list")));
}

#[test]
fn a_later_write_removes_what_was_replaced_before_the_grace_time() {
    let lake = Lake::new();
    nuthatch::set_parameter!("grace", "0s").unwrap();
    overwrite_large();
    let [first] = <[_; 1]>::try_from(files::data(&lake.path("root"))).unwrap();
    overwrite_large();
    assert!(first.exists(), "what this write replaces is for a later one");
    std::thread::sleep(Duration::from_millis(5));
    overwrite_large();
    // Removal goes on beside the call.
    eventually(|| !first.exists());
    eventually(|| files::data(&lake.path("root")).len() == 2);
    assert_eq!(large::call().entry().run().unwrap().unwrap().replaced.len(), 1);
    VALUE.store(9, Ordering::SeqCst);
    runs();
    assert_eq!(large().unwrap()[0], 3 << 16);
    assert_eq!(runs(), 0);
}

#[test]
fn a_backend_with_options_of_its_own_in_the_locations_filesystem_is_opened_with_them() {
    let lake = Lake::new();
    large().unwrap();
    assert_eq!(lake.opened("root"), 1, "manifests and data share a store");
    nuthatch::set_parameter!("root.basic.filesystem_options.durable", true).unwrap();
    nuthatch::set_parameter!("root.filesystem_options.durable", false).unwrap();
    overwrite_large();
    assert_eq!(lake.opened("root"), 3, "one for manifests, and one for what `basic` writes");
    assert_eq!(large().unwrap().len(), 20_000);
}

#[test]
fn a_tombstone_is_a_miss_that_a_new_value_replaces_unasked() {
    let lake = Lake::new();
    nuthatch::confirm_with(|_| panic!("nothing is there to ask about"));
    VALUE.store(1, Ordering::SeqCst);
    large().unwrap();
    assert!(large::call().forget().run().unwrap());
    assert!(large::call().entry().run().unwrap().is_none());
    assert!(large::call().uri().run().unwrap().is_none());
    let error = large::call().strict(true).run().unwrap_err();
    assert!(error.is_not_cached(), "{error}");
    let file = files::only_manifest(&lake.path("root"));
    let tombstone: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(tombstone["state"], "forgotten");
    assert_eq!(tombstone["replaced"].as_array().unwrap().len(), 1);
    assert_eq!(files::data(&lake.path("root")).len(), 1, "for who still reads it");
    runs();
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!(large().unwrap()[0], 2 << 16);
    assert_eq!(large().unwrap()[0], 2 << 16);
    assert_eq!(runs(), 1);
    assert!(large::call().forget().run().unwrap());
    assert!(!large::call().forget().run().unwrap(), "it was forgotten before");
}

#[test]
fn forgetting_reaches_the_locations_that_the_mode_writes_and_the_memo() {
    let _lake = Lake::new();
    VALUE.store(1, Ordering::SeqCst);
    let memoized = || inner::call("bergen").memoize(true).run().unwrap();
    memoized();
    inner::call("bergen").cache_mode(CacheMode::Local).run().unwrap();
    assert!(inner::call("bergen").forget().run().unwrap());
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!(memoized(), 2, "neither memory nor the root has it");
    let local = inner::call("bergen").cache_mode(CacheMode::Offline).run().unwrap();
    assert_eq!(local, 1, "the default mode writes the root alone");
}

#[test]
fn a_null_entry_is_recalled_until_it_is_retried() {
    let _lake = Lake::new();
    nuthatch::confirm_with(|_| panic!("nulls are replaced unasked"));
    assert_eq!(maybe().unwrap(), None);
    VALUE.store(5, Ordering::SeqCst);
    assert_eq!(maybe().unwrap(), None);
    assert_eq!(runs(), 1);
    assert_eq!(maybe::call().retry_null(true).run().unwrap(), Some(5));
    assert_eq!(runs(), 1);
    VALUE.store(6, Ordering::SeqCst);
    assert_eq!(maybe::call().retry_null(true).run().unwrap(), Some(5), "a value is no null");
    assert_eq!(maybe().unwrap(), Some(5));
    assert_eq!(runs(), 0);
}

#[test]
fn a_null_entry_that_is_strict_is_none_and_no_error() {
    let _lake = Lake::new();
    assert!(maybe::call().strict(true).run().unwrap_err().is_not_cached());
    maybe().unwrap();
    assert_eq!(maybe::call().strict(true).run().unwrap(), None);
    let manifest = maybe::call().entry().run().unwrap().unwrap();
    assert!(manifest.backends.is_empty());
    assert!(maybe::call().strict(true).retry_null(true).run().unwrap_err().is_not_cached());
    assert_eq!(runs(), 1);
}

#[test]
fn an_error_is_never_stored() {
    let lake = Lake::new();

    #[cache(name = "entries_failing")]
    fn failing() -> nuthatch::Result<u32> {
        match value() {
            0 => Err(nuthatch::Error::other("the station sent no data")),
            value => Ok(value),
        }
    }
    for _ in 0..2 {
        assert_eq!(failing().unwrap_err().to_string(), "the station sent no data");
    }
    assert!(files::manifests(&lake.path("root")).is_empty());
    VALUE.store(4, Ordering::SeqCst);
    assert_eq!(failing().unwrap(), 4);
    VALUE.store(0, Ordering::SeqCst);
    let again = failing::call().cache_mode(CacheMode::Overwrite).recompute(true).run();
    assert!(again.is_err());
    assert_eq!(failing().unwrap(), 4, "a failing recompute leaves the entry");
}

/// Waits for what happens beside the calls; 30 s are more than it takes on any machine.
fn eventually(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "it never came to hold");
        std::thread::sleep(Duration::from_millis(2));
    }
}
