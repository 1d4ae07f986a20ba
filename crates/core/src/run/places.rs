//! The configured locations, opened: what the run loop reads and writes.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::backend::{Backend, Source, Stored, Target, Written};
use crate::config::{
    self, CommitPolicy, LocationSettings, ManifestIdentity, OnStoreFailure, Scope, Settings,
    shown_span,
};
use crate::entry::{
    Address, Committed, Draft, Entry, Filesystem, Input, Location, LocationName, LocationOptions,
    Lookup, Removal, Seen, Writing,
};
use crate::error::{Error, Result};
use crate::runtime;
use crate::stats::{COUNTERS, add};
use crate::store::{self, Counting};
use crate::time::TimeRange;

/// Values whose encoding is at most this long lie in the manifest: one GET recalls them.
const INLINE_UP_TO: usize = 32 * 1024;
/// How often an entry is shown anew where others commit at the same time.
const PUBLISH_ATTEMPTS: usize = 16;

/// All locations of one configuration. Each is opened when it is first needed.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) settings: Arc<Settings>,
    root: Option<Arc<Slot>>,
    local: Result<Arc<Slot>, CannotOpen>,
    mirrors: Vec<Arc<Slot>>,
    /// The mirrors that dependencies have brought along for their own functions.
    dependencies: Vec<(Scope, Vec<Arc<Slot>>)>,
}

#[derive(Debug)]
struct Slot {
    settings: LocationSettings,
    name: LocationName,
    opened: OnceLock<Result<Arc<Place>, CannotOpen>>,
}

/// Why a location cannot be opened, told to every call that needs it.
#[derive(Debug, Clone)]
struct CannotOpen {
    message: String,
    origin: String,
}

impl Places {
    /// The locations of these settings. What is open already stays so, unless code has set a
    /// parameter since.
    pub(crate) fn new(settings: Arc<Settings>, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.settings.has_equal_globals(&settings));
        let slot = |name: LocationName, settings: &LocationSettings| {
            let same = |slot: &&Arc<Slot>| slot.name == name && slot.settings == *settings;
            let known = before.and_then(|before| before.slots().find(same));
            known.map_or_else(|| Arc::new(Slot::new(name.clone(), settings)), Arc::clone)
        };
        let mirrors = |mirrors: &[LocationSettings]| -> Vec<_> {
            let name = |mirror: &LocationSettings| {
                let name = mirror.name.strip_prefix("mirror-").unwrap_or_default();
                LocationName::Mirror(name.to_owned())
            };
            mirrors.iter().map(|mirror| slot(name(mirror), mirror)).collect()
        };
        let local = settings.local().map(|local| slot(LocationName::Local, local));
        Self {
            root: settings.root.as_ref().map(|root| slot(LocationName::Root, root)),
            local: local.map_err(|error| CannotOpen::new(&LocationName::Local, error)),
            mirrors: mirrors(&settings.mirrors),
            dependencies: settings
                .dependencies
                .iter()
                .map(|dependency| (dependency.scope, mirrors(&dependency.mirrors)))
                .collect(),
            settings,
        }
    }

    fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        let dependencies = self.dependencies.iter().flat_map(|(_, mirrors)| mirrors);
        self.root.iter().chain(self.local.as_ref().ok()).chain(&self.mirrors).chain(dependencies)
    }

    pub(crate) fn root(&self) -> Option<Result<Arc<Place>>> {
        self.root.as_ref().map(|root| root.open(&self.settings))
    }

    pub(crate) fn local(&self) -> Result<Arc<Place>> {
        match &self.local {
            Ok(slot) => slot.open(&self.settings),
            Err(why) => Err(why.clone().into()),
        }
    }

    /// The program's mirrors, then those that the function's own crate has brought along.
    pub(crate) fn mirrors(&self, of: &Scope) -> impl Iterator<Item = Result<Arc<Place>>> {
        let own = self.dependencies.iter().filter(|(scope, _)| scope.is_same_crate(of));
        let mirrors = self.mirrors.iter().chain(own.flat_map(|(_, mirrors)| mirrors));
        mirrors.map(|mirror| mirror.open(&self.settings))
    }

    pub(crate) fn fails_on_store_failure(&self) -> bool {
        self.settings.on_store_failure == OnStoreFailure::Error
    }
}

