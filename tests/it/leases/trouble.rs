//! Leases in trouble: signs of life that do not come through, stores that deny them, leases that are
//! gone or of another form, and holders that stand still.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use nuthatch_core::store::{self, Fault, Faulty, Operation, Trigger};

use super::{GATE, RUNS, leases, owner, runs, slow, while_computing};
use crate::child::{child, given};
use crate::told::Told;

/// The stores of this process below a folder, made to fail as a test says.
fn faulty() -> Arc<Mutex<Vec<Faulty>>> {
    let all: Arc<Mutex<Vec<Faulty>>> = Arc::default();
    let opened = Arc::clone(&all);
    store::intercept(move |_, store| {
        let faulty = Faulty::new(store);
        opened.lock().unwrap().push(faulty.clone());
        Arc::new(faulty)
    });
    all
}

#[test]
fn a_stalled_owner_that_comes_back_is_told_and_its_value_does_not_stand() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    // Even where values replace others.
    let (first, second) = (
        owner(folder.path(), &[("cache_mode", "overwrite")]),
        owner(folder.path(), &[("cache_mode", "overwrite")]),
    );
    let value = while_computing(
        || first.with(|| slow(1).unwrap()),
        |_| {
            let beats = Trigger::any().on([Operation::Update]).containing("leases/");
            let stalled = stores.lock().unwrap()[0].clone();
            stalled.inject(beats, Fault::Fail);
            assert_eq!(second.with(|| slow(1).unwrap()), 102);
            assert!(stalled.struck() > 0);
            told.says(&["cannot be kept up", "was not heard of"]);
            stalled.heal();
            std::thread::sleep(Duration::from_millis(1000));
            told.says(&["was taken over or removed", "the first value that is committed stands"]);
        },
    );
    assert_eq!((value, runs()), (101, 2), "it returns what it has computed");
    assert_eq!(second.with(|| slow(1).unwrap()), 102);
}

/// A look that follows a failure, and no more, would leave the lease unwritten for a time-to-live.
#[test]
fn one_sign_of_life_that_fails_does_not_lose_the_lease() {
    one_does_not_lose_the_lease(Fault::Fail);
}

/// As would a pause after a request that was waited for in vain.
#[test]
fn one_sign_of_life_that_hangs_does_not_lose_the_lease() {
    one_does_not_lose_the_lease(Fault::Delay(Duration::from_secs(60)));
}

fn one_does_not_lose_the_lease(fault: Fault) {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let longer = [("lease_ttl", "3s")];
    let (first, second) = (owner(folder.path(), &longer), owner(folder.path(), &longer));
    let value = while_computing(
        || first.with(|| slow(1).unwrap()),
        |go_on| {
            let beats = Trigger::any().on([Operation::Update]).containing("leases/");
            let failing = stores.lock().unwrap()[0].clone();
            failing.inject(beats.nth(1), fault);
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| second.with(|| slow(1).unwrap()));
                // A second later it is written again, which is not three.
                std::thread::sleep(Duration::from_millis(3_700));
                assert_eq!(failing.struck(), 1);
                go_on();
                assert_eq!(waiting.join().unwrap(), 101);
            });
        },
    );
    assert_eq!((value, runs()), (101, 1));
}

#[test]
fn signs_of_life_that_fail_are_told_once() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[]);
    let told = Told::listen();
    let value = while_computing(
        || one.with(|| slow(1).unwrap()),
        |_| {
            let beats = Trigger::any().on([Operation::Update]).containing("leases/");
            let failing = stores.lock().unwrap()[0].clone();
            failing.inject(beats, Fault::Fail);
            until("three signs of life have failed", || failing.struck() >= 3);
            failing.heal();
        },
    );
    assert_eq!((value, runs()), (101, 1));
    let told = told.take();
    assert_eq!(told.matches("cannot be kept up").count(), 1, "{told}");
    assert!(told.contains("slow(number = 1)") && told.contains("injected"), "{told}");
    assert_eq!(one.with(|| slow(1).unwrap()), 101, "it is stored");
    assert_eq!(leases(folder.path()), [""; 0]);
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_lease_that_is_gone_is_told_and_its_holders_value_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let (first, second) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    let value = while_computing(
        || first.with(|| slow(1).unwrap()),
        |_| {
            std::fs::remove_file(folder.path().join(leases(folder.path()).remove(0))).unwrap();
            let heard = std::cell::RefCell::new(String::new());
            until("its holder has looked", || {
                heard.borrow_mut().push_str(&told.take());
                heard.borrow().contains("was taken over or removed")
            });
            assert_eq!(leases(folder.path()), [""; 0], "it is not put again");
        },
    );
    assert_eq!((value, runs()), (101, 1));
    assert_eq!(second.with(|| slow(1).unwrap()), 101);
    told.is_silent();
}

