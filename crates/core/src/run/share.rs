//! One entry, filled by several processes: begun in one, committed in one.

use std::sync::Arc;
use std::time::SystemTime;

use data_encoding::HEXLOWER;

use crate::backend::{Backend, Backends};
use crate::confirm::{Answer, Replacement, ask};
use crate::entry::{
    Address, Committed, Content, Entry, Extent, LocationName, Lookup, Manifest, State,
};
use crate::error::{Error, Result};
use crate::mode::Replacing;
use crate::stats::{COUNTERS, add, count};
use crate::ticket::Ticket;

use super::convert::no_such_backend;
use super::generation::remove;
use super::keep::{Facts, draft};
use super::place::Place;
use super::queries::level_of;
use super::report;
use super::request::{Prepared, Request};

/// How often a commit that replaces tries again onto a winner.
const COMMIT_ATTEMPTS: usize = 16;

/// A call that begins or commits an entry for several processes.
struct Sharing<T: 'static> {
    request: Request,
    prepared: Prepared,
    place: Arc<Place>,
    address: Address,
    backends: Backends<T>,
    backend: &'static dyn Backend<T>,
}

/// Begins an entry: nothing of it is visible until it is committed.
pub(crate) async fn begin<T: Send + Sync + 'static>(
    request: Request,
    backends: Backends<T>,
    template: T,
) -> Result<Ticket> {
    let sharing = Sharing::new(request, backends)?;
    let standing = sharing.standing().await?;
    let Sharing { request, prepared, place, address, backend, .. } = sharing;
    let asked = request.asked(&prepared.plan.backend_options);
    let (generation, layout) = place.begin(&address, backend, template, asked).await?;
    Ok(Ticket {
        format: Ticket::FORMAT,
        location: place.name().to_string(),
        filesystem: place.url(backend.name()).to_owned(),
        function: prepared.identity.folder().to_owned(),
        namespace: prepared.plan.namespace.clone(),
        arguments: request.arguments.readable_path(level_of(place.name())),
        key: HEXLOWER.encode(address.key()),
        generation,
        backend: backend.name().to_owned(),
        conditional: place.is_conditional(),
        standing,
        began_at: crate::entry::location::rfc3339(SystemTime::now()),
        layout,
    })
}

/// Commits what was begun and filled. `asked_range` is what the call's processors say of it.
pub(crate) async fn commit<T: Send + Sync + 'static>(
    request: Request,
    backends: Backends<T>,
    ticket: Ticket,
    asked_range: Option<Extent>,
) -> Result<Manifest> {
    let sharing = Sharing::new(request, backends)?;
    sharing.must_be_its(&ticket)?;
    let manifest = sharing.commit(&ticket, asked_range).await?;
    sharing.prepared.forget_memoized(&sharing.request);
    Ok(manifest)
}

