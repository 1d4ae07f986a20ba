//! Who wants a lease: what follows from what is seen of it. No clock but the caller's own is
//! looked at, and nothing is requested here, so that a model can go through every order of
//! things.

use std::time::Duration;

use crate::config::OnBusy;

/// What is at a lease's address; `V` is one state of the object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Seen<V> {
    Free,
    Held { version: V, holder: Holder, ttl: Duration },
}

/// Who holds a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// This very claim: its put went through, and the reply was lost.
    Claim,
    /// A run that this one may not wait for: of its own configuration, or one that it lies in.
    Own,
    Other,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step<V> {
    /// Put the lease where there is none.
    Create,
    /// Put the lease in place of this one, whose holder is gone.
    TakeOver(V),
    /// Compute: the lease is held, in this state.
    Hold(V),
    /// Look again after a while: at the manifest, then at the lease.
    Wait,
    /// Compute without the lease.
    Without(Why),
    /// Give up: another holds it, and is alive.
    Refuse,
}

/// Why a call computes although another holds the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Why {
    /// To wait would be to wait for oneself.
    Own,
    /// The call asked for it (`on_busy = "compute"`).
    Asked,
    /// It has waited for as long as it may.
    Patience,
}

/// One call that wants a lease. Times are those of its own monotonic clock, from any moment on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Claim<V> {
    on_busy: OnBusy,
    patience: Duration,
    began: Duration,
    watched: Option<Watched<V>>,
    /// How often the lease was found free since it was last held: to put it was in vain.
    vain: u32,
}

/// A lease that was seen to be held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Watched<V> {
    version: V,
    /// When the answer that showed it first was there.
    since: Duration,
}

impl<V: Clone + PartialEq> Claim<V> {
    pub(super) fn new(on_busy: OnBusy, patience: Duration, now: Duration) -> Self {
        Self { on_busy, patience, began: now, watched: None, vain: 0 }
    }

    /// Whether nobody else was seen to hold the lease yet.
    pub(super) fn is_new(&self) -> bool {
        self.watched.is_none()
    }

    /// What follows from what was seen between `asked` and `answered`.
    ///
    /// A lease has expired when it is in the state that was seen a time-to-live ago: that is what
    /// its holder would have changed in a third of that time.
    pub(super) fn next(&mut self, seen: Seen<V>, asked: Duration, answered: Duration) -> Step<V> {
        let (version, ttl) = match seen {
            Seen::Free => {
                self.watched = None;
                self.vain += 1;
                return match self.has_patience(answered) {
                    false => Step::Without(Why::Patience),
                    true if self.vain.is_multiple_of(2) => Step::Wait,
                    true => Step::Create,
                };
            }
            Seen::Held { version, holder: Holder::Claim, .. } => return Step::Hold(version),
            Seen::Held { holder: Holder::Own, .. } => return Step::Without(Why::Own),
            Seen::Held { version, holder: Holder::Other, ttl } => (version, ttl),
        };
        self.vain = 0;
        let mut alive = false;
        match &self.watched {
            Some(watched) if watched.version == version => {
                if asked.saturating_sub(watched.since) >= ttl {
                    return Step::TakeOver(version);
                }
            }
            before => {
                alive = before.is_some();
                self.watched = Some(Watched { version, since: answered });
            }
        }
        match self.on_busy {
            OnBusy::Compute => Step::Without(Why::Asked),
            // A lease that nobody has seen change may be a dead one's.
            OnBusy::Error if alive => Step::Refuse,
            _ if !self.has_patience(answered) => Step::Without(Why::Patience),
            OnBusy::Wait | OnBusy::Error => Step::Wait,
        }
    }

    fn has_patience(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) < self.patience
    }
}