#[test]
fn a_lease_that_cannot_be_removed_costs_one_warning_and_whoever_wants_it_a_time_to_live() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let (first, second) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    first.with(|| slow(100).unwrap());
    let failing = stores.lock().unwrap()[0].clone();
    failing.inject(Trigger::any().on([Operation::Delete]).containing("leases/"), Fault::Fail);
    assert_eq!(first.with(|| slow(1).unwrap()), 102);
    assert_eq!(first.with(|| slow(2).unwrap()), 203);
    assert_eq!((failing.struck(), leases(folder.path()).len()), (2, 2));
    let heard = told.take();
    assert_eq!(heard.matches("cannot be removed").count(), 1, "{heard}");
    assert!(heard.contains("slow(number = 1)") && heard.contains("`gc`"), "{heard}");
    assert_eq!(second.with(|| slow(1).unwrap()), 102, "an entry is recalled whoever has a lease");
    assert!(second.with(|| slow::forget(1).run()).unwrap());
    assert_eq!(second.with(|| slow(1).unwrap()), 104);
    told.says(&["was not heard of"]);
}

/// As where a policy lets nobody write below `leases/`.
#[test]
fn where_leases_are_denied_they_are_asked_for_once_and_calls_compute() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let (one, other) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    one.with(|| slow(100).unwrap());
    let denying = stores.lock().unwrap()[0].clone();
    denying.inject(Trigger::any().containing("leases/"), Fault::Deny);
    for number in 1..4 {
        assert_eq!(one.with(|| slow(number).unwrap()), number * 100 + number + 1);
    }
    assert_eq!(denying.struck(), 2, "a put, and a look whether it went through");
    let heard = told.take();
    assert_eq!(heard.matches("no lease").count(), 1, "{heard}");
    for words in ["no lease may be written there", "slow(number = 1)", "root", "`lease = false`"] {
        assert!(heard.contains(words), "{words}: {heard}");
    }
    assert_eq!(other.with(|| slow(3).unwrap()), 304, "what was computed is stored");
}

/// What a later release may write there: nobody knows what it says, and that it changes is seen.
#[test]
fn a_lease_of_another_form_is_waited_for_while_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let one = owner(folder.path(), &[]);
    let mut found = Vec::new();
    while_computing(|| one.with(|| slow(1).unwrap()), |_| found = leases(folder.path()));
    assert!(one.with(|| slow::forget(1).run()).unwrap());
    let lease = folder.path().join(found.remove(0));
    std::fs::create_dir_all(lease.parent().unwrap()).unwrap();
    let write = |beat: u32| {
        let text = format!("{{\"form\": 2, \"held\": {{\"beat\": {beat}}}}}");
        std::fs::write(&lease, text).unwrap();
    };
    write(0);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| one.with(|| slow(1).unwrap()));
        // Two times-to-live, of which this release has one to go by.
        for beat in 1..8 {
            std::thread::sleep(Duration::from_millis(300));
            write(beat);
            assert_eq!(runs(), 1, "it is alive");
        }
        assert_eq!(waits.join().unwrap(), 102, "nothing changes any more");
    });
    told.says(&["was not heard of"]);
    assert_eq!(leases(folder.path()), [""; 0]);
}

/// A lease of this form says for itself how long it holds, whatever else is in it.
#[test]
fn a_lease_with_members_of_a_later_release_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[("lease_ttl", "1h"), ("lease_wait", "500ms")]);
    let mut found = Vec::new();
    let told = Told::listen();
    while_computing(
        || one.with(|| slow(1).unwrap()),
        |_| {
            let path = leases(folder.path()).remove(0);
            let lease = std::fs::read(folder.path().join(&path)).unwrap();
            found.push((folder.path().join(path), lease));
        },
    );
    assert!(one.with(|| slow::forget(1).run()).unwrap());
    let (path, lease) = found.remove(0);
    let mut lease: serde_json::Value = serde_json::from_slice(&lease).unwrap();
    lease["lease"] = "01jfzxyzg1f3vq7kz0m2n4p6r8".into();
    lease["owner"] = "01jfzxyzg1f3vq7kz0m2n4p6r9".into();
    lease["priority"] = serde_json::json!({"of": ["later"]});
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, lease.to_string()).unwrap();
    let soon = owner(folder.path(), &[("lease_wait", "2s")]);
    // By its own time-to-live, a second, it would take this one over.
    assert_eq!(soon.with(|| slow(1).unwrap()), 102);
    told.says(&["lease_wait"]);
    assert_eq!(std::fs::read(&path).unwrap(), lease.to_string().as_bytes(), "it was left");
}

