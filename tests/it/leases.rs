//! One computation across configurations and processes: a lease beside the entry, who waits for
//! it, and who takes it over.

mod trouble;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use nuthatch::Nuthatch;
use nuthatch::config::OnBusy;
use nuthatch::prelude::*;

use crate::child::{child, given};
use crate::files;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
/// Bodies wait here for the test, twice: when they have begun, and before they end.
static GATE: Mutex<Option<Arc<Barrier>>> = Mutex::new(None);
static FAILS: AtomicBool = AtomicBool::new(false);

fn pass_gate() {
    let gate = GATE.lock().unwrap().clone();
    if let Some(gate) = gate {
        gate.wait();
        gate.wait();
    }
}

#[cache(name = "leases_slow")]
fn slow(number: u32) -> nuthatch::Result<u32> {
    let run = RUNS.fetch_add(1, Ordering::SeqCst) + 1;
    pass_gate();
    match FAILS.load(Ordering::SeqCst) {
        true => Err(nuthatch::Error::other("the station is closed")),
        false => Ok(number * 100 + run),
    }
}

/// What cannot say that another computes.
#[cache(name = "leases_plain")]
fn plain(number: u32) -> u32 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    pass_gate();
    number
}

/// What says for itself that it is worth a lease.
#[cache(name = "leases_long", lease)]
fn long(number: u32) -> u32 {
    pass_gate();
    number
}

fn runs() -> u32 {
    RUNS.load(Ordering::SeqCst)
}

/// A configuration whose results are leased, whatever their backend.
fn owner(folder: &Path, set: &[(&str, &str)]) -> Nuthatch {
    let mut builder = Nuthatch::builder().set("filesystem", folder.to_str().unwrap());
    builder = builder.set("lease", true).set("lease_ttl", "1s");
    for (name, value) in set {
        builder = builder.set(name, *value);
    }
    builder.build().unwrap()
}

fn leases(folder: &Path) -> Vec<String> {
    let all = files::under(folder).into_keys();
    all.filter(|path| path.contains("/leases/") && path.ends_with(".json")).collect()
}

/// A computation that waits at its gate, and goes on when told to, or when a test fails.
struct GoesOn(Arc<Barrier>, AtomicBool);

impl GoesOn {
    fn now(&self) {
        if !self.1.swap(true, Ordering::SeqCst) {
            self.0.wait();
        }
    }
}

impl Drop for GoesOn {
    fn drop(&mut self) {
        self.now();
    }
}

/// Lets the first computation wait, does `meanwhile`, and lets it go on; gives what it returned.
fn while_computing<T: Send>(
    first: impl FnOnce() -> T + Send,
    meanwhile: impl FnOnce(&dyn Fn()),
) -> T {
    let gate = Arc::new(Barrier::new(2));
    *GATE.lock().unwrap() = Some(Arc::clone(&gate));
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        gate.wait();
        *GATE.lock().unwrap() = None;
        let goes_on = GoesOn(gate, AtomicBool::new(false));
        meanwhile(&|| goes_on.now());
        drop(goes_on);
        first.join().unwrap()
    })
}

#[test]
fn who_comes_second_waits_and_recalls() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    std::thread::scope(|scope| {
        let value = while_computing(
            || first.with(|| slow(1).unwrap()),
            |go_on| {
                assert_eq!(leases(folder.path()).len(), 1, "beside the entry that is to come");
                let second = &second;
                let waits = scope.spawn(move || second.with(|| slow(1).unwrap()));
                std::thread::sleep(Duration::from_millis(1500));
                assert_eq!(runs(), 1, "signs of life keep the lease beyond its time-to-live");
                go_on();
                assert_eq!(waits.join().unwrap(), 101);
            },
        );
        assert_eq!((value, runs()), (101, 1));
    });
    assert_eq!(leases(folder.path()), [""; 0], "deleted when the run has ended");
    assert_eq!(nuthatch::stats().root_hits, 1);
}

#[test]
fn a_lease_ends_with_an_error_and_the_next_computes() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (owner(folder.path(), &[("lease_ttl", "1h")]), owner(folder.path(), &[]));
    FAILS.store(true, Ordering::SeqCst);
    assert!(first.with(|| slow(1)).is_err());
    assert_eq!(leases(folder.path()), [""; 0]);
    FAILS.store(false, Ordering::SeqCst);
    assert_eq!(second.with(|| slow(1)).unwrap(), 102);
}

