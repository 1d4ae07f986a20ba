//! The write side: a store that records the checksums of what passes.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
    UploadPart,
};

use super::sums::Summing;
use super::{ObjectSums, SUMS, Sums, below};

/// Records the length and block checksums of every object that is written below a prefix.
///
/// Clones record together. What is read is not checked. A write elsewhere is refused, as is one
/// to the object `sums`, where the record itself goes when it is large.
#[derive(Debug, Clone)]
pub struct Recording {
    inner: Arc<dyn ObjectStore>,
    record: Arc<Record>,
}

impl Recording {
    /// Records what is written to `inner` below `prefix`.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self::resume(inner, prefix, Sums::new())
    }

    /// Adds to what was recorded before.
    #[must_use]
    pub fn resume(inner: Arc<dyn ObjectStore>, prefix: Path, sums: Sums) -> Self {
        Self { inner, record: Arc::new(Record { prefix, sums: Mutex::new(sums) }) }
    }

    /// What was recorded up to now: objects whose write was confirmed and that were not deleted.
    #[must_use]
    pub fn sums(&self) -> Sums {
        self.record.sums().clone()
    }
}

#[derive(Debug)]
struct Record {
    prefix: Path,
    sums: Mutex<Sums>,
}

impl Record {
    fn sums(&self) -> MutexGuard<'_, Sums> {
        // Each change is a single insertion or removal, so a panic elsewhere leaves them whole.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn summing(&self) -> Summing {
        Summing::new(self.sums().block)
    }

    /// The name under which an object is recorded, if it may be written at all.
    fn name(&self, location: &Path) -> Result<String> {
        match below(&self.prefix, location) {
            Some(SUMS) => Err(refused(location, "is where the checksums themselves go")),
            Some(name) => Ok(name.to_owned()),
            None => {
                Err(refused(location, &format!("lies outside {}, which is recorded", self.prefix)))
            }
        }
    }

    fn set(&self, name: String, sums: impl Into<Arc<ObjectSums>>) {
        self.sums().objects.insert(name, sums.into());
    }

    /// What is known of an object that is about to be copied or renamed.
    fn known(&self, location: &Path) -> Result<(String, Arc<ObjectSums>)> {
        let name = self.name(location)?;
        match self.sums().objects.get(&name) {
            Some(sums) => Ok((name, Arc::clone(sums))),
            None => Err(refused(location, "was not recorded, so its copy could not be")),
        }
    }

    fn forget(&self, location: &Path) {
        if let Some(name) = below(&self.prefix, location) {
            self.sums().objects.remove(name);
        }
    }
}

fn refused(location: &Path, why: &str) -> Error {
    Error::NotSupported { source: format!("{location} {why}").into() }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Recording {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let name = self.record.name(location)?;
        let mut summing = self.record.summing();
        summing.update(&payload);
        let result = self.inner.put_opts(location, payload, options).await?;
        self.record.set(name, summing.finish());
        Ok(result)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let name = self.record.name(location)?;
        let inner = self.inner.put_multipart_opts(location, options).await?;
        let summing = Some(self.record.summing());
        Ok(Box::new(Upload { inner, name, summing, record: Arc::clone(&self.record) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let record = Arc::clone(&self.record);
        let forget = move |location: &Result<Path>| {
            if let Ok(location) = location {
                record.forget(location);
            }
        };
        self.inner.delete_stream(locations).inspect(forget).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let name = self.record.name(to)?;
        let (_, sums) = self.record.known(from)?;
        self.inner.copy_opts(from, to, options).await?;
        self.record.set(name, sums);
        Ok(())
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let name = self.record.name(to)?;
        let (_, sums) = self.record.known(from)?;
        self.inner.rename_opts(from, to, options).await?;
        self.record.forget(from);
        self.record.set(name, sums);
        Ok(())
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    name: String,
    /// `None` once the upload is complete.
    summing: Option<Summing>,
    record: Arc<Record>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    /// Parts may be sent in any order but are handed over in theirs, so they are summed here.
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        if let Some(summing) = &mut self.summing {
            summing.update(&data);
        }
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        if let Some(summing) = self.summing.take() {
            self.record.set(std::mem::take(&mut self.name), summing.finish());
        }
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
