//! Single flight: one computation at a time for equal calls in this process.
//!
//! Calls [`join`](Flights::join) under a key. The first [leads](Lead): it runs, and hands its
//! [`Outcome`] to those that [wait](Waiter). Where it ends without one (an error, a panic, a
//! cancelled future), the next waiter leads, one at a time.
//!
//! A wait never hangs:
//!
//! - Nobody waits for a run that is below it, and no two wait for each other, over however many
//!   runs and blocked threads: such waits are found in a graph before they begin, and the call
//!   is [`Independent`](Role::Independent).
//! - A thread is not blocked for a future that was last polled on it.
//! - A worker of a rayon pool may lead with jobs of its own lying below others' waits, which no
//!   graph shows. It is passed over if, five seconds on, its thread has nothing to do but wait.
//! - A future may be parked while its task awaits something else (`select!`, `buffered`). A
//!   leader that was woken and then not polled for five seconds is passed over; one that runs,
//!   or awaits what is not ready, never is, however long it takes.
//!
//! What cannot be seen from here: work that a run hands to another thread or task is not below
//! it unless its context was carried along.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub use self::graph::{RunId, Wait};
pub use self::watched::Watched;

use self::board::{Call, Joined, SeatId};
use self::graph::Stack;
use self::registry::Registry;
use self::sync::Arc;
use self::watched::Progress;

mod board;
mod graph;
mod registry;
mod sync;
mod watched;
mod workers;

#[cfg(test)]
mod tests;

/// A registry of the runs that are under way, by key. Clones are the same registry.
///
/// A key is cloned where a call leads or waits, so it should be cheap to clone.
pub struct Flights<K>(Arc<Registry<K>>);

impl<K: Clone + Eq + Hash + Send + 'static> Flights<K> {
    /// For how long a woken leader may go without being polled.
    pub const STALLED_AFTER: Duration = Duration::from_secs(5);

    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::stalled_after(Self::STALLED_AFTER)
    }

    /// An empty registry with another time than [`STALLED_AFTER`](Self::STALLED_AFTER).
    #[must_use]
    pub fn stalled_after(limit: Duration) -> Self {
        Self(Arc::new(Registry::new(limit)))
    }

    /// Joins the flight of `key`, or begins it.
    ///
    /// `run` is the calling run, and `below` are those on its stack or in its context, in any
    /// order. [`Wait::Blocking`] is for calls that would block the thread on the [`Waiter`];
    /// those that await it inside [`block_on`](crate::runtime::block_on) are known to block what
    /// is outside of that.
    ///
    /// Whoever leads looks again in the memo and the store before it runs its body: an
    /// earlier flight may have landed between its look and this call.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use nuthatch_core::flight::{Flights, Landing, Outcome, Role, RunId, Wait};
    /// use nuthatch_core::runtime::block_on;
    ///
    /// let flights = Flights::new();
    /// let join = || flights.join("sst", RunId::next(), [], Wait::Blocking);
    /// let (first, second) = (join(), join());
    ///
    /// let Role::Leader(lead) = first else { panic!("the first leads") };
    /// lead.land_with(|| Outcome::Value(Arc::new(20.5)));
    ///
    /// let Role::Waiter(waiter) = second else { panic!("the second waits") };
    /// let Landing::Landed(Outcome::Value(value)) = block_on(waiter) else { panic!("it landed") };
    /// assert_eq!(value.downcast_ref(), Some(&20.5));
    /// ```
    #[must_use]
    pub fn join(
        &self,
        key: K,
        run: RunId,
        below: impl IntoIterator<Item = RunId>,
        wait: Wait,
    ) -> Role<K> {
        match self.0.join(&key, run, Stack::of_thread(below, wait)) {
            Joined::Leads => Role::Leader(self.lead(key, run)),
            Joined::Waits(seat) => {
                let registry = Arc::clone(&self.0);
                Role::Waiter(Waiter { registry, key, run, seat: Some(seat) })
            }
            Joined::Independent => Role::Independent,
        }
    }

    /// How many flights are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.flights()
    }

    /// Whether none is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lead(&self, key: K, run: RunId) -> Lead<K> {
        Lead { registry: Arc::clone(&self.0), key, run, leading: true }
    }
}