impl Slot {
    fn new(name: LocationName, settings: &LocationSettings) -> Self {
        Self { settings: settings.clone(), name, opened: OnceLock::new() }
    }

    fn open(&self, settings: &Settings) -> Result<Arc<Place>> {
        if self.opened.get().is_none() {
            // Before the lock: a function may itself call what needs this location, and is told so.
            self.settings.ask()?;
        }
        let opened = self.opened.get_or_init(|| {
            let place = Place::open(self.name.clone(), &self.settings, settings);
            place.map(Arc::new).map_err(|error| CannotOpen::new(&self.name, error))
        });
        opened.clone().map_err(Error::from)
    }
}

impl CannotOpen {
    fn new(name: &LocationName, error: Error) -> Self {
        match error {
            Error::Config { message, origin } => {
                Self { message, origin: format!("location {name}, {origin}") }
            }
            error => Self { message: error.to_string(), origin: format!("location {name}") },
        }
    }
}

impl From<CannotOpen> for Error {
    fn from(CannotOpen { message, origin }: CannotOpen) -> Self {
        Self::Config { message, origin }
    }
}

/// One location. What its store answers at once is awaited here; all else runs on nuthatch's
/// own runtime, so that it does not matter where a call is awaited.
pub(crate) struct Place {
    location: Location,
    /// The backends' own options in this location, and those that functions give.
    options: BTreeMap<String, (toml::Table, config::Asked)>,
    /// How long a look-up may take in a store that is not on this machine.
    timeout: Duration,
    /// A mirror that could not be reached, and is not asked again.
    out_of_reach: AtomicBool,
}

impl Place {
    fn open(name: LocationName, place: &LocationSettings, settings: &Settings) -> Result<Self> {
        let open = |filesystem: &str, options: &toml::Table| {
            let options = store_options(filesystem, options, settings.durable);
            let store::Opened { store, url, immediate, folder, .. } =
                store::open(filesystem, &options)?;
            let folder = folder.map(Into::into);
            Ok::<_, Error>(Filesystem { store, url, immediate, folder })
        };
        let filesystem_options = place.asked.over(&place.filesystem_options)?;
        let mut options = LocationOptions::new(name, open(&place.filesystem, &filesystem_options)?);
        let mut own = BTreeMap::new();
        for (name, backend) in &place.backends {
            own.insert(name.clone(), (backend.options.clone(), backend.options_asked.clone()));
            let same_options = backend.filesystem_options == place.filesystem_options
                && backend.asked == place.asked;
            if backend.filesystem != place.filesystem || !same_options {
                let own = backend.asked.over(&backend.filesystem_options)?;
                let elsewhere = open(&backend.filesystem, &own)?;
                options.elsewhere.insert(name.clone(), elsewhere);
            }
        }
        options.grace = settings.grace;
        options.commit = settings.commit;
        options.record_identity = settings.manifest_identity == ManifestIdentity::Full;
        Ok(Self {
            location: Location::new(options),
            options: own,
            timeout: settings.timeout,
            out_of_reach: AtomicBool::new(false),
        })
    }

    pub(crate) fn name(&self) -> &LocationName {
        self.location.name()
    }

    pub(crate) fn shown(&self) -> &str {
        self.location.shown()
    }

    /// The URI of what an entry holds: its data, or its manifest where the value is inlined.
    pub(crate) fn uri(&self, address: &Address, entry: &Entry) -> String {
        match entry.backends().first() {
            Some(stored) if stored.inline.is_none() => self.location.data_uri(stored),
            _ => self.location.uri(address.manifest()),
        }
    }

    /// The manifest's name in errors.
    pub(crate) fn object(&self, address: &Address) -> String {
        format!("{} ({})", self.name(), self.location.uri(address.manifest()))
    }

    /// The entry as an input of what is computed from it.
    pub(crate) fn input(&self, address: &Address, stored: Option<&Stored>) -> Input {
        Input {
            location: self.name().to_string(),
            path: address.manifest().to_string(),
            generation: stored.map(|stored| stored.generation.clone()),
        }
    }

