//! Who has a lease: what it knows of it, and what follows. As in `claim`, nothing is requested
//! here, and the only clock is the holder's own.

use std::time::Duration;

/// A lease that is held, as far as its holder knows; `V` is one state of the object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Tenure<V> {
    ttl: Duration,
    /// When the last write that surely went through was asked for: nobody has seen the lease
    /// unchanged for longer than since then.
    confirmed: Duration,
    state: State<V>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum State<V> {
    Held(V),
    /// A write of it failed, or its reply was lost.
    Unsure,
    /// Another has it, or nobody.
    Lost,
}

/// What a holder is to do to say that it is alive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Beat<V> {
    /// Write the lease anew over this state of it.
    Write(V),
    /// Look what is there.
    Look,
    /// Nothing: the lease is lost.
    Lost,
}

/// What a holder is to do with its lease when it has finished.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Release<V> {
    /// Delete it: nobody can have taken it over.
    Delete,
    /// First make sure that it is still there.
    First(Beat<V>),
    /// Nothing: the lease is lost.
    Lost,
}

impl<V: Clone> Tenure<V> {
    /// A lease whose put was asked for at `asked`, and went through.
    pub(super) fn new(ttl: Duration, version: V, asked: Duration) -> Self {
        Self { ttl, confirmed: asked, state: State::Held(version) }
    }

    pub(super) fn beat(&self) -> Beat<V> {
        match &self.state {
            State::Held(version) => Beat::Write(version.clone()),
            State::Unsure => Beat::Look,
            State::Lost => Beat::Lost,
        }
    }

    /// A lease is deleted whoever holds it, so only while it is certain whose it is: another
    /// takes it over after a whole time-to-live at the earliest, and half of that is left for the
    /// deletion to arrive.
    pub(super) fn release(&self, now: Duration) -> Release<V> {
        match self.beat() {
            Beat::Lost => Release::Lost,
            Beat::Write(_) if now.saturating_sub(self.confirmed) < self.ttl / 2 => Release::Delete,
            first => Release::First(first),
        }
    }

    /// When the last write that surely went through was asked for.
    pub(super) fn confirmed(&self) -> Duration {
        self.confirmed
    }

    /// A sign of life that was asked for at `asked` went through.
    pub(super) fn written(&mut self, version: V, asked: Duration) {
        self.confirmed = asked;
        self.state = State::Held(version);
    }

    /// One was refused, or nobody knows what became of it.
    pub(super) fn unsure(&mut self) {
        self.state = State::Unsure;
    }

    /// What a look has shown: the state of the lease, where it is this holder's.
    pub(super) fn looked(&mut self, own: Option<V>) {
        self.state = own.map_or(State::Lost, State::Held);
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }
}
