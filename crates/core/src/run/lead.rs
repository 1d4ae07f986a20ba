//! Joining a running call, or leading one: what joined calls and the memo share of a result.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::context::{self, Frame};
use crate::entry::Input;
use crate::flight::{Landing, Lead, Outcome, Role, RunId, Wait};
use crate::memo::Moment;
use crate::mode::CacheMode;
use crate::returns::Returns;

use super::request::{Prepared, Request};
use super::session::FlightKey;
use super::{Remembered, boxed, hand_out, note, rejoin, report};

/// One call that the memo did not answer.
pub(super) struct Run<'run, R, K> {
    pub(super) request: &'run Request,
    pub(super) prepared: &'run Prepared,
    pub(super) returns: K,
    pub(super) frame: Option<Arc<Frame>>,
    /// When it began, where its result is to be remembered.
    began: Option<Moment>,
    marker: PhantomData<fn() -> R>,
}

/// A finished run: what the call returns, and what joined calls and the memo may share.
pub(super) struct Done<E> {
    pub(super) value: Option<E>,
    pub(super) inputs: Vec<Input>,
    pub(super) seconds: f64,
    /// In bytes, as the memo counts it.
    pub(super) weight: u64,
    /// Whether the body has run.
    pub(super) fresh: bool,
    /// What the entry lacks of what is asked for.
    pub(super) lack: Option<String>,
    /// Whether a location holds it, so that a call that cannot share it can read it there.
    pub(super) stored: bool,
    /// Whether the value reads what is no entry and is removed after the grace time: it is not
    /// remembered.
    pub(super) passing: bool,
}

/// How a run ended.
pub(super) enum End<R, E> {
    Done(Done<E>),
    /// The body's own error, or nuthatch's in the body's type: never shared.
    Failed(R),
}

impl<'run, R, K: Returns<R>> Run<'run, R, K> {
    pub(super) fn new(
        request: &'run Request,
        prepared: &'run Prepared,
        returns: K,
        frame: Option<Arc<Frame>>,
    ) -> Self {
        let (plan, session) = (&prepared.plan, &prepared.session);
        let namespace = plan.namespace.as_deref();
        let moment = || session.memo_moment(&request.arguments, namespace);
        let memoize = plan.memoize && request.arguments.failed().is_none();
        let began = memoize.then(moment);
        Self { request, prepared, returns, frame, began, marker: PhantomData }
    }

