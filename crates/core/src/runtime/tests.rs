use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

use super::*;
use crate::test_watchdog::within;

const A_MOMENT: Duration = Duration::from_millis(20);

/// Needs a timer, a spawned task, a yield, and more cooperative budget than one task has.
async fn demanding() -> u32 {
    sleep(A_MOMENT).await;
    yield_now().await;
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move { (0..1000).for_each(|n| sender.send(n).unwrap()) });
    let mut sum = 0;
    while let Some(n) = receiver.recv().await {
        sum += n;
    }
    sum
}

const SUM: u32 = 499_500;

#[test]
fn a_plain_thread_blocks_on_timers_tasks_and_yields() {
    within(20, || assert_eq!(block_on(demanding()), SUM));
}

#[test]
fn blocking_in_place_shows_the_threads_own_runtime_or_none() {
    within(20, || {
        let seen = || block_on_in_place(async { Handle::try_current().ok().map(|it| it.id()) });
        assert_eq!(seen(), None);
        let runtime = Builder::new_current_thread().build().unwrap();
        let id = runtime.handle().id();
        assert_eq!(runtime.block_on(async { seen() }), Some(id));
        let ours = handle().unwrap().id();
        assert_eq!(block_on(spawn(async move { seen() })).unwrap(), Some(ours));
    });
}

#[test]
fn what_needs_a_runtime_finds_ours_in_place() {
    within(20, || {
        assert_eq!(block_on_in_place(super::within(demanding())), SUM);
        let runtime = Builder::new_current_thread().build().unwrap();
        let blocked = async { block_on_in_place(super::within(demanding())) };
        assert_eq!(runtime.block_on(blocked), SUM);
    });
}

#[test]
fn a_current_thread_runtime_is_blocked_without_hanging() {
    within(20, || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { assert_eq!(block_on(demanding()), SUM) });
        let spawned = async { tokio::spawn(async { block_on(demanding()) }).await };
        assert_eq!(runtime.block_on(spawned).unwrap(), SUM);
    });
}

#[test]
fn the_only_worker_of_a_multi_thread_runtime_is_blocked_without_hanging() {
    within(20, || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let spawned = async { tokio::spawn(async { block_on(demanding()) }).await };
        assert_eq!(runtime.block_on(spawned).unwrap(), SUM);
    });
}

#[test]
fn a_local_set_is_blocked_without_hanging() {
    within(20, || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        let sum = local.block_on(&runtime, async {
            tokio::task::spawn_local(async { block_on(demanding()) }).await
        });
        assert_eq!(sum.unwrap(), SUM);
    });
}

#[test]
fn blocking_nests() {
    within(20, || {
        let inner = || block_on(async { block_on(demanding()) + block_on(demanding()) });
        assert_eq!(block_on(async { inner() }), 2 * SUM);
    });
}

#[test]
fn all_of_our_own_threads_may_block_at_once() {
    within(20, || {
        let tasks: Vec<_> = (0..32)
            .map(|_| spawn(async { block_on(async { spawn(demanding()).await.unwrap() }) }))
            .collect();
        for task in tasks {
            assert_eq!(block_on(task).unwrap(), SUM);
        }
    });
}

#[test]
fn rayon_threads_block() {
    use rayon::prelude::*;
    within(20, || {
        let sums: Vec<_> = (0..16).into_par_iter().map(|_| block_on(demanding())).collect();
        assert_eq!(sums, [SUM; 16]);
    });
}

#[test]
fn each_block_on_is_a_place_of_its_own() {
    let outside = Place::all_of_thread();
    let (inside, nested) =
        block_on(async { (Place::all_of_thread(), block_on(async { Place::all_of_thread() })) });
    assert_eq!(outside.len(), 1);
    assert_eq!(inside[..1], outside[..]);
    assert_eq!((inside.len(), nested.len()), (2, 3));
    assert_eq!(nested[..2], inside[..]);
    let panicked = catch_unwind(|| block_on(async { panic!("the body") }));
    assert!(panicked.is_err());
    assert_eq!(Place::all_of_thread(), outside);
    assert_ne!(thread::spawn(Place::current).join().unwrap(), Place::current());
}

#[test]
fn work_runs_on_named_threads_and_is_awaited_without_tokio() {
    let name = async { thread::current().name().map(str::to_owned) };
    let name = pollster::block_on(spawn(name)).unwrap().unwrap();
    assert!(name.starts_with("nuthatch-io-"), "{name}");
}

#[test]
fn a_panic_goes_on_in_who_awaits() {
    let task = spawn(async { panic!("in the task") });
    let panic = catch_unwind(AssertUnwindSafe(|| pollster::block_on(task))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"in the task"));
}

#[test]
fn dropping_the_handle_cancels_the_work() {
    within(20, || {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let task = spawn(async move {
            sleep(Duration::from_secs(3600)).await;
            drop(sender);
        });
        drop(task);
        assert!(block_on(receiver).is_err());
    });
}

#[test]
fn a_thread_that_ends_may_still_block_and_spawn() {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            let sum = block_on(async { spawn(demanding()).await.unwrap() });
            assert_eq!(sum, SUM);
            ENDED.store(true, Ordering::SeqCst);
        }
    }
    static ENDED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    thread_local!(static LAST: Last = const { Last });
    within(20, || {
        // `LAST` is made first, and so dropped after the thread-locals of tokio.
        thread::spawn(|| LAST.with(|_| block_on(async {}))).join().unwrap();
        assert!(ENDED.load(Ordering::SeqCst));
    });
}
