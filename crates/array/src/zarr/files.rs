//! A store as `zarrs` reads it: chunk by chunk, on the thread that decodes.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use nuthatch_core::backend::Shown;
use nuthatch_core::config::Verify;
use nuthatch_core::{Error, runtime};
use object_store::limit::LimitStore;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt as _,
};
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator};
use zarrs::storage::{
    MaybeBytes, MaybeBytesIterator, ReadableStorageTraits, StorageError, StoreKey,
};

/// How many requests of one dataset are on their way at once to a store that has to be waited for,
/// unless options say otherwise.
pub(super) const REQUESTS: usize = 16;

/// The objects below one folder.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    pub(crate) shown: Shown,
    /// Whether the store answers on the calling thread without waiting.
    pub(crate) immediate: bool,
    /// Whether an object that is not there is damage: nuthatch writes every chunk. In a foreign
    /// store it stands for a chunk of fill values.
    pub(crate) complete: bool,
    /// Whether chunks are compared with their checksums.
    pub(crate) verify: Verify,
    /// How many requests are on their way at once, of all arrays together.
    pub(crate) requests: usize,
    /// What stands before names when they are shown: the folder of one array.
    folder: String,
    /// What went wrong in the store: `zarrs` knows texts alone.
    failure: Arc<Mutex<Option<Error>>>,
}

impl Files {
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        shown: Shown,
        immediate: bool,
        complete: bool,
    ) -> Self {
        let (folder, failure) = (String::new(), Arc::default());
        let (verify, requests) = (Verify::Full, usize::MAX);
        Self { store, prefix, shown, immediate, complete, verify, requests, folder, failure }
    }

    /// With a bound on the requests to a store that has to be waited for.
    pub(super) fn bounded(self, requests: usize) -> Self {
        if self.immediate {
            return self;
        }
        let store: Arc<dyn ObjectStore> = Arc::new(LimitStore::new(self.store, requests));
        Self { store, requests, ..self }
    }

    pub(super) fn verify(self, verify: Verify) -> Self {
        Self { verify, ..self }
    }

    /// The objects of one array. `zarrs` is given each array as a root: it takes no names that
    /// begin with two underscores, and xarray gives such a one to arrays without a name.
    pub(super) fn of_array(&self, name: &str) -> Result<Self, Error> {
        let folder = format!("{}{name}/", self.folder);
        Ok(Self { prefix: self.path(name)?, folder, failure: Arc::default(), ..self.clone() })
    }

    /// The path of an object below the folder.
    pub(crate) fn path(&self, name: &str) -> Result<Path, Error> {
        let path = match self.prefix.is_root() {
            true => Path::parse(name),
            false => Path::parse(format!("{}/{name}", self.prefix)),
        };
        path.map_err(|error| Error::other(format!("{name:?} cannot be an object's path: {error}")))
    }

    /// An object as people read of it.
    pub(crate) fn show(&self, name: &str) -> String {
        format!("{} {}{name}", self.shown, self.folder)
    }

    /// An object's content; `None` where it is not there.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        let read =
            async { self.store.get(&self.path(name)?).await?.bytes().await.map_err(Gone::from) };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Gone::Missing) => Ok(None),
            Err(Gone::Failed(error)) => Err(self.failed(name, error)),
            Err(Gone::Other(error)) => Err(error),
        }
    }

    /// An object that could not be read.
    pub(crate) fn failed(&self, name: &str, error: object_store::Error) -> Error {
        if let Some(damage) = nuthatch_core::store::Damage::find(&error) {
            return Error::Damaged { object: self.show(name), why: damage.to_string() };
        }
        Error::Store {
            doing: format!("read {}{name}", self.folder),
            location: self.shown.to_string(),
            source: error.into(),
        }
    }

    /// What went wrong in the store since the last time that this was asked.
    pub(super) fn take_failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, error: Error) -> StorageError {
        let told = StorageError::Other(error.to_string());
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        told
    }

    /// An object or a part of it, to be read on this thread; nothing where it cannot be had.
    pub(super) fn content(&self, key: &StoreKey, range: Option<GetRange>) -> Option<Content> {
        let (store, path) = (Arc::clone(&self.store), self.path(key.as_str()).ok()?);
        let read = async move {
            match part(&*store, &path, range).await? {
                GetResult { payload: GetResultPayload::File(file, _), range, .. } => {
                    Ok(Content::File(file, range))
                }
                found => found.bytes().await.map(Content::Bytes),
            }
        };
        runtime::block_on(read).ok()
    }

    /// Reads on this thread.
    fn read(&self, key: &StoreKey, range: Option<GetRange>) -> Result<MaybeBytes, StorageError> {
        let name = key.as_str();
        let path = self.path(name).map_err(|error| self.fail(error))?;
        let (store, asked) = (Arc::clone(&self.store), range.clone());
        let of = path.clone();
        let read = async move { part(&*store, &path, range).await?.bytes().await };
        match runtime::block_on(read) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) if !self.complete => Ok(None),
            Err(object_store::Error::NotFound { .. }) => {
                let why = "it is gone; recompute, or take it from where it was copied".to_owned();
                Err(self.fail(Error::Damaged { object: self.show(name), why }))
            }
            Err(error) => match self.cut_short(of, asked) {
                Some(why) => Err(self.fail(Error::Damaged { object: self.show(name), why })),
                None => Err(self.fail(self.failed(name, error))),
            },
        }
    }

    /// Whether a part could not be read because there is none: stores say so in words of their own.
    fn cut_short(&self, path: Path, asked: Option<GetRange>) -> Option<String> {
        let needed = match asked? {
            GetRange::Bounded(range) => range.start.saturating_add(1),
            GetRange::Offset(start) => start.saturating_add(1),
            GetRange::Suffix(length) => length,
        };
        let store = Arc::clone(&self.store);
        let size = runtime::block_on(async move { store.head(&path).await }).ok()?.size;
        (size < needed).then(|| format!("it is cut short: {size} bytes are left of it"))
    }
}

