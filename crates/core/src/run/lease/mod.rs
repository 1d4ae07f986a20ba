//! One computation across processes and machines: who misses takes a lease beside the entry
//! before the body runs, and who finds it taken waits for the entry.
//!
//! | file | holds |
//! |---|---|
//! | this one | whether a call takes a lease, and what it does while another has it |
//! | `claim` | what follows from what is seen of a lease that another holds |
//! | `tenure` | what follows from what is known of one's own |
//! | `held` | the signs of life of one's own, and its end |
//!
//! Nothing relies on a lease: commits are atomic whoever makes them. So whatever fails here is a
//! warning, and the call computes. `docs/decisions/0022-leases.md` says why it is as it is.

mod claim;
mod held;
mod tenure;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ulid::Ulid;

use crate::context;
use crate::entry::{Address, Lease, LeasePut, LeaseVersion};
use crate::error::{Error, Result};
use crate::flight::RunId;
use crate::returns::Returns;
use crate::runtime;

use self::claim::{Claim, Holder, Seen, Step, Why};
use self::held::Held;

use super::lead::{End, Run};
use super::place::Place;
use super::produce::Looked;
use super::queries::level_of;
use super::recall::Missed;
use super::{boxed, fail, report};

/// The backend whose values are too small to be worth a lease's requests.
const CHEAP: &str = "basic";

/// What came of wanting a lease.
enum Leased<E> {
    /// The body runs, with or without it.
    Compute(Option<Held>, Box<Missed>),
    /// Another has stored the value meanwhile.
    Looked(Looked<E>),
    /// Another computes, and the call does not wait.
    Busy(Error, Box<Missed>),
}

/// One call that wants the lease of an entry.
struct Wanting {
    place: Arc<Place>,
    address: Address,
    lease: Lease,
    claim: Claim<LeaseVersion>,
    epoch: Instant,
    /// When the last put of the lease was asked for.
    put_asked: Duration,
}

