//! Generations that were replaced: listed in the manifest, kept for readers that still hold
//! them, and removed by a later write.
//!
//! A commit that finds one whose grace time is over drops it from the list and hands out a
//! [`Removal`]. If that never runs, its objects are those of an abandoned write, which `gc`
//! knows how to find.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;
use serde_json::value::RawValue;

use super::document::{Carried, with_text};
use super::layout::Address;
use super::location::{Location, rfc3339};
use super::manifest::{Manifest, Replaced};
use crate::backend::{Removers, Stored};
use crate::error::Result;

/// Data of one entry that nobody needs any more, as far as a commit could see.
///
/// [`run`](Self::run) makes sure of it before it deletes anything.
#[derive(Debug)]
#[must_use = "nothing is removed before `run` is awaited"]
pub struct Removal {
    location: Location,
    address: Address,
    doomed: Vec<Replaced>,
}

/// What becomes of the generations of an entry when its next manifest is written.
pub(super) struct Succession {
    /// The records of the next manifest.
    pub(super) carried: Carried,
    /// Generations that were replaced long enough ago.
    pub(super) expired: Vec<Replaced>,
    /// Generations that this very write has made, of no use if its commit is lost.
    pub(super) fresh: Vec<Replaced>,
}

impl Removal {
    pub(super) fn of(
        location: &Location,
        address: &Address,
        doomed: Vec<Replaced>,
    ) -> Option<Self> {
        if doomed.is_empty() {
            return None;
        }
        Some(Self { location: location.clone(), address: address.clone(), doomed })
    }

    /// The generations that are to be removed.
    pub fn generations(&self) -> impl Iterator<Item = &Replaced> {
        self.doomed.iter()
    }

    /// Reads the manifest again, deletes what it does not name, and says how many objects that
    /// were. Where the manifest cannot be read whole, nothing is deleted. What backends keep
    /// elsewhere of it goes first, by these removers.
    ///
    /// # Errors
    ///
    /// A store could not be listed or written, or what is kept elsewhere could not be removed; what
    /// is left, `gc` removes.
    pub async fn run(self, removers: &Removers) -> Result<u64> {
        let Some(manifest) = self.location.fetch(&self.address).await?.manifest() else {
            return Ok(0);
        };
        let mut removed = 0;
        for generation in self.doomed.iter().filter(|doomed| !names(&manifest, doomed)) {
            removed += self.remove(generation, removers).await?;
        }
        Ok(removed)
    }

    async fn remove(&self, generation: &Replaced, removers: &Removers) -> Result<u64> {
        // A manifest is data, and must not be able to point a deletion elsewhere.
        let own = self.address.generation(&generation.generation).ok();
        let Some(folder) = own.filter(|own| own.as_ref() == generation.path) else {
            tracing::warn!(
                target: "nuthatch",
                function = self.address.function(),
                path = generation.path,
                "a replaced generation lies outside its entry's folder, and is kept"
            );
            return Ok(0);
        };
        let filesystem = self.location.filesystem(&generation.backend);
        let shown = self.location.show_data(&generation.backend, &folder);
        let (store, own) = (filesystem.store.as_ref(), filesystem.folder.as_ref());
        removers.remove(store, own, &folder, &shown).await?;
        delete_folder(&filesystem.store, &folder)
            .await
            .map_err(|error| self.location.store_error(format!("remove {folder}"), error))
    }
}

impl Succession {
    /// `backends` replace those of `previous`; a generation that is in both stays what it is.
    pub(super) fn new(
        previous: Carried,
        backends: Vec<(Arc<Stored>, Box<RawValue>)>,
        now: SystemTime,
        grace: Duration,
    ) -> Result<Self> {
        let stays = |generation: &str| backends.iter().any(|(new, _)| new.generation == generation);
        let was = |stored: &Stored| {
            previous.backends.iter().any(|(old, _)| old.generation == stored.generation)
        };
        let fresh = backends
            .iter()
            .filter(|(new, _)| !was(new))
            .flat_map(|(new, _)| Self::vain(new, now))
            .collect();

        let mut replaced = Vec::new();
        let mut expired = Vec::new();
        for (record, text) in previous.replaced {
            match is_over(&record.replaced_at, now, grace) && !stays(&record.generation) {
                true => expired.push(record),
                false => replaced.push((record, text)),
            }
        }
        for (old, _) in previous.backends.iter().filter(|(old, _)| !stays(&old.generation)) {
            for record in Self::vain(old, now) {
                replaced.push(with_text(record)?);
            }
        }
        let carried = Carried { unknown: previous.unknown, backends, replaced };
        Ok(Self { carried, expired, fresh })
    }

    /// The generation of a record that is not needed from now on; one whose bytes are in the
    /// manifest leaves nothing behind.
    pub(super) fn vain(stored: &Stored, now: SystemTime) -> Vec<Replaced> {
        let has_objects = stored.inline.is_none();
        let record = || Replaced {
            backend: stored.backend.clone(),
            generation: stored.generation.clone(),
            path: stored.path.clone(),
            replaced_at: rfc3339(now),
        };
        has_objects.then(record).into_iter().collect()
    }
}

/// Whether the grace time is over. A clock that was turned back makes it longer, never shorter;
/// so does a time that cannot be read.
pub(crate) fn is_over(replaced_at: &str, now: SystemTime, grace: Duration) -> bool {
    let Ok(then) = DateTime::parse_from_rfc3339(replaced_at) else { return false };
    let age = now.duration_since(SystemTime::from(then)).unwrap_or(Duration::ZERO);
    age >= grace && !age.is_zero()
}

fn names(manifest: &Manifest, doomed: &Replaced) -> bool {
    manifest.backends.iter().any(|record| record.generation == doomed.generation)
        || manifest.replaced.iter().any(|record| record.generation == doomed.generation)
}

pub(crate) async fn delete_folder(
    store: &Arc<dyn ObjectStore>,
    folder: &Path,
) -> object_store::Result<u64> {
    let objects = store.list(Some(folder)).map_ok(|object| object.location).boxed();
    let deleted = store.delete_stream(objects).filter(|deleted| {
        let was_gone = matches!(deleted, Err(object_store::Error::NotFound { .. }));
        futures::future::ready(!was_gone)
    });
    deleted.try_fold(0, |count, _| futures::future::ready(Ok(count + 1))).await
}
