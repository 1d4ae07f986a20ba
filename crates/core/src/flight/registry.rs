//! The board behind its lock, the wakers beside it, and the watchdog over both.

use std::collections::HashMap;
use std::hash::Hash;
use std::task::Waker;
use std::time::{Duration, Instant};

use quick_cache::DefaultHashBuilder;
use smallvec::SmallVec;

use super::Outcome;
use super::board::{Answer, Board, Call, Calls, Joined, LOOKS, SeatId, Whereabouts};
use super::graph::{RunId, Stack};
use super::sync::{Arc, Mutex, Weak, lock};
use super::watched::Progress;
use super::workers;
use crate::runtime;

/// All state of a [`Flights`](super::Flights). No foreign code runs under its lock: wakers and
/// values are woken and dropped outside.
#[derive(Debug)]
pub(super) struct Registry<K> {
    state: Mutex<State<K>>,
    stalled_after: Duration,
}

#[derive(Debug)]
struct State<K> {
    board: Board<K>,
    wakers: HashMap<SeatId, Waker, DefaultHashBuilder>,
    /// Whether a watchdog looks at the stalled.
    watched_over: bool,
}

impl<K: Clone + Eq + Hash + Send + 'static> Registry<K> {
    pub(super) fn new(stalled_after: Duration) -> Self {
        let wakers = HashMap::default();
        let state = State { board: Board::new(), wakers, watched_over: false };
        Self { state: Mutex::new(state), stalled_after }
    }

    pub(super) fn join(self: &Arc<Self>, key: &K, run: RunId, stack: Stack) -> Joined {
        let at = Whereabouts::of_thread();
        let (joined, start) = {
            let mut state = lock(&self.state);
            let joined = state.board.join(key, run, stack, at);
            let start = matches!(joined, Joined::Waits(_)) && !state.watched_over;
            state.watched_over |= start;
            (joined, start)
        };
        if start {
            self.start_watchdog();
        }
        joined
    }

    pub(super) fn watch(&self, key: &K, run: RunId, progress: &Arc<Progress>) {
        lock(&self.state).board.watch(key, run, progress);
    }

    pub(super) fn has_waiters(&self, key: &K, run: RunId) -> bool {
        lock(&self.state).board.has_waiters(key, run)
    }

    pub(super) fn land(&self, key: &K, run: RunId, outcome: &Outcome) {
        self.change(|board| board.land(key, run, outcome));
    }

    /// Ends the flight that `run` leads, if nobody waits for it.
    pub(super) fn land_alone(&self, key: &K, run: RunId) -> bool {
        let mut state = lock(&self.state);
        let alone = !state.board.has_waiters(key, run);
        if alone {
            state.board.land(key, run, &Outcome::Stored);
        }
        alone
    }

    pub(super) fn give_up(&self, key: &K, run: RunId) {
        self.change(|board| board.give_up(key, run, Instant::now()));
    }

    /// What the waiter in `seat` was told; where it was told nothing, `waker` is kept.
    pub(super) fn answer(self: &Arc<Self>, seat: SeatId, waker: &Waker) -> Option<Call> {
        let (waker, at) = (waker.clone(), Whereabouts::of_thread());
        let (answer, _unused) = {
            let mut state = lock(&self.state);
            match state.board.answer(seat, at) {
                answer @ Answer::Called(_) => (answer, state.wakers.remove(&seat).or(Some(waker))),
                answer => (answer, state.wakers.insert(seat, waker)),
            }
        };
        match answer {
            Answer::Called(call) => Some(call),
            Answer::Wait => None,
            Answer::AskPool => {
                self.ask_pool();
                None
            }
        }
    }

    pub(super) fn leave(&self, seat: SeatId) {
        let mut left = None;
        self.change(|board| {
            let (calls, seat) = board.leave(seat, Instant::now());
            left = seat;
            calls
        });
        let _waker = lock(&self.state).wakers.remove(&seat);
    }

    pub(super) fn flights(&self) -> usize {
        lock(&self.state).board.flights()
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        lock(&self.state).board.waiting()
    }

    #[cfg(test)]
    pub(super) fn is_clear(&self) -> bool {
        let state = lock(&self.state);
        state.board.is_clear() && state.wakers.is_empty()
    }

    /// Changes the board, and wakes who is called by that.
    fn change(&self, change: impl FnOnce(&mut Board<K>) -> Calls) {
        let called: SmallVec<[Waker; 4]> = {
            let mut state = lock(&self.state);
            let State { board, wakers, .. } = &mut *state;
            change(board).iter().filter_map(|seat| wakers.remove(seat)).collect()
        };
        called.into_iter().for_each(Waker::wake);
    }

    /// Has the leaders passed over that turn out to be idle workers of this thread's pool.
    fn ask_pool(self: &Arc<Self>) {
        let registry = Arc::downgrade(self);
        workers::when_idle(move |worker| {
            if let Some(registry) = registry.upgrade() {
                registry.change(|board| board.pass_over_the_idle(worker, Instant::now()));
            }
        });
    }

    /// Looks for the stalled as long as anybody waits.
    fn start_watchdog(self: &Arc<Self>) {
        let registry = Arc::downgrade(self);
        let period = (self.stalled_after / LOOKS).max(Duration::from_millis(1));
        if let Err(error) = runtime::spawn_detached(watch_over(registry, period)) {
            lock(&self.state).watched_over = false;
            tracing::warn!(
                target: "nuthatch",
                %error,
                "no watchdog: a call may wait for a computation that nobody polls"
            );
        }
    }

    /// Whether anybody still waits.
    fn look_for_the_stalled(&self) -> bool {
        let now = Instant::now();
        self.change(|board| {
            let mut calls = board.pass_over_the_stalled(now, self.stalled_after);
            calls.extend(board.look_at_workers());
            calls
        });
        let mut state = lock(&self.state);
        state.watched_over = !state.board.nobody_waits();
        state.watched_over
    }
}

async fn watch_over<K: Clone + Eq + Hash + Send + 'static>(
    registry: Weak<Registry<K>>,
    period: Duration,
) {
    loop {
        tokio::time::sleep(period).await;
        match registry.upgrade() {
            Some(registry) if registry.look_for_the_stalled() => {}
            _ => return,
        }
    }
}