impl<T: Send + Sync + 'static> Sharing<T> {
    /// Checks that the call can write an entry piece by piece.
    fn new(request: Request, backends: Backends<T>) -> Result<Self> {
        let usage = |message: &str| Error::Usage {
            function: request.arguments.shown(),
            message: message.to_owned(),
        };
        if let Some((argument, why)) = request.arguments.failed() {
            return Err(usage(&format!(
                "`{argument}` cannot be a key ({why}), so there is no entry"
            )));
        }
        let prepared = request.prepare()?;
        let plan = &prepared.plan;
        if plan.strict {
            return Err(usage("`begin` and `commit` write an entry, and a strict call may not"));
        }
        let place = prepared.written()?.into_iter().next().ok_or_else(|| {
            usage(
                "`begin` and `commit` need a mode that writes: the root (configure `filesystem`), \
                 or a local mode",
            )
        })?;
        if request.arguments.is_processed() && place.name() == &LocationName::Local {
            return Err(usage(
                "`begin` writes whole values, and the local location holds what the processors \
                 made of them; use a mode that writes the root",
            ));
        }
        let name = plan.storage_backend.as_deref().or(plan.backend.as_deref());
        let backend = match name {
            Some(name) => backends
                .iter()
                .find(|backend| backend.name() == name)
                .ok_or_else(|| no_such_backend(&request, name, backends))?,
            None => backends.first().ok_or_else(|| usage("the type has no backend"))?,
        };
        if !backend.can_share() {
            return Err(backend.cannot_share());
        }
        let address = prepared.address(&request, level_of(place.name()))?;
        let backend = *backend;
        Ok(Self { request, prepared, place, address, backends, backend })
    }

    /// The write id of what stands, where a new entry may take its place.
    async fn standing(&self) -> Result<Option<String>> {
        let looked = self.place.look_up(&self.address).await?;
        let Lookup::Found { entry, .. } = &looked else { return Ok(None) };
        let manifest = entry.manifest()?;
        if self.asks() {
            let replacement = Replacement {
                call: self.request.arguments.shown(),
                location: self.place.name().to_string(),
                created_at: manifest.created_at,
            };
            if ask(replacement).await != Some(Answer::Replace) {
                return Err(self.usage(
                    "there is an entry already; begin and commit with \
                     `cache_mode(CacheMode::Overwrite)` to replace it",
                ));
            }
        }
        Ok(Some(manifest.write_id))
    }

    fn must_be_its(&self, ticket: &Ticket) -> Result<()> {
        ticket.place()?;
        if ticket.backend != self.backend.name() || !ticket.is_for(self.place.name(), &self.address)
        {
            return Err(self.usage(&format!(
                "the ticket is of another call: {}({}) in {}; commit it by the call that began it",
                ticket.function, ticket.arguments, ticket.location
            )));
        }
        Ok(())
    }

    async fn commit(&self, ticket: &Ticket, asked_range: Option<Extent>) -> Result<Manifest> {
        let mut looked = self.place.look_up(&self.address).await?;
        if let Some(done) = self.done(ticket, &looked)? {
            return Ok(done);
        }
        self.must_be_open(ticket, &looked)?;
        let generation = ticket.generation();
        let layout = ticket.layout.clone();
        let completed = self.place.complete(&self.address, self.backend, layout, generation).await;
        let fresh = match completed {
            Ok(fresh) => fresh,
            Err(error) => {
                // Another process may have committed it meanwhile, and swept up behind itself.
                let now = self.place.look_up(&self.address).await?;
                return self.done(ticket, &now)?.ok_or(error);
            }
        };
        let facts =
            Facts { seconds: seconds_since(&ticket.began_at), asked_range, ..Facts::default() };
        let bytes = fresh.stored.bytes;
        let content = Content::Value(vec![fresh.stored.clone()]);
        let draft = draft(&self.request, &self.prepared, &self.place, content, &facts);
        for _ in 0..COMMIT_ATTEMPTS {
            let seen = looked.seen().clone();
            let draft = draft.clone();
            match self.place.commit(&self.address, seen, draft, Some(&fresh)).await? {
                Committed::Done { entry, removal, .. } => {
                    remove(removal, self.place.removers(self.backends, &self.prepared.plan));
                    count(&COUNTERS.stored);
                    add(&COUNTERS.bytes_written, bytes);
                    self.shown_and_swept(ticket, &entry).await;
                    return entry.manifest();
                }
                // What was written is kept, for a commit that replaces; else `gc` removes it.
                Committed::Lost { winner, .. } => looked = winner,
            }
            if let Some(done) = self.done(ticket, &looked)? {
                return Ok(done);
            }
            self.must_be_open(ticket, &looked)?;
        }
        Err(Error::Conflict { object: self.place.object(&self.address) })
    }

    /// The manifest, where the ticket was committed already.
    fn done(&self, ticket: &Ticket, looked: &Lookup) -> Result<Option<Manifest>> {
        match looked {
            Lookup::Found { entry, .. } if ticket.is_named_by(looked) => entry.manifest().map(Some),
            Lookup::Found { entry, .. } | Lookup::Null { entry, .. } => {
                self.must_not_be_replaced(ticket, entry.manifest()?)
            }
            Lookup::Forgotten(seen) => match seen.manifest() {
                Some(tombstone) => self.must_not_be_replaced(ticket, tombstone),
                None => Ok(None),
            },
            Lookup::Absent(_) | Lookup::Damaged { .. } => Ok(None),
        }
    }

    fn must_not_be_replaced(&self, ticket: &Ticket, stands: Manifest) -> Result<Option<Manifest>> {
        let was = stands.replaced.iter().any(|old| old.generation == ticket.generation);
        if !was {
            return Ok(None);
        }
        let how = if stands.state == State::Forgotten { "forgotten" } else { "replaced" };
        Err(self.usage(&format!(
            "the ticket was committed before, and its entry was {how} since; begin anew"
        )))
    }

    /// In the modes that ask, an entry that came since the beginning stands.
    fn must_be_open(&self, ticket: &Ticket, looked: &Lookup) -> Result<()> {
        let Lookup::Found { entry, .. } = looked else { return Ok(()) };
        let stands = entry.manifest()?.write_id;
        if !self.asks() || ticket.standing.as_ref() == Some(&stands) {
            return Ok(());
        }
        report::lost_race(&self.request.arguments, &self.place);
        Err(Error::Conflict { object: self.place.object(&self.address) })
    }

    async fn shown_and_swept(&self, ticket: &Ticket, entry: &Entry) {
        let stored = entry.backends().iter().find(|stored| stored.backend == self.backend.name());
        if let Some(stored) = stored {
            let (stored, options) = (Arc::clone(stored), &self.prepared.plan.backend_options);
            let shown = self.place.publish(&self.address, stored, self.backend, options).await;
            if let Err(error) = shown {
                report::not_published(&self.request.arguments, self.place.shown(), &error);
            }
        }
        let swept = self.place.sweep(&self.address, &ticket.backend, &ticket.generation).await;
        if let Err(error) = swept {
            tracing::warn!(target: "nuthatch", %error, "records of a commit could not be removed");
        }
    }

    fn asks(&self) -> bool {
        self.prepared.plan.row.replacing == Replacing::Asks
    }

    fn usage(&self, message: &str) -> Error {
        Error::Usage { function: self.request.arguments.shown(), message: message.to_owned() }
    }
}

/// From the beginning to the commit, by the clocks of two machines.
fn seconds_since(began_at: &str) -> f64 {
    let began = chrono::DateTime::parse_from_rfc3339(began_at).map(SystemTime::from).ok();
    let took = began.and_then(|began| SystemTime::now().duration_since(began).ok());
    took.unwrap_or_default().as_secs_f64()
}