/// Takes the lease, says so, and computes until a file is there.
#[test]
#[ignore = "a child of the test below, which runs it"]
fn child_that_computes_until_it_is_told() {
    let gate = Arc::new(Barrier::new(2));
    *GATE.lock().unwrap() = Some(Arc::clone(&gate));
    // Another value than that of whoever takes over.
    RUNS.store(50, Ordering::SeqCst);
    let folder = given();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| owner(&folder.join("lake"), &[]).with(|| slow(1).unwrap()));
        gate.wait();
        std::fs::write(folder.join("computing"), "").unwrap();
        until("it may go on", || folder.join("go on").exists());
        gate.wait();
        println!("returned {}", call.join().unwrap());
    });
}

fn signal(process: &std::process::Child, signal: &str) {
    let id = process.id().to_string();
    let sent = std::process::Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}

/// As a laptop that sleeps, or a machine that is moved: it knows nothing of it.
#[test]
fn an_owner_that_stood_still_for_a_time_to_live_returns_its_value_and_the_winners_stands() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let told = Told::listen();
    let mut child = child("leases::trouble::child_that_computes_until_it_is_told", folder.path());
    let stopped = child.stdout(std::process::Stdio::piped()).spawn().unwrap();
    until("it computes", || folder.path().join("computing").exists());
    signal(&stopped, "-STOP");
    let second = owner(&lake, &[]);
    assert_eq!(second.with(|| slow(1).unwrap()), 101);
    told.says(&["was not heard of"]);
    std::fs::write(folder.path().join("go on"), "").unwrap();
    signal(&stopped, "-CONT");
    let output = stopped.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("returned 151"), "{said}");
    assert_eq!(owner(&lake, &[]).with(|| slow(1).unwrap()), 101, "the first commit stands");
    assert_eq!(runs(), 1, "beside the one that stood still");
    assert_eq!(leases(&lake), [""; 0], "and it removed nobody's lease");
}

#[test]
fn a_lost_reply_is_recognised_as_ones_own_lease() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[]);
    one.with(|| slow(100).unwrap());
    let before = stores.lock().unwrap()[0].clone();
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        before
            .inject(Trigger::any().on([operation]).containing("leases/").nth(1), Fault::LoseReply);
    }
    while_computing(
        || one.with(|| slow(1).unwrap()),
        |_| std::thread::sleep(Duration::from_millis(1200)),
    );
    assert_eq!(before.struck(), 3);
    assert_eq!(runs(), 2);
    assert_eq!(leases(folder.path()), [""; 0]);
}

#[test]
fn a_store_that_fails_costs_the_lease_and_no_result() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[]);
    one.with(|| slow(100).unwrap());
    let told = Told::listen();
    let failing = stores.lock().unwrap()[0].clone();
    failing.inject(Trigger::any().containing("leases/"), Fault::Fail);
    assert_eq!(one.with(|| slow(1).unwrap()), 102);
    assert_eq!(failing.struck(), 2, "a put, and a look whether it went through");
    told.says(&["no lease can be had", "slow(number = 1)", "root"]);
    assert_eq!(one.with(|| slow(1).unwrap()), 102, "it is stored");
}

#[test]
fn a_value_that_was_stored_just_before_the_lease_was_had_is_recalled() {
    let stores = faulty();
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (owner(folder.path(), &[]), owner(folder.path(), &[]));
    second.with(|| slow(100).unwrap());
    let late = Trigger::any().on([Operation::Create]).containing("leases/");
    stores.lock().unwrap()[0].inject(late, Fault::Delay(Duration::from_millis(500)));
    std::thread::scope(|scope| {
        let late = scope.spawn(|| second.with(|| slow(1).unwrap()));
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(first.with(|| slow(1).unwrap()), 102);
        assert_eq!(late.join().unwrap(), 102);
    });
    assert_eq!(runs(), 2);
    assert_eq!(leases(folder.path()), [""; 0]);
}

#[test]
fn what_is_no_lease_lies_in_the_way_for_a_time_to_live() {
    let folder = tempfile::tempdir().unwrap();
    let one = owner(folder.path(), &[]);
    while_computing(
        || one.with(|| slow(1).unwrap()),
        |_| {
            let path = folder.path().join(leases(folder.path()).remove(0));
            std::fs::write(path, "no lease").unwrap();
            // Until its holder has looked.
            std::thread::sleep(Duration::from_millis(1000));
        },
    );
    one.with(|| slow::forget(1).run()).unwrap();
    let found = leases(folder.path());
    assert_eq!(found.len(), 1, "another's is not deleted");
    assert_eq!(owner(folder.path(), &[]).with(|| slow(1).unwrap()), 102);
    assert_eq!(leases(folder.path()), [""; 0]);
}
