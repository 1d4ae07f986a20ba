//! What becomes of a result: which are stored, and what a cache that fails costs.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use nuthatch::backend::{Backend, Backends, Source, Target, Written};
use nuthatch::prelude::*;
use nuthatch::store::{Fault, Faulty, Operation, Trigger, intercept};
use nuthatch::{Answer, Cacheable, confirm_with, set_parameter, stats};
use object_store::ObjectStore;
use serde::{Serialize, Serializer};

use crate::events::Events;
use crate::lake::Lake;
use crate::readings::{files, manifests};

static RUNS: AtomicU32 = AtomicU32::new(0);
/// What the functions below return; negative for an error or for nothing.
static VALUE: AtomicI64 = AtomicI64::new(1);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn next(value: i64) {
    VALUE.store(value, Ordering::SeqCst);
}

fn value() -> Option<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Some(VALUE.load(Ordering::SeqCst)).filter(|value| *value >= 0)
}

#[cache]
fn fallible() -> nuthatch::Result<i64> {
    value().ok_or_else(|| nuthatch::Error::other("no value"))
}

#[cache]
fn optional() -> Option<i64> {
    value()
}

#[cache]
fn optional_or_error() -> nuthatch::Result<Option<i64>> {
    Ok(value())
}

#[cache]
fn plain() -> i64 {
    value().unwrap_or_default()
}

/// An error that nuthatch's does not convert into.
#[derive(Debug, PartialEq)]
struct Own;

#[cache]
fn with_own_error() -> Result<i64, Own> {
    value().ok_or(Own)
}

/// Counts how often anybody is asked, and answers no.
fn asked() -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&count);
    confirm_with(move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        Answer::Keep
    });
    count
}

/// Every manifest of a location, cut in half.
fn damage(location: &Path) {
    for manifest in manifests(location) {
        let manifest = location.join(manifest);
        let bytes = std::fs::read(&manifest).unwrap();
        std::fs::write(manifest, &bytes[..bytes.len() / 2]).unwrap();
    }
}

/// Lets `fault` strike the stores of a location that are opened from now on.
fn faulty(location: &str, trigger: Trigger, fault: Fault) -> Arc<Mutex<Vec<Faulty>>> {
    let stores: Arc<Mutex<Vec<Faulty>>> = Arc::default();
    let (opened, location) = (Arc::clone(&stores), format!("/{location}"));
    intercept(move |url: &str, store: Arc<dyn ObjectStore>| {
        if !url.trim_end_matches('/').ends_with(&location) {
            return store;
        }
        let faulty = Faulty::new(store);
        faulty.inject(trigger.clone(), fault);
        opened.lock().unwrap().push(faulty.clone());
        Arc::new(faulty)
    });
    stores
}

fn struck(stores: &Mutex<Vec<Faulty>>) -> u64 {
    stores.lock().unwrap().iter().map(Faulty::struck).sum()
}

fn heal(stores: &Mutex<Vec<Faulty>>) {
    stores.lock().unwrap().iter().for_each(Faulty::heal);
}

const WRITES: [Operation; 3] = [Operation::Put, Operation::Create, Operation::Update];

#[test]
fn an_error_is_never_stored() {
    let lake = Lake::new();
    next(-1);
    for _ in 0..3 {
        assert_eq!(fallible().unwrap_err().to_string(), "no value");
        assert_eq!(with_own_error().unwrap_err(), Own);
    }
    assert_eq!((runs(), manifests(&lake.path("root")).len()), (6, 0));
    next(1);
    assert_eq!((fallible().unwrap(), fallible().unwrap(), runs()), (1, 1, 1));
}

#[test]
fn an_error_leaves_the_entry_that_stands() {
    let _lake = Lake::new();
    fallible().unwrap();
    next(-1);
    let call = fallible::call().cache_mode(CacheMode::Overwrite).recompute(true);
    assert!(call.run().is_err());
    runs();
    assert_eq!((fallible().unwrap(), runs()), (1, 0));
}

