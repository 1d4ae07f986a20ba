//! One computation at a time for equal calls: who joins, who goes on when a run ends early, and
//! that nothing waits for what cannot end.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Barrier, Condvar, LazyLock, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::stream::StreamExt;
use futures::{FutureExt, future};
use nuthatch::prelude::*;
use nuthatch::stats;
use nuthatch_core::key::KeyEncoder;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::events::Events;
use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// A bound on what must not hang.
fn within<R: Send + 'static>(seconds: u64, work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, wait) = channel();
    let worker = std::thread::spawn(move || {
        let result = work();
        let _ = done.send(());
        result
    });
    if wait.recv_timeout(Duration::from_secs(seconds))
        == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
    {
        panic!("it hangs");
    }
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Polls a call once, as a task does that has other work too.
async fn is_pending<F: Future + Unpin>(call: &mut F) -> bool {
    future::poll_fn(|context| Poll::Ready(call.poll_unpin(context).is_pending())).await
}

/// Opened once: bodies wait at it.
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    const fn new() -> Self {
        Self(Mutex::new(false), Condvar::new())
    }
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
    fn pass(&self) {
        let open = self.0.lock().unwrap();
        drop(self.1.wait_while(open, |open| !*open).unwrap());
    }
}

static GATE: Gate = Gate::new();
static PERMITS: Semaphore = Semaphore::const_new(0);

#[cache]
fn gated(of: i64) -> nuthatch::Result<Vec<i64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    GATE.pass();
    Ok(vec![of; 3])
}

#[cache]
async fn gated_async(of: i64) -> nuthatch::Result<Vec<i64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let _permit = PERMITS.acquire().await;
    Ok(vec![of; 3])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_run_the_body_once_and_all_get_the_result() {
    static ARRIVED: AtomicU32 = AtomicU32::new(0);
    let _lake = Lake::new();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            tokio::spawn(async {
                let mut call = gated_async::call(7).into_future();
                assert!(is_pending(&mut call).await);
                ARRIVED.fetch_add(1, Ordering::SeqCst);
                call.await
            })
        })
        .collect();
    while ARRIVED.load(Ordering::SeqCst) < 1000 {
        yield_now().await;
    }
    PERMITS.add_permits(1);
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), [7; 3]);
    }
    assert_eq!(runs(), 1);
    assert_eq!((stats().joined, stats().absent, stats().stored), (999, 1, 1));
}

#[test]
fn a_thousand_threads_run_the_body_once_and_all_get_the_result() {
    let _lake = Lake::new();
    let barrier = Barrier::new(1001);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..1000)
            .map(|_| {
                let thread = std::thread::Builder::new().stack_size(512 * 1024);
                let call = || {
                    barrier.wait();
                    gated(7)
                };
                thread.spawn_scoped(scope, call).unwrap()
            })
            .collect();
        barrier.wait();
        GATE.open();
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), [7; 3]);
        }
    });
    // Who came after the landing read the entry.
    assert_eq!(runs(), 1);
    assert_eq!((stats().absent, stats().joined + stats().root_hits), (1, 999));
}

#[tokio::test]
async fn values_that_cannot_be_copied_are_read_from_the_store() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Once(i64);

    #[cache]
    async fn once() -> nuthatch::Result<Once> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        Ok(Once(5))
    }
    let _lake = Lake::new();
    for value in future::join_all((0..10).map(|_| once())).await {
        assert_eq!(value.unwrap(), Once(5));
    }
    assert_eq!(runs(), 1);
    // Where nothing was stored, each runs its own body.
    let calls = (0..10).map(|_| once::call().cache_mode(CacheMode::ReadOnly).namespace("none"));
    for value in future::join_all(calls.map(IntoFuture::into_future)).await {
        assert_eq!(value.unwrap(), Once(5));
    }
    assert_eq!(runs(), 10);
}

#[tokio::test]
async fn a_cancelled_run_lets_another_go_on() {
    let _lake = Lake::new();
    let mut first = gated_async::call(1).into_future();
    let mut second = gated_async::call(1).into_future();
    assert!(is_pending(&mut first).await && is_pending(&mut second).await);
    assert_eq!(runs(), 1);
    drop(first);
    PERMITS.add_permits(1);
    assert_eq!(second.await.unwrap(), [1; 3]);
    assert_eq!(runs(), 1);
}

