//! How a value is laid out in a location: the trait that every backend implements.

#[cfg(any(test, feature = "test-util"))]
pub mod conformance;
mod copying;
mod elsewhere;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

pub(crate) use self::copying::transfer;
pub use self::copying::{copy_object, copy_objects, copy_summed};
pub use self::elsewhere::{Elsewhere, Remover, Removers};
use crate::config::{Masked, Verify};
use crate::entry::{Extent, layout};
use crate::error::{Error, Result};
use crate::time::TimeRange;

/// Lays values of `T` out in a location, and reads them back.
///
/// # Contract
///
/// - A backend writes only below [`Target::prefix`], and every object under a name of its own
///   choosing there. The prefix is fresh: nothing else has written or will write there. What it
///   keeps elsewhere, as a table in a database, it [announces](Target::announce) there first, and
///   gives a [remover](Backend::remover).
/// - What it wrote is visible to nobody until nuthatch commits the manifest that names it.
///   A write that fails or is dropped half-way needs no cleaning up.
/// - [`read`](Backend::read) tells damage from distance: an object that is missing, short or not
///   what was written is [`Error::Damaged`], a store that cannot be read is [`Error::Store`]. The
///   first is replaced without asking, the second is a miss that leaves the entry alone.
/// - [`read`](Backend::read) returns exactly the value that was written, or an error; never
///   another value, and it never panics, whatever the bytes are.
/// - An eager value is checked whole before it is returned; a lazy one when it is read.
pub trait Backend<T>: Send + Sync + fmt::Debug + 'static {
    /// The name in attributes, manifests and configuration: `basic`, `zarr`.
    fn name(&self) -> &'static str;

    /// A hash of the shape of `T` as it is stored, where the backend's format does not describe
    /// itself. It is kept in the manifest and compared before anything is decoded.
    fn type_shape(&self) -> Option<String>;

    /// Writes `value` below the target's prefix, or hands small bytes back to be put inline into
    /// the manifest.
    fn write<'a>(&'a self, value: &'a T, target: &'a Target) -> BoxFuture<'a, Result<Written>>;

    /// Reads the value that `source` describes.
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<T>>;

    /// Reads what `source` describes, where only a range of time of it is asked for: whatever lies
    /// outside may be left out or not, and is clipped in any case. What lies within is there, in
    /// its order. Backends that cannot tell keep this default, which reads all.
    fn read_within<'a>(
        &'a self,
        source: &'a Source,
        within: &'a TimeRange,
    ) -> BoxFuture<'a, Result<T>> {
        let _ = within;
        self.read(source)
    }

    /// What the value weighs in the memo, in bytes, where no stored size is known.
    fn weigh(&self, value: &T) -> u64;

    /// Whether the value is read back from its entry once it is stored, instead of being returned
    /// as it is: one that computes its parts when they are asked for would compute them again.
    fn reopens(&self, value: &T) -> bool {
        let _ = value;
        false
    }

    /// Whether the options ask that an entry which lies otherwise than they say is written anew,
    /// as a new generation, when it is recalled by a call that may write there.
    fn rewrites(&self, options: &toml::Table) -> bool {
        let _ = options;
        false
    }

    /// Whether a value, as it was read, lies as the options say; asked where they
    /// [rewrite](Backend::rewrites). `arguments` are the key arguments of the call, readable, by
    /// name.
    ///
    /// # Errors
    ///
    /// The options mean nothing.
    fn lies_as_asked(
        &self,
        value: &T,
        options: &toml::Table,
        arguments: &BTreeMap<String, String>,
    ) -> Result<bool> {
        let (_, _, _) = (value, options, arguments);
        Ok(true)
    }

    /// Whether [`upsert`](Backend::upsert) can be called.
    fn can_upsert(&self) -> bool {
        false
    }

    /// The value with all that it would compute when it is read computed, in memory; none where it
    /// computes nothing, as with this default. It is asked for what is to be
    /// [merged](Backend::upsert): a merge that loses its commit is made again, and what it merges
    /// is computed once.
    fn settled<'a>(&'a self, value: &'a T) -> BoxFuture<'a, Result<Option<T>>> {
        let _ = value;
        Box::pin(async { Ok(None) })
    }

    /// Merges `value` by `keys` onto what `base` describes (nothing, where it is `None`), as a
    /// new generation. Backends that cannot merge keep this default, which says so.
    fn upsert<'a>(
        &'a self,
        value: &'a T,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        let (_, _, _, _) = (value, keys, base, target);
        let message = format!("backend {} cannot upsert; use one that can", self.name());
        let function = std::any::type_name::<T>().to_owned();
        Box::pin(async move { Err(Error::Usage { function, message }) })
    }

    /// Whether several processes can fill one generation: [`begin`](Backend::begin) and
    /// [`complete`](Backend::complete) can be called.
    fn can_share(&self) -> bool {
        false
    }

    /// Writes what `template` holds already, and says in a layout what others are to fill in: they
    /// get it with their [`Ticket`](crate::ticket::Ticket). Nothing of it is visible yet.
    fn begin<'a>(
        &'a self,
        template: &'a T,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<serde_json::Value>> {
        let (_, _) = (template, target);
        let error = self.cannot_share();
        Box::pin(async move { Err(error) })
    }

    /// Checks that everything that the layout asks for was written below the target by whoever
    /// did, and finishes the generation. It may be called again, and by several at once, and then
    /// writes the same. What lies in [`Target::scratch`] is removed after the commit.
    fn complete<'a>(
        &'a self,
        layout: &'a serde_json::Value,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        let (_, _) = (layout, target);
        let error = self.cannot_share();
        Box::pin(async move { Err(error) })
    }

    /// What a backend says that one process alone can write.
    #[doc(hidden)]
    fn cannot_share(&self) -> Error {
        let message = format!(
            "backend {} is written by one process alone; `begin` needs one whose values have \
             regions, as `zarr`",
            self.name()
        );
        Error::Usage { function: std::any::type_name::<T>().to_owned(), message }
    }

    /// Copies what `source` describes below the target's prefix as it is, object by object and
    /// checked on the way, with the same checksums in what it gives back: see
    /// [`copy_objects`] and [`copy_object`]. Nothing where the backend cannot tell which objects these are, or keeps
    /// more than objects; then the value is read, and written anew.
    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        let (_, _) = (source, target);
        Box::pin(async { Ok(None) })
    }

    /// What removes what the backend keeps of a generation outside the location's store; none where
    /// it keeps nothing there.
    fn remover(&self) -> Option<&'static dyn Remover> {
        None
    }

    /// Whether [`publish`](Backend::publish) does anything.
    fn publishes(&self) -> bool {
        false
    }

    /// Shows people what the entry holds now: a database's view is pointed at the table. It is
    /// called after each commit, and once more where another was first in the meantime; a failure
    /// is a warning, for the entry is whole without it.
    fn publish<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<()>> {
        let _ = source;
        Box::pin(async { Ok(()) })
    }
}

