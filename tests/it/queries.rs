//! What can be asked of a call beside its result, and what a type with backends of its own does.

use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{Stored, clear_memo, confirm_with, stats};

use crate::files;
use crate::lake::{Counts, Lake};
use crate::readings::{Readings, Total, manifests, written};
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicI64 = AtomicI64::new(1);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[cache(version = "3")]
fn measured(station: i64) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(station * 100 + VALUE.load(Ordering::SeqCst))
}

#[cache]
async fn measured_async(station: i64) -> nuthatch::Result<Vec<i64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    tokio::task::yield_now().await;
    Ok(vec![station; 3])
}

#[test]
fn an_entry_can_be_asked_for_without_computing_it() {
    let lake = Lake::new();
    assert_eq!((measured::entry(1).run().unwrap(), measured::uri(1).run().unwrap()), (None, None));
    assert!(!measured::forget(1).run().unwrap());
    assert_eq!(runs(), 0);
    measured(1).unwrap();
    let manifest = measured::entry(1).run().unwrap().unwrap();
    assert_eq!(manifest.key, *measured::key(1).unwrap().as_bytes());
    assert_eq!(manifest.function, "nuthatch-tests::it::queries::measured");
    assert_eq!(manifest.arguments["station"], "1");
    assert_eq!(manifest.version.as_deref(), Some("3"));
    assert_eq!(manifest.namespace, None);
    assert_eq!(manifest.backends[0].backend, "basic");
    let uri = measured::uri(1).run().unwrap().unwrap();
    let path = lake.path("root").join(&manifests(&lake.path("root"))[0]);
    assert_eq!(uri.trim_start_matches("file://"), path.to_str().unwrap(), "the value is inlined");
    assert_eq!(runs(), 1);
}

#[test]
fn questions_follow_the_options_of_the_call() {
    let _lake = Lake::new();
    measured::call(1).cache_mode(CacheMode::Offline).namespace("a").run().unwrap();
    let call =
        |mode: CacheMode, namespace: &str| measured::call(1).cache_mode(mode).namespace(namespace);
    assert!(call(CacheMode::Write, "a").entry().run().unwrap().is_none());
    assert!(call(CacheMode::Local, "b").entry().run().unwrap().is_none());
    assert!(call(CacheMode::Local, "a").entry().run().unwrap().is_some());
    assert_ne!(call(CacheMode::Local, "a").key().unwrap(), measured::key(1).unwrap());
    assert!(!call(CacheMode::Write, "a").forget().run().unwrap());
    assert!(!call(CacheMode::ReadOnly, "a").forget().run().unwrap(), "it writes nowhere");
    assert!(call(CacheMode::Offline, "a").forget().run().unwrap());
    assert!(call(CacheMode::Local, "a").entry().run().unwrap().is_none());
}

#[test]
fn options_said_at_once_leave_those_said_before() {
    let lake = Lake::new();
    let several = || nuthatch::Options::new().namespace("a").memoize(true);
    let call = || measured::call(1).cache_mode(CacheMode::Offline).options(several());
    assert_eq!((call().run().unwrap(), runs()), (101, 1));
    assert_eq!(manifests(&lake.path("root")).len(), 0, "the mode that was said before holds");
    assert_eq!(manifests(&lake.path("local")).len(), 1);
    assert_eq!((call().run().unwrap(), runs(), stats().memo_hits), (101, 0, 1));

    // Of what both say, the later counts, whichever way it is said.
    let key = |call: nuthatch::Result<nuthatch::Key>| call.unwrap();
    let in_b = key(measured::call(1).namespace("b").key());
    assert_eq!(key(measured::call(1).options(several()).namespace("b").key()), in_b);
    let options = nuthatch::Options::new().namespace("b");
    assert_eq!(key(measured::call(1).options(several()).options(options).key()), in_b);
    let anew = measured::call(1).recompute(true).options(several().recompute(false));
    assert_eq!((anew.run().unwrap(), runs()), (101, 0));
}

