//! A store that knows how many of its requests are on their way.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::stream::BoxStream;
use nuthatch::store::{Fault, Faulty, Trigger, answer_from_afar, intercept};
use object_store::path::Path as Object;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// How many requests are on their way, and the most that were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
    requests: AtomicUsize,
}

impl Gauge {
    /// Has what lies below a folder be on another machine, a few milliseconds away.
    pub(crate) fn before(folder: &Path) -> Self {
        let gauge = Self::default();
        let seen = gauge.clone();
        answer_from_afar(&format!("file://{}/root", folder.to_str().unwrap()));
        intercept(move |url: &str, store: Arc<dyn ObjectStore>| {
            if !url.ends_with("/root") {
                return store;
            }
            let slow = Faulty::new(store);
            slow.inject(Trigger::any(), Fault::Delay(Duration::from_millis(5)));
            Arc::new(Gauged { inner: Arc::new(slow), gauge: seen.clone() })
        });
        gauge
    }

    /// The most requests that were on their way since this was last asked, and how many there were.
    pub(crate) fn take(&self) -> (usize, usize) {
        let Self(counts) = self;
        (counts.most.swap(0, Ordering::SeqCst), counts.requests.swap(0, Ordering::SeqCst))
    }

    async fn around<T>(&self, request: impl Future<Output = T>) -> T {
        let Self(counts) = self;
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let now = counts.now.fetch_add(1, Ordering::SeqCst) + 1;
        counts.most.fetch_max(now, Ordering::SeqCst);
        let answer = request.await;
        counts.now.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

#[derive(Debug)]
struct Gauged {
    inner: Arc<dyn ObjectStore>,
    gauge: Gauge,
}

impl fmt::Display for Gauged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gauged({})", self.inner)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Gauged {
    async fn put_opts(
        &self,
        to: &Object,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.gauge.around(self.inner.put_opts(to, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        to: &Object,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        // A word before the parts, which are what is to be bounded.
        let inner = self.inner.put_multipart_opts(to, options).await?;
        Ok(Box::new(Parts { inner, gauge: self.gauge.clone() }))
    }

    async fn get_opts(&self, from: &Object, options: GetOptions) -> Result<GetResult> {
        let found = self.gauge.around(self.inner.get_opts(from, options)).await?;
        let (meta, range) = (found.meta.clone(), found.range.clone());
        let attributes = found.attributes.clone();
        // Another machine hands no files over.
        let payload = GetResultPayload::Stream(found.into_stream());
        Ok(GetResult { payload, meta, range, attributes })
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Object>>,
    ) -> BoxStream<'static, Result<Object>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Object>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Object>) -> Result<ListResult> {
        self.gauge.around(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Object, to: &Object, options: CopyOptions) -> Result<()> {
        self.gauge.around(self.inner.copy_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct Parts {
    inner: Box<dyn MultipartUpload>,
    gauge: Gauge,
}

#[async_trait::async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (part, gauge) = (self.inner.put_part(data), self.gauge.clone());
        async move { gauge.around(part).await }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.gauge.around(self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.gauge.around(self.inner.abort()).await
    }
}