#[test]
fn none_is_stored_as_null_and_recalled_as_none() {
    let _lake = Lake::new();
    next(-1);
    for _ in 0..3 {
        assert_eq!((optional(), optional_or_error().unwrap()), (None, None));
    }
    assert_eq!(runs(), 2);
    let manifest = optional::entry().run().unwrap().unwrap();
    assert_eq!(manifest.state, nuthatch_core::entry::manifest::State::Null);
    assert!(manifest.backends.is_empty());
    assert_eq!(optional::call().strict(true).run(), None, "a null entry is a hit");
}

#[test]
fn retry_null_computes_again_and_a_null_is_replaced_without_asking() {
    let (_lake, asked) = (Lake::new(), asked());
    next(-1);
    assert_eq!(optional(), None);
    assert_eq!(optional::call().retry_null(true).run(), None);
    assert_eq!(runs(), 2);
    next(7);
    assert_eq!(optional(), None, "nobody asked for another try");
    assert_eq!(optional::call().retry_null(true).run(), Some(7));
    assert_eq!((optional(), runs()), (Some(7), 1), "an entry that got a value is the value");
    assert_eq!(optional::call().retry_null(true).run(), Some(7));
    assert_eq!((runs(), asked.load(Ordering::SeqCst)), (0, 0));
}

#[test]
fn a_recomputed_null_is_replaced_without_asking() {
    let (_lake, asked) = (Lake::new(), asked());
    next(-1);
    assert_eq!(optional(), None);
    next(7);
    assert_eq!(optional::call().recompute(true).run(), Some(7));
    assert_eq!((optional(), asked.load(Ordering::SeqCst)), (Some(7), 0));
}

#[test]
fn a_null_in_memory_is_retried_too() {
    let _lake = Lake::new();
    next(-1);
    assert_eq!(optional::call().memoize(true).run(), None);
    next(7);
    assert_eq!(optional::call().memoize(true).run(), None);
    assert_eq!(optional::call().memoize(true).retry_null(true).run(), Some(7));
    assert_eq!(optional::call().memoize(true).run(), Some(7));
    assert_eq!(runs(), 2);
}

#[test]
fn an_unusable_configuration_is_an_error_or_else_a_warning() {
    let (lake, events) = (Lake::new(), Events::listen());
    std::fs::write(lake.path("nuthatch.toml"), "filesytem = \"/lake\"\n").unwrap();
    let error = fallible().unwrap_err().to_string();
    assert!(error.contains("filesytem") && error.contains("nuthatch.toml"), "{error}");
    assert_eq!(runs(), 0);
    events.take();
    assert_eq!((plain(), with_own_error(), optional()), (1, Ok(1), Some(1)));
    assert_eq!((runs(), stats().uncached), (3, 3));
    let warnings = events.warnings();
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    assert!(warnings.iter().all(|warning| warning.contains("filesytem")), "{warnings:#?}");
}

#[test]
fn a_strict_call_without_an_entry_is_not_cached() {
    let lake = Lake::new();
    let error = fallible::call().strict(true).run().unwrap_err();
    assert!(error.is_not_cached());
    let root = lake.path("root");
    assert!(error.to_string().contains(root.to_str().unwrap()), "{error}");
    assert_eq!(runs(), 0);
    fallible().unwrap();
    assert_eq!(fallible::call().strict(true).run().unwrap(), 1);
}

#[test]
fn a_damaged_entry_is_an_error_in_strict_calls_and_else_a_warning() {
    let (lake, events, asked) = (Lake::new(), Events::listen(), asked());
    fallible().unwrap();
    damage(&lake.path("root"));
    events.take();
    for call in [
        fallible::call().strict(true),
        fallible::call().cache_mode(CacheMode::ReadOnlyStrict),
        fallible::call().cache_mode(CacheMode::LocalApi),
    ] {
        let error = call.run().unwrap_err();
        assert!(error.is_damaged(), "{error}");
    }
    events.take();
    next(2);
    runs();
    assert_eq!(fallible().unwrap(), 2);
    let warning = events.warning();
    assert!(warning.contains("damaged") && warning.contains("fallible()"), "{warning}");
    assert_eq!((fallible().unwrap(), runs()), (2, 1), "it was replaced");
    assert_eq!((asked.load(Ordering::SeqCst), stats().unusable), (0, 1));
}

