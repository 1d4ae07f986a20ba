//! The calls of these tests are a small run loop of their own: join, body, land.

use std::cell::RefCell;
use std::sync::Arc as StdArc;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::runtime::block_on;
use crate::test_watchdog::within;

mod outcomes;
mod stalls;
mod stealing;
mod waits;

type Key = &'static str;

/// Short, so that a test of a stall is short; where nothing may stall, bodies take longer.
const STALLED_AFTER: Duration = Duration::from_millis(100);

fn flights() -> Flights<Key> {
    Flights::stalled_after(STALLED_AFTER)
}

/// Counts how often a body ran.
#[derive(Debug, Clone, Default)]
struct Runs(StdArc<AtomicUsize>);

impl Runs {
    fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn add(&self) -> usize {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1
    }
}

fn value(number: i64) -> Outcome {
    Outcome::Value(Arc::new(number))
}

fn number(outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Value(value) => *value.downcast_ref().unwrap(),
        Outcome::Stored => panic!("stored, not handed out"),
    }
}

fn join<const N: usize>(
    flights: &Flights<Key>,
    key: Key,
    run: RunId,
    below: [RunId; N],
) -> Role<Key> {
    flights.join(key, run, below, Wait::Async)
}

fn lead(role: Role<Key>) -> Lead<Key> {
    match role {
        Role::Leader(lead) => lead,
        other => panic!("should lead: {other:?}"),
    }
}

fn waiter(role: Role<Key>) -> Waiter<Key> {
    match role {
        Role::Waiter(waiter) => waiter,
        other => panic!("should wait: {other:?}"),
    }
}

fn is_independent(role: &Role<Key>) -> bool {
    matches!(role, Role::Independent)
}

type BodyResult = Result<i64, &'static str>;

/// A sync call whose context is its thread's, as in plain threads and under rayon.
fn call(flights: &Flights<Key>, key: Key, body: impl FnOnce() -> BodyResult) -> BodyResult {
    let run = RunId::next();
    let lead = match flights.join(key, run, runs_of_thread(), Wait::Blocking) {
        Role::Leader(lead) => Some(lead),
        Role::Waiter(waiter) => match block_on(waiter) {
            Landing::Landed(outcome) => return Ok(number(&outcome)),
            Landing::Lead(lead) => Some(lead),
        },
        Role::Independent => None,
    };
    let result = {
        let _running = Running::begin(run);
        body()
    };
    if let (Some(lead), Ok(number)) = (lead, result) {
        lead.land_with(|| value(number));
    }
    result
}

/// An async call whose context is handed down by hand.
async fn call_async<B: Future<Output = BodyResult>>(
    flights: &Flights<Key>,
    key: Key,
    below: &[RunId],
    body: impl FnOnce(Vec<RunId>) -> B,
) -> BodyResult {
    let run = RunId::next();
    let lead = match flights.join(key, run, below.iter().copied(), Wait::Async) {
        Role::Leader(lead) => Some(lead),
        Role::Waiter(waiter) => match waiter.await {
            Landing::Landed(outcome) => return Ok(number(&outcome)),
            Landing::Lead(lead) => Some(lead),
        },
        Role::Independent => None,
    };
    let stack = [below, &[run]].concat();
    let Some(lead) = lead else { return body(stack).await };
    let result = lead.watch(body(stack)).await;
    if let Ok(number) = result {
        lead.land_with(|| value(number));
    }
    result
}

thread_local!(static RUNS: RefCell<Vec<RunId>> = const { RefCell::new(Vec::new()) });

fn runs_of_thread() -> Vec<RunId> {
    RUNS.with_borrow(Clone::clone)
}

struct Running;

impl Running {
    fn begin(run: RunId) -> Self {
        RUNS.with_borrow_mut(|runs| runs.push(run));
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNS.with_borrow_mut(Vec::pop);
    }
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