/// Where a backend writes one generation. `Debug` shows no secret among the options.
#[derive(Clone)]
pub struct Target {
    /// The store to write to.
    pub store: Arc<dyn ObjectStore>,
    /// The generation's own folder.
    pub prefix: Path,
    /// The location and prefix as shown to people in errors.
    pub shown: Shown,
    /// Whether the store answers on the calling thread without waiting (local files, memory).
    pub immediate: bool,
    /// The store's own folder, where it is one.
    pub folder: Option<Arc<FilePath>>,
    /// Values whose encoding is at most this many bytes are handed back as
    /// [`Written::inline`]; 0 where nothing may be inlined.
    pub inline_up_to: usize,
    /// The options of `backend_options(…)`, the call and the configuration, merged.
    pub options: toml::Table,
    /// The key arguments of the call, readable, by name.
    pub arguments: BTreeMap<String, String>,
}

impl Target {
    /// The folder of what is needed until the commit alone: records of what each process wrote.
    ///
    /// # Errors
    ///
    /// The prefix is no path.
    pub fn scratch(&self) -> Result<Path> {
        layout::scratch(&self.prefix)
    }
}

/// Where a backend reads one generation. `Debug` shows no secret among the options.
#[derive(Clone)]
pub struct Source {
    /// The store to read from.
    pub store: Arc<dyn ObjectStore>,
    /// The generation's own folder.
    pub prefix: Path,
    /// The location and prefix as shown to people in errors.
    pub shown: Shown,
    /// Whether the store answers on the calling thread without waiting.
    pub immediate: bool,
    /// The store's own folder, where it is one.
    pub folder: Option<Arc<FilePath>>,
    /// What the manifest says of this backend.
    pub record: Arc<Stored>,
    /// The options of `backend_options(…)`, the call and the configuration, merged.
    pub options: toml::Table,
    /// Whether what is read is compared with its checksums. Where it is not, lengths and names
    /// still count, and nothing panics.
    pub verify: Verify,
    /// Whether this is all that the entry holds. Where it holds its value by other backends, too,
    /// an upsert that changes this generation before the commit would make two values of the one
    /// until then, and for good where the commit never comes.
    pub is_alone: bool,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("shown", &self.shown.to_string())
            .field("prefix", &self.prefix.as_ref())
            .field("options", &Masked(&self.options))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("shown", &self.shown.to_string())
            .field("prefix", &self.prefix.as_ref())
            .field("record", &self.record)
            .field("options", &Masked(&self.options))
            .finish_non_exhaustive()
    }
}