#[test]
fn a_strict_call_of_a_plain_type_panics_and_says_what_to_do() {
    let lake = Lake::new();
    let panicked = std::panic::catch_unwind(|| plain::call().strict(true).run()).unwrap_err();
    let message = panicked.downcast_ref::<String>().unwrap();
    for part in ["plain() is not cached", "without `strict`", "`plain` returns no `Result`"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!((plain(), runs()), (1, 1));
    damage(&lake.path("root"));
    let panicked = std::panic::catch_unwind(|| plain::call().strict(true).run()).unwrap_err();
    let message = panicked.downcast_ref::<String>().unwrap();
    for part in ["is damaged", "recompute the entry", "`plain` returns no `Result`"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_entry_of_another_type_is_replaced_without_asking() {
    static SHAPE: Mutex<&str> = Mutex::new("old");

    #[derive(Debug, PartialEq)]
    struct Shaped(i64);

    #[derive(Debug)]
    struct ByShape;

    impl Backend<Shaped> for ByShape {
        fn name(&self) -> &'static str {
            "by_shape"
        }
        fn type_shape(&self) -> Option<String> {
            Some((*SHAPE.lock().unwrap()).to_owned())
        }
        fn write<'a>(
            &'a self,
            value: &'a Shaped,
            _: &'a Target,
        ) -> BoxFuture<'a, nuthatch::Result<Written>> {
            let inline = Some(value.0.to_string().into());
            Box::pin(async move { Ok(Written { inline, bytes: 1, ..Written::default() }) })
        }
        fn read<'a>(&'a self, _: &'a Source) -> BoxFuture<'a, nuthatch::Result<Shaped>> {
            Box::pin(async { Ok(Shaped(-1)) })
        }
        fn weigh(&self, _: &Shaped) -> u64 {
            8
        }
    }

    impl Cacheable for Shaped {
        fn backends() -> Backends<Self> {
            &[&ByShape]
        }
    }

    #[cache]
    fn shaped() -> nuthatch::Result<Shaped> {
        Ok(Shaped(value().unwrap()))
    }

    let (_lake, events, asked) = (Lake::new(), Events::listen(), asked());
    assert_eq!(shaped().unwrap(), Shaped(1));
    assert_eq!(shaped().unwrap(), Shaped(-1), "read as it says");
    *SHAPE.lock().unwrap() = "new";
    let error = shaped::call().strict(true).run().unwrap_err();
    assert!(matches!(error, nuthatch::Error::TypeChanged { .. }), "{error}");
    events.take();
    next(5);
    assert_eq!(shaped().unwrap(), Shaped(5));
    let warning = events.warning();
    assert!(warning.contains("shape old") && warning.contains("shape new"), "{warning}");
    assert_eq!((runs(), asked.load(Ordering::SeqCst)), (2, 0));
    assert_eq!(shaped().unwrap(), Shaped(-1), "the entry has the new shape now");
}

/// A value that lies in an object of its own.
#[cache]
fn large() -> nuthatch::Result<Vec<i64>> {
    Ok(vec![value().unwrap_or_default(); 20_000])
}