#[test]
fn a_panic_lets_another_go_on() {
    static PANICS: AtomicBool = AtomicBool::new(true);
    #[cache]
    fn panicking() -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        GATE.pass();
        assert!(!PANICS.swap(false, Ordering::SeqCst), "on purpose");
        Ok(3)
    }
    let _lake = Lake::new();
    within(60, || {
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(panicking)).collect();
        GATE.open();
        let results: Vec<_> = threads.into_iter().map(std::thread::JoinHandle::join).collect();
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
        for result in results.into_iter().flatten() {
            assert_eq!(result.unwrap(), 3);
        }
        assert_eq!(runs(), 2);
    });
}

#[tokio::test]
async fn an_error_lets_the_next_run_one_at_a_time() {
    static RUNNING: AtomicU32 = AtomicU32::new(0);
    #[cache]
    async fn failing() -> nuthatch::Result<i64> {
        assert_eq!(RUNNING.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
        yield_now().await;
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0..4 => Err(nuthatch::Error::other("not yet")),
            _ => Ok(9),
        }
    }
    let _lake = Lake::new();
    let results = future::join_all((0..10).map(|_| failing())).await;
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 4);
    assert!(results.into_iter().flatten().all(|value| value == 9));
    assert_eq!(runs(), 5);
}

#[test]
fn a_function_that_calls_itself_with_the_same_arguments_does_not_hang() {
    static DEPTH: AtomicU32 = AtomicU32::new(0);
    #[cache]
    fn recursive(of: i64) -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        if DEPTH.fetch_add(1, Ordering::SeqCst) < 3 { recursive(of) } else { Ok(of) }
    }
    within(60, || {
        let _lake = Lake::new();
        assert_eq!((recursive(1).unwrap(), runs()), (1, 4));
    });
}

#[tokio::test]
async fn an_async_function_that_calls_itself_with_the_same_arguments_does_not_hang() {
    static DEPTH: AtomicU32 = AtomicU32::new(0);
    #[cache]
    async fn recursive(of: i64) -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        if DEPTH.fetch_add(1, Ordering::SeqCst) >= 3 {
            return Ok(of);
        }
        let (one, two) = tokio::join!(Box::pin(recursive(of)), Box::pin(recursive(of)));
        Ok(one? + two? - of)
    }
    let _lake = Lake::new();
    let limit = Duration::from_secs(60);
    assert_eq!(tokio::time::timeout(limit, recursive(1)).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_leader_parked_in_select_does_not_hold_up_its_own_task() {
    let _lake = Lake::new();
    let calls = async {
        let mut parked = pin!(gated_async(1));
        tokio::select! {
            biased;
            _ = &mut parked => unreachable!("no permit yet"),
            () = future::ready(()) => {}
        }
        // Woken, and never polled while its own task awaits the same key.
        PERMITS.add_permits(10);
        let value = gated_async(1).await.unwrap();
        assert_eq!(parked.await.unwrap(), value);
        value
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), calls).await.unwrap(), [1; 3]);
}

#[tokio::test]
async fn a_leader_parked_in_buffered_does_not_hold_up_its_own_task() {
    let _lake = Lake::new();
    PERMITS.add_permits(1000);
    #[cache]
    async fn slow(of: i64) -> nuthatch::Result<i64> {
        yield_now().await;
        Ok(of)
    }
    let calls = async {
        let mut stream = futures::stream::iter(0..6).map(|_| slow(1)).buffered(3);
        let mut sum = 0;
        while let Some(value) = stream.next().await {
            // The stream's own calls are not polled here.
            sum += value.unwrap() + slow(1).await.unwrap();
        }
        sum
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), calls).await.unwrap(), 12);
}

#[test]
fn rayon_stealing_the_key_that_its_own_leader_runs_does_not_hang() {
    #[cache]
    fn parallel(of: i64) -> nuthatch::Result<i64> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        // While it waits for the other half, this worker steals other calls of this very key.
        let (one, two) = rayon::join(|| busy(of), || busy(of));
        Ok(one + two)
    }
    fn busy(of: i64) -> i64 {
        (0..20_000).fold(of, |sum, _| std::hint::black_box(sum))
    }
    within(200, || {
        let _lake = Lake::new();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        for round in 0..5 {
            let sum: i64 = pool.install(|| {
                use rayon::prelude::*;
                (0..64).into_par_iter().map(|_| parallel(round).unwrap()).sum()
            });
            assert_eq!(sum, 64 * 2 * round);
        }
    });
}

#[test]
fn two_keys_that_need_each_other_crosswise_do_not_hang() {
    static FIRST: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    static MET: [AtomicBool; 2] = [AtomicBool::new(false), AtomicBool::new(false)];
    #[cache]
    fn crossed(of: usize) -> nuthatch::Result<usize> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        if MET[of].swap(true, Ordering::SeqCst) {
            return Ok(of);
        }
        // Both lead before either calls the other.
        FIRST.wait();
        crossed(1 - of)?;
        Ok(of)
    }
    within(60, || {
        let _lake = Lake::new();
        let threads = [0, 1].map(|of| std::thread::spawn(move || crossed(of).unwrap()));
        assert_eq!(threads.map(|thread| thread.join().unwrap()), [0, 1]);
    });
}

