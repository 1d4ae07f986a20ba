//! Waits that could never end are found before they begin.

use std::sync::mpsc::channel;
use std::thread;

use tokio::time::sleep;

use super::*;

#[test]
fn recursion_does_not_wait_for_itself() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        let inner = || call(&flights, "key", || Ok(runs.add() as i64));
        assert_eq!(call(&flights, "key", inner), Ok(1));
        assert!(flights.0.is_clear());
    });
}

#[test]
fn async_recursion_through_another_function_does_not_wait_for_itself() {
    within(20, || {
        let flights = &flights();
        let result = current_thread().block_on(call_async(flights, "f", &[], |stack| async move {
            call_async(flights, "g", &stack, |stack| async move {
                call_async(flights, "f", &stack, |_| async { Ok(9) }).await
            })
            .await
        }));
        assert_eq!(result, Ok(9));
        assert!(flights.0.is_clear());
    });
}

#[test]
fn two_keys_crosswise_do_not_wait_for_each_other() {
    let flights = flights();
    let (a, b) = (RunId::next(), RunId::next());
    let _a = lead(join(&flights, "a", a, []));
    let _b = lead(join(&flights, "b", b, []));
    let waits = waiter(join(&flights, "b", RunId::next(), [a]));
    assert!(is_independent(&join(&flights, "a", RunId::next(), [b])));
    // Once the first wait has ended, the second is possible.
    drop(waits);
    drop(waiter(join(&flights, "a", RunId::next(), [b])));
}

#[test]
fn three_keys_in_a_ring_do_not_wait_for_each_other() {
    let flights = flights();
    let [a, b, c, inner] = [(); 4].map(|()| RunId::next());
    let _a = lead(join(&flights, "a", a, []));
    let _b = lead(join(&flights, "b", b, []));
    let _c = lead(join(&flights, "c", c, []));
    // The wait is by a run that is called by the leader, not by the leader itself.
    let _first = waiter(join(&flights, "b", RunId::next(), [a, inner]));
    let _second = waiter(join(&flights, "c", RunId::next(), [b]));
    assert!(is_independent(&join(&flights, "a", RunId::next(), [c])));
    let _without_a_ring = waiter(join(&flights, "a", RunId::next(), []));
}

#[test]
fn a_ring_is_found_after_the_lead_has_passed_on() {
    let flights = flights();
    let (former, b, heir) = (RunId::next(), RunId::next(), RunId::next());
    let first = lead(join(&flights, "a", former, []));
    let _b = lead(join(&flights, "b", b, []));
    let called = waiter(join(&flights, "a", heir, []));
    let _held_up = waiter(join(&flights, "a", RunId::next(), [b]));
    drop(first);
    let Landing::Lead(_second) = block_on(called) else { panic!("leads now") };
    assert!(is_independent(&join(&flights, "b", RunId::next(), [heir])));
    drop(waiter(join(&flights, "b", RunId::next(), [former])));
}

#[test]
fn threads_that_call_crosswise_do_not_hang() {
    within(20, || {
        let flights = flights();
        let (a_runs, b_runs) = (channel::<()>(), channel::<()>());
        let nested = |key| call(&flights, key, || Ok(1));
        thread::scope(|scope| {
            let (flights, nested) = (&flights, &nested);
            let (tell_b, hear_a) = a_runs;
            let (tell_a, hear_b) = b_runs;
            scope.spawn(move || {
                call(flights, "a", || {
                    tell_b.send(()).unwrap();
                    hear_b.recv().unwrap();
                    nested("b")
                })
            });
            scope.spawn(move || {
                call(flights, "b", || {
                    tell_a.send(()).unwrap();
                    hear_a.recv().unwrap();
                    nested("a")
                })
            });
        });
        assert!(flights.0.is_clear());
    });
}

#[test]
fn a_sync_call_on_a_current_thread_runtime_does_not_wait_for_a_task_of_it() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        current_thread().block_on(async {
            let body = async |_| {
                runs.add();
                sleep(Duration::from_millis(50)).await;
                Ok(1)
            };
            let led = call_async(&flights, "key", &[], body);
            let blocking = async { call(&flights, "key", || Ok(2)) };
            assert_eq!(tokio::join!(led, blocking), (Ok(1), Ok(2)));
        });
        assert_eq!(runs.count(), 1);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn async_calls_inside_a_blocking_call_do_not_wait_for_a_task_of_the_thread() {
    within(20, || {
        let flights = flights();
        current_thread().block_on(async {
            let led = call_async(&flights, "key", &[], |_| async {
                sleep(Duration::from_millis(50)).await;
                Ok(1)
            });
            let blocking = async {
                block_on(call_async(&flights, "outer", &[], |stack| {
                    let flights = flights.clone();
                    async move { call_async(&flights, "key", &stack, |_| async { Ok(2) }).await }
                }))
            };
            assert_eq!(tokio::join!(led, blocking), (Ok(1), Ok(2)));
        });
    });
}

#[test]
fn threads_that_block_each_others_tasks_do_not_wait() {
    within(20, || {
        let flights = &flights();
        let here = lead(join(flights, "here", RunId::next(), []));
        let _here = here.watch(async {});
        let (ready, go) = (channel::<()>(), channel::<()>());
        thread::scope(|scope| {
            scope.spawn(move || {
                let there = lead(join(flights, "there", RunId::next(), []));
                let _there = there.watch(async {});
                // This thread is blocked for a task of the first one…
                block_on(async {
                    let waits = waiter(join(flights, "here", RunId::next(), []));
                    ready.0.send(()).unwrap();
                    go.1.recv().unwrap();
                    drop(waits);
                });
            });
            ready.1.recv().unwrap();
            // …so the first one cannot be blocked for a task of that.
            let role = block_on(async { join(flights, "there", RunId::next(), []) });
            assert!(is_independent(&role));
            // A task may wait, as long as none of its runs holds the other up.
            drop(waiter(join(flights, "there", RunId::next(), [])));
            go.0.send(()).unwrap();
        });
    });
}

#[test]
fn a_blocking_call_waits_for_a_task_of_another_thread() {
    within(20, || {
        let (flights, runs) = (flights(), Runs::default());
        let (started, starts) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(|| {
                let body = async |_| {
                    runs.add();
                    started.send(()).unwrap();
                    sleep(Duration::from_millis(50)).await;
                    Ok(1)
                };
                current_thread().block_on(call_async(&flights, "key", &[], body))
            });
            starts.recv().unwrap();
            assert_eq!(call(&flights, "key", || Ok(2)), Ok(1));
        });
        assert_eq!(runs.count(), 1);
    });
}