    pub(crate) async fn look_up(&self, address: &Address) -> Result<Lookup> {
        if self.is_immediate() {
            return self.location.look_up(address).await;
        }
        let (location, address) = (self.location.clone(), address.clone());
        let timeout = self.timeout;
        let looking =
            async move { tokio::time::timeout(timeout, location.look_up(&address)).await };
        let found = match runtime::spawn(looking).await? {
            Ok(found) => found,
            Err(_) => Err(self.silent()),
        };
        if let Err(error) = &found
            && matches!(self.name(), LocationName::Mirror(_))
            && is_distant(error)
        {
            self.out_of_reach.store(true, Ordering::Relaxed);
        }
        found
    }

    /// Whether this is a mirror that could not be reached before: one that does not answer costs
    /// one time-out a process, not one a call.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        self.out_of_reach.load(Ordering::Relaxed)
    }

    fn silent(&self) -> Error {
        let why = format!(
            "no answer within {}; raise `timeout`, or name the location in `skipped_filesystems`",
            shown_span(self.timeout),
        );
        let (doing, location) = ("look an entry up".to_owned(), self.shown().to_owned());
        Error::Store { doing, location, source: why.into() }
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
            Committed::Done { removal, .. } | Committed::Lost { removal, .. } => remove(removal),
        }
        Ok(is_there)
    }

    pub(crate) async fn forget(&self, address: Address) -> Result<bool> {
        let location = self.location.clone();
        let forgot = self.run(async move { location.forget(&address).await }).await?;
        remove(forgot.removal);
        Ok(forgot.was_there)
    }

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

    /// Has a backend show people what the entry holds now. Where another writer was first in the
    /// meantime, what it has committed is shown in turn: the last to show has read the manifest
    /// after it.
    pub(crate) async fn publish<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        mut stored: Arc<Stored>,
        backend: &'static dyn Backend<T>,
        options: &toml::Table,
    ) -> Result<()> {
        if !backend.publishes() {
            return Ok(());
        }
        for _ in 0..PUBLISH_ATTEMPTS {
            let source = self.source(address, &stored, options)?;
            let showing = async move { backend.publish(&source).await };
            self.run(runtime::within(showing)).await?;
            let Lookup::Found { entry, .. } = self.look_up(address).await? else { break };
            let named = |now: &&Arc<Stored>| now.backend == stored.backend;
            match entry.backends().iter().find(named) {
                Some(now) if now.generation != stored.generation => stored = Arc::clone(now),
                _ => break,
            }
        }
        Ok(())
    }

    /// The URL of the filesystem that a backend's data lies in, without credentials.
    pub(crate) fn url(&self, backend: &str) -> &str {
        &self.location.filesystem(backend).url
    }

    /// Whether the location's store honours conditions.
    pub(crate) fn is_conditional(&self) -> bool {
        self.location.options().commit == CommitPolicy::Conditional
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
        Ok(Writer { location, address, backend, options, arguments: asked.arguments })
    }

    /// Reads one of an entry's backends, or at least what lies within a range of time.
    pub(crate) async fn read<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        stored: &Arc<Stored>,
        backend: &'static dyn Backend<T>,
        options: &toml::Table,
        within: Option<&TimeRange>,
    ) -> Result<T> {
        let (source, meter) = self.metered(address, stored, options)?;
        let read = async |source: &Source, within: Option<&TimeRange>| match within {
            None => backend.read(source).await,
            Some(within) => backend.read_within(source, within).await,
        };
        let value = if source.immediate {
            runtime::within(read(&source, within)).await?
        } else {
            let within = within.cloned();
            runtime::spawn(async move { read(&source, within.as_ref()).await }).await??
        };
        // What came with the manifest, or from a database.
        if meter.is_none_or(|meter| meter.counts().bytes_read == 0) {
            add(&COUNTERS.bytes_read, stored.bytes);
        }
        Ok(value)
    }

    pub(crate) fn source(
        &self,
        address: &Address,
        stored: &Arc<Stored>,
        options: &toml::Table,
    ) -> Result<Source> {
        Ok(self.metered(address, stored, options)?.0)
    }

    /// A source whose store counts what is read of it, now and by what is read lazily later.
    fn metered(
        &self,
        address: &Address,
        stored: &Arc<Stored>,
        options: &toml::Table,
    ) -> Result<(Source, Option<Counting>)> {
        let options = self.merged(&stored.backend, options)?;
        let mut source = self.location.source(address, stored, options)?;
        if stored.inline.is_some() {
            return Ok((source, None));
        }
        let meter = Counting::adding_to(source.store, &COUNTERS.bytes_read);
        source.store = Arc::new(meter.clone());
        Ok((source, Some(meter)))
    }

    /// The call's options for a backend, over the location's own.
    pub(crate) fn merged(&self, backend: &str, options: &toml::Table) -> Result<toml::Table> {
        let Some((own, asked)) = self.options.get(backend) else { return Ok(options.clone()) };
        let mut merged = asked.over(own)?.into_owned();
        merged.extend(options.clone());
        Ok(merged)
    }

    fn is_immediate(&self) -> bool {
        self.location.options().filesystem.immediate
    }

    async fn run<O: Send + 'static>(
        &self,
        work: impl Future<Output = Result<O>> + Send + 'static,
    ) -> Result<O> {
        if self.is_immediate() { work.await } else { runtime::spawn(work).await? }
    }
}

