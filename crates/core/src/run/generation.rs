//! One generation of an entry on its way: written by one process or by several, kept from `gc`,
//! and committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::{Backend, Backends, Removers, Source, Stored, Target, Written};
use crate::config::Progress;
use crate::entry::{Address, Committed, Draft, Location, Removal, Seen, Writing};
use crate::error::Result;
use crate::progress::{self, Direction, Transfer};
use crate::runtime;

use super::place::Place;
use super::plan::Plan;

/// Values whose encoding is at most this long lie in the manifest: one GET recalls them.
const INLINE_UP_TO: usize = 32 * 1024;

/// What a call asks of a backend that writes.
#[derive(Debug)]
pub(crate) struct Asked<'call> {
    pub(crate) options: &'call toml::Table,
    /// The key arguments, readable.
    pub(crate) arguments: BTreeMap<String, String>,
}

/// One generation on its way.
struct Writer<T: 'static> {
    location: Location,
    address: Address,
    backend: &'static dyn Backend<T>,
    options: toml::Table,
    arguments: BTreeMap<String, String>,
    progress: Progress,
}

impl<T: Send + Sync + 'static> Writer<T> {
    async fn write(self, value: &T) -> Result<Fresh> {
        let writing = self.begin().await?;
        let written = self.backend.write(value, writing.target()).await?;
        self.finish(writing, written, None).await
    }

    async fn copy(self, source: &Source) -> Result<Option<Fresh>> {
        let writing = self.begin().await?;
        let written = match self.backend.copy(source, writing.target()).await {
            Ok(Some(written)) => written,
            Ok(None) => return Ok(None),
            Err(error) => {
                writing.discard().await;
                return Err(error);
            }
        };
        let mut fresh = self.finish(writing, written, None).await?;
        // It is what it was, whatever it is read as here.
        fresh.stored.type_name.clone_from(&source.record.type_name);
        fresh.stored.type_shape.clone_from(&source.record.type_shape);
        Ok(Some(fresh))
    }

    async fn upsert(self, value: &T, keys: &[&str], base: Option<&Source>) -> Result<Fresh> {
        let writing = self.begin().await?;
        let written = self.backend.upsert(value, keys, base, writing.target()).await?;
        self.finish(writing, written, base).await
    }

    async fn begin(&self) -> Result<Writing> {
        let (name, options) = (self.backend.name(), self.options.clone());
        let writing = self.location.begin(&self.address, name, options, INLINE_UP_TO).await?;
        let writing = writing.with_arguments(self.arguments.clone()).with_store(|store| {
            progress::watched(store, self.progress, || {
                let (function, location) = (self.address.function(), self.location.name());
                Transfer::new(Direction::Write, function, location, None)
            })
        });
        if !writing.target().immediate {
            runtime::spawn_detached(writing.keep_alive())?;
        }
        Ok(writing)
    }

    async fn finish(
        &self,
        writing: Writing,
        written: Written,
        base: Option<&Source>,
    ) -> Result<Fresh> {
        let type_name = std::any::type_name::<T>();
        let base = base.map(|base| &*base.record);
        let stored = writing.finish(written, base, type_name, self.backend.type_shape()).await?;
        Ok(Fresh::new(stored, writing))
    }
}

/// A generation that was written, and that no manifest names yet: `gc` leaves it alone until this
/// is dropped.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) stored: Stored,
    /// None of what lies in the manifest alone.
    writing: Option<Arc<Writing>>,
}

impl Fresh {
    fn new(stored: Stored, writing: Writing) -> Self {
        let writing = stored.inline.is_none().then(|| Arc::new(writing));
        Self { stored, writing }
    }

    fn guard(&self) -> Option<Arc<Writing>> {
        self.writing.clone()
    }

    /// Gives it up, off the call's path.
    pub(crate) fn discard(self) {
        let Some(writing) = self.writing else { return };
        // Without a runtime it is left to `gc`.
        let _ = runtime::spawn_detached(async move { writing.discard().await });
    }
}

async fn check(guard: Option<&Writing>) -> Result<()> {
    match guard {
        Some(writing) => writing.check().await,
        None => Ok(()),
    }
}

