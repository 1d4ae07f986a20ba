//! Merging a value into the stored one.

use std::sync::Arc;

use crate::backend::{Backend, Backends, Removers, Source, Stored};
use crate::config::Verify;
use crate::entry::{Address, Committed, Content, Entry, LocationName, Lookup, Seen};
use crate::error::{Error, Result};
use crate::stats::{COUNTERS, add, count};

use super::convert::no_such_backend;
use super::generation::remove;
use super::keep::{Facts, draft};
use super::place::Place;
use super::queries::level_of;
use super::recall::{Why, no_backend, pick, read};
use super::report::{self, Computed};
use super::request::{Prepared, Request};

/// How often a merge that lost its commit merges again onto the winner.
const MERGE_ATTEMPTS: usize = 16;

/// Where an upsert goes, and by what.
#[derive(Debug)]
pub(crate) struct Upsert<T: 'static> {
    place: Arc<Place>,
    backends: Backends<T>,
    backend: &'static dyn Backend<T>,
    keys: &'static [&'static str],
}

/// Checks, before the body runs, that the call can upsert.
pub(crate) fn check<T>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<T>,
) -> Result<Upsert<T>> {
    let usage = |message: &str| Error::Usage {
        function: request.arguments.shown(),
        message: message.to_owned(),
    };
    let keys = request.arguments.function().definition().upsert_keys;
    if keys.is_empty() {
        return Err(usage("`upsert` needs the keys: `#[cache(upsert_keys(\"…\"))]`"));
    }
    let place = prepared.written()?.into_iter().next().ok_or_else(|| {
        usage(
            "`upsert` needs a mode that writes: the root (configure `filesystem`), or a local mode",
        )
    })?;
    if request.arguments.is_processed() && place.name() == &LocationName::Local {
        return Err(usage(
            "`upsert` merges whole values, and the local location holds what the processors made \
             of them; use a mode that writes the root",
        ));
    }
    let plan = &prepared.plan;
    if plan.strict {
        return Err(usage("`upsert` runs the body, and a strict call may not"));
    }
    let name = plan.storage_backend.as_deref().or(plan.backend.as_deref());
    let backend = match name {
        Some(name) => backends
            .iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| no_such_backend(request, name, backends))?,
        None => backends.first().ok_or_else(|| usage("the type has no backend"))?,
    };
    if !backend.can_upsert() {
        let message = format!("backend `{}` cannot upsert; use one that can", backend.name());
        return Err(usage(&message));
    }
    Ok(Upsert { place, backends, backend: *backend, keys })
}

