//! Fails, delays, cuts short or loses the reply of chosen requests, or ignores their conditions.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, RenameOptions, Result, UploadPart,
};

use super::{Operation, ROOT};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does not reach the store, and the caller gets an error.
    Fail,
    /// It does not reach the store, which says that the caller may not.
    Deny,
    /// It reaches the store later.
    Delay(Duration),
    /// The caller gets half of the bytes and no error; half of a listing, and an error. Of a
    /// write the store gets half and so nothing, and the caller gets an error.
    CutShort,
    /// The store does it, and the caller gets an error.
    LoseReply,
    /// The store does not look at the condition of a put, as some do not, and answers as if it had
    /// been met.
    IgnoreCondition,
}

/// Which requests a fault strikes. Everything is struck until it is narrowed.
///
/// ```
/// use nuthatch_core::store::{Operation, Trigger};
///
/// let third_write = Trigger::any().on([Operation::Put, Operation::Create]).nth(3);
/// # let _ = third_write;
/// ```
#[derive(Debug, Clone, Default)]
pub struct Trigger {
    operations: Vec<Operation>,
    containing: Option<String>,
    nth: Option<u64>,
}

impl Trigger {
    /// Every request.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Only these operations.
    #[must_use]
    pub fn on(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.operations = operations.into_iter().collect();
        self
    }

    /// Only paths that contain this text.
    #[must_use]
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.containing = Some(text.into());
        self
    }

    /// Only the n-th, from 1, of those that the rest selects.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    fn selects(&self, operation: Operation, path: &Path) -> bool {
        (self.operations.is_empty() || self.operations.contains(&operation))
            && self.containing.as_ref().is_none_or(|text| path.as_ref().contains(text))
    }
}

/// A store whose requests go wrong as told. Clones share what they were told.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use nuthatch_core::store::{Fault, Faulty, Trigger};
/// use object_store::{ObjectStoreExt, memory::InMemory, path::Path};
///
/// let store = Faulty::new(Arc::new(InMemory::new()));
/// store.inject(Trigger::any().nth(1), Fault::LoseReply);
/// let path = Path::parse("a")?;
/// pollster::block_on(async {
///     assert!(store.put(&path, "here".into()).await.is_err());
///     assert_eq!(store.get(&path).await?.bytes().await?, "here");
///     Ok::<_, object_store::Error>(())
/// })?;
/// assert_eq!(store.struck(), 1);
/// # Ok::<_, object_store::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Faulty {
    inner: Arc<dyn ObjectStore>,
    faults: Arc<Faults>,
}

impl Faulty {
    /// Passes everything to `inner` until it is told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, faults: Arc::default() }
    }

    /// From now on lets `fault` strike what `trigger` selects. Of several, the first that strikes
    /// a request does.
    pub fn inject(&self, trigger: Trigger, fault: Fault) {
        let mut rules = self.faults.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.push(Rule { trigger, fault, seen: 0 });
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        self.faults.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many requests were struck: 0 says that a test's fault came to nothing.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.faults.struck.load(Ordering::SeqCst)
    }
}

#[derive(Debug, Default)]
struct Faults {
    rules: Mutex<Vec<Rule>>,
    struck: AtomicU64,
}

#[derive(Debug)]
struct Rule {
    trigger: Trigger,
    fault: Fault,
    seen: u64,
}

impl Faults {
    /// Counts a request for every rule, and says which fault strikes it.
    fn strike(&self, operation: Operation, path: &Path) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = None;
        for rule in rules.iter_mut().filter(|rule| rule.trigger.selects(operation, path)) {
            rule.seen += 1;
            if rule.trigger.nth.is_none_or(|nth| nth == rule.seen) {
                struck = struck.or(Some(rule.fault));
            }
        }
        if struck.is_some() {
            self.struck.fetch_add(1, Ordering::SeqCst);
        }
        struck
    }

    /// A request of which nothing can be cut short but the request itself.
    async fn around<T>(
        &self,
        operation: Operation,
        path: &Path,
        request: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let fault = self.strike(operation, path);
        self.apply(fault, operation, path, request).await
    }

    async fn apply<T>(
        &self,
        fault: Option<Fault>,
        operation: Operation,
        path: &Path,
        request: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match fault {
            None | Some(Fault::IgnoreCondition) => request.await,
            Some(Fault::Delay(delay)) => {
                sleep(delay).await;
                request.await
            }
            Some(Fault::LoseReply) => {
                request.await?;
                Err(injected(operation, path, "the reply was lost"))
            }
            Some(Fault::Fail) => Err(injected(operation, path, "the request was lost")),
            Some(Fault::CutShort) => Err(injected(operation, path, "the request was cut short")),
            Some(Fault::Deny) => Err(Error::PermissionDenied {
                path: path.to_string(),
                source: format!("injected: may not {operation} {path}").into(),
            }),
        }
    }
}