#[test]
fn options_of_a_backend_said_at_once_stand_beside_those_said_before() {
    let _lake = Lake::new();
    let one = |name: &str, value: i64| toml::Table::from_iter([(name.to_owned(), value.into())]);
    let later = nuthatch::Options::new().backend_options(one("b", 2)).backend_option("c", 3);
    let call = readings::call(1).backend_options(one("a", 1)).backend_options(one("b", 1));
    call.options(later).run().unwrap();
    let manifest = readings::entry(1).run().unwrap().unwrap();
    let options = &manifest.backends[0].details["options"];
    assert_eq!(*options, serde_json::json!({"a": 1, "b": 2, "c": 3}));
}

#[tokio::test]
async fn the_same_can_be_asked_in_async_code() {
    let _lake = Lake::new();
    assert!(measured_async::entry(1).await.unwrap().is_none());
    let uri = measured_async::call(1).ensure_uri().await.unwrap();
    assert_eq!(runs(), 1);
    assert_eq!(measured_async::uri(1).await.unwrap().unwrap(), uri);
    assert_eq!(measured_async::call(1).ensure_uri().await.unwrap(), uri);
    assert_eq!(measured_async(1).await.unwrap(), [1; 3]);
    assert!(measured_async::entry(1).await.unwrap().is_some());
    assert_eq!(runs(), 0);
    assert!(measured_async::forget(1).await.unwrap());
    assert!(!measured_async::forget(1).await.unwrap());
    assert!(measured_async::entry(1).await.unwrap().is_none());
    assert_eq!(measured_async::original(1).await.unwrap(), [1; 3]);
    assert_eq!((measured_async(1).await.unwrap(), runs()), (vec![1; 3], 2));
}

#[test]
fn ensure_uri_says_where_nothing_is_stored() {
    let _lake = Lake::new();
    let call = measured::call(1).cache_mode(CacheMode::Off);
    let error = call.ensure_uri().run().unwrap_err().to_string();
    assert!(error.contains("measured(station = 1)") && error.contains("no entry"), "{error}");
    let call = measured::call(1).strict(true);
    assert!(call.ensure_uri().run().is_err());
    assert!(measured::call(1).ensure_uri().run().unwrap().contains("queries.measured"));
}

#[test]
fn ensure_uri_tells_the_bodys_own_error() {
    #[cache]
    fn failing() -> nuthatch::Result<i64> {
        Err(nuthatch::Error::other("the station sent no data"))
    }
    let _lake = Lake::new();
    assert!(failing::call().ensure_uri().run().is_err());
}

#[test]
fn the_original_is_the_body_alone() {
    let lake = Lake::new();
    assert_eq!(measured::original(1).unwrap(), 101);
    assert_eq!((runs(), manifests(&lake.path("root")).len(), stats().computed()), (1, 0, 0));
}

#[test]
fn post_processing_runs_last_and_is_stored_nowhere() {
    let _lake = Lake::new();
    let call = || measured::call(1).memoize(true);
    let add = |n: i64| move |result: nuthatch::Result<i64>| result.map(|value| value * 10 + n);
    for _ in 0..2 {
        assert_eq!(call().post_process(add(1)).post_process(add(2)).run().unwrap(), 10112);
    }
    assert_eq!((call().run().unwrap(), stats().memo_hits), (101, 2));
    clear_memo();
    assert_eq!((measured(1).unwrap(), runs()), (101, 1));
    assert_eq!(call().post_process(add(3)).key().unwrap(), measured::key(1).unwrap());
}

#[tokio::test]
async fn post_processing_may_borrow() {
    let _lake = Lake::new();
    let mut seen: Vec<i64> = Vec::new();
    let call = measured_async::call(4).post_process(|result| {
        seen.extend(result.iter().flatten());
        result
    });
    call.await.unwrap();
    assert_eq!(seen, [4; 3]);
}

#[test]
fn an_engine_reads_the_value_as_another_type() {
    #[cache]
    fn count() -> nuthatch::Result<u8> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(200)
    }
    #[cache]
    fn maybe() -> Option<String> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Some("x".to_owned())
    }
    let _lake = Lake::new();
    // Computed, then recalled.
    for _ in 0..2 {
        assert_eq!(count::call().engine::<Stored<u8>>().run().unwrap(), Stored(200));
        assert_eq!(maybe::call().engine::<Stored<String>>().run(), Some(Stored("x".to_owned())));
    }
    assert_eq!((count().unwrap(), runs()), (200, 2));
}