/// What an object holds.
pub(super) enum Content {
    Bytes(Bytes),
    File(File, Range<u64>),
}

impl Content {
    /// The bytes: those that are here, or those of the file, in `buffer`.
    pub(super) fn read<'a>(&'a self, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let (mut file, range) = match self {
            Self::Bytes(bytes) => return Some(bytes),
            Self::File(file, range) => (file, range),
        };
        buffer.resize(usize::try_from(range.end.checked_sub(range.start)?).ok()?, 0);
        file.seek(SeekFrom::Start(range.start)).ok()?;
        file.read_exact(buffer).ok()?;
        Some(buffer)
    }

    pub(super) fn bytes(self) -> Option<Bytes> {
        let mut buffer = Vec::new();
        match self {
            Self::Bytes(bytes) => Some(bytes),
            file => file.read(&mut buffer).is_some().then(|| buffer.into()),
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// Why there is no content.
enum Gone {
    Missing,
    Failed(object_store::Error),
    Other(Error),
}

impl From<object_store::Error> for Gone {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            error => Self::Failed(error),
        }
    }
}

impl From<Error> for Gone {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl ReadableStorageTraits for Files {
    fn get(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        self.read(key, None)
    }

    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let mut parts = Vec::new();
        for range in byte_ranges {
            let range = match range {
                ByteRange::FromStart(start, Some(length)) => {
                    GetRange::Bounded(start..start.saturating_add(length))
                }
                ByteRange::FromStart(start, None) => GetRange::Offset(start),
                ByteRange::Suffix(length) => GetRange::Suffix(length),
            };
            match self.read(key, Some(range))? {
                Some(bytes) => parts.push(Ok(bytes)),
                None => return Ok(None),
            }
        }
        Ok(Some(Box::new(parts.into_iter())))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        let path = self.path(key.as_str()).map_err(|error| self.fail(error))?;
        let store = Arc::clone(&self.store);
        match runtime::block_on(async move { store.head(&path).await }) {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.fail(self.failed(key.as_str(), error))),
        }
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

/// An object or a part of it. Azure serves no last bytes without being told where they begin.
async fn part(
    store: &dyn ObjectStore,
    path: &Path,
    range: Option<GetRange>,
) -> object_store::Result<GetResult> {
    let get = |range: Option<GetRange>| GetOptions { range, ..GetOptions::default() };
    match (store.get_opts(path, get(range.clone())).await, range) {
        (Err(object_store::Error::NotSupported { .. }), Some(GetRange::Suffix(length))) => {
            let size = store.head(path).await?.size;
            let last = GetRange::Bounded(size.saturating_sub(length)..size);
            store.get_opts(path, get(Some(last))).await
        }
        (got, _) => got,
    }
}
