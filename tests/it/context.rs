//! The context of a call: what reaches nested calls, however they are reached, and what never
//! leaves its task or thread.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use nuthatch::prelude::*;
use nuthatch::{Context, stats, with, with_async};
use tokio::task::yield_now;

use crate::events::Events;
use crate::lake::Lake;
use crate::readings::{Readings, manifests, written};

/// How often the inner and the outer bodies ran since the last call.
fn runs() -> (u32, u32) {
    (INNER.swap(0, Ordering::SeqCst), OUTER.swap(0, Ordering::SeqCst))
}

static INNER: AtomicU32 = AtomicU32::new(0);
static OUTER: AtomicU32 = AtomicU32::new(0);

#[cache]
fn inner(of: i64) -> nuthatch::Result<i64> {
    INNER.fetch_add(1, Ordering::SeqCst);
    Ok(of + 1)
}

/// No cached function: options pass through it.
fn between(of: i64, depth: u32) -> nuthatch::Result<i64> {
    if depth == 0 { inner(of) } else { between(of, depth - 1) }
}

#[cache]
fn outer(of: i64) -> nuthatch::Result<i64> {
    OUTER.fetch_add(1, Ordering::SeqCst);
    Ok(between(of, 20)? * 10)
}

#[cache]
async fn inner_async(of: i64) -> nuthatch::Result<i64> {
    INNER.fetch_add(1, Ordering::SeqCst);
    yield_now().await;
    Ok(of + 1)
}

async fn between_async(of: i64, depth: u32) -> nuthatch::Result<i64> {
    if depth == 0 {
        yield_now().await;
        return inner_async(of).await;
    }
    Box::pin(between_async(of, depth - 1)).await
}

/// How an async body reaches the calls nested in it.
#[derive(Debug, Clone, Copy, serde::Serialize)]
enum By {
    Await,
    Join,
    Unordered,
    Spawned,
    Thread,
    Blocking,
}

#[cache]
async fn outer_async(by: By) -> nuthatch::Result<i64> {
    OUTER.fetch_add(1, Ordering::SeqCst);
    let context = Context::current();
    Ok(match by {
        By::Await => between_async(1, 20).await?,
        By::Join => {
            let (one, two) = tokio::join!(between_async(1, 2), between_async(2, 3));
            one? + two?
        }
        By::Unordered => {
            let calls: FuturesUnordered<_> = (0..8).map(|of| between_async(of, 2)).collect();
            calls.fold(0, async |sum, one| sum + one.unwrap()).await
        }
        By::Spawned => tokio::spawn(context.scope(between_async(1, 2)))
            .await
            .map_err(nuthatch::Error::other)??,
        By::Thread => {
            let thread = std::thread::spawn(move || context.in_scope(|| between(1, 2)));
            thread.join().unwrap()?
        }
        By::Blocking => inner_async::call(1).run()?,
    })
}

fn manifests_of(lake: &Lake, location: &str, function: &str) -> usize {
    let of = |path: &&std::path::PathBuf| path.to_str().unwrap().contains(&format!(".{function}/"));
    manifests(&lake.path(location)).iter().filter(of).count()
}

#[test]
fn a_mode_reaches_nested_calls_through_any_depth_of_sync_code() {
    let lake = Lake::new();
    assert_eq!(outer::call(1).cache_mode(CacheMode::Offline).run().unwrap(), 20);
    assert_eq!(runs(), (1, 1));
    assert_eq!((manifests(&lake.path("root")).len(), manifests(&lake.path("local")).len()), (0, 2));
}

async fn mode_reaches(by: By, nested: usize) {
    let lake = Lake::new();
    outer_async::call(by).cache_mode(CacheMode::Offline).await.unwrap();
    assert_eq!(runs(), (nested as u32, 1), "{by:?}");
    assert_eq!(manifests(&lake.path("root")), Vec::<std::path::PathBuf>::new(), "{by:?}");
    assert_eq!(manifests(&lake.path("local")).len(), nested + 1, "{by:?}");

    // A name reaches it in the same way.
    let mode = CacheMode::LocalOverwrite;
    let names = ["outer_async", "inner_async", "inner"];
    outer_async::call(by).cache_mode(mode).recompute(names).await.unwrap();
    assert_eq!(runs(), (nested as u32, 1), "{by:?}");
    outer_async::call(by).cache_mode(CacheMode::Offline).await.unwrap();
    assert_eq!(runs(), (0, 0), "{by:?}");
}