impl Place {
    /// Writes a value into a fresh generation, and gives it back with what the manifest will say.
    pub(crate) async fn write<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        backend: &'static dyn Backend<T>,
        value: T,
        asked: Asked<'_>,
    ) -> (T, Result<Fresh>) {
        let writer = match self.writer(address, backend, asked) {
            Ok(writer) => writer,
            Err(error) => return (value, Err(error)),
        };
        if self.location.filesystem(backend.name()).immediate && self.is_immediate() {
            let stored = runtime::within(writer.write(&value)).await;
            return (value, stored);
        }
        // Whatever becomes of the task, the value comes back.
        let value = Arc::new(value);
        let shared = Arc::clone(&value);
        let stored = runtime::spawn(async move { writer.write(&shared).await }).await;
        match Arc::try_unwrap(value) {
            Ok(value) => (value, stored.flatten()),
            Err(_) => unreachable!("the task is over, and with it the only other owner"),
        }
    }

    /// Copies what lies elsewhere into a fresh generation as it is; nothing where the backend
    /// cannot.
    pub(crate) async fn copy<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        backend: &'static dyn Backend<T>,
        source: Source,
        asked: Asked<'_>,
    ) -> Result<Option<Fresh>> {
        let writer = self.writer(address, backend, asked)?;
        let is_here = self.is_immediate()
            && source.immediate
            && self.location.filesystem(backend.name()).immediate;
        let copying = async move { writer.copy(&source).await };
        match is_here {
            true => runtime::within(copying).await,
            false => runtime::spawn(copying).await?,
        }
    }

    /// A value with what it would compute computed; none where there is nothing of that kind.
    pub(crate) async fn settled<T: Send + Sync + 'static>(
        &self,
        backend: &'static dyn Backend<T>,
        value: &Arc<T>,
    ) -> Result<Option<T>> {
        let value = Arc::clone(value);
        let settling = async move { backend.settled(&value).await };
        self.run(runtime::within(settling)).await
    }

    /// Merges a value onto `base` in a fresh generation.
    pub(crate) async fn upsert<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        backend: &'static dyn Backend<T>,
        value: &Arc<T>,
        keys: &'static [&'static str],
        base: Option<Source>,
        asked: Asked<'_>,
    ) -> Result<Fresh> {
        let writer = self.writer(address, backend, asked)?;
        let value = Arc::clone(value);
        let merging = async move { writer.upsert(&value, keys, base.as_ref()).await };
        self.run(runtime::within(merging)).await
    }

    /// Begins a generation that several processes fill, and gives its name and layout.
    pub(crate) async fn begin<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        backend: &'static dyn Backend<T>,
        template: T,
        asked: Asked<'_>,
    ) -> Result<(String, serde_json::Value)> {
        let writer = self.writer(address, backend, asked)?;
        let beginning = async move {
            let writing = writer.begin().await?;
            // Before anything else is there: from now on `gc` knows since when.
            writing.beat().await?;
            let layout = backend.begin(&template, writing.target()).await?;
            Ok((writing.generation().to_owned(), layout))
        };
        self.run(runtime::within(beginning)).await
    }

    /// Where a generation that was begun is written.
    pub(crate) fn resumed(
        &self,
        address: &Address,
        backend: &str,
        generation: &str,
    ) -> Result<Target> {
        let options = self.merged(backend, &toml::Table::new())?;
        let writing = self.location.resume(address, backend, options, generation)?;
        Ok(writing.target().clone())
    }

    /// Says that a generation that was begun is still being written.
    pub(crate) async fn keep_alive(
        &self,
        address: &Address,
        backend: &str,
        generation: &str,
    ) -> Result<()> {
        let writing = self.location.resume(address, backend, toml::Table::new(), generation)?;
        self.run(runtime::within(async move { writing.beat().await })).await
    }

    /// Has a backend check and finish what several processes have written.
    pub(crate) async fn complete<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        backend: &'static dyn Backend<T>,
        layout: serde_json::Value,
        generation: &str,
    ) -> Result<Fresh> {
        let options = self.merged(backend.name(), &toml::Table::new())?;
        let writing = self.location.resume(address, backend.name(), options, generation)?;
        let completing = async move {
            writing.revive().await?;
            if !writing.target().immediate {
                runtime::spawn_detached(writing.keep_alive())?;
            }
            let written = backend.complete(&layout, writing.target()).await?;
            let (type_name, shape) = (std::any::type_name::<T>(), backend.type_shape());
            let stored = writing.finish(written, None, type_name, shape).await?;
            Ok(Fresh::new(stored, writing))
        };
        self.run(runtime::within(completing)).await
    }

    /// Removes what was needed until a commit.
    pub(crate) async fn sweep(
        &self,
        address: &Address,
        backend: &str,
        generation: &str,
    ) -> Result<()> {
        let (location, address) = (self.location.clone(), address.clone());
        let (backend, generation) = (backend.to_owned(), generation.to_owned());
        let sweeping = async move { location.sweep(&address, &backend, &generation).await };
        self.run(runtime::within(sweeping)).await
    }

    fn writer<T>(
        &self,
        address: &Address,
        backend: &'static dyn Backend<T>,
        asked: Asked<'_>,
    ) -> Result<Writer<T>> {
        let options = self.merged(backend.name(), asked.options)?;
        let (location, address) = (self.location.clone(), address.clone());
        let (arguments, progress) = (asked.arguments, self.progress);
        Ok(Writer { location, address, backend, options, arguments, progress })
    }

    /// Commits a draft that names what is fresh; none of a null.
    pub(crate) async fn commit(
        &self,
        address: &Address,
        seen: Seen,
        draft: Draft,
        fresh: Option<&Fresh>,
    ) -> Result<Committed> {
        let (location, address) = (self.location.clone(), address.clone());
        let guard = fresh.and_then(Fresh::guard);
        let committing = async move {
            check(guard.as_deref()).await?;
            location.commit(&address, &seen, draft).await
        };
        self.run(committing).await
    }

    /// Adds a backend that holds the same value as the generation `from`, or puts it in the place
    /// of its older generation. False where the value was replaced in the meantime.
    pub(crate) async fn add_backend(
        &self,
        address: &Address,
        seen: Seen,
        from: String,
        fresh: &Fresh,
        removers: Removers,
    ) -> Result<bool> {
        let (location, address) = (self.location.clone(), address.clone());
        let (guard, stored) = (fresh.guard(), fresh.stored.clone());
        let adding = async move {
            check(guard.as_deref()).await?;
            location.add_backend(&address, &seen, &from, stored).await
        };
        let added = self.run(adding).await?;
        let is_there = matches!(added, Committed::Done { .. });
        match added {
            Committed::Done { removal, .. } | Committed::Lost { removal, .. } => {
                remove(removal, removers);
            }
        }
        Ok(is_there)
    }

    pub(crate) async fn forget(&self, address: Address, removers: Removers) -> Result<bool> {
        let location = self.location.clone();
        let forgot = self.run(async move { location.forget(&address).await }).await?;
        remove(forgot.removal, removers);
        Ok(forgot.was_there)
    }

    /// The removers of what these backends keep elsewhere, with their options here.
    pub(crate) fn removers<T>(&self, backends: Backends<T>, plan: &Plan) -> Removers {
        let mut removers = Removers::default();
        for backend in backends {
            let Some(remover) = backend.remover() else { continue };
            let none = toml::Table::new();
            let said = plan.options_of(backend.name()).unwrap_or(&none);
            // One whose options cannot be had is not at hand, which a removal that needs it says.
            if let Ok(options) = self.merged(backend.name(), said) {
                removers.add(remover, options);
            }
        }
        removers
    }
}

