//! The lease of one run: signs of life while its body runs, and the end of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures::future::{AbortHandle, abortable};
use tokio::time::MissedTickBehavior;

use crate::entry::{Address, Lease, LeasePut, LeaseVersion};
use crate::error::{Error, Result};
use crate::flight::RunId;
use crate::runtime;

use super::super::place::{FirstTime, Place};
use super::super::report;
use super::tenure::{Beat, Release, Tenure};

/// How often a lease that may be lost is looked at before it is left to expire.
const ATTEMPTS: usize = 3;

/// Keeps a lease until it is released. Dropped without that, in a panic or with a cancelled call,
/// it is released by a task.
pub(super) struct Held {
    holding: Option<Arc<Holding>>,
    beats: AbortHandle,
}

pub(super) struct Holding {
    pub(super) place: Arc<Place>,
    pub(super) address: Address,
    pub(super) call: String,
    lease: Lease,
    /// From which the tenure counts.
    epoch: Instant,
    tenure: Mutex<Tenure<LeaseVersion>>,
    /// When the tenure was confirmed last, by the clock that goes on while a laptop sleeps.
    confirmed: Mutex<SystemTime>,
    /// Held while the lease is written.
    writing: tokio::sync::Mutex<u64>,
    /// That it cannot be kept up is told of each run, and not of each sign of life.
    failing: FirstTime,
    _registered: Registered,
}

impl Held {
    /// Begins to give signs of life for a lease whose put was asked for at `asked`.
    pub(super) fn begin(
        place: Arc<Place>,
        address: Address,
        call: String,
        (lease, version): (Lease, LeaseVersion),
        (epoch, asked): (Instant, Duration),
        run: RunId,
    ) -> Result<Self> {
        let ttl = lease.ttl();
        let tenure = Mutex::new(Tenure::new(ttl, version, asked));
        let _registered = Registered::new(&lease.lease, run);
        let writing = tokio::sync::Mutex::new(lease.beats);
        let confirmed = SystemTime::now().checked_sub(epoch.elapsed().saturating_sub(asked));
        let confirmed = Mutex::new(confirmed.unwrap_or(SystemTime::UNIX_EPOCH));
        let holding = Holding {
            place,
            address,
            call,
            lease,
            epoch,
            tenure,
            confirmed,
            writing,
            failing: FirstTime::default(),
            _registered,
        };
        let holding = Arc::new(holding);
        let (beating, beats) = abortable(Arc::clone(&holding).beat());
        let held = Self { holding: Some(holding), beats };
        runtime::spawn_detached(async move {
            let _aborted = beating.await;
        })?;
        Ok(held)
    }

    /// Ends the holding, and deletes the lease if it is still this holder's.
    pub(super) async fn release(mut self) {
        self.beats.abort();
        if let Some(holding) = self.holding.take() {
            holding.end().await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.beats.abort();
        if let Some(holding) = self.holding.take() {
            // Without a runtime the lease is left to expire.
            let _ = runtime::spawn_detached(async move { holding.end().await });
        }
    }
}

impl Holding {
    /// Gives signs of life until the lease is lost. Ended from outside.
    async fn beat(self: Arc<Self>) {
        let round = self.lease.ttl() / 3;
        // A request that hangs must not take the time of the next, which begins when it is ended.
        let mut rounds = tokio::time::interval(round);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // The first is over at once; the lease was just written.
        rounds.tick().await;
        while !self.tenure().is_lost() {
            rounds.tick().await;
            let _ = tokio::time::timeout(round, self.beat_once()).await;
        }
        report::lost_lease(&self.call, &self.place);
    }

    /// Writes the lease anew. Where it must first be looked at, both are done, for the next time may
    /// be too late.
    async fn beat_once(&self) {
        let mut beats = self.writing.lock().await;
        let next = self.tenure().beat();
        let has_looked = matches!(next, Beat::Look);
        if self.make_sure(next, &mut beats).await.is_ok() && has_looked {
            let next = self.tenure().beat();
            let _ = self.make_sure(next, &mut beats).await;
        }
    }

    /// How long ago the epoch is, by whichever clock says more since the last sign of life.
    fn now(&self) -> Duration {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = confirmed.elapsed().unwrap_or_default();
        self.epoch.elapsed().max(self.tenure().confirmed() + slept)
    }

    /// Deletes the lease, once it is certain that it is this holder's; else it expires.
    async fn end(&self) {
        let mut beats = self.writing.lock().await;
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let next = self.tenure().release(now);
            let ended = match next {
                Release::Lost => return,
                Release::First(beat) => self.make_sure(beat, &mut beats).await,
                Release::Delete => {
                    let (location, address) = (self.place.location.clone(), self.address.clone());
                    let deleting = async move { location.delete_lease(&address).await };
                    if let Err(error) = self.place.asked(deleting).await
                        && self.place.told.lease_stays.is_now()
                    {
                        report::lease_stays(&self.call, &self.place, &error);
                    }
                    return;
                }
            };
            if ended.is_err() {
                return;
            }
        }
    }

    /// Writes the lease anew, or looks what became of it.
    async fn make_sure(&self, next: Beat<LeaseVersion>, beats: &mut u64) -> Result<()> {
        let asked = self.epoch.elapsed();
        let (location, address) = (self.place.location.clone(), self.address.clone());
        match next {
            Beat::Lost => {}
            Beat::Write(version) => {
                *beats += 1;
                let lease = self.lease.beaten(*beats);
                // Until the reply is there.
                self.tenure().unsure();
                let putting =
                    async move { location.put_lease(&address, &lease, Some(&version)).await };
                let wall = SystemTime::now();
                let put = self.place.asked(putting).await;
                if let LeasePut::Done(version) = put.inspect_err(|error| self.failed(error))? {
                    self.tenure().written(version, asked);
                    *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = wall;
                }
            }
            Beat::Look => {
                let reading = async move { location.read_lease(&address).await };
                let read = self.place.asked(reading).await;
                let found = read.inspect_err(|error| self.failed(error))?;
                let is_own = |lease: &Lease| lease.lease == self.lease.lease;
                let own = found.filter(|(_, lease)| lease.as_ref().is_some_and(is_own));
                self.tenure().looked(own.map(|(version, _)| version));
            }
        }
        Ok(())
    }

    fn failed(&self, error: &Error) {
        if self.failing.is_now() {
            report::lease_fails(&self.call, &self.place, error);
        }
    }

    fn tenure(&self) -> MutexGuard<'_, Tenure<LeaseVersion>> {
        self.tenure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

/// The leases that this process holds, and the runs that hold them.
static HELD: Mutex<Option<HashMap<String, RunId>>> = Mutex::new(None);

fn held<T>(change: impl FnOnce(&mut HashMap<String, RunId>) -> T) -> T {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    change(held.get_or_insert_with(HashMap::new))
}

/// The run of this process that holds a lease.
pub(super) fn run_of(lease: &str) -> Option<RunId> {
    held(|held| held.get(lease).copied())
}

/// A lease in the list of those that this process holds.
struct Registered(String);

impl Registered {
    fn new(lease: &str, run: RunId) -> Self {
        held(|held| held.insert(lease.to_owned(), run));
        Self(lease.to_owned())
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        held(|held| held.remove(&self.0));
    }
}
