//! A location: a filesystem, its options, and the names of what lies in it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use object_store::ObjectStore;
use object_store::path::Path;

use super::layout::{self, Address};
use super::marker::Marker;
use super::writing::Writing;
use crate::backend::{Shown, Source, Stored};
use crate::config::{CommitPolicy, Verify};
use crate::error::{Error, Result};

/// How long a replaced generation is kept where nothing else is said: seven days.
pub const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Which location it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LocationName {
    /// The team's lake.
    Root,
    /// This machine's own.
    Local,
    /// Read only: `mirror` (where the name is empty) or `mirror-NAME`.
    Mirror(String),
}

/// A store with what people call it.
#[derive(Debug, Clone)]
pub struct Filesystem {
    /// The store; paths are relative to it.
    pub store: Arc<dyn ObjectStore>,
    /// The URL as shown to people, without credentials.
    pub url: String,
    /// Whether the store answers on the calling thread without waiting (local files, memory).
    pub immediate: bool,
    /// The folder, where the store is one.
    pub folder: Option<Arc<FilePath>>,
}

/// What a location is made of.
#[derive(Debug, Clone)]
pub struct LocationOptions {
    /// Which location it is.
    pub name: LocationName,
    /// Where manifests lie, and data that no backend has moved elsewhere.
    pub filesystem: Filesystem,
    /// Where the data of single backends lies, by the backend's name.
    pub elsewhere: BTreeMap<String, Filesystem>,
    /// Whether entries may be written.
    pub writable: bool,
    /// How long a replaced generation is kept.
    pub grace: Duration,
    /// How manifests are put.
    pub commit: CommitPolicy,
    /// Whether user, host and git commit are recorded (`manifest_identity`).
    pub record_identity: bool,
}

/// One place that holds entries. Cloning is cheap, and the clones are the same location.
#[derive(Debug, Clone)]
pub struct Location {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: LocationOptions,
    shown: String,
    /// The filesystems as they begin in what is shown of their objects: the location's own, and
    /// those of backends that lie elsewhere.
    own: Arc<str>,
    elsewhere: BTreeMap<String, Arc<str>>,
    marker: Marker,
    /// Whether another call's entry was found in the place of one.
    collided: AtomicBool,
    clock: fn() -> SystemTime,
}

impl LocationOptions {
    /// The usual options: writable unless it is a mirror, conditional commits, [`GRACE`].
    #[must_use]
    pub fn new(name: LocationName, filesystem: Filesystem) -> Self {
        Self {
            writable: !matches!(name, LocationName::Mirror(_)),
            name,
            filesystem,
            elsewhere: BTreeMap::new(),
            grace: GRACE,
            commit: CommitPolicy::Conditional,
            record_identity: true,
        }
    }
}

impl Location {
    /// A location; nothing is read or written yet. A mirror is never writable.
    #[must_use]
    pub fn new(options: LocationOptions) -> Self {
        Self::with_clock(options, SystemTime::now)
    }

    /// A location with a clock of its own, which tests turn back and forth.
    pub(crate) fn with_clock(mut options: LocationOptions, clock: fn() -> SystemTime) -> Self {
        options.writable &= !matches!(options.name, LocationName::Mirror(_));
        let begun = |filesystem: &Filesystem| {
            format!("{} ({}", options.name, filesystem.url.trim_end_matches('/')).into()
        };
        let own = begun(&options.filesystem);
        let elsewhere = options.elsewhere.iter().map(|(name, other)| (name.clone(), begun(other)));
        let elsewhere = elsewhere.collect();
        let shown = format!("{} ({})", options.name, options.filesystem.url);
        let (marker, collided) = (Marker::default(), AtomicBool::new(false));
        Self { inner: Arc::new(Inner { options, shown, own, elsewhere, marker, collided, clock }) }
    }

    /// Which location it is.
    #[must_use]
    pub fn name(&self) -> &LocationName {
        &self.inner.options.name
    }

    /// What the location was made of.
    #[must_use]
    pub fn options(&self) -> &LocationOptions {
        &self.inner.options
    }