/// Removes what was replaced long ago, off the call's path. What is left undone, `gc` finds.
pub(crate) fn remove(removal: Option<Removal>, removers: Removers) {
    let Some(removal) = removal else { return };
    let removing = async move {
        if let Err(error) = removal.run(&removers).await {
            tracing::warn!(target: "nuthatch", %error, "replaced data could not be removed");
        }
    };
    if let Err(error) = runtime::spawn_detached(removing) {
        tracing::warn!(target: "nuthatch", %error, "replaced data could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt as _;

    use super::*;
    use crate::entry::{Content, Filesystem, LocationName, LocationOptions};
    use crate::store;

    const BACKEND: &dyn Backend<Vec<u8>> = &crate::basic::Basic;

    #[test]
    fn what_gc_may_have_removed_since_it_was_written_is_not_committed() {
        let open = store::open("memory://fresh-and-gone", &toml::Table::new()).unwrap();
        let store::Opened { store, url, immediate, .. } = open;
        let lake = Filesystem { store: Arc::clone(&store), url, immediate, folder: None };
        let location = Location::new(LocationOptions::new(LocationName::Root, lake));
        let place = Place::bare(location);
        let address = Address::new("lake.big", None, "", [7; 32]).unwrap();
        let options = toml::Table::new();
        runtime::block_on(async {
            let asked = Asked { options: &options, arguments: BTreeMap::new() };
            let (_, fresh) = place.write(&address, BACKEND, vec![7; 100_000], asked).await;
            let fresh = fresh.unwrap();
            let guard = fresh.guard().expect("it lies outside the manifest");
            guard.beat().await.unwrap();
            let commit = async || {
                let seen = place.look_up(&address).await.unwrap().into_seen();
                let draft = Draft::new(Content::Value(vec![fresh.stored.clone()]));
                place.commit(&address, seen, draft, Some(&fresh)).await
            };
            let alive = format!("{}/.alive", fresh.stored.path);
            store.delete(&object_store::path::Path::parse(alive).unwrap()).await.unwrap();
            let error = commit().await.unwrap_err().to_string();
            assert!(error.contains("`.alive` is gone"), "{error}");
            assert!(place.look_up(&address).await.unwrap().entry().is_none());
        });
    }
}