/// Whether the lease goes, which a task sees to.
fn goes(folder: &Path) -> bool {
    (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        leases(folder).is_empty()
    })
}

#[cache(name = "leases_panics")]
fn panics(number: u32) -> nuthatch::Result<u32> {
    assert!(number > 10, "the body panics");
    Ok(number)
}

#[cache(name = "leases_pending")]
async fn pending(number: u32) -> nuthatch::Result<u32> {
    std::future::pending::<()>().await;
    Ok(number)
}

#[test]
fn a_panic_ends_the_lease() {
    let folder = tempfile::tempdir().unwrap();
    let first = owner(folder.path(), &[("lease_ttl", "1h")]);
    let panicked = std::thread::scope(|scope| scope.spawn(|| first.with(|| panics(1))).join());
    assert!(panicked.is_err());
    assert!(goes(folder.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_ends_the_lease() {
    let folder = tempfile::tempdir().unwrap();
    let first = owner(folder.path(), &[("lease_ttl", "1h")]);
    let call = first.with_async(async { pending(1).await });
    let call = tokio::time::timeout(Duration::from_millis(500), call).await;
    assert!(call.is_err());
    assert!(tokio::task::spawn_blocking(move || goes(folder.path())).await.unwrap());
}

#[test]
fn who_does_not_wait_computes_or_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    let told = Told::listen();
    let value = while_computing(
        || first.with(|| slow(1).unwrap()),
        |_| {
            let error = second.with(|| slow::call(1).on_busy(OnBusy::Error).run()).unwrap_err();
            assert!(error.is_busy(), "{error}");
            let shown = error.to_string();
            assert!(shown.contains("slow(number = 1)"), "{shown}");
            assert!(shown.contains("root (file://") && shown.contains("on_busy"), "{shown}");
            assert_eq!(runs(), 1);
            let asked = second.with(|| slow::call(1).on_busy(OnBusy::Compute).run());
            assert_eq!((asked.unwrap(), runs()), (102, 2));
        },
    );
    // Its value was computed first and committed second.
    assert_eq!(value, 101);
    assert_eq!(second.with(|| slow(1).unwrap()), 102, "the first commit stands");
    told.is_silent();
}

#[test]
fn a_function_without_room_for_the_error_computes_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    let told = Told::listen();
    while_computing(
        || first.with(|| plain(1)),
        |_| assert_eq!(second.with(|| plain::call(1).on_busy(OnBusy::Error).run()), 1),
    );
    assert_eq!(runs(), 2);
    told.says(&["plain(number = 1)", "holds no error", "being computed"]);
}

#[test]
fn whoever_has_waited_long_enough_computes_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) =
        (owner(folder.path(), &[]), owner(folder.path(), &[("lease_wait", "300ms")]));
    let told = Told::listen();
    let value = while_computing(
        || first.with(|| slow(1).unwrap()),
        |_| assert_eq!(second.with(|| slow(1).unwrap()), 102),
    );
    assert_eq!((value, runs()), (101, 2));
    told.says(&["slow(number = 1)", "lease_wait", "300ms"]);
    assert_eq!(second.with(|| slow(1).unwrap()), 102);
}

#[test]
fn a_body_that_calls_itself_in_another_configuration_does_not_wait_for_itself() {
    static INNER: Mutex<Option<Nuthatch>> = Mutex::new(None);
    #[cache(name = "leases_nested")]
    fn nested(number: u32) -> nuthatch::Result<u32> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        let inner = INNER.lock().unwrap().take();
        match inner {
            Some(inner) => inner.with(|| nested(number)),
            None => Ok(number),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let outer = owner(folder.path(), &[("lease_wait", "1h")]);
    *INNER.lock().unwrap() = Some(owner(folder.path(), &[("lease_wait", "1h")]));
    assert_eq!(outer.with(|| nested(7)).unwrap(), 7);
    assert_eq!(runs(), 2);
}

#[test]
fn calls_of_one_configuration_that_do_not_join_do_not_wait_either() {
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[("lease_wait", "1h")]);
    while_computing(
        || one.with(|| slow(1).unwrap()),
        |_| {
            // Other options, so another flight.
            assert_eq!(one.with(|| slow::call(1).memoize(true).run()).unwrap(), 102);
        },
    );
}