#[test]
fn two_keys_stolen_crosswise_by_rayon_do_not_hang() {
    #[cache]
    fn either(of: i64, round: i64) -> nuthatch::Result<i64> {
        let (one, two) = rayon::join(|| leaf(of, round), || leaf(1 - of, round));
        Ok(one + two)
    }
    #[cache]
    fn leaf_of(of: i64, round: i64) -> nuthatch::Result<i64> {
        let (one, _) = rayon::join(|| of, || round);
        Ok(one * 10)
    }
    fn leaf(of: i64, round: i64) -> i64 {
        leaf_of(of, round).unwrap()
    }
    within(200, || {
        let _lake = Lake::new();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        for round in 0..10 {
            let sum: i64 = pool.install(|| {
                use rayon::prelude::*;
                (0..32).into_par_iter().map(|i| either(i % 2, round).unwrap()).sum()
            });
            assert_eq!(sum, 32 * 10);
        }
    });
}

#[test]
fn a_sync_call_on_a_current_thread_runtime_does_not_hang() {
    within(60, || {
        let _lake = Lake::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        PERMITS.add_permits(100);
        #[cache]
        async fn sleepy(of: i64) -> nuthatch::Result<i64> {
            RUNS.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            Ok(of)
        }
        runtime.block_on(async {
            // The leader's future belongs to the thread that the second call blocks.
            let mut led = sleepy::call(1).into_future();
            assert!((&mut led).now_or_never().is_none());
            assert_eq!(sleepy::call(1).run().unwrap(), 1);
            assert_eq!(led.await.unwrap(), 1);
            assert_eq!(runs(), 2);
            let spawned = tokio::spawn(async { sleepy::call(2).run() });
            assert_eq!(spawned.await.unwrap().unwrap(), 2);
        });
    });
}

#[tokio::test]
async fn calls_with_different_options_do_not_join() {
    let _lake = Lake::new();
    let call = || gated_async::call(1);
    let level = || toml::Table::from_iter([("level".to_owned(), 3.into())]);
    let different = [
        call(),
        call().cache_mode(CacheMode::Overwrite),
        call().cache_mode(CacheMode::ReadOnly),
        call().namespace("other"),
        call().namespace("third"),
        call().namespace(""),
        call().memoize(true),
        call().recompute(true),
        call().retry_null(true),
        call().cache(false),
        call().validate(true),
        call().backend("basic"),
        call().backend_options(level()),
        call().storage_backend("basic"),
        call().storage_backend_options(level()),
    ];
    let count = different.len();
    let mut calls: Vec<_> = different.into_iter().map(IntoFuture::into_future).collect();
    for call in &mut calls {
        assert!(is_pending(call).await);
    }
    assert_eq!(runs() as usize, count);
    // Whereas this one joins the first, whatever it does with its result.
    let mut same = call().post_process(|result| result).into_future();
    assert!(is_pending(&mut same).await);
    assert_eq!(runs(), 0);
    PERMITS.add_permits(100);
    for value in future::join_all(calls).await {
        assert_eq!(value.unwrap(), [1; 3]);
    }
    assert_eq!(same.await.unwrap(), [1; 3]);
    assert_eq!((runs(), stats().joined), (0, 1));
}

#[cache]
async fn around(of: i64) -> nuthatch::Result<Vec<i64>> {
    gated_async(of).await
}