impl<R, K: Returns<R>> Run<'_, R, K> {
    /// Computes and stores, while nobody else does; else recalls what they have stored.
    pub(super) async fn compute_alone<F>(
        &self,
        body: F,
        run: RunId,
        missed: Missed,
    ) -> End<R, K::Engine>
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let Some(wanting) = self.wanting(&missed) else {
            return boxed(|| self.compute(body, run, missed)).await;
        };
        let (held, missed) = match boxed(|| self.lease(wanting, run, missed)).await {
            Leased::Compute(held, missed) => (held, missed),
            Leased::Looked(Looked::Done(done)) => return End::Done(done),
            Leased::Looked(Looked::Missed(missed)) => (None, missed),
            Leased::Looked(Looked::Refused(error)) => {
                return End::Failed(fail(self.request, &self.returns, error));
            }
            Leased::Busy(error, missed) => match self.returns.fail(error) {
                Ok(failed) => return End::Failed(failed),
                Err(error) => {
                    report::busy_and_computed(&self.request.arguments, &error);
                    (None, missed)
                }
            },
        };
        let end = boxed(|| self.compute(body, run, *missed)).await;
        if let Some(held) = held {
            held.release().await;
        }
        end
    }

    /// The lease that this call is to have, if any: of the location that it writes, where that
    /// was read and answered.
    fn wanting(&self, missed: &Missed) -> Option<Wanting> {
        let plan = &self.prepared.plan;
        let settings = &self.prepared.places.settings;
        if self.unkeyable() || !plan.lease.unwrap_or_else(|| !self.is_cheap()) {
            return None;
        }
        let place = self.prepared.written().ok()?.into_iter().next()?;
        missed.seen_in(place.name()).filter(|_| !place.denies_leases())?;
        let address = self.prepared.address(self.request, level_of(place.name())).ok()?;
        let lease = Lease::new(&place.location, self.prepared.session.owner, settings.lease_ttl);
        let claim = Claim::new(plan.on_busy, settings.lease_wait, Duration::ZERO);
        let (epoch, put_asked) = (Instant::now(), Duration::ZERO);
        Some(Wanting { place, address, lease, claim, epoch, put_asked })
    }

    /// Whether the backend that is written is one whose leases cost more than they spare.
    fn is_cheap(&self) -> bool {
        let (plan, backends) = (&self.prepared.plan, self.returns.value_backends());
        let holds = |name: &&str| backends.iter().any(|backend| backend.name() == *name);
        let named = plan.storage_backend.as_deref().or(plan.backend.as_deref());
        let named = named.filter(holds).or(backends.first().map(|backend| backend.name()));
        named == Some(CHEAP)
    }

    async fn lease(&self, mut wanting: Wanting, run: RunId, missed: Missed) -> Leased<K::Engine> {
        let place = Arc::clone(&wanting.place);
        let location = place.location.clone();
        let mut missed = Box::new(missed);
        match place.asked(async move { location.can_lease().await }).await {
            Ok(true) => {}
            Ok(false) => return Leased::Compute(None, missed),
            Err(error) => return self.without_lease(&place, &error, missed),
        }
        missed.leased = true;
        let mut step = Step::Create;
        for round in 0_u32.. {
            step = match self.step(&mut wanting, step, run).await {
                Ok(Ok(held)) => return self.look_again(Some(held), missed).await,
                Ok(Err(step)) => step,
                Err(error) => return self.without_lease(&place, &error, missed),
            };
            match &step {
                Step::Without(why) => {
                    if *why == Why::Patience {
                        let settings = &self.prepared.places.settings;
                        report::out_of_patience(&self.request.arguments, settings.lease_wait);
                    }
                    return Leased::Compute(None, missed);
                }
                Step::Refuse => return Leased::Busy(self.busy(&place), missed),
                Step::Hold(_) | Step::Create | Step::TakeOver(_) | Step::Wait => {}
            }
            if matches!(step, Step::Wait) {
                if let Err(error) = sleep(pause(round, &wanting)).await {
                    return self.without_lease(&place, &error, missed);
                }
                missed = match self.look_again(None, missed).await {
                    Leased::Compute(_, missed) => missed,
                    done => return done,
                };
            }
        }
        Leased::Compute(None, missed)
    }

    /// Takes one step, and says what follows where the lease is not had by it.
    async fn step(
        &self,
        wanting: &mut Wanting,
        step: Step<LeaseVersion>,
        run: RunId,
    ) -> Result<Result<Held, Step<LeaseVersion>>> {
        let over = match step {
            Step::Hold(version) => return wanting.hold(version, self, run).map(Ok),
            Step::Create => None,
            Step::TakeOver(version) => Some(version),
            _ => return self.look_at(wanting).await.map(Err),
        };
        if over.is_some() {
            report::takes_over(&self.request.arguments, &wanting.place);
        }
        let location = wanting.place.location.clone();
        let (address, lease) = (wanting.address.clone(), wanting.lease.clone());
        wanting.put_asked = wanting.epoch.elapsed();
        let put = wanting
            .place
            .asked(async move { location.put_lease(&address, &lease, over.as_ref()).await });
        match put.await {
            Ok(LeasePut::Done(version)) => wanting.hold(version, self, run).map(Ok),
            Ok(LeasePut::Refused) => self.look_at(wanting).await.map(Err),
            // It may have gone through all the same.
            Err(error) => match self.look_at(wanting).await {
                Ok(had @ Step::Hold(_)) => Ok(Err(had)),
                _ => Err(error),
            },
        }
    }

    /// Looks who has the lease.
    async fn look_at(&self, wanting: &mut Wanting) -> Result<Step<LeaseVersion>> {
        let (location, address) = (wanting.place.location.clone(), wanting.address.clone());
        let asked = wanting.epoch.elapsed();
        let read = wanting.place.asked(async move { location.read_lease(&address).await });
        let found = read.await?;
        let answered = wanting.epoch.elapsed();
        let seen = match found {
            None => Seen::Free,
            Some((version, lease)) => {
                let holder = self.holder(lease.as_ref(), &wanting.lease);
                let ttl = lease.as_ref().map_or(wanting.lease.ttl(), Lease::ttl);
                if wanting.claim.is_new() && holder == Holder::Other {
                    report::waits(&self.request.arguments, &wanting.place, lease.as_ref());
                }
                Seen::Held { version, holder, ttl }
            }
        };
        Ok(wanting.claim.next(seen, asked, answered))
    }

    fn holder(&self, found: Option<&Lease>, wanted: &Lease) -> Holder {
        let Some(found) = found else { return Holder::Other };
        let is_below = |run: RunId| {
            let mut below = context::ancestors(self.frame.as_ref()).filter_map(|frame| frame.run);
            below.any(|below| below == run)
        };
        if found.lease == wanted.lease {
            Holder::Claim
        } else if found.owner == wanted.owner || held::run_of(&found.lease).is_some_and(is_below) {
            Holder::Own
        } else {
            Holder::Other
        }
    }

    /// Whether another has stored the value since it was missed. A lease that is held meanwhile is
    /// kept only where the body is to run.
    async fn look_again(&self, held: Option<Held>, missed: Box<Missed>) -> Leased<K::Engine> {
        let looked = self.changed(&missed).await;
        let leased = match looked {
            Ok(None) => return Leased::Compute(held, missed),
            Ok(Some(Looked::Missed(mut now))) => {
                now.leased = true;
                return Leased::Compute(held, now);
            }
            Ok(Some(looked)) => Leased::Looked(looked),
            // The write will say what it thinks of the location.
            Err(_) => return Leased::Compute(held, missed),
        };
        if let Some(held) = held {
            held.release().await;
        }
        leased
    }

    /// What the locations have now, where the one that is written has changed: one GET where it
    /// has not.
    async fn changed(&self, missed: &Missed) -> Result<Option<Looked<K::Engine>>> {
        let place = self.prepared.written()?.into_iter().next();
        let Some(place) = place else { return Ok(None) };
        let address = self.prepared.address(self.request, level_of(place.name()))?;
        let now = place.look_up(&address).await?;
        if missed.seen_in(place.name()).is_some_and(|seen| seen.is_unchanged(now.seen())) {
            return Ok(None);
        }
        self.look_any().await.map(Some)
    }

    fn without_lease(
        &self,
        place: &Place,
        error: &Error,
        missed: Box<Missed>,
    ) -> Leased<K::Engine> {
        if place.heeds_denial(error) {
            report::no_leases_here(&self.request.arguments, place, error);
        } else if !place.denies_leases() {
            report::no_lease(&self.request.arguments, place, error);
        }
        Leased::Compute(None, missed)
    }

    fn busy(&self, place: &Place) -> Error {
        Error::Busy { call: self.request.arguments.shown(), location: place.shown().to_owned() }
    }
}