    /// Joins a running call of the same key and options, or runs.
    pub(super) async fn fly<F>(self, body: F) -> R
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let plan = &self.prepared.plan;
        let run = RunId::next();
        if plan.upsert || (plan.mode == CacheMode::Off && !plan.memoize) || self.unkeyable() {
            return self.alone(body, run, plan.recompute).await;
        }
        let flights = &self.prepared.session.flights;
        let key = self.prepared.session.flight_key::<K::Engine>(&self.request.arguments, plan);
        let below = context::ancestors(self.frame.as_ref()).filter_map(|frame| frame.run);
        // Also under `run`: what its `block_on` polls is this call, and holds up nothing else.
        let (lead, recompute) = match flights.join(key, run, below, Wait::Async) {
            Role::Independent => return self.alone(body, run, plan.recompute).await,
            Role::Leader(lead) => (lead, plan.recompute),
            Role::Waiter(waiter) => match waiter.await {
                Landing::Lead(lead) => (lead, plan.recompute),
                Landing::Landed(outcome) => {
                    plan.inherited.settle();
                    // What was asked to be made anew was, by another's hands.
                    if plan.recompute
                        && let Some(claim) = self.claim()
                    {
                        claim.done();
                    }
                    if let Outcome::Value(value) = outcome
                        && let Some(returned) = self.joined(&value)
                    {
                        return returned;
                    }
                    // It is there to be read, and not to be made again.
                    return self.alone(body, run, false).await;
                }
            },
        };
        // An earlier flight may have landed between the look into the memo and this one.
        if plan.memoize
            && !recompute
            && let Some(returned) = self.recalled_from_memo()
        {
            return returned;
        }
        let end = lead.watch(boxed(|| self.finish(body, run, recompute))).await;
        self.conclude(end, Some(lead))
    }

    /// Runs for itself alone.
    async fn alone<F>(&self, body: F, run: RunId, recompute: bool) -> R
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let end = boxed(|| self.finish(body, run, recompute)).await;
        self.conclude(end, None)
    }

    /// Shares a result with the memo and with joined calls, and returns it.
    fn conclude(&self, end: End<R, K::Engine>, lead: Option<Lead<FlightKey>>) -> R {
        let done = match end {
            End::Failed(failed) => return failed,
            End::Done(done) => done,
        };
        note(self.frame.as_ref(), &done.inputs);
        let began = self.began.filter(|_| !done.passing);
        let memoized = began.and_then(|began| self.memoize(&done, began));
        if done.fresh && memoized.is_none() {
            // The memo must not hand out what this value has replaced.
            self.prepared.forget_memoized(self.request);
        }
        if let Some(lead) = lead {
            self.land(lead, &done, memoized);
        }
        rejoin(self.request, &self.returns, done.value)
    }

    fn memoize(&self, done: &Done<K::Engine>, began: Moment) -> Option<Arc<Remembered<K::Engine>>> {
        let arguments = &self.request.arguments;
        let Some(remembered) = self.copied(done) else {
            report::not_cloned(arguments, std::any::type_name::<K::Engine>());
            return None;
        };
        let namespace = self.prepared.plan.namespace.as_deref();
        let session = &self.prepared.session;
        let read_since = (!done.fresh).then_some(began);
        let value = Arc::clone(&remembered);
        session.memo_insert(arguments, namespace, value, done.weight, read_since);
        Some(remembered)
    }

    /// Hands the result to the calls that wait, if there are any; else nothing is copied. Where
    /// it can be neither copied nor read, the lead goes to the next of them.
    fn land(
        &self,
        lead: Lead<FlightKey>,
        done: &Done<K::Engine>,
        memoized: Option<Arc<Remembered<K::Engine>>>,
    ) {
        if !lead.has_waiters() {
            lead.land_with(|| Outcome::Stored);
            return;
        }
        match memoized.or_else(|| self.copied(done)) {
            Some(remembered) => lead.land_with(|| Outcome::Value(remembered)),
            None if done.stored => lead.land_with(|| Outcome::Stored),
            None => drop(lead),
        }
    }

    fn copied(&self, done: &Done<K::Engine>) -> Option<Arc<Remembered<K::Engine>>> {
        let value = match &done.value {
            Some(value) => Some(self.returns.copy(value)?),
            None => None,
        };
        let (inputs, lack) = (done.inputs.clone(), done.lack.clone());
        Some(Arc::new(Remembered { value, seconds: done.seconds, inputs, lack }))
    }

    fn remembered(&self) -> Option<Arc<Remembered<K::Engine>>> {
        let namespace = self.prepared.plan.namespace.as_deref();
        self.prepared.session.memo_get(&self.request.arguments, namespace)
    }

    /// A memo hit, noted and counted.
    pub(super) fn recalled_from_memo(&self) -> Option<R> {
        // What is to be validated may have been memoized without.
        if self.prepared.plan.validate && self.request.arguments.is_processed() {
            return None;
        }
        let remembered = self.remembered()?;
        if self.prepared.plan.retry_null && remembered.value.is_none() {
            return None;
        }
        let returned = hand_out(&self.returns, &remembered)?;
        note(self.frame.as_ref(), &remembered.inputs);
        let namespace = self.prepared.plan.namespace.as_deref();
        report::from_memo(&self.request.arguments, namespace, remembered.seconds);
        if let Some(why) = &remembered.lack {
            report::lacking(&self.request.arguments, &"memo", why);
        }
        Some(returned)
    }

    /// What a joined call returns of what its leader published; `None` where it is to be read.
    fn joined(&self, published: &Arc<dyn Any + Send + Sync>) -> Option<R> {
        let remembered = published.downcast_ref::<Remembered<K::Engine>>()?;
        let returned = hand_out(&self.returns, remembered)?;
        note(self.frame.as_ref(), &remembered.inputs);
        let namespace = self.prepared.plan.namespace.as_deref();
        report::joined(&self.request.arguments, namespace, remembered.seconds);
        if let Some(why) = &remembered.lack {
            report::lacking(&self.request.arguments, &"flight", why);
        }
        Some(returned)
    }
}
