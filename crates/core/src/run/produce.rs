//! Recalling a result, else computing and storing it.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use tracing::Instrument as _;

use crate::backend::Backends;
use crate::context::{Claim, Context, Frame};
use crate::entry::LocationName;
use crate::error::{Error, Result};
use crate::flight::RunId;
use crate::returns::{Returns, Split};
use crate::stats::{COUNTERS, count};

use super::keep::{self, Facts, Kept};
use super::lead::{Done, End, Run};
use super::recall::{self, Hit, Missed, Recalled, Why};
use super::report::{self, Computed};
use super::request::Request;
use super::{boxed, convert, fail, give_up, rejoin, rewrite, upsert};

/// What looking into the locations came to.
pub(super) enum Looked<E> {
    Done(Done<E>),
    Missed(Box<Missed>),
    /// There is an entry, and the call does not accept it.
    Refused(Error),
}

impl<R, K: Returns<R>> Run<'_, R, K> {
    /// Recalls, or computes and stores.
    pub(super) async fn finish<F>(&self, body: F, run: RunId, recompute: bool) -> End<R, K::Engine>
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let plan = &self.prepared.plan;
        if plan.upsert {
            return boxed(|| self.upsert(body, run)).await;
        }
        if let Err(error) = self.check_backends() {
            return boxed(|| self.unusable(body, run, error)).await;
        }
        let claim = (recompute && !plan.strict).then(|| self.claim()).flatten();
        let missed = if let Some((argument, why)) = self.request.arguments.failed() {
            report::cannot_be_key(&self.request.arguments, argument, why);
            Missed { why: Why::Uncached, ..Missed::default() }
        } else if claim.is_some() {
            Missed { why: Why::Recompute, ..Missed::default() }
        } else {
            match self.look_any().await {
                Ok(Looked::Done(done)) => return End::Done(done),
                Ok(Looked::Missed(missed)) => *missed,
                Ok(Looked::Refused(error)) => {
                    return End::Failed(fail(self.request, &self.returns, error));
                }
                Err(error) => return boxed(|| self.unusable(body, run, error)).await,
            }
        };
        if plan.strict {
            return End::Failed(self.not_cached(missed));
        }
        // What was asked to be computed is, whoever else is computing it.
        let end = match missed.why {
            Why::Recompute => boxed(|| self.compute(body, run, missed)).await,
            _ => boxed(|| self.compute_alone(body, run, missed)).await,
        };
        if let (End::Done(_), Some(claim)) = (&end, claim) {
            claim.done();
        }
        end
    }

    /// Looks into the locations for what the call returns.
    pub(super) async fn look_any(&self) -> Result<Looked<K::Engine>> {
        match self.returns.processors() {
            None => boxed(|| self.look()).await,
            Some(_) => boxed(|| self.look_processed()).await,
        }
    }

    /// Recalls what the call returns.
    async fn look(&self) -> Result<Looked<K::Engine>> {
        Ok(match self.recall(self.returns.engine_backends()).await? {
            Recalled::Hit(hit) => Looked::Done(self.recalled(*hit).await),
            Recalled::Missed(missed) => Looked::Missed(Box::new(missed)),
        })
    }

    pub(super) async fn recall<T: Send + Sync + 'static>(
        &self,
        backends: Backends<T>,
    ) -> Result<Recalled<T>> {
        let started = Instant::now();
        let within = match self.returns.processors() {
            Some(Ok(processors)) => processors.reads_within(),
            _ => None,
        };
        let (has_null, within) = (self.returns.has_null(), within.as_ref());
        let is_processed = self.returns.processors().is_some();
        let (request, prepared) = (self.request, self.prepared);
        let recalled =
            recall::recall(request, prepared, backends, has_null, within, is_processed).await;
        if let Ok(Recalled::Hit(hit)) = &recalled {
            let namespace = self.prepared.plan.namespace.as_deref();
            let took = started.elapsed().as_secs_f64();
            report::recalled(&self.request.arguments, namespace, hit, took);
        }
        recalled
    }

    /// What follows a hit: missing backends are added, and the local location gets a copy. Both
    /// are rare, and large futures: a hit pays for neither.
    async fn recalled(&self, mut hit: Hit<K::Engine>) -> Done<K::Engine> {
        let backends = self.returns.engine_backends();
        let (request, prepared) = (self.request, self.prepared);
        if convert::may_miss(prepared, &hit) {
            boxed(|| convert::add_missing(request, prepared, backends, &mut hit)).await;
        }
        if rewrite::is_asked(request, prepared, backends, &hit) {
            boxed(|| rewrite::rewrite(request, prepared, backends, &mut hit)).await;
        }
        let seconds = hit.entry.compute_seconds().unwrap_or_default();
        let is_elsewhere = *hit.place.name() != LocationName::Local && !hit.is_copied;
        if self.prepared.plan.row.writes_local && is_elsewhere {
            let value = hit.value.take();
            let (entry, missed) = (&hit.entry, &hit.missed);
            let (request, prepared) = (self.request, self.prepared);
            let copied =
                boxed(|| keep::copy(request, prepared, backends, value, entry, missed, Vec::new()));
            hit.value = copied.await;
        }
        let weight = self.weight(hit.value.as_ref(), hit.bytes());
        Done {
            value: hit.value,
            inputs: vec![hit.input],
            seconds,
            weight,
            fresh: false,
            stored: true,
            lack: None,
            passing: false,
        }
    }

    /// Runs the body, and stores what it returns.
    pub(super) async fn compute<F>(&self, body: F, run: RunId, missed: Missed) -> End<R, K::Engine>
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let (returned, facts) = self.run_body(body, run).await;
        let value = match self.returns.split(returned) {
            Split::Failed(failed) => return self.failed(failed, missed.why, &facts),
            Split::Null => None,
            Split::Value(value) => Some(value),
        };
        if self.returns.processors().is_some() {
            return boxed(|| self.keep_processed(value, facts, missed)).await;
        }
        let backends = self.returns.value_backends();
        let (value, kept) = if self.unkeyable() {
            (value, Kept::default())
        } else {
            boxed(|| keep::keep(self.request, self.prepared, backends, value, &facts, &missed))
                .await
        };
        self.report_computed(missed.why, &facts, &kept);
        let stored = !kept.entries.is_empty();
        let inputs = if stored { kept.inputs() } else { facts.lineage.clone() };
        // Where there is no room for the error, the warning was all.
        if let Some(error) = kept.failure
            && let Ok(failed) = self.returns.fail(error)
        {
            return End::Failed(failed);
        }
        let value = match value {
            None => None,
            Some(value) => match as_engine(self.request, &self.returns, value).await {
                Ok(value) => Some(value),
                Err(error) => return End::Failed(fail(self.request, &self.returns, error)),
            },
        };
        let weight = self.weight(value.as_ref(), kept.bytes);
        let (seconds, fresh, lack, passing) = (facts.seconds, true, None, kept.passing);
        End::Done(Done { value, inputs, seconds, weight, fresh, stored, lack, passing })
    }

    /// The body's own error.
    fn failed(&self, failed: R, why: Why, facts: &Facts) -> End<R, K::Engine> {
        let namespace = self.prepared.plan.namespace.as_deref();
        report::failed(&self.request.arguments, namespace, why, facts.seconds);
        End::Failed(failed)
    }

    /// Runs the body in a frame of its own, timed.
    async fn run_body<F>(&self, body: F, run: RunId) -> (K::Body, Facts)
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let plan = &self.prepared.plan;
        let (inherited, outermost) = (plan.inherited.clone(), Arc::clone(&plan.outermost));
        let frame = Frame::body(self.frame.clone(), run, inherited, outermost);
        let started = Instant::now();
        let body = Context::of(Arc::clone(&frame)).scope_unpin(body);
        let returned = body.instrument(report::body(&self.request.arguments)).await;
        let (seconds, lineage) = (started.elapsed().as_secs_f64(), frame.lineage());
        let facts = Facts { seconds, lineage, ..Facts::default() };
        (returned, facts)
    }

    /// Runs the body, and merges what it returns into the stored value.
    async fn upsert<F>(&self, body: F, run: RunId) -> End<R, K::Engine>
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let backends = self.returns.value_backends();
        let upsert = match upsert::check(self.request, self.prepared, backends) {
            Ok(upsert) => upsert,
            Err(error) => return boxed(|| self.unusable(body, run, error)).await,
        };
        if let Err(error) = boxed(|| upsert.prepare(self.request, self.prepared)).await {
            return boxed(|| self.unusable(body, run, error)).await;
        }
        let (returned, mut facts) = self.run_body(body, run).await;
        if let Some(Ok(processors)) = self.returns.processors() {
            facts.asked_range = processors.asked_range();
        }
        let merged = match self.returns.split(returned) {
            Split::Failed(failed) => return self.failed(failed, Why::Recompute, &facts),
            Split::Null => {
                report::null_upsert(&self.request.arguments);
                return End::Failed(rejoin(self.request, &self.returns, None));
            }
            Split::Value(value) => upsert.merge(self.request, self.prepared, value, &facts).await,
        };
        self.prepared.forget_memoized(self.request);
        let engine = match merged.and_then(|merged| self.process(merged)) {
            Ok(merged) => as_engine(self.request, &self.returns, merged).await,
            Err(error) => Err(error),
        };
        match engine {
            Ok(value) => {
                let weight = self.weight(Some(&value), 0);
                let Facts { seconds, lineage: inputs, .. } = facts;
                let value = Some(value);
                let (fresh, stored, lack, passing) = (true, true, None, false);
                End::Done(Done { value, inputs, seconds, weight, fresh, stored, lack, passing })
            }
            Err(error) => End::Failed(fail(self.request, &self.returns, error)),
        }
    }

    /// The cache cannot serve this call as it was asked: an error where the return type holds
    /// one; else a strict call panics, and another computes, with a warning.
    async fn unusable<F>(&self, body: F, run: RunId, error: Error) -> End<R, K::Engine>
    where
        F: Future<Output = K::Body> + Unpin,
    {
        let error = match self.returns.fail(error) {
            Ok(returned) => return End::Failed(returned),
            Err(error) => error,
        };
        if self.prepared.plan.strict {
            give_up(&self.request.arguments, &error);
        }
        report::cache_unusable(&self.request.arguments, &error);
        count(&COUNTERS.uncached);
        let (returned, _) = self.run_body(body, run).await;
        End::Failed(match self.returns.split(returned) {
            Split::Failed(failed) => {
                count(&COUNTERS.failed);
                failed
            }
            Split::Null => rejoin(self.request, &self.returns, None),
            Split::Value(value) => match self.process(value) {
                Ok(value) => match as_engine(self.request, &self.returns, value).await {
                    Ok(value) => rejoin(self.request, &self.returns, Some(value)),
                    Err(error) => fail(self.request, &self.returns, error),
                },
                Err(error) => fail(self.request, &self.returns, error),
            },
        })
    }

    /// A strict call found nothing that it may return.
    fn not_cached(&self, missed: Missed) -> R {
        let searched: Vec<&str> = missed.searched.iter().map(|place| place.shown()).collect();
        let searched = searched.join(", ");
        let searched = if searched.is_empty() { "no location".to_owned() } else { searched };
        let namespace = self.prepared.plan.namespace.as_deref();
        report::not_cached(&self.request.arguments, namespace, &searched);
        let error = missed
            .damage
            .unwrap_or_else(|| Error::NotCached { call: self.request.arguments.shown(), searched });
        fail(self.request, &self.returns, error)
    }

    /// The right to recompute, where this outermost call has not done so yet.
    pub(super) fn claim(&self) -> Option<Claim> {
        let plan = &self.prepared.plan;
        plan.outermost.claim(plan.recomputed_key(&self.request.arguments)?)
    }

    /// Whether an argument cannot be a key, which turns caching off for this call.
    pub(super) fn unkeyable(&self) -> bool {
        self.request.arguments.failed().is_some()
    }

    /// A backend that the call names must hold the type.
    fn check_backends(&self) -> Result<()> {
        let plan = &self.prepared.plan;
        let (values, engines) = (self.returns.value_backends(), self.returns.engine_backends());
        if let Some(name) = plan.backend.as_deref()
            && !engines.iter().any(|backend| backend.name() == name)
        {
            return Err(convert::no_such_backend(self.request, name, engines));
        }
        if let Some(name) = plan.storage_backend.as_deref()
            && !values.iter().any(|backend| backend.name() == name)
        {
            return Err(convert::no_such_backend(self.request, name, values));
        }
        Ok(())
    }

    /// What the value weighs in the memo: its stored size, else what its backend says.
    pub(super) fn weight(&self, value: Option<&K::Engine>, stored: u64) -> u64 {
        if stored > 0 || !self.prepared.plan.memoize {
            return stored;
        }
        let backend = self.returns.engine_backends().first();
        value.zip(backend).map_or(0, |(value, backend)| backend.weigh(value))
    }

    pub(super) fn report_computed(&self, why: Why, facts: &Facts, kept: &Kept) {
        let stored_in = kept.entries.iter().map(|(place, ..)| place.name().clone()).collect();
        let backends = kept.entries.first().map(|(_, _, entry)| entry.backends());
        let backend = backends.and_then(|backends| backends.first());
        let backend = backend.map(|stored| stored.backend.clone());
        let (seconds, bytes) = (facts.seconds, kept.bytes);
        let computed = Computed { why, seconds, stored_in, backend, bytes };
        let namespace = self.prepared.plan.namespace.as_deref();
        report::computed(&self.request.arguments, namespace, &computed);
    }
}

/// A value, as the engine's type.
pub(super) async fn as_engine<R, K: Returns<R>>(
    request: &Request,
    returns: &K,
    value: K::Value,
) -> Result<K::Engine> {
    match returns.same(value) {
        Ok(value) => Ok(value),
        Err(value) => {
            let (from, to) = (returns.value_backends(), returns.engine_backends());
            convert::to_engine(request, value, from, to).await
        }
    }
}