    /// The name and URL as shown to people: `root (s3://lake/)`.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.inner.shown
    }

    /// The store that holds the manifests.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.inner.options.filesystem.store
    }

    /// Where a backend's data lies.
    #[must_use]
    pub fn filesystem(&self, backend: &str) -> &Filesystem {
        let options = &self.inner.options;
        options.elsewhere.get(backend).unwrap_or(&options.filesystem)
    }

    /// Where an object can be found by people: the filesystem's URL and the path.
    #[must_use]
    pub fn uri(&self, path: &Path) -> String {
        uri(&self.inner.options.filesystem, path)
    }

    /// Where a stored value can be found by people.
    #[must_use]
    pub fn data_uri(&self, stored: &Stored) -> String {
        if let Some(uri) = stored.details.get("uri").and_then(|uri| uri.as_str()) {
            return uri.to_owned();
        }
        let filesystem = self.filesystem(&stored.backend);
        match layout::parse(&stored.path) {
            Ok(path) => uri(filesystem, &path),
            Err(_) => filesystem.url.clone(),
        }
    }

    /// Begins a write under a fresh generation. The first write to a filesystem probes it.
    ///
    /// # Errors
    ///
    /// The location is not writable, or does not honour the conditions that commits rely on.
    pub async fn begin(
        &self,
        address: &Address,
        backend: &str,
        options: toml::Table,
        inline_up_to: usize,
    ) -> Result<Writing> {
        self.must_be_writable(address)?;
        self.marker().before_write(self, self.options().commit).await?;
        Writing::begin(self, address, backend, options, inline_up_to)
    }

    /// Goes on with a generation that was begun here, perhaps by another process.
    ///
    /// # Errors
    ///
    /// The location is not writable, or that is no generation.
    pub fn resume(
        &self,
        address: &Address,
        backend: &str,
        options: toml::Table,
        generation: &str,
    ) -> Result<Writing> {
        self.must_be_writable(address)?;
        Writing::resume(self, address, backend, options, generation)
    }

    /// Removes what was needed of a generation until it was committed.
    ///
    /// # Errors
    ///
    /// The store cannot be listed or written; what is left harms nobody.
    pub async fn sweep(&self, address: &Address, backend: &str, generation: &str) -> Result<()> {
        let folder = layout::scratch(&address.generation(generation)?)?;
        let store = &self.filesystem(backend).store;
        let removed = super::removal::delete_folder(store, &folder).await;
        removed.map(drop).map_err(|error| self.store_error(format!("remove {folder}"), error))
    }

    /// What a backend needs in order to read one of a manifest's records.
    ///
    /// # Errors
    ///
    /// The record names no path.
    pub fn source(
        &self,
        address: &Address,
        stored: &Arc<Stored>,
        options: toml::Table,
    ) -> Result<Source> {
        let filesystem = self.filesystem(&stored.backend);
        // What is inlined lies in the manifest, and has no folder to look into.
        let prefix = match stored.inline {
            Some(_) => address.manifest().clone(),
            None => layout::parse(&stored.path).map_err(|error| Error::Damaged {
                object: self.show_own(address.manifest()),
                why: error.to_string(),
            })?,
        };
        Ok(Source {
            store: Arc::clone(&filesystem.store),
            shown: self.show_data(&stored.backend, &prefix),
            prefix,
            immediate: filesystem.immediate,
            folder: filesystem.folder.clone(),
            record: Arc::clone(stored),
            options,
            verify: Verify::Full,
            is_alone: true,
        })
    }

    /// Whether its `nuthatch.json` was read, or is known not to be there.
    pub(crate) fn is_known(&self) -> bool {
        self.marker().lets_denied_be_a_miss()
    }

    pub(super) fn marker(&self) -> &Marker {
        &self.inner.marker
    }

    pub(super) fn is_first_collision(&self) -> bool {
        !self.inner.collided.swap(true, Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.inner.clock)()
    }

    pub(super) fn clock(&self) -> fn() -> SystemTime {
        self.inner.clock
    }

    /// An object of a backend as shown to people in errors: the location's name and the URL.
    pub(super) fn show_data(&self, backend: &str, path: &Path) -> Shown {
        let elsewhere = self.inner.elsewhere.get(backend);
        Shown::new(elsewhere.unwrap_or(&self.inner.own), path)
    }

    /// As [`show_data`](Self::show_data), for an object beside the manifests.
    pub(super) fn show_own(&self, path: &Path) -> String {
        Shown::new(&self.inner.own, path).to_string()
    }

    pub(super) fn store_error(&self, doing: String, source: object_store::Error) -> Error {
        Error::Store { doing, location: self.shown().to_owned(), source: source.into() }
    }

    /// Whether an error of the store may be the network's, and be gone at the next request. Those
    /// that have no condition the store's client has made again already; of the others only we
    /// know that they may be.
    pub(super) fn may_pass(&self, error: &object_store::Error) -> bool {
        let is_afar = !self.options().filesystem.immediate;
        is_afar && matches!(error, object_store::Error::Generic { .. })
    }

    pub(super) fn must_be_writable(&self, address: &Address) -> Result<()> {
        if self.options().writable {
            return Ok(());
        }
        Err(Error::Usage {
            function: address.function().to_owned(),
            message: format!("{} is read only, so nothing was written there", self.shown()),
        })
    }
}

/// A moment as manifests have it: RFC 3339, UTC, milliseconds.
pub(crate) fn rfc3339(moment: SystemTime) -> String {
    let millis = match moment.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    let moment = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn uri(filesystem: &Filesystem, path: &Path) -> String {
    format!("{}/{path}", filesystem.url.trim_end_matches('/'))
}

impl fmt::Display for LocationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Local => f.write_str("local"),
            Self::Mirror(name) if name.is_empty() => f.write_str("mirror"),
            Self::Mirror(name) => write!(f, "mirror-{name}"),
        }
    }
}