#[tokio::test]
async fn options_reach_awaited_calls() {
    mode_reaches(By::Await, 1).await;
}

#[tokio::test]
async fn options_reach_joined_calls() {
    mode_reaches(By::Join, 2).await;
}

#[tokio::test]
async fn options_reach_calls_in_unordered_futures() {
    mode_reaches(By::Unordered, 8).await;
}

#[tokio::test]
async fn options_are_carried_into_spawned_tasks_by_hand() {
    mode_reaches(By::Spawned, 1).await;
}

#[tokio::test]
async fn options_are_carried_into_threads_by_hand() {
    mode_reaches(By::Thread, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_reach_async_calls_that_block() {
    mode_reaches(By::Blocking, 1).await;
}

#[tokio::test]
async fn a_spawned_task_sees_nothing_of_its_parent_unless_it_is_carried() {
    let lake = Lake::new();
    let spawned = with_async(Options::new().cache_mode(CacheMode::Offline), async {
        tokio::spawn(inner_async(1)).await.unwrap().unwrap();
        std::thread::spawn(|| inner(1)).join().unwrap().unwrap();
    });
    spawned.await;
    assert_eq!((manifests(&lake.path("root")).len(), manifests(&lake.path("local")).len()), (2, 0));
}

// Which options reach nested calls: the design's table, a test a row.

#[test]
fn retry_null_reaches_nested_calls() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    #[cache]
    fn nothing() -> Option<i64> {
        ASKED.fetch_add(1, Ordering::SeqCst);
        None
    }
    #[cache]
    fn above() -> Option<i64> {
        nothing()
    }
    let _lake = Lake::new();
    assert_eq!((above(), above()), (None, None));
    assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    assert_eq!(above::call().retry_null(true).run(), None);
    assert_eq!(ASKED.load(Ordering::SeqCst), 2);
}

#[test]
fn strict_reaches_nested_calls() {
    let _lake = Lake::new();
    let strict = with(Options::new().strict(true), || between(1, 5));
    assert!(strict.unwrap_err().is_not_cached());
    assert_eq!(runs(), (0, 0));

    #[cache(strict)]
    fn never_computed() -> nuthatch::Result<i64> {
        Ok(1)
    }
    #[cache]
    fn above() -> nuthatch::Result<i64> {
        never_computed()
    }
    assert!(above().unwrap_err().is_not_cached());
    assert_eq!(above::call().strict(false).run().unwrap(), 1);
}

#[test]
fn recompute_names_reach_nested_calls() {
    let _lake = Lake::new();
    outer(1).unwrap();
    assert_eq!(runs(), (1, 1));
    let call = outer::call(1).cache_mode(CacheMode::Overwrite);
    call.recompute(["outer", "inner"]).run().unwrap();
    assert_eq!(runs(), (1, 1));
    outer::call(1).cache_mode(CacheMode::Overwrite).recompute("outer").run().unwrap();
    assert_eq!(runs(), (0, 1));
}

#[test]
fn recompute_all_reaches_nested_calls() {
    let _lake = Lake::new();
    outer(1).unwrap();
    runs();
    let call = outer::call(1).cache_mode(CacheMode::Overwrite);
    call.recompute(Recompute::All).run().unwrap();
    assert_eq!(runs(), (1, 1));
}

#[test]
fn memoize_names_and_all_reach_nested_calls() {
    let _lake = Lake::new();
    // Whether (inner, outer) are in memory after an outer call that memoizes these.
    let memoized = |which: Recompute| {
        nuthatch::clear_memo();
        outer::call(1).cache_mode(CacheMode::Off).memoize(which).run().unwrap();
        runs();
        inner::call(1).cache_mode(CacheMode::Off).memoize(true).run().unwrap();
        let inner_is = runs() == (0, 0);
        outer::call(1).cache_mode(CacheMode::Off).memoize(true).run().unwrap();
        (inner_is, runs().1 == 0)
    };
    assert_eq!(memoized("inner".into()), (true, false));
    assert_eq!(memoized("outer".into()), (false, true));
    assert_eq!(memoized(Recompute::All), (true, true));
}

#[test]
fn recompute_and_memoize_of_a_call_are_its_own() {
    let _lake = Lake::new();
    outer(1).unwrap();
    runs();
    let call = outer::call(1).cache_mode(CacheMode::Overwrite);
    call.recompute(true).memoize(true).run().unwrap();
    assert_eq!(runs(), (0, 1), "the inner entry was recalled");
    nuthatch::reset_stats();
    inner::call(1).memoize(true).run().unwrap();
    assert_eq!((stats().memo_hits, stats().root_hits), (0, 1), "and is not in memory");
}

#[test]
fn a_namespace_is_the_calls_own() {
    let lake = Lake::new();
    outer::call(1).namespace("scenario").run().unwrap();
    let mut folders: Vec<String> = manifests(&lake.path("root"))
        .iter()
        .map(|path| {
            let mut parts = path.to_str().unwrap().split('/');
            let namespace = parts.next().unwrap();
            format!("{namespace} {}", parts.next().unwrap().rsplit('.').next().unwrap())
        })
        .collect();
    folders.sort();
    assert_eq!(folders, ["_ inner", "scenario outer"]);
}

#[cache(upsert_keys("station"))]
fn readings(station: &str) -> nuthatch::Result<Readings> {
    INNER.fetch_add(1, Ordering::SeqCst);
    Ok(Readings::of([(station, 1)]))
}

#[cache(upsert_keys("station"))]
fn all_readings() -> nuthatch::Result<Readings> {
    OUTER.fetch_add(1, Ordering::SeqCst);
    readings("oslo")
}

#[test]
fn backends_and_their_options_are_the_calls_own() {
    let _lake = Lake::new();
    let table = toml::Table::from_iter([("chunk".to_owned(), 3.into())]);
    let call = all_readings::call().backend("ledger").backend_options(table);
    call.run().unwrap();
    assert_eq!(written(), [1, 1]);
    let entry = |query: nuthatch::Query<'_, Option<nuthatch::Manifest>>| {
        let entry = query.run().unwrap().unwrap();
        (entry.backends[0].backend.clone(), entry.backends[0].details["options"].to_string())
    };
    assert_eq!(entry(all_readings::entry()), ("ledger".to_owned(), r#"{"chunk":3}"#.to_owned()));
    assert_eq!(entry(readings::entry("oslo")), ("lines".to_owned(), "{}".to_owned()));
}

#[test]
fn upsert_and_engine_are_the_calls_own() {
    let _lake = Lake::new();
    let upserted = all_readings::call().backend("ledger").upsert(true).run().unwrap();
    assert_eq!(upserted, Readings::of([("oslo", 1)]));
    assert_eq!(runs(), (1, 1));
    all_readings::call().backend("ledger").upsert(true).run().unwrap();
    assert_eq!(runs(), (0, 1), "an upsert runs its own body, and recalls what is nested in it");
    let total = all_readings::call().engine::<crate::readings::Total>();
    assert_eq!(
        total.recompute(true).cache_mode(CacheMode::Overwrite).backend("ledger").run().unwrap().0,
        1
    );
    assert_eq!(runs(), (0, 1));
}

#[test]
fn post_process_and_cache_are_the_calls_own() {
    let lake = Lake::new();
    let call = outer::call(1).post_process(|result| result.map(|value| value + 1000));
    assert_eq!(call.cache(false).run().unwrap(), 1020);
    assert_eq!(manifests_of(&lake, "root", "inner"), 1);
    assert_eq!(manifests_of(&lake, "root", "outer"), 0);
    assert_eq!(inner(1).unwrap(), 2);
}

#[test]
fn with_holds_for_all_calls_inside_namespace_too() {
    let lake = Lake::new();
    let options = Options::new().namespace("scenario").cache_mode(CacheMode::Offline);
    with(options, || {
        outer(1).unwrap();
        with(Options::new().cache_mode(CacheMode::Write), || inner(5).unwrap());
        inner::call(6).namespace("own").run().unwrap();
    });
    inner(7).unwrap();
    let below = |location: &str, namespace: &str| {
        manifests(&lake.path(location)).iter().filter(|path| path.starts_with(namespace)).count()
    };
    assert_eq!((below("local", "scenario"), below("local", "own")), (2, 1));
    assert_eq!((below("root", "scenario"), below("root", "_")), (1, 1));
}

#[tokio::test]
async fn with_async_holds_for_all_calls_inside_and_for_nothing_beside() {
    let lake = Lake::new();
    let scoped = with_async(Options::new().namespace("scenario").cache(false), async {
        yield_now().await;
        inner_async(1).await.unwrap();
        inner_async::call(1).cache(true).await.unwrap()
    });
    let (_, beside) = tokio::join!(scoped, inner_async(2));
    beside.unwrap();
    let root = manifests(&lake.path("root"));
    let namespaces: Vec<_> = root.iter().map(|path| path.iter().next().unwrap()).collect();
    assert_eq!(namespaces, ["_", "scenario"]);
    assert_eq!(runs(), (3, 0));
}

#[test]
fn a_with_that_only_sets_a_mode_is_no_outermost_call() {
    let _lake = Lake::new();
    with(Options::new().cache_mode(CacheMode::Overwrite), || {
        for _ in 0..3 {
            inner::call(1).recompute(true).run().unwrap();
        }
    });
    assert_eq!(runs(), (3, 0));
}

#[test]
fn a_with_that_recomputes_does_so_once_a_key() {
    let _lake = Lake::new();
    let mode = Options::new().cache_mode(CacheMode::Overwrite);
    with(mode.recompute(Recompute::All), || {
        for _ in 0..3 {
            assert_eq!((inner(1).unwrap(), inner(2).unwrap()), (2, 3));
        }
    });
    assert_eq!(runs(), (2, 0));
}

#[test]
fn within_one_outermost_call_a_key_is_recomputed_once() {
    #[cache]
    fn diamond() -> nuthatch::Result<i64> {
        Ok(outer(1)? + inner(1)? + inner(1)? + outer(2)?)
    }
    let _lake = Lake::new();
    diamond().unwrap();
    runs();
    for _ in 0..2 {
        let call = diamond::call().cache_mode(CacheMode::Overwrite);
        assert_eq!(call.recompute(Recompute::All).run().unwrap(), 20 + 2 + 2 + 30);
        assert_eq!(runs(), (2, 2));
    }
}

#[tokio::test]
async fn within_one_outermost_call_a_key_is_recomputed_once_also_when_joined() {
    #[cache]
    async fn diamond() -> nuthatch::Result<i64> {
        let (one, two) = tokio::join!(inner_async(1), inner_async(1));
        Ok(one? + two? + inner_async(1).await?)
    }
    let _lake = Lake::new();
    for mode in [CacheMode::Write, CacheMode::Overwrite] {
        let call = diamond::call().cache_mode(mode).recompute(Recompute::All);
        assert_eq!(call.await.unwrap(), 6);
        assert_eq!(runs(), (1, 0));
    }
}

#[tokio::test]
async fn a_recomputation_that_ended_early_is_done_again() {
    static FAILS: AtomicU32 = AtomicU32::new(0);
    #[cache]
    async fn failing(of: i64) -> nuthatch::Result<i64> {
        INNER.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        match FAILS.fetch_add(1, Ordering::SeqCst) {
            1 => Err(nuthatch::Error::other("not yet")),
            _ => Ok(of),
        }
    }
    #[cache]
    async fn retrying() -> nuthatch::Result<i64> {
        tokio::select! {
            biased;
            _ = failing(1) => unreachable!("it yields first"),
            () = std::future::ready(()) => {}
        }
        let _ = failing(1).await;
        failing(1).await
    }
    let _lake = Lake::new();
    FAILS.store(2, Ordering::SeqCst);
    failing(1).await.unwrap();
    runs();
    FAILS.store(1, Ordering::SeqCst);
    let call = retrying::call().cache_mode(CacheMode::Overwrite);
    assert_eq!(call.recompute("failing").await.unwrap(), 1);
    assert_eq!(runs(), (3, 0), "cancelled, failed, done");
}

#[test]
fn a_name_that_matched_nothing_is_warned_about() {
    let (_lake, events) = (Lake::new(), Events::listen());
    outer::call(1).recompute(["inner", "outer", "iner"]).run().unwrap();
    let warning = events.warning();
    assert!(warning.contains("recompute(\\\"iner\\\") matched no call"), "{warning}");
    outer::call(2).recompute(["inner", "outer"]).memoize("inner").run().unwrap();
    assert_eq!(events.warnings(), Vec::<String>::new());
}

#[test]
fn a_name_counts_as_met_where_the_call_decides_for_itself() {
    #[cache]
    fn above() -> nuthatch::Result<i64> {
        inner::call(1).recompute(false).memoize(false).run()
    }
    let (_lake, events) = (Lake::new(), Events::listen());
    above::call().recompute("inner").memoize("inner").run().unwrap();
    assert_eq!(events.warnings(), Vec::<String>::new());
}

#[test]
fn names_are_suffixes_at_colons_and_no_substrings() {
    let _lake = Lake::new();
    let recomputed = |name: &str| {
        outer(1).unwrap();
        runs();
        let call = outer::call(1).cache_mode(CacheMode::Overwrite).recompute(name.to_owned());
        call.run().unwrap();
        runs().1 == 1
    };
    for name in
        ["outer", "context::outer", "it::context::outer", "nuthatch-tests::it::context::outer"]
    {
        assert!(recomputed(name), "{name}");
    }
    for name in ["ute", "uter", "oute", "::outer", "text::outer", "outer_async", "context", ""] {
        assert!(!recomputed(name), "{name}");
    }
}

const MODES: [CacheMode; 4] =
    [CacheMode::Write, CacheMode::Offline, CacheMode::Off, CacheMode::Local];

#[cache]
async fn leaf(of: usize) -> nuthatch::Result<usize> {
    INNER.fetch_add(1, Ordering::SeqCst);
    yield_now().await;
    Ok(of)
}

#[cache]
async fn branch(of: usize) -> nuthatch::Result<usize> {
    for _ in 0..of % 7 {
        yield_now().await;
    }
    leaf(of).await
}

/// After `branch(i)` ran in mode `MODES[i % 4]` and namespace `n<i>` for every i: each left its
/// two entries where its own mode writes, in its own namespace, and no other did.
fn each_where_it_belongs(lake: &Lake) {
    for (location, modes) in [("root", &[0][..]), ("local", &[1, 3][..]), ("mirror", &[])] {
        let mut expected: Vec<String> = (0..64)
            .filter(|i| modes.contains(&(i % 4)))
            .flat_map(|i| [format!("n{i} of={i}"), format!("n{i} of={i}")])
            .collect();
        expected.sort();
        let mut found: Vec<String> =
            manifests(&lake.path(location)).iter().map(|path| namespace_and_call(path)).collect();
        found.sort();
        assert_eq!(found, expected, "{location}");
    }
    assert_eq!(INNER.load(Ordering::SeqCst), 64);
}

fn namespace_and_call(path: &Path) -> String {
    let path = path.to_str().unwrap();
    let (namespace, _) = path.split_once('/').unwrap();
    let (call, _) = path.rsplit('/').next().unwrap().split_once('~').unwrap();
    format!("{namespace} {call}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_in_many_modes_and_namespaces_at_once_never_leak() {
    let lake = Lake::new();
    let tasks: Vec<_> = (0..64)
        .map(|i| {
            let options = Options::new().namespace(format!("n{i}"));
            let call = async move { branch::call(i).cache_mode(MODES[i % 4]).await };
            tokio::spawn(with_async(options, call))
        })
        .collect();
    for (i, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap(), i);
    }
    each_where_it_belongs(&lake);
}

#[tokio::test]
async fn futures_of_one_task_in_many_modes_and_namespaces_never_leak() {
    let lake = Lake::new();
    let calls = (0..64).map(|i| {
        let options = Options::new().namespace(format!("n{i}")).cache_mode(MODES[i % 4]);
        with_async(options, branch(i))
    });
    let values = futures::future::join_all(calls).await;
    assert!(values.into_iter().enumerate().all(|(i, value)| value.unwrap() == i));
    each_where_it_belongs(&lake);
}

#[test]
fn threads_in_many_modes_and_namespaces_at_once_never_leak() {
    let (lake, barrier) = (Lake::new(), Barrier::new(64));
    std::thread::scope(|scope| {
        for i in 0..64 {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                let options = Options::new().namespace(format!("n{i}")).cache_mode(MODES[i % 4]);
                assert_eq!(with(options, || branch::call(i).run()).unwrap(), i);
            });
        }
    });
    each_where_it_belongs(&lake);
}

