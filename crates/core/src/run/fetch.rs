//! An entry copied into the local location object by object, before anything of it is decoded.

use std::sync::Arc;

use crate::backend::{Backend, Removers, Stored};
use crate::config::Verify;
use crate::entry::{Address, Committed, Content, Draft, Entry, LocationName, Lookup, Seen};
use crate::error::{Error, Result};
use crate::key::Level;
use crate::mode::Replacing;
use crate::stats::{COUNTERS, add, count};

use super::generation::remove;
use super::place::Place;
use super::request::{Prepared, Request};
use super::{keep, recall};

/// A call that keeps what it finds in the local location.
pub(crate) struct Copying<'call> {
    request: &'call Request,
    prepared: &'call Prepared,
    /// What was seen in the local location, where it was read.
    seen: Option<Seen>,
}

/// What is copied.
struct Original<'call, T: 'static> {
    place: &'call Place,
    address: &'call Address,
    entry: &'call Entry,
    stored: &'call Arc<Stored>,
    backend: &'static dyn Backend<T>,
}

impl<'call> Copying<'call> {
    pub(crate) fn new(
        request: &'call Request,
        prepared: &'call Prepared,
        seen: &[(LocationName, Seen)],
    ) -> Self {
        let seen = seen.iter().find(|(name, _)| *name == LocationName::Local);
        Self { request, prepared, seen: seen.map(|(_, seen)| seen.clone()) }
    }

    /// Copies an entry as it is, and reads the copy. Where that cannot be, or anything is in the
    /// way, there is nothing: the entry is read where it is and written anew, which tells what is
    /// wrong.
    pub(crate) async fn copied<T: Send + Sync + 'static>(
        &self,
        place: &Place,
        address: &Address,
        entry: &Entry,
        stored: &Arc<Stored>,
        backend: &'static dyn Backend<T>,
    ) -> Option<T> {
        if !self.may_copy(stored, backend) {
            return None;
        }
        match self.copy(Original { place, address, entry, stored, backend }).await {
            Ok(value) => value,
            Err(error) => {
                tracing::debug!(target: "nuthatch", %error, "an entry is not copied as it is");
                None
            }
        }
    }

    /// Whether the copy would be what the call would write. What is in the manifest is not worth
    /// a copy, and has no objects.
    fn may_copy<T: 'static>(&self, stored: &Stored, backend: &dyn Backend<T>) -> bool {
        let plan = &self.prepared.plan;
        let named = [&plan.backend, &plan.storage_backend];
        let is_asked_for = named.into_iter().flatten().all(|name| *name == stored.backend);
        let shape = backend.type_shape();
        let is_of_type =
            stored.type_shape.is_none() || shape.is_none() || stored.type_shape == shape;
        stored.inline.is_none() && is_asked_for && is_of_type
    }

    async fn copy<T: Send + Sync + 'static>(&self, of: Original<'_, T>) -> Result<Option<T>> {
        let Self { request, prepared, seen } = self;
        let (here, options) = (prepared.places.local()?, &prepared.plan.backend_options);
        if here.merged(of.backend.name(), options).is_ok_and(|own| of.backend.rewrites(&own)) {
            // It may lie otherwise than is asked for here.
            return Ok(None);
        }
        let address = prepared.address(request, Level::Processed)?;
        let seen = match seen {
            Some(seen) => seen.clone(),
            None => match here.look_up(&address).await? {
                // What the location could not tell before may be good, and then it is asked about.
                Lookup::Found { .. } if prepared.plan.row.replacing == Replacing::Asks => {
                    return Ok(None);
                }
                looked => looked.into_seen(),
            },
        };
        let source = of.place.source(of.address, of.stored, options)?;
        let asked = request.asked(options);
        let Some(fresh) = here.copy(&address, of.backend, source, asked).await? else {
            return Ok(None);
        };
        let stored = Arc::new(fresh.stored.clone());
        // Before it is an entry: one that cannot be read would be in the way of what can.
        let read =
            recall::read(&here, &address, &stored, of.backend, options, None, Verify::Full).await;
        let value = match read {
            Ok(value) => value,
            Err(error) => {
                fresh.discard();
                return Err(error);
            }
        };
        let draft = Draft {
            arguments: keep::arguments(request, &here),
            processors: Vec::new(),
            ..Draft::copy_of(&of.entry.manifest()?, Content::Value(vec![fresh.stored.clone()]))
        };
        let (is_done, removal) = match here.commit(&address, seen, draft, Some(&fresh)).await? {
            Committed::Done { removal, .. } => (true, removal),
            Committed::Lost { removal, .. } => (false, removal),
        };
        remove(removal, Removers::default());
        if !is_done {
            return Err(Error::other("another writer was first"));
        }
        count(&COUNTERS.stored);
        add(&COUNTERS.bytes_written, fresh.stored.bytes);
        Ok(Some(value))
    }
}