#[test]
fn a_damaged_value_is_replaced_without_asking_also_where_it_was_not_read() {
    let (lake, asked) = (Lake::new(), asked());
    assert_eq!(large().unwrap()[0], 1);
    for file in crate::files::data(&lake.path("root")) {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    next(2);
    assert_eq!(large::call().recompute(true).run().unwrap()[0], 2);
    next(3);
    assert_eq!(large().unwrap()[0], 2);
    assert_eq!((runs(), asked.load(Ordering::SeqCst)), (2, 0));
}

#[test]
fn a_value_out_of_reach_is_not_a_damaged_one_and_stays() {
    let (lake, events, asked) = (Lake::new(), Events::listen(), asked());
    assert_eq!(large().unwrap()[0], 1);
    let data = Trigger::any().on([Operation::Get]).containing("/data/");
    let stores = faulty("root", data, Fault::Fail);
    lake.configure_all();
    events.take();
    next(2);
    assert_eq!(large().unwrap()[0], 2);
    let warnings = events.warnings();
    assert!(warnings[0].contains("out of reach"), "{warnings:#?}");
    assert!(warnings.last().unwrap().contains("the answer was no"), "{warnings:#?}");
    assert_eq!((runs(), stats().unreachable, asked.load(Ordering::SeqCst)), (2, 1, 1));
    assert!(struck(&stores) > 0);
    heal(&stores);
    next(3);
    assert_eq!((large().unwrap()[0], runs()), (1, 0), "as good as ever");
}

fn a_store_failure_costs_no_result(fault: Fault, trigger: Trigger) {
    let (_lake, events) = (Lake::new(), Events::listen());
    let stores = faulty("root", trigger, fault);
    assert_eq!((fallible().unwrap(), plain(), optional()), (1, 1, Some(1)), "{fault:?}");
    assert_eq!(runs(), 3);
    assert!(struck(&stores) >= 3, "{fault:?}: {}", struck(&stores));
    assert_eq!((stats().store_failures, stats().stored), (3, 0), "{fault:?}");
    let warnings = events.warnings();
    let told = |call: &str| {
        let told =
            |warning: &&String| warning.contains(call) && warning.contains("could not be stored");
        warnings.iter().filter(told).count()
    };
    assert_eq!([told("fallible()"), told("plain()"), told("optional()")], [1; 3], "{warnings:#?}");
    heal(&stores);
    assert_eq!((fallible().unwrap(), fallible().unwrap(), runs()), (1, 1, 1), "{fault:?}");
}

#[test]
fn a_write_that_fails_costs_no_result() {
    let manifests = Trigger::any().on(WRITES).containing("entries/");
    a_store_failure_costs_no_result(Fault::Fail, manifests);
}

#[test]
fn a_write_that_is_denied_costs_no_result() {
    a_store_failure_costs_no_result(Fault::Deny, Trigger::any().on(WRITES));
}

#[test]
fn a_write_that_is_cut_short_costs_no_result() {
    let manifests = Trigger::any().on(WRITES).containing("entries/");
    a_store_failure_costs_no_result(Fault::CutShort, manifests);
}

#[test]
fn a_write_whose_reply_is_lost_is_found_to_be_there() {
    let lake = Lake::new();
    let manifests_only = Trigger::any().on(WRITES).containing("entries/").nth(1);
    let stores = faulty("root", manifests_only, Fault::LoseReply);
    assert_eq!(fallible().unwrap(), 1);
    assert_eq!((struck(&stores), stats().store_failures), (1, 0));
    assert_eq!(manifests(&lake.path("root")).len(), 1);
    assert_eq!((fallible().unwrap(), runs()), (1, 1));
}

#[test]
fn a_root_that_is_a_file_costs_no_result() {
    let lake = Lake::new();
    std::fs::write(lake.path("root"), "no folder").unwrap();
    assert_eq!((fallible().unwrap(), plain()), (1, 1));
    assert_eq!((runs(), stats().store_failures), (2, 2));
    assert_eq!(std::fs::read(lake.path("root")).unwrap(), b"no folder");
}

#[test]
fn a_program_may_ask_for_errors_where_a_result_cannot_be_stored() {
    let (_lake, events) = (Lake::new(), Events::listen());
    set_parameter!("on_store_failure", "error").unwrap();
    let stores = faulty("root", Trigger::any().on(WRITES), Fault::Fail);
    let error = fallible().unwrap_err().to_string();
    assert!(error.contains("injected"), "{error}");
    // Where there is no room for an error, the value is returned all the same.
    events.take();
    assert_eq!((plain(), with_own_error(), optional()), (1, Ok(1), Some(1)));
    assert_eq!(events.warnings().len(), 3);
    assert_eq!((runs(), stats().store_failures), (4, 4));
    assert!(struck(&stores) >= 4);
}

#[test]
fn modes_that_ask_keep_the_entry_where_nobody_can_be_asked() {
    let (_lake, events) = (Lake::new(), Events::listen());
    for mode in [CacheMode::Write, CacheMode::Local, CacheMode::Offline] {
        next(1);
        let first = if mode == CacheMode::Write { mode } else { CacheMode::LocalOverwrite };
        assert_eq!(fallible::call().cache_mode(first).recompute(true).run().unwrap(), 1);
        next(2);
        events.take();
        assert_eq!(fallible::call().cache_mode(mode).recompute(true).run().unwrap(), 2, "{mode}");
        let warning = events.warning();
        assert!(warning.contains("nobody could be asked"), "{mode}: {warning}");
        assert!(warning.contains("fallible()"), "{mode}: {warning}");
        runs();
        assert_eq!(fallible::call().cache_mode(mode).run().unwrap(), 1, "{mode} kept the entry");
        assert_eq!(runs(), 0);
    }
}

#[test]
fn writing_without_a_root_computes_and_names_the_parameter() {
    let (lake, events) = (Lake::local_only(), Events::listen());
    for mode in [CacheMode::Write, CacheMode::Overwrite] {
        assert_eq!(fallible::call().cache_mode(mode).run().unwrap(), 1);
        let warning = events.warning();
        assert!(warning.contains("`filesystem`") && warning.contains(mode.as_str()), "{warning}");
    }
    assert_eq!(runs(), 2);
    assert_eq!(files(&lake.path("local")).len(), 0);
}

#[test]
fn a_location_out_of_reach_is_a_warning_and_a_miss() {
    let (_lake, events) = (Lake::new(), Events::listen());
    fallible::call().cache_mode(CacheMode::Offline).run().unwrap();
    let stores = faulty("root", Trigger::any(), Fault::Fail);
    assert_eq!(fallible::call().cache_mode(CacheMode::ReadOnly).run().unwrap(), 1);
    assert_eq!((runs(), struck(&stores)), (1, 0), "the local entry served");
    events.take();
    assert_eq!(plain::call().cache_mode(CacheMode::ReadOnly).run(), 1);
    assert_eq!((runs(), stats().unreachable), (1, 1));
    let warning = events.warning();
    assert!(warning.contains("out of reach") && warning.contains("root"), "{warning}");
    assert!(warning.contains("results::plain"), "{warning}");
}

#[test]
fn a_location_that_cannot_be_opened_is_a_warning_and_a_miss() {
    let (_lake, events) = (Lake::new(), Events::listen());
    set_parameter!("mirror-team.filesystem", "nonsense://lake").unwrap();
    assert_eq!((fallible().unwrap(), fallible().unwrap()), (1, 1));
    assert_eq!(runs(), 1);
    let warnings = events.warnings();
    assert!(warnings.iter().any(|w| w.contains("nonsense")), "{warnings:#?}");
}

/// Refuses to be a key, after it has written a part of itself.
struct Refusing(i64);

impl Serialize for Refusing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let mut seq = serializer.serialize_seq(None)?;
        seq.serialize_element("the same for all")?;
        Err(serde::ser::Error::custom("has no fixed form"))
    }
}