#[test]
fn what_was_post_processed_before_the_engine_was_said_is_told_not_dropped() {
    let _lake = Lake::new();
    let told = Told::listen();
    let refusal = "`post_process` was said before `engine`";
    let early = || measured::call(1).post_process(|result| result.map(|value| value + 1));
    let error = early().engine::<Stored<i64>>().run().unwrap_err().to_string();
    assert!(error.contains(refusal) && error.contains("measured(station = 1)"), "{error}");
    assert!(error.contains("say `engine` first"), "{error}");
    let error = early().engine::<Stored<i64>>().key().unwrap_err().to_string();
    assert!(error.contains(refusal), "{error}");
    assert_eq!(runs(), 0, "refused before the body runs");
    told.is_silent();

    // Where there is no place for the error, it is a warning.
    #[cache]
    fn maybe() -> Option<i64> {
        Some(1)
    }
    let early = maybe::call().post_process(|value| value.map(|value| value + 1));
    assert_eq!(early.engine::<Stored<i64>>().run(), Some(Stored(1)));
    told.says(&["WARN", refusal]);

    let add = |result: nuthatch::Result<Stored<i64>>| result.map(|Stored(n)| Stored(n + 1));
    let late = measured::call(1).engine::<Stored<i64>>().post_process(add);
    assert_eq!(late.run().unwrap(), Stored(102));
    told.is_silent();
}

#[cache(upsert_keys("station"))]
fn readings(year: i64) -> nuthatch::Result<Readings> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(Readings::of([("oslo", year), ("rome", VALUE.load(Ordering::SeqCst))]))
}

/// The backends of the one entry, in the manifest's order.
fn backends() -> Vec<String> {
    let manifest = readings::entry(1).run().unwrap().unwrap();
    manifest.backends.iter().map(|stored| stored.backend.clone()).collect()
}

#[test]
fn a_type_of_the_users_own_is_stored_in_its_default_backend() {
    let lake = Lake::new();
    let expected = Readings::of([("oslo", 1), ("rome", 1)]);
    assert_eq!((readings(1).unwrap(), readings(1).unwrap()), (expected.clone(), expected));
    assert_eq!((runs(), written(), backends()), (1, [1, 0], vec!["lines".to_owned()]));
    let uri = readings::uri(1).run().unwrap().unwrap();
    let folder = uri.trim_start_matches("file://");
    assert!(folder.starts_with(lake.path("root").to_str().unwrap()), "{uri}");
    assert!(std::path::Path::new(folder).join("readings.json").exists(), "{uri}");
}

#[test]
fn a_call_may_name_the_backend_that_is_written() {
    let _lake = Lake::new();
    readings::call(1).backend("ledger").run().unwrap();
    assert_eq!((written(), backends()), ([0, 1], vec!["ledger".to_owned()]));
    // Recall takes what is there.
    readings(1).unwrap();
    assert_eq!((runs(), written()), (1, [0, 0]));
}

#[test]
fn an_absent_backend_is_added_by_conversion() {
    let _lake = Lake::new();
    readings(1).unwrap();
    assert_eq!(written(), [1, 0]);
    VALUE.store(9, Ordering::SeqCst);
    let call = readings::call(1).storage_backend("ledger");
    assert_eq!(call.run().unwrap(), Readings::of([("oslo", 1), ("rome", 1)]));
    assert_eq!((runs(), written()), (1, [0, 1]));
    assert_eq!(backends(), ["lines", "ledger"]);
    // Now it is there, and nothing more is written: it is what is read.
    let events = crate::events::Events::listen();
    for (call, read) in
        [(readings::call(1), "lines"), (readings::call(1).backend("ledger"), "ledger")]
    {
        call.run().unwrap();
        let [event] = &events.take()[..] else { panic!("one event") };
        assert_eq!(event.field("backend"), read);
    }
    assert_eq!((runs(), written()), (0, [0, 0]));
    // As a type that the default backend does not hold, too.
    assert_eq!(readings::call(1).engine::<Total>().run().unwrap(), Total(2));
    assert_eq!(runs(), 0);
}

