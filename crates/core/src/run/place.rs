//! One location, opened: looking entries up, and reading them.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::backend::{Backend, Source, Stored};
use crate::config::{
    self, CommitPolicy, LocationSettings, ManifestIdentity, Progress, Settings, Verify, Wiped,
    shown_span,
};
use crate::entry::{
    Address, Entry, Filesystem, Input, Location, LocationName, LocationOptions, Lookup,
};
use crate::error::{Error, Result};
use crate::progress::{self, Direction, Transfer};
use crate::runtime;
use crate::stats::{COUNTERS, add};
use crate::store::{self, Counting, Owner};
use crate::time::TimeRange;

/// How often an entry is shown anew where others commit at the same time.
const PUBLISH_ATTEMPTS: usize = 16;

/// One location. What its store answers at once is awaited here; all else runs on nuthatch's
/// own runtime, so that it does not matter where a call is awaited.
pub(crate) struct Place {
    pub(super) location: Location,
    /// The backends' own options in this location, and those that functions give.
    options: BTreeMap<String, (toml::Table, config::Asked)>,
    /// How long a look-up may take in a store that is not on this machine.
    timeout: Duration,
    /// Who is told of long transfers.
    pub(super) progress: Progress,
    /// A mirror that could not be reached, and is not asked again.
    out_of_reach: AtomicBool,
    /// Whether the store has said that leases may not be written there.
    denies_leases: AtomicBool,
    /// What is told of the location once a process.
    pub(super) told: Told,
}

/// What was told of a location already: it is as it is for every call.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// That a mirror is out of reach.
    pub(super) out_of_reach: FirstTime,
    /// That a mirror holds what cannot be used.
    pub(super) unusable: FirstTime,
    /// That a lease could not be removed.
    pub(super) lease_stays: FirstTime,
}

/// Something that is done once: for the first to ask, this is the time.
#[derive(Debug, Default)]
pub(super) struct FirstTime(AtomicBool);

impl FirstTime {
    pub(super) fn is_now(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl Place {
    pub(super) fn open(
        name: LocationName,
        owner: Owner,
        place: &LocationSettings,
        settings: &Settings,
    ) -> Result<Self> {
        let is_mirror = matches!(name, LocationName::Mirror(_));
        let open = |filesystem: &str, options: &toml::Table| {
            let options = Wiped(store_options(filesystem, options, settings.durable));
            let opened = store::open_for(owner, filesystem, &options)?;
            if opened.read_only && !is_mirror {
                return Err(read_only(&opened.url));
            }
            let store::Opened { store, url, immediate, folder, .. } = opened;
            let folder = folder.map(Into::into);
            Ok(Filesystem { store, url, immediate, folder })
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
            progress: settings.progress,
            out_of_reach: AtomicBool::new(false),
            denies_leases: AtomicBool::new(false),
            told: Told::default(),
        })
    }

    /// A location without settings.
    #[cfg(test)]
    pub(crate) fn bare(location: Location) -> Self {
        Self {
            location,
            options: BTreeMap::new(),
            timeout: Duration::from_secs(1),
            progress: Progress::Off,
            out_of_reach: AtomicBool::new(false),
            denies_leases: AtomicBool::new(false),
            told: Told::default(),
        }
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// How long data that nobody needs is kept here.
    pub(crate) fn grace(&self) -> Duration {
        self.location.options().grace
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
        self.asked(async move { location.look_up(&address).await }).await
    }

    /// What a small request to the store brings, which is waited for no longer than `timeout`.
    pub(super) async fn asked<O: Send + 'static>(
        &self,
        request: impl Future<Output = Result<O>> + Send + 'static,
    ) -> Result<O> {
        if self.is_immediate() {
            return request.await;
        }
        let timeout = self.timeout;
        match runtime::spawn(async move { tokio::time::timeout(timeout, request).await }).await? {
            Ok(brought) => brought,
            Err(_) => Err(self.silent()),
        }
    }

    /// Whether this is a mirror that could not be reached before: one that does not answer costs
    /// one time-out a process, not one a call.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        self.out_of_reach.load(Ordering::Relaxed)
    }

    /// Heeds that the location could not be read: a mirror is out of reach from now on where it has
    /// not even said whether it is a location, or could not be reached on another machine.
    pub(super) fn heed(&self, error: &Error) {
        let is_broken = !self.location.is_known() && matches!(error, Error::Store { .. });
        if self.is_mirror() && (is_broken || !self.is_immediate() && is_distant(error)) {
            self.out_of_reach.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_mirror(&self) -> bool {
        matches!(self.name(), LocationName::Mirror(_))
    }

    /// Whether leases may not be written here, as far as this process has heard.
    pub(super) fn denies_leases(&self) -> bool {
        self.denies_leases.load(Ordering::Relaxed)
    }

    /// Heeds what went wrong with a lease: the first to be told that there may be none gets `true`.
    pub(super) fn heeds_denial(&self, error: &Error) -> bool {
        is_denial(error) && !self.denies_leases.swap(true, Ordering::Relaxed)
    }

    fn silent(&self) -> Error {
        let why = format!(
            "no answer within {}; raise `timeout`, or name the location in `skipped_filesystems`",
            shown_span(self.timeout),
        );
        let (doing, location) = ("look an entry up".to_owned(), self.shown().to_owned());
        Error::Store { doing, location, source: why.into() }
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

    /// Reads one of an entry's backends, or at least what lies within a range of time.
    pub(crate) async fn read<T: Send + Sync + 'static>(
        &self,
        address: &Address,
        stored: &Arc<Stored>,
        backend: &'static dyn Backend<T>,
        options: &toml::Table,
        within: Option<&TimeRange>,
        verify: Verify,
    ) -> Result<T> {
        let (mut source, meter) = self.metered(address, stored, options)?;
        source.verify = verify;
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
        source.store = progress::watched(Arc::new(meter.clone()), self.progress, || {
            let total = Some(stored.bytes);
            Transfer::new(Direction::Read, address.function(), self.name(), total)
        });
        Ok((source, Some(meter)))
    }

    /// The call's options for a backend, over the location's own.
    pub(crate) fn merged(&self, backend: &str, options: &toml::Table) -> Result<toml::Table> {
        let Some((own, asked)) = self.options.get(backend) else { return Ok(options.clone()) };
        let mut merged = asked.over(own)?.0.clone();
        merged.extend(options.clone());
        Ok(merged)
    }

    pub(super) fn is_immediate(&self) -> bool {
        self.location.options().filesystem.immediate
    }

    pub(super) async fn run<O: Send + 'static>(
        &self,
        work: impl Future<Output = Result<O>> + Send + 'static,
    ) -> Result<O> {
        if self.is_immediate() { work.await } else { runtime::spawn(work).await? }
    }
}

/// Whether a store could not be reached. One that says that this user may not has answered.
fn is_distant(error: &Error) -> bool {
    matches!(error, Error::Store { .. }) && !is_denial(error)
}

/// Whether a store says that this user may not.
fn is_denial(error: &Error) -> bool {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    let Error::Store { source, .. } = error else { return false };
    let refused = source.downcast_ref::<object_store::Error>();
    matches!(refused, Some(PermissionDenied { .. } | Unauthenticated { .. }))
}

fn read_only(url: &str) -> Error {
    Error::Config {
        message: "a web server can only be read: name it as a mirror (`mirror.filesystem`), and \
                  another place as root or local"
            .to_owned(),
        origin: format!("filesystem {url:?}"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
