//! A store in memory whose clock the test sets, and which lets others act between two requests.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::store::Operation;

thread_local! {
    static NOW: Cell<SystemTime> = const { Cell::new(SystemTime::UNIX_EPOCH) };
}

/// A clock for each test, which stands at 2026-01-01 until it is set.
pub(super) fn clock() -> SystemTime {
    match NOW.get() {
        SystemTime::UNIX_EPOCH => SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        set => set,
    }
}

pub(super) fn advance(time: Duration) {
    NOW.set(clock() + time);
}

pub(super) fn set(now: SystemTime) {
    NOW.set(now);
}

type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(super) struct Clocked {
    pub(super) inner: InMemory,
    written: Arc<Mutex<HashMap<Path, SystemTime>>>,
    requests: Mutex<Vec<(Operation, String)>>,
    /// After how many requests somebody else acts.
    interrupted: Mutex<Option<(usize, Hook)>>,
}

impl Clocked {
    /// The requests since the last time that this was asked.
    pub(super) fn requests(&self) -> Vec<(Operation, String)> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// Runs `hook` before the request that comes after `n` others.
    pub(super) fn before(&self, n: usize, hook: impl FnOnce() + Send + 'static) {
        *self.interrupted.lock().unwrap() = Some((n, Box::new(hook)));
    }

    /// Forgets the hook, and says whether it had its turn.
    pub(super) fn was_interrupted(&self) -> bool {
        self.interrupted.lock().unwrap().take().is_none()
    }

    pub(super) async fn write(&self, path: &str, bytes: &[u8]) {
        let path = Path::parse(path).unwrap();
        self.put(&path, PutPayload::from(bytes.to_vec())).await.unwrap();
    }

    pub(super) async fn paths(&self) -> Vec<String> {
        let listed: Vec<_> = self.inner.list(None).collect().await;
        listed.into_iter().map(|meta| meta.unwrap().location.to_string()).collect()
    }

    fn request(&self, operation: Operation, path: &Path) {
        self.requests.lock().unwrap().push((operation, path.to_string()));
        let hook = {
            let mut interrupted = self.interrupted.lock().unwrap();
            match &mut *interrupted {
                Some((0, _)) => interrupted.take().map(|(_, hook)| hook),
                Some((left, _)) => {
                    *left -= 1;
                    None
                }
                None => None,
            }
        };
        if let Some(hook) = hook {
            hook();
        }
    }

    fn note(&self, path: &Path) {
        self.written.lock().unwrap().insert(path.clone(), clock());
    }
}

fn at(written: &Mutex<HashMap<Path, SystemTime>>, mut meta: ObjectMeta) -> ObjectMeta {
    if let Some(written) = written.lock().unwrap().get(&meta.location) {
        meta.last_modified = (*written).into();
    }
    meta
}

#[async_trait]
impl ObjectStore for Clocked {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.request(Operation::of_put(&options.mode), path);
        let put = self.inner.put_opts(path, payload, options).await?;
        self.note(path);
        Ok(put)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.request(Operation::Multipart, path);
        self.note(path);
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.request(Operation::of_get(&options), path);
        let mut got = self.inner.get_opts(path, options).await?;
        got.meta = at(&self.written, got.meta);
        Ok(got)
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.request(Operation::Delete, &Path::ROOT);
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.request(Operation::List, prefix.unwrap_or(&Path::ROOT));
        let written = Arc::clone(&self.written);
        self.inner.list(prefix).map(move |meta| Ok(at(&written, meta?))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.request(Operation::ListLevel, prefix.unwrap_or(&Path::ROOT));
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.request(Operation::Copy, from);
        self.note(to);
        self.inner.copy_opts(from, to, options).await
    }
}

impl fmt::Debug for Clocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clocked")
    }
}

impl fmt::Display for Clocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clocked")
    }
}