impl<T: Send + Sync + 'static> Upsert<T> {
    fn removers(&self, prepared: &Prepared) -> Removers {
        self.place.removers(self.backends, &prepared.plan)
    }

    /// Checks, before the body runs, that what stands can be merged onto. Where the entry lacks the
    /// backend, that is added.
    pub(crate) async fn prepare(&self, request: &Request, prepared: &Prepared) -> Result<()> {
        let address = prepared.address(request, level_of(self.place.name()))?;
        self.base(request, prepared, &address).await.map(drop)
    }

    /// Merges `value` onto what stands, commits, and gives the merged whole.
    pub(crate) async fn merge(
        &self,
        request: &Request,
        prepared: &Prepared,
        value: T,
        facts: &Facts,
    ) -> Result<T> {
        let address = prepared.address(request, level_of(self.place.name()))?;
        let options = prepared.plan.options_written();
        let mut value = Arc::new(value);
        // Before the first attempt: each of them reads it, and nothing is computed twice.
        if let Some(settled) = self.place.settled(self.backend, &value).await? {
            value = Arc::new(settled);
        }
        for _ in 0..MERGE_ATTEMPTS {
            let (seen, base) = self.base(request, prepared, &address).await?;
            let base = match &base {
                Some((entry, base)) => {
                    let is_alone = entry.backends().len() == 1;
                    Some(Source { is_alone, ..self.place.source(&address, base, options)? })
                }
                None => None,
            };
            let (backend, keys) = (self.backend, self.keys);
            let asked = request.asked(options);
            let merged = self.place.upsert(&address, backend, &value, keys, base, asked);
            let fresh = merged.await?;
            let bytes = fresh.stored.bytes;
            let content = Content::Value(vec![fresh.stored.clone()]);
            let draft = draft(request, prepared, &self.place, content, facts);
            match self.place.commit(&address, seen, draft, Some(&fresh)).await? {
                Committed::Lost { removal, .. } => remove(removal, self.removers(prepared)),
                Committed::Done { entry, removal, .. } => {
                    remove(removal, self.removers(prepared));
                    count(&COUNTERS.stored);
                    add(&COUNTERS.bytes_written, bytes);
                    self.report(request, prepared, facts, bytes);
                    let stored = self.stored(&entry).ok_or_else(|| self.conflict(&address))?;
                    let shown = Arc::clone(&stored);
                    let shown = self.place.publish(&address, shown, backend, options).await;
                    if let Err(error) = shown {
                        let place = self.place.shown();
                        report::not_published(&request.arguments, place, &error);
                    }
                    return read(
                        &self.place,
                        &address,
                        &stored,
                        self.backend,
                        options,
                        None,
                        Verify::Full,
                    )
                    .await;
                }
            }
        }
        Err(self.conflict(&address))
    }

    /// What stands, as an entry and the backend's part of it; none where there is nothing to merge onto.
    async fn base(
        &self,
        request: &Request,
        prepared: &Prepared,
        address: &Address,
    ) -> Result<(Seen, Option<(Entry, Arc<Stored>)>)> {
        for _ in 0..MERGE_ATTEMPTS {
            let looked = self.place.look_up(address).await?;
            let seen = looked.seen().clone();
            let entry = match looked {
                Lookup::Found { entry, .. } => entry,
                // Merging onto nothing would lose the rows that the damaged entry may still hold.
                Lookup::Damaged { why, .. } => return Err(why),
                Lookup::Absent(_) | Lookup::Forgotten(_) | Lookup::Null { .. } => {
                    return Ok((seen, None));
                }
            };
            if let Some(stored) = self.stored(&entry) {
                return Ok((seen, Some((entry, stored))));
            }
            self.convert(request, prepared, address, &entry, seen).await?;
        }
        Err(self.conflict(address))
    }

    /// Adds the backend to an entry that lacks it. Where another writer was first, the caller sees
    /// it when it looks again.
    async fn convert(
        &self,
        request: &Request,
        prepared: &Prepared,
        address: &Address,
        entry: &Entry,
        seen: Seen,
    ) -> Result<()> {
        let (place, plan) = (&self.place, &prepared.plan);
        let Some((from, reader)) = pick(entry, None, self.backends) else {
            return Err(no_backend::<T>(place, address, entry));
        };
        let options = &plan.backend_options;
        let value = read(place, address, &from, reader, options, None, Verify::Full).await?;
        let asked = request.asked(plan.options_written());
        let (_, fresh) = place.write(address, self.backend, value, asked).await;
        let (from, removers) = (from.generation.clone(), self.removers(prepared));
        place.add_backend(address, seen, from, &fresh?, removers).await.map(drop)
    }

    fn conflict(&self, address: &Address) -> Error {
        Error::Conflict { object: self.place.object(address) }
    }

    fn report(&self, request: &Request, prepared: &Prepared, facts: &Facts, bytes: u64) {
        let computed = Computed {
            why: Why::Recompute,
            seconds: facts.seconds,
            stored_in: vec![self.place.name().clone()],
            backend: Some(self.backend.name().to_owned()),
            bytes,
        };
        let namespace = prepared.plan.namespace.as_deref();
        report::computed(&request.arguments, namespace, &computed);
    }

    /// The backend's part of an entry.
    fn stored(&self, entry: &Entry) -> Option<Arc<Stored>> {
        let name = self.backend.name();
        entry.backends().iter().find(|stored| stored.backend == name).cloned()
    }
}
