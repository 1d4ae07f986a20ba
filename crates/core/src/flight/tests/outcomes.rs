//! One leader, what it hands out, and who leads after it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use futures::future::join_all;
use tokio::time::sleep;

use super::*;

/// Until this many calls wait.
fn until_waiting(flights: &Flights<Key>, count: usize) {
    while flights.0.waiting() < count {
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_thousand_threads_run_one_body() {
    within(60, || {
        let (flights, runs, start) = (flights(), Runs::default(), Barrier::new(1000));
        let body = || {
            runs.add();
            until_waiting(&flights, 999);
            Ok(42)
        };
        thread::scope(|scope| {
            let one = || {
                start.wait();
                call(&flights, "key", body)
            };
            let calls: Vec<_> = (0..1000).map(|_| scope.spawn(one)).collect();
            for call in calls {
                assert_eq!(call.join().unwrap(), Ok(42));
            }
        });
        assert_eq!(runs.count(), 1);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_thousand_tasks_run_one_body() {
    for runtime in [current_thread(), tokio::runtime::Runtime::new().unwrap()] {
        within(60, || {
            let (flights, runs) = (Flights::new(), Runs::default());
            let one = || {
                let (flights, runs) = (flights.clone(), runs.clone());
                async move {
                    let body = |_| async {
                        runs.add();
                        while flights.0.waiting() < 999 {
                            sleep(Duration::from_millis(1)).await;
                        }
                        Ok(42)
                    };
                    call_async(&flights, "key", &[], body).await
                }
            };
            runtime.block_on(async {
                let calls: Vec<_> = (0..1000).map(|_| tokio::spawn(one())).collect();
                for call in calls {
                    assert_eq!(call.await.unwrap(), Ok(42));
                }
            });
            assert_eq!(runs.count(), 1);
            assert!(flights.0.is_clear());
        });
    }
}

#[test]
fn calls_joined_in_one_task_run_one_body() {
    within(20, || {
        let (flights, runs) = (Flights::new(), Runs::default());
        let body = |_| async {
            runs.add();
            sleep(Duration::from_millis(20)).await;
            Ok(7)
        };
        let all = || join_all((0..100).map(|_| call_async(&flights, "key", &[], body)));
        assert_eq!(current_thread().block_on(all()), vec![Ok(7); 100]);
        assert_eq!(runs.count(), 1);
        // Nor does the blocking adapter take its own calls for each other's obstacle.
        assert_eq!(block_on(all()), vec![Ok(7); 100]);
        assert_eq!(runs.count(), 2);
    });
}

#[test]
fn different_keys_do_not_wait_for_each_other() {
    let flights = flights();
    let _a = lead(join(&flights, "a", RunId::next(), []));
    let _b = lead(join(&flights, "b", RunId::next(), []));
    assert_eq!(flights.len(), 2);
}

#[test]
fn the_outcome_is_made_for_waiters_only() {
    let flights = flights();
    let alone = lead(join(&flights, "key", RunId::next(), []));
    assert!(!alone.has_waiters());
    alone.land_with(|| panic!("nobody waits"));
    assert!(flights.is_empty());

    let leader = lead(join(&flights, "key", RunId::next(), []));
    let waiter = waiter(join(&flights, "key", RunId::next(), []));
    assert!(leader.has_waiters());
    leader.land_with(|| Outcome::Stored);
    assert!(matches!(block_on(waiter), Landing::Landed(Outcome::Stored)));
    assert!(flights.0.is_clear());
}

#[test]
fn a_waiter_that_comes_while_the_outcome_is_made_gets_it() {
    let flights = flights();
    let leader = lead(join(&flights, "key", RunId::next(), []));
    let first = waiter(join(&flights, "key", RunId::next(), []));
    let mut second = None;
    leader.land_with(|| {
        second = Some(waiter(join(&flights, "key", RunId::next(), [])));
        value(3)
    });
    for waiter in [first, second.unwrap()] {
        let Landing::Landed(outcome) = block_on(waiter) else { panic!("landed") };
        assert_eq!(number(&outcome), 3);
    }
}

#[test]
fn after_an_error_one_waiter_at_a_time_leads() {
    within(20, || {
        let (flights, runs, at_once) = (flights(), Runs::default(), Runs::default());
        let body = || {
            assert_eq!(at_once.add(), 1);
            let run = runs.add();
            if run == 1 {
                until_waiting(&flights, 19);
            }
            thread::sleep(Duration::from_millis(2));
            at_once.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            if run < 5 { Err("no data") } else { Ok(5) }
        };
        let results: Vec<_> = thread::scope(|scope| {
            let one = || scope.spawn(|| call(&flights, "key", body));
            let calls: Vec<_> = (0..20).map(|_| one()).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(runs.count(), 5);
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 4);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn after_a_panic_the_next_waiter_leads() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        let body = || {
            if runs.add() == 1 {
                until_waiting(&flights, 1);
                panic!("in the leader");
            }
            Ok(2)
        };
        let one = || catch_unwind(AssertUnwindSafe(|| call(&flights, "key", body)));
        let (first, second) = thread::scope(|scope| {
            let (first, second) = (scope.spawn(one), scope.spawn(one));
            (first.join().unwrap(), second.join().unwrap())
        });
        let results = [first.ok(), second.ok()];
        assert!(results.contains(&None) && results.contains(&Some(Ok(2))), "{results:?}");
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_panic_while_the_outcome_is_made_passes_the_lead_on() {
    let flights = flights();
    let leader = lead(join(&flights, "key", RunId::next(), []));
    let waiter = waiter(join(&flights, "key", RunId::next(), []));
    let cloning = || leader.land_with(|| panic!("in the value's clone"));
    assert!(catch_unwind(AssertUnwindSafe(cloning)).is_err());
    assert!(matches!(block_on(waiter), Landing::Lead(_)));
}

#[test]
fn after_a_cancelled_leader_the_next_waiter_leads() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        current_thread().block_on(async {
            let one = || {
                let (flights, runs) = (flights.clone(), runs.clone());
                tokio::spawn(async move {
                    let body = |_| async {
                        if runs.add() == 1 {
                            sleep(Duration::from_secs(3600)).await;
                        }
                        Ok(2)
                    };
                    call_async(&flights, "key", &[], body).await
                })
            };
            let (first, second) = (one(), one());
            while flights.0.waiting() < 1 {
                tokio::task::yield_now().await;
            }
            first.abort();
            assert_eq!(second.await.unwrap(), Ok(2));
        });
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_dropped_waiter_leaves_nothing_behind() {
    let flights = flights();
    let leader = lead(join(&flights, "key", RunId::next(), [RunId::next()]));
    let mut polled = waiter(join(&flights, "key", RunId::next(), [RunId::next()]));
    let context = &mut Context::from_waker(std::task::Waker::noop());
    assert!(Pin::new(&mut polled).poll(context).is_pending());
    drop(polled);
    drop(waiter(join(&flights, "key", RunId::next(), [])));
    assert!(!leader.has_waiters());
    leader.land_with(|| panic!("nobody waits"));
    assert!(flights.0.is_clear());
}

#[test]
fn a_waiter_dropped_after_it_was_called_passes_the_lead_on() {
    let flights = flights();
    let leader = lead(join(&flights, "key", RunId::next(), []));
    let called = waiter(join(&flights, "key", RunId::next(), []));
    let next = waiter(join(&flights, "key", RunId::next(), []));
    drop(leader);
    drop(called);
    assert!(matches!(block_on(next), Landing::Lead(_)));
    assert!(flights.0.is_clear());
}

#[test]
fn a_waiter_dropped_after_landing_leaves_nothing_behind() {
    let flights = flights();
    let leader = lead(join(&flights, "key", RunId::next(), []));
    let dropped = waiter(join(&flights, "key", RunId::next(), []));
    leader.land_with(|| value(1));
    drop(dropped);
    assert!(flights.0.is_clear());
}

#[test]
fn values_may_join_when_they_are_dropped() {
    struct Joins(Flights<Key>);
    impl Drop for Joins {
        fn drop(&mut self) {
            drop(join(&self.0, "key", RunId::next(), []));
        }
    }
    within(20, || {
        let flights = flights();
        let leader = lead(join(&flights, "key", RunId::next(), []));
        let dropped = waiter(join(&flights, "key", RunId::next(), []));
        leader.land_with(|| Outcome::Value(Arc::new(Joins(flights.clone()))));
        drop(dropped);
        assert!(flights.is_empty());
    });
}