#[cache]
fn keyed_by(first: i64, refusing: &Refusing) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(first + refusing.0)
}

#[test]
fn an_argument_that_cannot_be_a_key_turns_caching_off_and_is_named() {
    let (lake, events) = (Lake::new(), Events::listen());
    for value in [1, 2] {
        for memoize in [false, true] {
            let refusing = Refusing(value);
            let call = keyed_by::call(10, &refusing).memoize(memoize);
            assert_eq!(call.run().unwrap(), 10 + value);
            let warning = events.warning();
            for part in ["`refusing`", "has no fixed form", "skip(refusing)", "keyed_by"] {
                assert!(warning.contains(part), "{warning}");
            }
        }
    }
    assert_eq!((runs(), stats().uncached, stats().memo_hits), (4, 4, 0));
    assert_eq!(manifests(&lake.path("root")).len(), 0);
    assert!(keyed_by::key(1, &Refusing(1)).unwrap_err().to_string().contains("`refusing`"));
    assert!(keyed_by::call(1, &Refusing(1)).strict(true).run().unwrap_err().is_not_cached());
}

#[test]
fn an_argument_of_over_a_mebibyte_turns_caching_off_and_is_named() {
    #[cache]
    fn length(text: &str) -> usize {
        RUNS.fetch_add(1, Ordering::SeqCst);
        text.len()
    }
    let (lake, events) = (Lake::new(), Events::listen());
    let long = "x".repeat((1 << 20) + 1);
    assert_eq!((length(&long), length(&long)), (long.len(), long.len()));
    assert_eq!((runs(), manifests(&lake.path("root")).len()), (2, 0));
    let warnings = events.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings.iter().all(|w| w.contains("`text`") && w.contains("1 MiB")), "{warnings:#?}");
    // What is merely long is stored, whatever a file's name may hold.
    let long = "x".repeat(1 << 19);
    assert_eq!((length(&long), length(&long), runs()), (long.len(), long.len(), 1));
}

