//! Single flight between threads that a model checker schedules: in every order for two, in some
//! thousand orders for more. A wait that does not end is found as a deadlock.

#![allow(clippy::unwrap_used, missing_docs)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch_models::flight::{Flights, Landing, Lead, Outcome, Role, RunId, Wait};
use nuthatch_models::runtime::block_on;
use shuttle::thread;

/// Orders that are tried where there are too many for all.
const ORDERS: usize = 3_000;

/// What the bodies of one key have done.
#[derive(Default)]
struct Bodies {
    runs: AtomicU32,
    at_once: AtomicU32,
}

impl Bodies {
    /// A body, during which others are let go on.
    fn run(&self) -> u32 {
        assert_eq!(self.at_once.fetch_add(1, Ordering::SeqCst), 0, "two bodies at once");
        thread::yield_now();
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        self.runs.fetch_add(1, Ordering::SeqCst)
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }
}

/// A call as the run loop makes it; `fails` says whether the body of that number returns an error.
fn call(
    flights: &Flights<&'static str>,
    key: &'static str,
    bodies: &Bodies,
    fails: impl Fn(u32) -> bool,
) -> Option<u32> {
    let lead = |lead: Lead<&'static str>| {
        let number = bodies.run();
        if fails(number) {
            // The lead goes to the next.
            return None;
        }
        lead.land_with(|| Outcome::Value(Arc::new(number)));
        Some(number)
    };
    block_on(async {
        match flights.join(key, RunId::next(), [], Wait::Async) {
            Role::Leader(leader) => lead(leader),
            Role::Independent => panic!("nobody is below anybody"),
            Role::Waiter(waiter) => match waiter.await {
                Landing::Lead(leader) => lead(leader),
                Landing::Landed(Outcome::Value(value)) => Some(*value.downcast_ref().unwrap()),
                Landing::Landed(Outcome::Stored) => panic!("a value was to be handed out"),
            },
        }
    })
}

fn at_once<T: Send + 'static>(calls: Vec<Box<dyn FnOnce() -> T + Send>>) -> Vec<T> {
    let threads: Vec<_> = calls.into_iter().map(thread::spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn callers(count: usize, fails: fn(u32) -> bool) {
    let (flights, bodies) = (Flights::new(), Arc::new(Bodies::default()));
    let calls = (0..count).map(|_| {
        let (flights, bodies) = (flights.clone(), Arc::clone(&bodies));
        Box::new(move || call(&flights, "key", &bodies, fails))
            as Box<dyn FnOnce() -> Option<u32> + Send>
    });
    let returned = at_once(calls.collect());
    assert!(flights.is_empty(), "{flights:?}");
    for value in returned {
        assert!(value.is_none_or(|number| number < bodies.runs() && !fails(number)), "{value:?}");
    }
}

#[test]
fn two_equal_calls_in_every_order() {
    shuttle::check_dfs(|| callers(2, |_| false), None);
}

#[test]
fn two_equal_calls_of_which_the_first_fails_in_every_order() {
    shuttle::check_dfs(|| callers(2, |number| number == 0), None);
}

#[test]
fn four_equal_calls_of_which_some_fail() {
    shuttle::check_random(|| callers(4, |number| number % 2 == 0), ORDERS);
    shuttle::check_pct(|| callers(4, |number| number < 2), ORDERS, 3);
}

/// Leads `first`, and needs `second` meanwhile.
fn nested(flights: &Flights<&'static str>, first: &'static str, second: &'static str) -> bool {
    let run = RunId::next();
    let mut was_independent = false;
    let mut inner = |below: RunId| {
        block_on(async {
            match flights.join(second, RunId::next(), [below], Wait::Async) {
                Role::Leader(lead) => lead.land_with(|| Outcome::Stored),
                Role::Independent => was_independent = true,
                Role::Waiter(waiter) => drop(waiter.await),
            }
        });
    };
    block_on(async {
        match flights.join(first, run, [], Wait::Async) {
            Role::Leader(lead) => {
                inner(run);
                lead.land_with(|| Outcome::Stored);
            }
            Role::Independent => inner(run),
            Role::Waiter(waiter) => drop(waiter.await),
        }
    });
    was_independent
}

#[test]
fn two_calls_that_need_each_other_end() {
    let crosswise = || {
        let flights = Flights::new();
        let calls = [("a", "b"), ("b", "a")].map(|(first, second)| {
            let flights = flights.clone();
            Box::new(move || nested(&flights, first, second)) as Box<dyn FnOnce() -> _ + Send>
        });
        let independent = at_once(calls.into());
        assert!(independent.iter().filter(|was| **was).count() <= 1, "one of them waits");
        assert!(flights.is_empty(), "{flights:?}");
    };
    shuttle::check_dfs(crosswise, Some(ORDERS));
    shuttle::check_random(crosswise, ORDERS);
    shuttle::check_pct(crosswise, ORDERS, 3);
}

#[test]
fn three_calls_that_need_each_other_in_a_ring_end() {
    let ring = || {
        let flights = Flights::new();
        let calls = [("a", "b"), ("b", "c"), ("c", "a")].map(|(first, second)| {
            let flights = flights.clone();
            Box::new(move || nested(&flights, first, second)) as Box<dyn FnOnce() -> _ + Send>
        });
        at_once(calls.into());
        assert!(flights.is_empty(), "{flights:?}");
    };
    shuttle::check_random(ring, ORDERS);
    shuttle::check_pct(ring, ORDERS, 3);
}

/// A waiter that is polled once and then forgotten.
fn cancelled(flights: &Flights<&'static str>, bodies: &Bodies) {
    let joined = flights.join("key", RunId::next(), [], Wait::Async);
    match joined {
        Role::Leader(lead) => {
            bodies.run();
            drop(lead);
        }
        Role::Independent => panic!("nobody is below anybody"),
        Role::Waiter(mut waiter) => block_on(async {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(std::pin::Pin::new(&mut waiter).poll(context).is_ready())
            });
            // What it was told is dropped with it: a lead, too.
            polled.await;
            thread::yield_now();
            drop(waiter);
        }),
    }
}

#[test]
fn a_call_that_is_cancelled_takes_nothing_with_it() {
    let some_cancelled = || {
        let (flights, bodies) = (Flights::new(), Arc::new(Bodies::default()));
        let calls = (0..3).map(|number| {
            let (flights, bodies) = (flights.clone(), Arc::clone(&bodies));
            Box::new(move || match number {
                0 => cancelled(&flights, &bodies),
                _ => assert!(call(&flights, "key", &bodies, |_| false).is_some()),
            }) as Box<dyn FnOnce() + Send>
        });
        at_once(calls.collect());
        assert!(flights.is_empty(), "{flights:?}");
    };
    shuttle::check_random(some_cancelled, ORDERS);
    shuttle::check_pct(some_cancelled, ORDERS, 3);
}
