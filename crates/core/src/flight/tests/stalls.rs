//! Leaders that nobody polls are passed over; leaders that are slow are not.

use std::future::pending;
use std::pin::pin;
use std::thread;

use futures::future::{Either, select};
use futures::stream::{StreamExt, iter};
use tokio::time::sleep;

use super::*;

/// Long enough for a busy machine to poll what it woke.
const PATIENT: Duration = Duration::from_millis(500);

#[test]
fn a_leader_parked_in_select_is_passed_over() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        current_thread().block_on(async {
            let body = async |_| {
                let run = runs.add();
                if run == 1 {
                    sleep(Duration::from_millis(10)).await;
                }
                Ok(run as i64)
            };
            let parked = pin!(call_async(&flights, "key", &[], body));
            let Either::Right(((), parked)) = select(parked, pin!(async {})).await else {
                panic!("the leader is parked")
            };
            // The same task calls the same key, and does not poll the leader meanwhile.
            assert_eq!(call_async(&flights, "key", &[], body).await, Ok(2));
            // The leader then ends on its own.
            assert_eq!(parked.await, Ok(1));
        });
        assert_eq!(runs.count(), 2);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_leader_parked_in_buffered_is_passed_over() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        current_thread().block_on(async {
            let body = async |_| {
                runs.add();
                sleep(Duration::from_millis(10)).await;
                Ok(1)
            };
            let keys = iter(["first", "second", "third"]);
            let calls = keys.map(|key| call_async(&flights, key, &[], body)).buffered(2);
            // While an element is handled, the stream's next leaders are parked.
            let handled = calls.then(|_| call_async(&flights, "second", &[], body));
            assert_eq!(handled.collect::<Vec<_>>().await, [Ok(1); 3]);
        });
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_leader_that_awaits_what_is_not_ready_is_never_passed_over() {
    within(20, || {
        let (flights, runs) = (Flights::stalled_after(PATIENT), Runs::default());
        current_thread().block_on(async {
            let body = async |_| {
                runs.add();
                sleep(PATIENT * 3).await;
                Ok(1)
            };
            let calls = (0..10).map(|_| call_async(&flights, "key", &[], body));
            assert_eq!(futures::future::join_all(calls).await, [Ok(1); 10]);
        });
        assert_eq!(runs.count(), 1);
    });
}

#[test]
fn a_leader_that_runs_is_never_passed_over() {
    within(20, || {
        let (flights, runs) = (Flights::stalled_after(PATIENT), Runs::default());
        let body = async |_| {
            runs.add();
            // It was woken while it ran, too.
            tokio::task::yield_now().await;
            thread::sleep(PATIENT * 3);
            Ok(1)
        };
        let blocking = || call(&flights, "blocking", || block_on(body(Vec::new())));
        let polled = || current_thread().block_on(call_async(&flights, "polled", &[], body));
        thread::scope(|scope| {
            let calls = [scope.spawn(blocking), scope.spawn(blocking)];
            let tasks = [scope.spawn(polled), scope.spawn(polled)];
            for call in calls.into_iter().chain(tasks) {
                assert_eq!(call.join().unwrap(), Ok(1));
            }
        });
        assert_eq!(runs.count(), 2);
    });
}

#[test]
fn a_leader_that_was_passed_over_hands_nothing_out() {
    within(20, || {
        let flights = flights();
        let former = lead(join(&flights, "key", RunId::next(), []));
        let mut watched = pin!(former.watch(pending::<()>()));
        poll_and_wake(watched.as_mut());
        let heir = waiter(join(&flights, "key", RunId::next(), []));
        let other = waiter(join(&flights, "key", RunId::next(), []));
        let Landing::Lead(heir) = block_on(heir) else { panic!("the stalled is passed over") };
        assert!(!former.has_waiters());
        former.land_with(|| panic!("it leads no more"));
        assert!(heir.has_waiters());
        heir.land_with(|| value(2));
        let Landing::Landed(outcome) = block_on(other) else { panic!("landed") };
        assert_eq!(number(&outcome), 2);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_waiter_that_is_parked_when_it_should_lead_is_passed_over() {
    within(20, || {
        let flights = flights();
        let leader = lead(join(&flights, "key", RunId::next(), []));
        let parked = waiter(join(&flights, "key", RunId::next(), []));
        let alive = waiter(join(&flights, "key", RunId::next(), []));
        drop(leader);
        let Landing::Lead(lead) = block_on(alive) else { panic!("leads in its stead") };
        lead.land_with(|| value(5));
        let Landing::Landed(outcome) = block_on(parked) else { panic!("went back to wait") };
        assert_eq!(number(&outcome), 5);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn who_blocks_a_thread_leads_before_who_may_be_parked() {
    let flights = flights();
    let leader = lead(join(&flights, "key", RunId::next(), []));
    let task = waiter(join(&flights, "key", RunId::next(), []));
    block_on(async {
        let thread = waiter(join(&flights, "key", RunId::next(), []));
        drop(leader);
        assert!(matches!(thread.await, Landing::Lead(_)));
    });
    assert!(matches!(block_on(task), Landing::Lead(_)));
}

/// Polls once, and wakes by the waker that the future was polled with.
fn poll_and_wake(future: Pin<&mut Watched<impl Future>>) {
    let waker = future.as_ref().get_ref().waker();
    let mut future = future;
    let context = &mut Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(context).is_pending());
    waker.wake();
}