#[tokio::test]
async fn calls_that_pass_on_different_options_do_not_join() {
    let _lake = Lake::new();
    PERMITS.add_permits(1);
    gated_async(1).await.unwrap();
    assert_eq!(runs(), 1);
    PERMITS.forget_permits(1);
    let call = || around::call(1);
    // A body that is held up below: the first call of this one reads what is stored.
    let mut first = call().recompute(["gated_async"]).into_future();
    assert!(is_pending(&mut first).await);
    assert_eq!(runs(), 1);
    let scoped = |options: Options| nuthatch::with_async(options, around(1));
    // Of one namespace themselves, and not so what they call.
    let nested_in = |namespace: &str| {
        let own = call().recompute(["gated_async"]).namespace("own").into_future();
        nuthatch::with_async(Options::new().namespace(namespace), own).boxed()
    };
    let mut different = vec![
        nested_in("this"),
        nested_in("that"),
        scoped(Options::new().recompute(["gated_async"]).namespace("other")).boxed(),
        scoped(Options::new().recompute(["gated_async"]).backend("basic")).boxed(),
        call().recompute(["gated_async"]).memoize(["gated_async"]).into_future(),
        call().recompute(["gated_async"]).retry_null(true).into_future(),
    ];
    for call in &mut different {
        assert!(is_pending(call).await);
    }
    // The same names join; no names at all do not, and read what was stored before.
    let mut same = call().recompute(["gated_async"]).into_future();
    assert!(is_pending(&mut same).await);
    let joined = stats().joined;
    let plain = tokio::time::timeout(Duration::from_secs(20), call()).await;
    assert_eq!(plain.expect("it does not join").unwrap(), [1; 3]);
    assert_eq!(stats().joined, joined, "what is to be recomputed below is another call");
    PERMITS.add_permits(100);
    for value in future::join_all(different).await {
        assert_eq!(value.unwrap(), [1; 3]);
    }
    assert_eq!((first.await.unwrap(), same.await.unwrap()), (vec![1; 3], vec![1; 3]));
    assert_eq!(stats().joined, joined + 1, "only the same call has");
}

#[tokio::test]
async fn a_namespace_that_holds_an_arguments_bytes_joins_nobody_else() {
    #[cache]
    async fn named(of: &str) -> nuthatch::Result<String> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        let _permit = PERMITS.acquire().await;
        Ok(of.to_owned())
    }
    fn encoded(text: &str) -> String {
        let mut encoder = KeyEncoder::new();
        encoder.str(text).unwrap();
        String::from_utf8(encoder.as_bytes().to_vec()).unwrap()
    }
    let _lake = Lake::new();
    // The first namespace, a NUL and the first argument are the bytes of the second ones.
    let short = "b";
    let long = format!("a\0{}", encoded(short));
    let whole = encoded(&long);
    let before = whole.strip_suffix(&format!("\0{}", encoded(short))).unwrap();
    let mut first = named::call(&long).namespace("n").into_future();
    let mut second = named::call(short).namespace(format!("n\0{before}")).into_future();
    assert!(is_pending(&mut first).await && is_pending(&mut second).await);
    assert_eq!(runs(), 2);
    PERMITS.add_permits(2);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (long.clone(), short.to_owned()));
}

#[tokio::test]
async fn a_joined_call_does_not_complain_of_names_that_the_other_has_met() {
    let _lake = Lake::new();
    let events = Events::listen();
    let call = || around::call(1).recompute(["gated_async"]);
    let mut first = call().into_future();
    assert!(is_pending(&mut first).await);
    let mut second = call().into_future();
    assert!(is_pending(&mut second).await);
    PERMITS.add_permits(10);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (vec![1; 3], vec![1; 3]));
    assert_eq!(stats().joined, 1);
    assert_eq!(events.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn off_without_memo_never_joins() {
    let _lake = Lake::new();
    let off = |memoize| gated_async::call(1).cache_mode(CacheMode::Off).memoize(memoize);
    let mut calls: Vec<_> = (0..4).map(|i| off(i >= 2).into_future()).collect();
    for call in &mut calls {
        assert!(is_pending(call).await);
    }
    assert_eq!(runs(), 3, "two for themselves, and one for the two that memoize");
    PERMITS.add_permits(10);
    for value in future::join_all(calls).await {
        assert_eq!(value.unwrap(), [1; 3]);
    }
    assert_eq!((runs(), stats().joined), (0, 1));
}

#[tokio::test]
async fn a_joined_result_is_the_callers_own() {
    let _lake = Lake::new();
    let mut calls: Vec<_> = (0..3).map(|_| gated_async::call(1).into_future()).collect();
    for call in &mut calls {
        assert!(is_pending(call).await);
    }
    PERMITS.add_permits(1);
    for value in future::join_all(calls).await {
        let mut value = value.unwrap();
        assert_eq!(value, [1; 3]);
        value.clear();
    }
}

#[tokio::test]
async fn a_sync_call_and_an_async_one_join() {
    let _lake = Lake::new();
    let mut led = gated_async::call(1).into_future();
    assert!(is_pending(&mut led).await);
    let thread = std::thread::spawn(|| gated_async::call(1).run());
    // Joined or not yet begun, it cannot run the body a second time.
    for _ in 0..100 {
        yield_now().await;
    }
    PERMITS.add_permits(1);
    assert_eq!(led.await.unwrap(), [1; 3]);
    assert_eq!(thread.join().unwrap().unwrap(), [1; 3]);
    assert_eq!(runs(), 1);
}