#[test]
fn a_backend_that_is_named_twice_is_added_once() {
    let _lake = Lake::new();
    readings(1).unwrap();
    written();
    readings::call(1).backend("ledger").storage_backend("ledger").run().unwrap();
    assert_eq!((written(), backends()), ([0, 1], vec!["lines".to_owned(), "ledger".to_owned()]));
}

#[test]
fn an_absent_backend_is_not_added_where_the_mode_does_not_write() {
    let _lake = Lake::new();
    readings(1).unwrap();
    written();
    let call = readings::call(1).backend("ledger").cache_mode(CacheMode::ReadOnly);
    assert_eq!(call.run().unwrap(), Readings::of([("oslo", 1), ("rome", 1)]));
    assert_eq!((runs(), written(), backends()), (1, [0, 0], vec!["lines".to_owned()]));
}

#[test]
fn a_new_value_drops_the_other_backends() {
    let _lake = Lake::new();
    readings(1).unwrap();
    readings::call(1).backend("ledger").run().unwrap();
    assert_eq!(backends(), ["lines", "ledger"]);
    VALUE.store(2, Ordering::SeqCst);
    readings::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
    assert_eq!(backends(), ["lines"]);
    let call = readings::call(1).backend("ledger").cache_mode(CacheMode::ReadOnly);
    assert_eq!(call.run().unwrap(), Readings::of([("oslo", 1), ("rome", 2)]));
}

#[test]
fn a_backend_that_does_not_hold_the_type_is_an_error_before_the_body() {
    let _lake = Lake::new();
    for call in [
        readings::call(1).backend("zarr"),
        readings::call(1).storage_backend("zarr"),
        readings::call(1).upsert(true).backend("zarr"),
    ] {
        let error = call.run().unwrap_err().to_string();
        assert!(error.contains("`zarr`") && error.contains("lines, ledger"), "{error}");
    }
    assert_eq!(runs(), 0);
}

#[test]
fn a_type_of_the_users_own_is_copied_to_local_and_read_from_there() {
    let lake = Lake::new();
    readings(1).unwrap();
    readings::call(1).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(written(), [2, 0]);
    lake.empty("root");
    readings::call(1).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!((runs(), written(), stats().local_hits), (1, [0, 0], 1));
}

/// The years that were measured, each by one call of the same entry.
#[cache(upsert_keys("station"), cache_args(), backend = "ledger")]
fn series(station: &str, value: i64) -> nuthatch::Result<Option<Readings>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((value >= 0).then(|| Readings::of([(station, value)])))
}

#[test]
fn an_upsert_always_runs_the_body_and_returns_the_merged_whole() {
    let _lake = Lake::new();
    confirm_with(|_| panic!("an upsert asks nobody"));
    let upsert = |station, value| {
        let call = series::call(station, value).upsert(true);
        call.run().unwrap().unwrap()
    };
    assert_eq!(upsert("oslo", 1), Readings::of([("oslo", 1)]));
    assert_eq!(upsert("rome", 2), Readings::of([("oslo", 1), ("rome", 2)]));
    assert_eq!(upsert("oslo", 3), Readings::of([("oslo", 3), ("rome", 2)]));
    assert_eq!(upsert("oslo", 3), Readings::of([("oslo", 3), ("rome", 2)]));
    assert_eq!(runs(), 4);
    let whole = series("any", 0).unwrap().unwrap();
    assert_eq!((whole, runs()), (Readings::of([("oslo", 3), ("rome", 2)]), 0));
    let call = series::call("lima", 4)
        .upsert(true)
        .post_process(|result| result.map(|whole| whole.filter(|whole| whole.0.len() > 3)));
    assert_eq!(call.run().unwrap(), None, "what is merged is post-processed");
    assert_eq!(series("any", 0).unwrap().unwrap().0.len(), 3);
}

#[test]
fn an_upsert_replaces_a_null_and_never_stores_one() {
    let _lake = Lake::new();
    assert_eq!(series("oslo", -1).unwrap(), None);
    let merged = series::call("oslo", 1).upsert(true).run().unwrap().unwrap();
    assert_eq!(merged, Readings::of([("oslo", 1)]));
    assert_eq!(series::call("oslo", -1).upsert(true).run().unwrap(), None);
    assert_eq!(runs(), 3);
    assert_eq!((series("any", 0).unwrap().unwrap(), runs()), (Readings::of([("oslo", 1)]), 0));
}