impl Wanting {
    /// The lease is had.
    fn hold<R, K: Returns<R>>(
        &self,
        version: LeaseVersion,
        of: &Run<'_, R, K>,
        run: RunId,
    ) -> Result<Held> {
        let (place, address) = (Arc::clone(&self.place), self.address.clone());
        let call = of.request.arguments.shown();
        let lease = (self.lease.clone(), version);
        Held::begin(place, address, call, lease, (self.epoch, self.put_asked), run)
    }
}

/// How long a call waits before it looks again. Half of it is left to chance, so that those who
/// wait together do not ask together.
fn pause(round: u32, wanting: &Wanting) -> Duration {
    let (first, longest) = match wanting.place.is_immediate() {
        true => (Duration::from_millis(5), Duration::from_millis(250)),
        false => (Duration::from_millis(100), Duration::from_secs(5)),
    };
    let longest = longest.min(wanting.lease.ttl() / 6);
    let pause = first.saturating_mul(2_u32.saturating_pow(round.min(16))).min(longest);
    let chance = (Ulid::new().random() & 0xff) as u32;
    pause / 2 + pause / 512 * chance
}

/// Sleeps by nuthatch's own timers, whatever executor waits.
async fn sleep(pause: Duration) -> Result<()> {
    runtime::spawn(async move { tokio::time::sleep(pause).await }).await
}