#[test]
fn small_values_take_no_lease_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    while_computing(|| slow(1).unwrap(), |_| assert_eq!(leases(folder.path()), [""; 0]));
    while_computing(
        || slow::call(2).lease(true).run().unwrap(),
        |_| assert_eq!(leases(folder.path()).len(), 1),
    );
    let options = Options::new().lease(true);
    while_computing(
        || nuthatch::with(options, || slow(3)).unwrap(),
        |_| assert_eq!(leases(folder.path()).len(), 1),
    );
    while_computing(|| long(1), |_| assert_eq!(leases(folder.path()).len(), 1));
    let none = || assert_eq!(leases(folder.path()), [""; 0]);
    while_computing(|| long::call(2).lease(false).run(), |_| none());
}

#[test]
fn what_writes_nothing_or_is_to_compute_takes_no_lease() {
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[]);
    let none = || assert_eq!(leases(folder.path()), [""; 0]);
    for mode in [CacheMode::ReadOnly, CacheMode::Off] {
        while_computing(|| one.with(|| slow::call(1).cache_mode(mode).run()).unwrap(), |_| none());
    }
    while_computing(|| one.with(|| slow::call(1).recompute(true).run()).unwrap(), |_| none());
    let careless = owner(folder.path(), &[("commit", "last-writer-wins")]);
    while_computing(|| careless.with(|| slow(2)).unwrap(), |_| none());
}

#[test]
fn the_local_location_is_leased_too() {
    let folder = tempfile::tempdir().unwrap();
    let local = || {
        Nuthatch::builder()
            .set("local.filesystem", folder.path().to_str().unwrap())
            .set("lease", true)
            .set("cache_mode", "local")
            .build()
            .unwrap()
    };
    let (first, second) = (local(), local());
    std::thread::scope(|scope| {
        while_computing(
            || first.with(|| slow(1).unwrap()),
            |go_on| {
                let second = &second;
                let waits = scope.spawn(move || second.with(|| slow(1).unwrap()));
                while leases(folder.path()).is_empty() {}
                std::thread::sleep(Duration::from_millis(100));
                go_on();
                assert_eq!(waits.join().unwrap(), 101);
            },
        );
    });
    assert_eq!(runs(), 1);
}

/// Takes the lease, says so, and computes until it is killed.
#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_that_computes_for_ever() {
    *GATE.lock().unwrap() = Some(Arc::new(Barrier::new(2)));
    let _ = owner(&given(), &[]).with(|| slow(1));
}

#[test]
fn the_lease_of_a_killed_process_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let mut process = child("leases::child_that_computes_for_ever", folder.path()).spawn().unwrap();
    while leases(folder.path()).is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let (second, third) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    std::thread::scope(|scope| {
        let third = scope.spawn(|| third.with(|| slow(1).unwrap()));
        assert_eq!(second.with(|| slow(1).unwrap()), 101);
        assert_eq!(third.join().unwrap(), 101);
    });
    assert_eq!(runs(), 1, "one of the two");
    told.says(&["was not heard of"]);
    assert_eq!(leases(folder.path()), [""; 0]);
}

#[test]
fn the_identity_of_an_owner_is_recorded_as_that_of_manifests_is() {
    for (identity, recorded) in [("full", true), ("none", false)] {
        let folder = tempfile::tempdir().unwrap();
        let one = owner(folder.path(), &[("manifest_identity", identity)]);
        while_computing(
            || one.with(|| slow(1).unwrap()),
            |_| {
                let path = folder.path().join(leases(folder.path()).remove(0));
                let lease = std::fs::read_to_string(path).unwrap();
                let lease: serde_json::Value = serde_json::from_str(&lease).unwrap();
                assert_eq!(lease.get("pid").is_some(), recorded, "{lease}");
                assert_eq!(lease.get("host").is_some(), recorded, "{lease}");
                assert_eq!(lease["ttl_ms"], 1000);
            },
        );
    }
}