#[test]
fn an_upsert_that_cannot_be_is_an_error_before_the_body() {
    #[cache]
    fn keyless() -> nuthatch::Result<Readings> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(Readings::of([]))
    }
    let lake = Lake::new();
    let error = keyless::call().backend("ledger").upsert(true).run().unwrap_err().to_string();
    assert!(error.contains("upsert_keys"), "{error}");
    let error = series::call("a", 1).upsert(true).backend("lines").run().unwrap_err().to_string();
    assert!(error.contains("`lines` cannot upsert"), "{error}");
    for mode in [CacheMode::ReadOnly, CacheMode::ReadOnlyStrict, CacheMode::Off] {
        let call = series::call("a", 1).upsert(true).cache_mode(mode);
        let error = call.run().unwrap_err().to_string();
        assert!(error.contains("a mode that writes"), "{mode}: {error}");
    }
    assert!(series::call("a", 1).upsert(true).cache(false).run().is_err());
    assert!(series::call("a", 1).upsert(true).strict(true).run().is_err());
    let call = series::call("a", 1).upsert(true).cache_mode(CacheMode::LocalApi);
    assert!(call.run().is_err(), "it never computes");
    assert_eq!((runs(), manifests(&lake.path("root")).len()), (0, 0));
    // A local mode will do.
    series::call("a", 1).upsert(true).cache_mode(CacheMode::Offline).run().unwrap();
    assert_eq!(manifests(&lake.path("local")).len(), 1);
}

#[test]
fn an_upsert_onto_a_damaged_entry_is_an_error_that_names_it_once() {
    let lake = Lake::new();
    series::call("oslo", 1).upsert(true).run().unwrap();
    let manifest = files::only_manifest(&lake.path("root"));
    std::fs::write(&manifest, "{").unwrap();
    runs();
    let error = series::call("rome", 2).upsert(true).run().unwrap_err();
    assert_eq!(runs(), 0, "before the body");
    assert!(error.is_damaged());
    let shown = error.to_string();
    let name = manifest.file_name().unwrap().to_str().unwrap();
    assert_eq!(shown.matches(name).count(), 1, "{shown}");
    assert_eq!(shown.matches("is damaged").count(), 1, "{shown}");
    assert!(shown.contains("`forget` it"), "{shown}");
    assert_eq!(std::fs::read(&manifest).unwrap(), b"{", "and is left as it is");
    assert!(series::call("rome", 2).forget().run().unwrap());
    let merged = series::call("rome", 2).upsert(true).run().unwrap().unwrap();
    assert_eq!(merged, Readings::of([("rome", 2)]));
}

#[test]
fn an_upsert_in_a_configuration_without_a_root_is_an_error_before_the_body() {
    let _lake = Lake::local_only();
    let call = series::call("a", 1).upsert(true).cache_mode(CacheMode::Write);
    let error = call.run().unwrap_err().to_string();
    assert!(error.contains("`filesystem`"), "{error}");
    assert_eq!(runs(), 0);
}

#[test]
fn threads_that_upsert_at_once_lose_nothing() {
    let (_lake, barrier) = (Lake::new(), Barrier::new(2));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let barrier = &barrier;
            scope.spawn(move || {
                for i in 0..20 {
                    barrier.wait();
                    let station = format!("{thread}-{i}");
                    let merged = series::call(&station, i).upsert(true).run().unwrap().unwrap();
                    assert_eq!(merged.0[&station], i);
                }
            });
        }
    });
    assert_eq!((runs(), series("any", 0).unwrap().unwrap().0.len()), (40, 40));
}

#[test]
fn a_question_costs_one_request_a_location() {
    let lake = Lake::new();
    measured(1).unwrap();
    lake.reset();
    measured::entry(1).run().unwrap();
    assert_eq!(lake.counts("root"), Counts { gets: 1, ..Counts::default() });
    assert_eq!((lake.counts("mirror"), lake.counts("local")), Default::default());
}