/// A place as people read it in errors: `root (s3://lake/…)`. It is put together where it is
/// shown: most recalls show none.
#[derive(Debug, Clone)]
pub struct Shown {
    filesystem: Arc<str>,
    path: Option<Path>,
}

impl Shown {
    /// A path in a filesystem, which is named up to its closing bracket: `root (s3://lake`.
    pub(crate) fn new(filesystem: &Arc<str>, path: &Path) -> Self {
        Self { filesystem: Arc::clone(filesystem), path: Some(path.clone()) }
    }
}

impl From<&str> for Shown {
    /// A place in words of its own.
    fn from(words: &str) -> Self {
        Self { filesystem: words.into(), path: None }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}/{path})", self.filesystem),
            None => f.write_str(&self.filesystem),
        }
    }
}

/// What a backend has written.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Bytes to put into the manifest instead of into objects.
    pub inline: Option<Bytes>,
    /// The size of everything written, in bytes.
    pub bytes: u64,
    /// What the backend wants to find again in [`Stored::details`]: checksums, a table version.
    ///
    /// A text `uri` says where people find the data, where that is no path of the location. It
    /// holds no credentials.
    pub details: serde_json::Map<String, serde_json::Value>,
    /// An upsert has changed the generation that it was given as its base, and has made none of
    /// its own.
    pub in_base: bool,
    /// The time that the value covers, where the backend knows it.
    pub time_extent: Option<Extent>,
}

/// What the manifest says of one backend of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// The backend's name.
    pub backend: String,
    /// The generation's identifier, a ULID.
    pub generation: String,
    /// The generation's folder, relative to the backend's filesystem.
    pub path: String,
    /// The size in bytes.
    pub bytes: u64,
    /// The Rust type that was stored, for people.
    #[serde(rename = "type")]
    pub type_name: String,
    /// See [`Backend::type_shape`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_shape: Option<String>,
    /// Small values themselves, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<String>,
    /// The backend's own.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub details: serde_json::Map<String, serde_json::Value>,
    /// The time that the value covers, on its way to the manifest, which holds it for the entry.
    #[serde(skip)]
    pub time_extent: Option<Extent>,
}

/// The backends that a type can be stored in; the first is its default.
pub type Backends<T> = &'static [&'static dyn Backend<T>];