#[test]
fn options_end_with_a_panic_that_leaves_them() {
    let lake = Lake::new();
    let panicked = std::panic::catch_unwind(|| {
        with(Options::new().cache_mode(CacheMode::Off), || panic!("on purpose"))
    });
    assert!(panicked.is_err());
    inner(1).unwrap();
    assert_eq!(manifests(&lake.path("root")).len(), 1);
}

/// What `tokio::runtime::Handle::current()` is inside a body: that of whoever called.
mod runtimes {
    use super::*;
    use tokio::runtime::{Builder, Handle, Id};

    static SEEN: std::sync::Mutex<Vec<Option<Id>>> = std::sync::Mutex::new(Vec::new());

    #[cache]
    fn seen_by_sync(of: i64) -> i64 {
        SEEN.lock().unwrap().push(Handle::try_current().ok().map(|handle| handle.id()));
        of
    }

    #[cache]
    fn seen_through_sync(of: i64) -> i64 {
        seen_by_sync(of)
    }

    fn seen() -> Vec<Option<Id>> {
        std::mem::take(&mut *SEEN.lock().unwrap())
    }

    #[test]
    fn a_sync_body_is_in_the_runtime_of_its_caller_or_in_none() {
        let _lake = Lake::new();
        seen_through_sync(1);
        seen_by_sync::call(2).ensure_uri().run().unwrap();
        assert_eq!(seen(), [None, None]);
        for mut runtime in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let runtime = runtime.build().unwrap();
            let id = runtime.handle().id();
            runtime.block_on(async {
                let off = || seen_through_sync::call(3).cache_mode(CacheMode::Off);
                off().run();
                off().await;
                let spawned = tokio::spawn(async move { off().run() });
                spawned.await.unwrap();
                // What such code may do in the caller's runtime, it may do here.
                seen_by_sync::call(4).cache_mode(CacheMode::Off).run();
            });
            assert_eq!(seen(), [Some(id); 4]);
        }
    }

    #[test]
    fn an_async_body_that_is_blocked_on_has_a_runtime_whoever_called() {
        #[cache]
        async fn slept() -> nuthatch::Result<i64> {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            tokio::spawn(async { 3 }).await.map_err(nuthatch::Error::other)
        }
        let _lake = Lake::new();
        assert_eq!(slept::call().run().unwrap(), 3);
    }

    #[test]
    fn a_backend_of_a_sync_call_has_a_runtime_for_its_timers() {
        let _lake = Lake::new();
        assert_eq!(timed().unwrap(), Timed(5));
        assert_eq!(timed::call().strict(true).run().unwrap(), Timed(5));
    }

    #[derive(Debug, PartialEq)]
    struct Timed(i64);

    impl nuthatch::Cacheable for Timed {
        fn backends() -> nuthatch::backend::Backends<Self> {
            &[&ByTimer]
        }
    }

    #[cache]
    fn timed() -> nuthatch::Result<Timed> {
        Ok(Timed(5))
    }

    #[derive(Debug)]
    struct ByTimer;

    impl nuthatch::backend::Backend<Timed> for ByTimer {
        fn name(&self) -> &'static str {
            "by_timer"
        }
        fn type_shape(&self) -> Option<String> {
            None
        }
        fn write<'a>(
            &'a self,
            value: &'a Timed,
            _: &'a nuthatch::backend::Target,
        ) -> futures::future::BoxFuture<'a, nuthatch::Result<nuthatch::backend::Written>> {
            Box::pin(async {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                let inline = Some(value.0.to_string().into());
                Ok(nuthatch::backend::Written { inline, bytes: 1, ..Default::default() })
            })
        }
        fn read<'a>(
            &'a self,
            _: &'a nuthatch::backend::Source,
        ) -> futures::future::BoxFuture<'a, nuthatch::Result<Timed>> {
            Box::pin(async {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                Ok(Timed(5))
            })
        }
        fn weigh(&self, _: &Timed) -> u64 {
            8
        }
    }
}
