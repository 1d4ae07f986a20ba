//! Counts the requests that a store gets and the bytes that pass.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{array, fmt};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use super::{Operation, ROOT};

/// Counts requests by kind, and bytes, on their way to a store. Clones count together.
///
/// Counting is a few atomic additions a request. The log of every request, for tests, is kept
/// only from [`log`](Self::log) on, since it grows.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use nuthatch_core::store::{Counting, Operation};
/// use object_store::{ObjectStoreExt, memory::InMemory, path::Path};
///
/// let store = Counting::new(Arc::new(InMemory::new()));
/// let path = Path::parse("a/b")?;
/// pollster::block_on(store.put(&path, "four".into()))?;
/// assert_eq!(store.counts().of(Operation::Put), 1);
/// assert_eq!(store.counts().bytes_written, 4);
/// # Ok::<_, object_store::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Counting {
    inner: Arc<dyn ObjectStore>,
    tally: Arc<Tally>,
}

/// What was counted up to a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    requests: [u64; Operation::ALL.len()],
    /// Bytes of the objects and ranges that were handed out. A large local file counts when it is
    /// handed out, not when it is read.
    pub bytes_read: u64,
    /// Bytes of the objects and parts that were sent to be written.
    pub bytes_written: u64,
}

impl Counts {
    /// How many requests of one kind there were.
    #[must_use]
    pub fn of(&self, operation: Operation) -> u64 {
        self.requests.get(operation.index()).copied().unwrap_or_default()
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.iter().sum()
    }
}

impl Counting {
    /// Counts what goes to `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, tally: Arc::default() }
    }

    /// Adds the bytes that are read to `total` too.
    pub(crate) fn adding_to(inner: Arc<dyn ObjectStore>, total: &'static AtomicU64) -> Self {
        Self { inner, tally: Arc::new(Tally { total: Some(total), ..Tally::default() }) }
    }

    /// What was counted since the beginning.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            requests: array::from_fn(|index| load(&self.tally.requests[index])),
            bytes_read: load(&self.tally.bytes_read),
            bytes_written: load(&self.tally.bytes_written),
        }
    }

    /// Begins to log every request with its path, or ends it; what was logged is dropped.
    pub fn log(&self, log: bool) {
        drop(self.take_log());
        self.tally.logging.store(log, Ordering::Relaxed);
    }

    /// The requests since the log was begun or last taken, in order.
    #[must_use]
    pub fn take_log(&self) -> Vec<(Operation, Path)> {
        std::mem::take(&mut *self.tally.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug, Default)]
struct Tally {
    requests: [AtomicU64; Operation::ALL.len()],
    bytes_read: AtomicU64,
    /// Where all that is read is counted as well.
    total: Option<&'static AtomicU64>,
    bytes_written: AtomicU64,
    logging: AtomicBool,
    log: Mutex<Vec<(Operation, Path)>>,
}

impl Tally {
    fn request(&self, operation: Operation, path: &Path) {
        add(&self.requests[operation.index()], 1);
        if self.logging.load(Ordering::Relaxed) {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push((operation, path.clone()));
        }
    }

    fn read(&self, bytes: u64) {
        add(&self.bytes_read, bytes);
        if let Some(total) = self.total {
            add(total, bytes);
        }
    }

    fn write(&self, operation: Operation, path: &Path, payload: &PutPayload) {
        self.request(operation, path);
        add(&self.bytes_written, payload.content_length() as u64);
    }
}

// Each number stands for itself, so no ordering among them is needed.
fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Counting({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Counting {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.tally.write(Operation::of_put(&options.mode), location, &payload);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.tally.request(Operation::Multipart, location);
        let inner = self.inner.put_multipart_opts(location, options).await?;
        let location = location.clone();
        Ok(Box::new(Upload { inner, location, tally: Arc::clone(&self.tally) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let operation = Operation::of_get(&options);
        self.tally.request(operation, location);
        let result = self.inner.get_opts(location, options).await?;
        if operation == Operation::Get {
            self.tally.read(result.range.end - result.range.start);
        }
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.tally.request(Operation::GetRanges, location);
        let result = self.inner.get_ranges(location, ranges).await?;
        self.tally.read(result.iter().map(|bytes| bytes.len() as u64).sum());
        Ok(result)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let tally = Arc::clone(&self.tally);
        let count = move |location: &Result<Path>| {
            if let Ok(location) = location {
                tally.request(Operation::Delete, location);
            }
        };
        self.inner.delete_stream(locations.inspect(count).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.tally.request(Operation::List, prefix.unwrap_or(&ROOT));
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.tally.request(Operation::List, prefix.unwrap_or(&ROOT));
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.tally.request(Operation::ListLevel, prefix.unwrap_or(&ROOT));
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.tally.request(Operation::Copy, to);
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.tally.request(Operation::Rename, to);
        self.inner.rename_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    location: Path,
    tally: Arc<Tally>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.tally.write(Operation::Part, &self.location, &data);
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.tally.request(Operation::Complete, &self.location);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.tally.request(Operation::Abort, &self.location);
        self.inner.abort().await
    }
}
