//! A store in memory that counts, and that misbehaves as real ones do.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use data_encoding::BASE64;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};

use crate::backend::{Source, Target};

type Hook = Box<dyn FnOnce(&InMemory) + Send>;

/// What is done to a put of a manifest's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is done, and no reply comes.
    LostReply,
    /// It is done, no reply comes, and the client's retry is refused.
    RetriedAfterLostReply,
    /// It is not done, and says so.
    Unreachable,
    /// It is refused although its condition holds.
    Refused,
}

#[derive(Default)]
pub(super) struct Fake {
    pub(super) inner: InMemory,
    requests: Mutex<Vec<String>>,
    faults: Mutex<Vec<Fault>>,
    before_put: Mutex<Option<Hook>>,
    denied: Mutex<Vec<&'static str>>,
    pub(super) ignores_create: AtomicBool,
    pub(super) ignores_update: AtomicBool,
    pub(super) has_no_update: AtomicBool,
    pub(super) cuts_short: AtomicBool,
}

impl Fake {
    /// The requests since the last time that this was asked, as `GET path`.
    pub(super) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// The next puts of manifests go wrong, in this order.
    pub(super) fn fail_puts(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap() = faults.iter().rev().copied().collect();
    }

    /// Runs `hook` just before the next put of a manifest: another writer was faster.
    pub(super) fn before_put(&self, hook: impl FnOnce(&InMemory) + Send + 'static) {
        *self.before_put.lock().unwrap() = Some(Box::new(hook));
    }

    /// Answers 403 to a GET whose path holds `part`.
    pub(super) fn deny(&self, part: &'static str) {
        self.denied.lock().unwrap().push(part);
    }

    pub(super) async fn bytes(&self, path: &Path) -> Vec<u8> {
        self.inner.get(path).await.unwrap().bytes().await.unwrap().to_vec()
    }

    pub(super) async fn set(&self, path: &Path, bytes: impl Into<Vec<u8>>) {
        self.inner.put(path, PutPayload::from(bytes.into())).await.unwrap();
    }

    pub(super) async fn paths(&self) -> Vec<String> {
        let listed: Vec<_> = futures::StreamExt::collect(self.inner.list(None)).await;
        listed.into_iter().map(|meta| meta.unwrap().location.to_string()).collect()
    }

    fn log(&self, verb: &str, path: &Path) {
        self.requests.lock().unwrap().push(format!("{verb} {path}"));
    }

    fn fault(&self, path: &Path) -> Option<Fault> {
        path.as_ref().contains("/entries/").then(|| self.faults.lock().unwrap().pop()).flatten()
    }
}

/// Writes a value's only object.
pub(super) async fn put_data(target: &Target, value: &[u8]) {
    let path = Path::parse(format!("{}/value.bin", target.prefix)).unwrap();
    target.store.put(&path, PutPayload::from(value.to_vec())).await.unwrap();
}

/// Reads what [`put_data`] or the manifest holds.
pub(super) async fn get_data(source: &Source) -> Vec<u8> {
    if let Some(inline) = &source.record.inline {
        return BASE64.decode(inline.as_bytes()).unwrap();
    }
    let path = Path::parse(format!("{}/value.bin", source.prefix)).unwrap();
    source.store.get(&path).await.unwrap().bytes().await.unwrap().to_vec()
}

#[async_trait]
impl ObjectStore for Fake {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        self.log("PUT", path);
        let hook =
            path.as_ref().contains("/entries/").then(|| self.before_put.lock().unwrap().take());
        if let Some(Some(hook)) = hook {
            hook(&self.inner);
        }
        match &options.mode {
            PutMode::Create if self.ignores_create.load(Ordering::Relaxed) => {
                options.mode = PutMode::Overwrite;
            }
            PutMode::Update(_) if self.has_no_update.load(Ordering::Relaxed) => {
                return Err(Error::NotImplemented {
                    operation: "update".to_owned(),
                    implementer: "Fake".to_owned(),
                });
            }
            PutMode::Update(_) if self.ignores_update.load(Ordering::Relaxed) => {
                options.mode = PutMode::Overwrite;
            }
            _ => {}
        }
        let lost = || Error::Generic { store: "Fake", source: "connection reset".into() };
        let refused =
            || Error::Precondition { path: path.to_string(), source: "etag differs".into() };
        match self.fault(path) {
            None => self.inner.put_opts(path, payload, options).await,
            Some(Fault::Unreachable) => Err(lost()),
            Some(Fault::Refused) => Err(refused()),
            Some(Fault::LostReply) => {
                self.inner.put_opts(path, payload, options).await?;
                Err(lost())
            }
            Some(Fault::RetriedAfterLostReply) => {
                self.inner.put_opts(path, payload, options).await?;
                Err(refused())
            }
        }
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.log(if options.head { "HEAD" } else { "GET" }, path);
        if self.denied.lock().unwrap().iter().any(|part| path.as_ref().contains(part)) {
            return Err(Error::PermissionDenied { path: path.to_string(), source: "403".into() });
        }
        let mut got = self.inner.get_opts(path, options).await?;
        if self.cuts_short.load(Ordering::Relaxed) {
            got.meta.size += 1;
        }
        Ok(got)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.log("MULTIPART", path);
        self.inner.put_multipart_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.requests.lock().unwrap().push("DELETE".to_owned());
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.log("LIST", prefix.unwrap_or(&Path::ROOT));
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.log("LIST", prefix.unwrap_or(&Path::ROOT));
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.log("COPY", from);
        self.inner.copy_opts(from, to, options).await
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl fmt::Display for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}