fn injected(operation: Operation, path: &Path, what: &str) -> Error {
    let source = format!("injected: could not {operation} {path}, {what}").into();
    Error::Generic { store: "Faulty", source }
}

/// On a thread of its own, so that it works under every executor.
async fn sleep(delay: Duration) {
    let (done, wait) = oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(delay);
        // Nobody waits any more where the request was given up.
        let _ = done.send(());
    });
    let _ = wait.await;
}

/// The first half of what a get would give, ending as if it were all.
fn half(result: GetResult) -> GetResult {
    let length = (result.range.end - result.range.start) / 2;
    let GetResult { payload, meta, range, attributes } = result;
    let whole = GetResult { payload, meta: meta.clone(), range: range.clone(), attributes };
    let attributes = whole.attributes.clone();
    let cut = |left: &mut u64, chunk: Result<Bytes>| {
        let chunk = chunk.map(|chunk| {
            let now = chunk.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= now as u64;
            chunk.slice(..now)
        });
        let empty = chunk.as_ref().is_ok_and(Bytes::is_empty);
        std::future::ready((!empty).then_some(chunk))
    };
    let payload = GetResultPayload::Stream(whole.into_stream().scan(length, cut).boxed());
    GetResult { payload, meta, range, attributes }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({})", self.inner)
    }
}

impl Faulty {
    fn listing(
        &self,
        prefix: Option<&Path>,
        list: impl FnOnce(&dyn ObjectStore) -> BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.cloned().unwrap_or_default();
        let fault = self.faults.strike(Operation::List, &prefix);
        let listing = list(&self.inner);
        let faults = Arc::clone(&self.faults);
        let struck = async move {
            match fault {
                None => listing,
                Some(Fault::CutShort) => {
                    let mut items: Vec<_> = listing.collect().await;
                    items.truncate(items.len() / 2);
                    items.push(Err(injected(Operation::List, &prefix, "the reply was cut short")));
                    stream::iter(items).boxed()
                }
                fault => {
                    let request = async move { Ok(listing) };
                    match faults.apply(fault, Operation::List, &prefix, request).await {
                        Ok(listing) => listing,
                        Err(error) => stream::iter([Err(error)]).boxed(),
                    }
                }
            }
        };
        struck.into_stream().flatten().boxed()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let operation = Operation::of_put(&options.mode);
        let fault = self.faults.strike(operation, location);
        let options = match fault {
            Some(Fault::IgnoreCondition) => PutOptions { mode: PutMode::Overwrite, ..options },
            _ => options,
        };
        let request = self.inner.put_opts(location, payload, options);
        self.faults.apply(fault, operation, location, request).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let request = self.inner.put_multipart_opts(location, options);
        let inner = self.faults.around(Operation::Multipart, location, request).await?;
        let location = location.clone();
        Ok(Box::new(Upload { inner, location, faults: Arc::clone(&self.faults) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let operation = Operation::of_get(&options);
        let request = self.inner.get_opts(location, options);
        match self.faults.strike(operation, location) {
            Some(Fault::CutShort) if operation == Operation::Get => request.await.map(half),
            fault => self.faults.apply(fault, operation, location, request).await,
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let operation = Operation::GetRanges;
        let request = self.inner.get_ranges(location, ranges);
        match self.faults.strike(operation, location) {
            Some(Fault::CutShort) => {
                let halve = |range: Bytes| range.slice(..range.len() / 2);
                Ok(request.await?.into_iter().map(halve).collect())
            }
            fault => self.faults.apply(fault, operation, location, request).await,
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Result<Path>| {
            let store = store.clone();
            async move {
                let location = location?;
                let request = store.inner.delete(&location);
                store.faults.around(Operation::Delete, &location, request).await?;
                Ok(location)
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing(prefix, |inner| inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing(prefix, |inner| inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let path = prefix.unwrap_or(&ROOT);
        let request = self.inner.list_with_delimiter(prefix);
        self.faults.around(Operation::ListLevel, path, request).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let request = self.inner.copy_opts(from, to, options);
        self.faults.around(Operation::Copy, to, request).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let request = self.inner.rename_opts(from, to, options);
        self.faults.around(Operation::Rename, to, request).await
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    location: Path,
    faults: Arc<Faults>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let fault = self.faults.strike(Operation::Part, &self.location);
        let (faults, location) = (Arc::clone(&self.faults), self.location.clone());
        let request = self.inner.put_part(data);
        async move { faults.apply(fault, Operation::Part, &location, request).await }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let request = self.inner.complete();
        self.faults.around(Operation::Complete, &self.location, request).await
    }

    async fn abort(&mut self) -> Result<()> {
        let request = self.inner.abort();
        self.faults.around(Operation::Abort, &self.location, request).await
    }
}