/// Whether a store could not be reached. One that says that this user may not has answered.
fn is_distant(error: &Error) -> bool {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    let Error::Store { source, .. } = error else { return false };
    let refused = source.downcast_ref::<object_store::Error>();
    !matches!(refused, Some(PermissionDenied { .. } | Unauthenticated { .. }))
}

/// What a store is opened with. `durable` is about disks: no other store knows the word.
fn store_options(filesystem: &str, options: &toml::Table, durable: bool) -> toml::Table {
    let mut options = options.clone();
    let is_folder = match filesystem.split_once("://") {
        Some((scheme, _)) => scheme.eq_ignore_ascii_case("file"),
        None => true,
    };
    if is_folder {
        options.entry("durable").or_insert_with(|| durable.into());
    }
    options
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options may hold secrets.
        f.debug_struct("Place").field("location", &self.location).finish_non_exhaustive()
    }
}

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
}

impl<T: Send + Sync + 'static> Writer<T> {
    async fn write(self, value: &T) -> Result<Fresh> {
        let writing = self.begin().await?;
        let written = self.backend.write(value, writing.target()).await?;
        self.finish(writing, written, None).await
    }

    async fn upsert(self, value: &T, keys: &[&str], base: Option<&Source>) -> Result<Fresh> {
        let writing = self.begin().await?;
        let written = self.backend.upsert(value, keys, base, writing.target()).await?;
        self.finish(writing, written, base).await
    }

    async fn begin(&self) -> Result<Writing> {
        let (name, options) = (self.backend.name(), self.options.clone());
        let writing = self.location.begin(&self.address, name, options, INLINE_UP_TO).await?;
        let writing = writing.with_arguments(self.arguments.clone());
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
}

async fn check(guard: Option<&Writing>) -> Result<()> {
    match guard {
        Some(writing) => writing.check().await,
        None => Ok(()),
    }
}

/// Removes what was replaced long ago, off the call's path. What is left undone, `gc` finds.
pub(crate) fn remove(removal: Option<Removal>) {
    let Some(removal) = removal else { return };
    let removing = async move {
        if let Err(error) = removal.run().await {
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
    use crate::entry::Content;

    const BACKEND: &dyn Backend<Vec<u8>> = &crate::basic::Basic;

    #[test]
    fn what_gc_may_have_removed_since_it_was_written_is_not_committed() {
        let open = store::open("memory://fresh-and-gone", &toml::Table::new()).unwrap();
        let store::Opened { store, url, immediate, .. } = open;
        let lake = Filesystem { store: Arc::clone(&store), url, immediate, folder: None };
        let location = Location::new(LocationOptions::new(LocationName::Root, lake));
        let (timeout, out_of_reach) = (Duration::from_secs(1), AtomicBool::new(false));
        let place = Place { location, options: BTreeMap::new(), timeout, out_of_reach };
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

    #[test]
    fn durable_is_told_to_folders_alone() {
        let none = toml::Table::new();
        for folder in ["/srv/lake", "file:///srv/lake", "FILE:///srv/lake"] {
            assert_eq!(store_options(folder, &none, true)["durable"], true.into(), "{folder}");
        }
        for other in ["memory://lake", "s3://lake/a", "https://lake.org/a"] {
            assert_eq!(store_options(other, &none, true), none, "{other}");
        }
        let own = toml::Table::from_iter([("durable".to_owned(), false.into())]);
        assert_eq!(store_options("/srv/lake", &own, true), own);
    }
}
