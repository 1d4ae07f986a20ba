//! Local files as an object store, served on the calling thread.
//!
//! | file | holds |
//! |---|---|
//! | `read` | get, head, ranges, etags |
//! | `write` | temporary files, conditional publication, folders, fsync |
//! | `lock` | the 256 lock files |
//! | `upload` | multipart uploads |
//! | `change` | delete, copy, rename |
//! | `walk` | listings, and the temporary files that a crash left |
//! | `failure` | system errors as store errors |

use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

mod change;
mod failure;
mod lock;
mod read;
mod upload;
mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use walk::StaleTemporary;

/// How the name of a temporary file begins.
const TEMPORARY: &str = ".tmp~";

/// The folder of the lock files, in the root.
const LOCKS: &str = ".locks";

/// The files below one folder as an object store, read and written with `std::fs` on the calling
/// thread.
///
/// Every future is ready when it is first polled, so any executor will do, and none is needed
/// beyond the plainest. Compared with a hop to a thread pool this saves most of the time of a
/// small read. The exceptions are not of this type: a large object is handed out as
/// [`GetResultPayload::File`](object_store::GetResultPayload::File), and `object_store` reads that
/// on tokio's blocking threads where there is a tokio.
///
/// # Guarantees
///
/// - A write is a temporary file in the object's own folder and a rename: readers see the old
///   object or the new one, whole, and a crash leaves at most the temporary file.
///   [`stale_temporaries`](Self::stale_temporaries) finds those.
/// - `PutMode::Create` and `PutMode::Update` are atomic among all processes that use the same
///   root, by OS advisory locks (`flock` or its like) on 256 fixed files in `.locks`. All changes
///   of one path take its lock; readers take none. Where the file system has no locks,
///   unconditional changes do without and conditional ones are refused.
/// - The folder is made by the first write, and a missing one reads as empty. Folders that a
///   deletion empties are removed.
/// - With [`durable`](Self::durable) a write is on disk, name and all, before it is confirmed.
///
/// Names that begin with `.tmp~`, and the folder `.locks` in the root, are the store's own: never
/// listed, never read, refused on write.
///
/// # Links
///
/// Symbolic links are followed, also out of the root: whoever can place one there could as well
/// replace the objects, and teams do put one namespace on another disk that way. The store makes
/// none, a write or a deletion replaces the link and not what it points to, and a listing enters
/// no folder that it is already in.
///
/// # Example
///
/// ```
/// use nuthatch_core::store::LocalFiles;
/// use object_store::{ObjectStoreExt, path::Path};
///
/// # let folder = tempfile::tempdir()?;
/// let store = LocalFiles::new(folder.path().join("lake"));
/// let path = Path::parse("stations/bergen.json")?;
/// pollster::block_on(async {
///     store.put(&path, "{}".into()).await?;
///     assert_eq!(store.get(&path).await?.bytes().await?, "{}");
///     Ok::<_, object_store::Error>(())
/// })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LocalFiles {
    root: Arc<FilePath>,
    durable: bool,
}

impl LocalFiles {
    /// The files below `root`, which need not exist yet. Nothing is touched.
    ///
    /// A relative path is taken from the working directory of this moment.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let root = std::path::absolute(&root).unwrap_or(root);
        Self { root: root.into(), durable: false }
    }

    /// Whether a write is confirmed only when the disk has it (`fsync` of the data and of the
    /// folders). Without this a power loss may undo what was confirmed; a crash of the process
    /// never does.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// The folder that holds the objects.
    #[must_use]
    pub fn root(&self) -> &FilePath {
        &self.root
    }

    /// The file of an object, whether or not it exists.
    #[must_use]
    pub fn file(&self, location: &Path) -> PathBuf {
        self.root.join(location.as_ref())
    }

    /// The file of an object that is to be read.
    fn file_to_read(&self, location: &Path) -> Result<PathBuf> {
        let file = self.file(location);
        match unusable(location) {
            None => Ok(file),
            Some(why) => Err(failure::not_found(location, &file, why)),
        }
    }

    /// The file of an object that is to be written.
    fn file_to_write(&self, location: &Path) -> Result<PathBuf> {
        match unusable(location) {
            None => Ok(self.file(location)),
            Some(why) => Err(failure::unsupported(format!("cannot write {location:?}: {why}"))),
        }
    }
}

/// Why no object can have this path, if so. `..` and absolute paths cannot occur in a [`Path`].
fn unusable(location: &Path) -> Option<&'static str> {
    let raw = location.as_ref();
    if raw.is_empty() {
        return Some("the root is a folder; an object needs a name");
    }
    if raw.split('/').any(|segment| segment.starts_with(TEMPORARY)) {
        return Some("names that begin with .tmp~ are kept for temporary files");
    }
    if raw.split('/').next() == Some(LOCKS) {
        return Some("the folder .locks is kept for lock files");
    }
    // These would be separators, drives and streams there.
    if cfg!(windows) && raw.contains(['\\', ':']) {
        return Some("the name contains a character that means something else on Windows");
    }
    None
}

impl fmt::Display for LocalFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalFiles({})", self.root.display())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for LocalFiles {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.write(location, &payload, &options)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(upload::Upload::begin(self, location, &options)?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read(location, &options)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read_ranges(location, ranges)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Result<Path>| {
            let location = location?;
            store.remove(&location)?;
            Ok(location)
        };
        locations.map(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::iter(self.objects_below(prefix)).boxed()
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let offset = offset.clone();
        let after = move |meta: &ObjectMeta| std::future::ready(meta.location > offset);
        self.list(prefix).try_filter(after).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.level_below(prefix)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.copy_object(from, to, options.mode)
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.rename_object(from, to, options.target_mode)
    }
}