#[cache(cache = false)]
fn uncached() -> nuthatch::Result<i64> {
    value().ok_or_else(|| nuthatch::Error::other("no value"))
}

#[cache(cache_disable_if = *of > 10)]
fn sometimes(of: i64) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(of)
}

/// Root and mirrors see nothing of the call; local and memory serve it.
fn only_root_and_mirrors_are_off(call: impl Fn(CacheMode, bool) -> nuthatch::Result<i64>) {
    let lake = Lake::new();
    for mode in [CacheMode::Write, CacheMode::Overwrite, CacheMode::ReadOnly] {
        call(mode, false).unwrap();
        call(mode, false).unwrap();
        assert_eq!(runs(), 2, "{mode}");
    }
    assert_eq!((files(&lake.path("root")).len(), files(&lake.path("local")).len()), (0, 0));
    call(CacheMode::Local, false).unwrap();
    call(CacheMode::Local, false).unwrap();
    call(CacheMode::Offline, false).unwrap();
    assert_eq!((runs(), manifests(&lake.path("local")).len()), (1, 1));
    call(CacheMode::Off, true).unwrap();
    call(CacheMode::Write, true).unwrap();
    assert_eq!((runs(), stats().memo_hits), (1, 1));
    assert_eq!((lake.requests("root"), lake.requests("mirror")), (Vec::new(), Vec::new()));
}

#[test]
fn the_attribute_cache_false_switches_root_and_mirrors_off() {
    only_root_and_mirrors_are_off(|mode, memoize| {
        uncached::call().cache_mode(mode).memoize(memoize).run()
    });
}

#[test]
fn the_option_cache_false_switches_root_and_mirrors_off() {
    only_root_and_mirrors_are_off(|mode, memoize| {
        fallible::call().cache(false).cache_mode(mode).memoize(memoize).run()
    });
}

#[test]
fn cache_disable_if_switches_root_and_mirrors_off() {
    only_root_and_mirrors_are_off(|mode, memoize| {
        sometimes::call(11).cache_mode(mode).memoize(memoize).run()
    });
}

#[test]
fn a_call_may_switch_on_what_the_attribute_switched_off() {
    let lake = Lake::new();
    assert_eq!(uncached::call().cache(true).run().unwrap(), 1);
    assert_eq!((sometimes(10).unwrap(), sometimes(10).unwrap()), (10, 10));
    assert_eq!((runs(), manifests(&lake.path("root")).len()), (2, 2));
}
