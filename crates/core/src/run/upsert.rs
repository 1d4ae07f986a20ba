//! Merging a value into the stored one.

use std::sync::Arc;

use crate::backend::{Backend, Backends, Removers, Stored};
use crate::config::Verify;
use crate::entry::{Committed, Content, Entry, LocationName, Lookup};
use crate::error::{Error, Result};
use crate::stats::{COUNTERS, add, count};

use super::convert::no_such_backend;
use super::generation::remove;
use super::keep::{Facts, draft};
use super::place::Place;
use super::queries::level_of;
use super::recall::{Why, read};
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
        let value = Arc::new(value);
        for _ in 0..MERGE_ATTEMPTS {
            let looked = self.place.look_up(&address).await?;
            let seen = looked.seen().clone();
            let base = match looked {
                Lookup::Found { entry, .. } => {
                    let stored = self.stored(request, &entry)?;
                    Some(self.place.source(&address, &stored, options)?)
                }
                // Merging onto nothing would lose the rows that the damaged entry may still hold.
                Lookup::Damaged { why, .. } => return Err(why),
                Lookup::Absent(_) | Lookup::Forgotten(_) | Lookup::Null { .. } => None,
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
                    let stored = self.stored(request, &entry)?;
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
        Err(Error::Conflict { object: self.place.object(&address) })
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

    fn stored(&self, request: &Request, entry: &Entry) -> Result<Arc<Stored>> {
        let name = self.backend.name();
        let stored = entry.backends().iter().find(|stored| stored.backend == name);
        stored.cloned().ok_or_else(|| Error::Usage {
            function: request.arguments.shown(),
            message: format!(
                "the entry is not stored in `{name}`, so there is nothing to merge onto; recall it \
                 once with `backend(\"{name}\")`, which adds that backend"
            ),
        })
    }
}
