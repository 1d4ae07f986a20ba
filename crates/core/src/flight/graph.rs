//! Who waits for whom: the graph in which a wait that could never end is found before it begins.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use smallvec::SmallVec;

use super::sync::{AtomicU64, Ordering};
use crate::runtime::{Place, Places};

/// Names one run of a cached function in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u64);

impl RunId {
    /// An id that no other run has.
    #[must_use]
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.0)
    }
}

/// How a call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It awaits; whatever else its thread polls goes on.
    Async,
    /// It blocks its thread.
    Blocking,
}

/// What one waiting call holds up.
#[derive(Debug, Clone)]
pub(super) struct Stack {
    /// The runs below it.
    pub(super) runs: SmallVec<[RunId; 8]>,
    /// The outer places of a thread that it blocks.
    pub(super) places: Places,
}

impl Stack {
    /// That of a call on the calling thread.
    pub(super) fn of_thread(runs: impl IntoIterator<Item = RunId>, wait: Wait) -> Self {
        let mut places = Place::all_of_thread();
        if wait == Wait::Async {
            // The innermost place goes on polling others while the call waits.
            places.pop();
        }
        Self { runs: runs.into_iter().collect(), places }
    }

    /// Whether the call blocks its thread.
    pub(super) fn blocks(&self) -> bool {
        !self.places.is_empty()
    }

    fn held(&self) -> impl Iterator<Item = Held> {
        let runs = self.runs.iter().copied().map(Held::Run);
        runs.chain(self.places.iter().copied().map(Held::Place))
    }

    fn holds(&self, run: RunId, place: Option<Place>) -> bool {
        self.runs.contains(&run) || place.is_some_and(|place| self.places.contains(&place))
    }
}

/// What can be held up by a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Run(RunId),
    Place(Place),
}

/// An edge leads from what is held up to the leading run that it waits for. One thing may be
/// held up by several waits at once (`join!`), so edges are counted.
#[derive(Debug, Default)]
pub(super) struct WaitGraph {
    edges: BTreeMap<(Held, RunId), usize>,
}

impl WaitGraph {
    /// Everything that `stack` holds up now waits for `leader`.
    pub(super) fn wait(&mut self, stack: &Stack, leader: RunId) {
        for held in stack.held() {
            *self.edges.entry((held, leader)).or_default() += 1;
        }
    }

    /// Takes back one [`wait`](Self::wait).
    pub(super) fn end(&mut self, stack: &Stack, leader: RunId) {
        for held in stack.held() {
            if let Entry::Occupied(mut edge) = self.edges.entry((held, leader)) {
                *edge.get_mut() -= 1;
                if *edge.get() == 0 {
                    edge.remove();
                }
            }
        }
    }

    /// Whether `leader` cannot go on before something that `stack` would hold up does: then
    /// waiting for it would never end. `place_of` tells where an async run is polled.
    pub(super) fn would_never_end(
        &self,
        stack: &Stack,
        leader: RunId,
        place_of: impl Fn(RunId) -> Option<Place>,
    ) -> bool {
        let mut seen = BTreeSet::from([leader]);
        let mut ahead = vec![leader];
        while let Some(run) = ahead.pop() {
            let place = place_of(run);
            if stack.holds(run, place) {
                return true;
            }
            let by_run = self.waited_for(Held::Run(run));
            let by_place = place.into_iter().flat_map(|it| self.waited_for(Held::Place(it)));
            ahead.extend(by_run.chain(by_place).filter(|next| seen.insert(*next)));
        }
        false
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    fn waited_for(&self, held: Held) -> impl Iterator<Item = RunId> {
        let all = (held, RunId(0))..=(held, RunId(u64::MAX));
        self.edges.range(all).map(|((_, leader), _)| *leader)
    }
}