/// What a call is to do.
#[derive(Debug)]
pub enum Role<K: Clone + Eq + Hash + Send + 'static> {
    /// Run, and land the flight.
    Leader(Lead<K>),
    /// Await the flight.
    Waiter(Waiter<K>),
    /// Run without a flight: to wait would be to wait for oneself.
    Independent,
}

/// What a leader hands to who waits.
#[derive(Clone)]
pub enum Outcome {
    /// The value.
    Value(Arc<dyn Any + Send + Sync>),
    /// The value was stored, and is to be read from there.
    Stored,
}

/// How a wait ends.
#[derive(Debug)]
pub enum Landing<K: Clone + Eq + Hash + Send + 'static> {
    /// The leader's outcome.
    Landed(Outcome),
    /// There was none, and the waiter is the next to lead.
    Lead(Lead<K>),
}

/// The lead of a flight. Dropped before it lands, it goes to the next waiter.
#[must_use = "dropping it gives the lead up"]
pub struct Lead<K: Clone + Eq + Hash + Send + 'static> {
    registry: Arc<Registry<K>>,
    key: K,
    run: RunId,
    leading: bool,
}

impl<K: Clone + Eq + Hash + Send + 'static> Lead<K> {
    /// The run that leads.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Lets the registry see whether the async `run` is polled when it could be. Everything that
    /// the leader awaits belongs in it, and landing follows in the poll in which it is ready.
    pub fn watch<F: Future>(&self, run: F) -> Watched<F> {
        let progress = Arc::new(Progress::new());
        self.registry.watch(&self.key, self.run, &progress);
        Watched::new(run, progress)
    }

    /// Whether a call waits for this run just now.
    #[must_use]
    pub fn has_waiters(&self) -> bool {
        self.registry.has_waiters(&self.key, self.run)
    }

    /// Hands the outcome to every waiter and ends the flight. `outcome` is called only if a call
    /// waits, so the value is cloned for nobody else. A leader that was passed over as stalled
    /// hands out nothing.
    pub fn land_with(mut self, outcome: impl FnOnce() -> Outcome) {
        if self.has_waiters_or_ends() {
            let outcome = outcome();
            self.registry.land(&self.key, self.run, &outcome);
            self.leading = false;
        }
    }

    fn has_waiters_or_ends(&mut self) -> bool {
        self.leading = !self.registry.land_alone(&self.key, self.run);
        self.leading
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Drop for Lead<K> {
    fn drop(&mut self) {
        if self.leading {
            self.registry.give_up(&self.key, self.run);
        }
    }
}

/// Waits for a flight to land. Dropping it ends the wait.
#[must_use = "futures do nothing unless awaited"]
pub struct Waiter<K: Clone + Eq + Hash + Send + 'static> {
    registry: Arc<Registry<K>>,
    key: K,
    run: RunId,
    /// None once the wait has ended.
    seat: Option<SeatId>,
}

impl<K: Clone + Eq + Hash + Send + 'static> Unpin for Waiter<K> {}

impl<K: Clone + Eq + Hash + Send + 'static> Future for Waiter<K> {
    type Output = Landing<K>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Landing<K>> {
        let Some(seat) = self.seat else { return Poll::Pending };
        let Some(call) = self.registry.answer(seat, context.waker()) else { return Poll::Pending };
        self.seat = None;
        Poll::Ready(match call {
            Call::Landed(outcome) => Landing::Landed(outcome),
            Call::Lead => {
                let flights = Flights(Arc::clone(&self.registry));
                Landing::Lead(flights.lead(self.key.clone(), self.run))
            }
        })
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Drop for Waiter<K> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat {
            self.registry.leave(seat);
        }
    }
}

impl<K> Clone for Flights<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Default for Flights<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> fmt::Debug for Flights<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("len", &self.len()).finish()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> fmt::Debug for Lead<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("run", &self.run).finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> fmt::Debug for Waiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").field("run", &self.run).finish_non_exhaustive()
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value(…)",
            Self::Stored => "Stored",
        })
    }
}
