//! Calls with processors: root and mirrors hold the whole value, the local location and the memo
//! what processors made of it.

use crate::entry::LocationName;
use crate::error::{Error, Result};
use crate::processor::{self, Lack};
use crate::returns::Returns;

use super::keep::{self, Facts, Kept};
use super::lead::{Done, End, Run};
use super::produce::{Looked, as_engine};
use super::recall::{Hit, Missed, Recalled};
use super::{boxed, convert, fail, report, rewrite};

impl<R, K: Returns<R>> Run<'_, R, K> {
    /// What the processors make of a whole value.
    pub(super) fn process(&self, value: K::Value) -> Result<K::Value> {
        match self.returns.processors() {
            Some(Ok(processors)) => {
                let value = processors.process(value, || self.request.arguments.shown())?;
                self.validate(Some(&value))?;
                Ok(value)
            }
            Some(Err(error)) => Err(Error::other(error.to_string())),
            None => Ok(value),
        }
    }

    /// Whether the processors accept what is returned, where the call asks for it.
    fn validate(&self, value: Option<&K::Value>) -> Result<()> {
        match (self.returns.processors(), value) {
            (Some(Ok(processors)), Some(value)) if self.prepared.plan.validate => {
                processors.validate(value, || self.request.arguments.shown())
            }
            _ => Ok(()),
        }
    }

    /// Recalls the value that was stored, and processes it where it is whole.
    pub(super) async fn look_processed(&self) -> Result<Looked<K::Engine>> {
        Ok(match self.recall(self.returns.value_backends()).await? {
            Recalled::Missed(missed) => Looked::Missed(Box::new(missed)),
            Recalled::Hit(hit) => match boxed(|| self.recalled_whole(*hit)).await {
                Ok(done) => Looked::Done(done),
                Err(error) => Looked::Refused(error),
            },
        })
    }

    async fn recalled_whole(&self, mut hit: Hit<K::Value>) -> Result<Done<K::Engine>> {
        let backends = self.returns.value_backends();
        if convert::may_miss(self.prepared, &hit) {
            convert::add_missing(self.request, self.prepared, backends, &mut hit).await;
        }
        if rewrite::is_asked(self.request, self.prepared, backends, &hit) {
            rewrite::rewrite(self.request, self.prepared, backends, &mut hit).await;
        }
        let lack = self.check(&hit)?;
        let is_local = *hit.place.name() == LocationName::Local;
        let mut value = match hit.value.take() {
            Some(whole) if !is_local => Some(self.process(whole)?),
            value => {
                self.validate(value.as_ref())?;
                value
            }
        };
        if self.prepared.plan.row.writes_local && !is_local {
            let (request, prepared, processors) = (self.request, self.prepared, self.readable());
            let (entry, missed) = (&hit.entry, &hit.missed);
            let copied = keep::copy(request, prepared, backends, value, entry, missed, processors);
            value = copied.await;
        }
        let value = match value {
            Some(value) => Some(as_engine(self.request, &self.returns, value).await?),
            None => None,
        };
        let seconds = hit.entry.compute_seconds().unwrap_or_default();
        let weight = self.weight(value.as_ref(), if is_local { hit.bytes() } else { 0 });
        let inputs = vec![hit.input];
        let (fresh, stored, passing) = (false, true, false);
        Ok(Done { value, inputs, seconds, weight, fresh, stored, lack, passing })
    }

    /// Whether the entry has what the call asks for: a warning, or an error where the call is to
    /// be validated.
    fn check(&self, hit: &Hit<K::Value>) -> Result<Option<String>> {
        let Some(Ok(processors)) = self.returns.processors() else { return Ok(None) };
        let manifest = hit.entry.manifest()?;
        let (extent, asked) = (manifest.time_extent.as_ref(), manifest.asked_range.as_ref());
        let lack = processors.check(&processor::Recalled::new(extent, asked));
        let Some(Lack { why, tolerated }) = lack else { return Ok(None) };
        if self.prepared.plan.validate && !tolerated {
            let call = self.request.arguments.shown();
            let message = format!("the entry in {} does not have it: {why}", hit.place.shown());
            return Err(Error::Usage { function: call, message });
        }
        report::lacking(&self.request.arguments, hit.place.name(), &why);
        Ok(Some(why))
    }

    /// Stores what the body has returned: whole in the root, processed in the local location.
    pub(super) async fn keep_processed(
        &self,
        value: Option<K::Value>,
        mut facts: Facts,
        missed: Missed,
    ) -> End<R, K::Engine> {
        if let Some(Ok(processors)) = self.returns.processors() {
            facts.asked_range = processors.asked_range();
            facts.processors = processors.readable();
            // Of the whole, also where what is stored is clipped.
            facts.time_extent = value.as_ref().and_then(|value| processors.time_extent(value));
        }
        let local = self.prepared.plan.row.writes_local;
        let value = match self.processed_if(local, value) {
            Ok(value) => value,
            Err(error) => return End::Failed(fail(self.request, &self.returns, error)),
        };
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
        if let Some(error) = kept.failure
            && let Ok(failed) = self.returns.fail(error)
        {
            return End::Failed(failed);
        }
        let value = match self.processed_if(!local, value) {
            Ok(None) => Ok(None),
            Ok(Some(value)) => as_engine(self.request, &self.returns, value).await.map(Some),
            Err(error) => Err(error),
        };
        match value {
            Ok(value) => {
                let weight = self.weight(value.as_ref(), if local { kept.bytes } else { 0 });
                let seconds = facts.seconds;
                let (fresh, lack, passing) = (true, None, kept.passing);
                End::Done(Done { value, inputs, seconds, weight, fresh, stored, lack, passing })
            }
            Err(error) => End::Failed(fail(self.request, &self.returns, error)),
        }
    }

    fn processed_if(&self, process: bool, value: Option<K::Value>) -> Result<Option<K::Value>> {
        match value {
            Some(value) if process => self.process(value).map(Some),
            value => Ok(value),
        }
    }

    fn readable(&self) -> Vec<crate::entry::Processor> {
        match self.returns.processors() {
            Some(Ok(processors)) => processors.readable(),
            _ => Vec::new(),
        }
    }
}
