//! A store that tells what passes.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
    UploadPart,
};

use super::{LONG, Observer, STEP, Transfer};

/// Tells an observer of the bytes on their way to or from a store. The transfer is over when the last
/// share in this is dropped: a lazy value goes on reading until then.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    inner: Arc<dyn ObjectStore>,
    watch: Arc<Watch>,
}

impl Watched {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, transfer: Transfer, observer: Observer) -> Self {
        let state = Mutex::new(State { transfer, next: LONG });
        Self { inner, watch: Arc::new(Watch { state, observer }) }
    }
}

struct Watch {
    state: Mutex<State>,
    observer: Observer,
}

struct State {
    transfer: Transfer,
    /// How many bytes are told of next.
    next: u64,
}

impl Watch {
    fn moved(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.transfer.bytes += bytes;
        if state.transfer.bytes >= state.next {
            state.next = state.transfer.bytes + STEP;
            let transfer = state.transfer.clone();
            // With nothing locked: the observer may itself read what is watched here.
            drop(state);
            (self.observer)(&transfer);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Nothing was told of what was short.
        if state.next > LONG {
            state.transfer.is_over = true;
            (self.observer)(&state.transfer);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watched({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Watched {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let bytes = payload.content_length() as u64;
        let put = self.inner.put_opts(location, payload, options).await?;
        self.watch.moved(bytes);
        Ok(put)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(Upload { inner, watch: Arc::clone(&self.watch) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let mut result = self.inner.get_opts(location, options).await?;
        if head {
            return Ok(result);
        }
        let watch = Arc::clone(&self.watch);
        result.payload = match result.payload {
            GetResultPayload::Stream(stream) => {
                let passing = move |chunk: &Result<Bytes>| {
                    if let Ok(chunk) = chunk {
                        watch.moved(chunk.len() as u64);
                    }
                };
                GetResultPayload::Stream(stream.inspect(passing).boxed())
            }
            // Whoever has the file reads it without asking here.
            file => {
                watch.moved(result.range.end - result.range.start);
                file
            }
        };
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let result = self.inner.get_ranges(location, ranges).await?;
        self.watch.moved(result.iter().map(|bytes| bytes.len() as u64).sum());
        Ok(result)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
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
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    watch: Arc<Watch>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (watch, bytes) = (Arc::clone(&self.watch), data.content_length() as u64);
        let part = self.inner.put_part(data);
        Box::pin(async move {
            part.await?;
            watch.moved(bytes);
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;
    use pollster::block_on;

    use super::*;
    use crate::progress::Direction;

    type Told = Arc<Mutex<Vec<(u64, bool)>>>;

    fn watched(total: Option<u64>) -> (Watched, Told) {
        let told = Told::default();
        let seen = Arc::clone(&told);
        let observer: Observer = Arc::new(move |transfer: &Transfer| {
            seen.lock().unwrap().push((transfer.bytes, transfer.is_over));
        });
        let transfer = Transfer::new(Direction::Write, "weather.daily", &"root", total);
        (Watched::new(Arc::new(InMemory::new()), transfer, observer), told)
    }

    fn megabytes(count: usize) -> PutPayload {
        vec![0; count << 20].into()
    }

    #[test]
    fn it_is_told_from_the_eighth_megabyte_on_each_further_one_and_at_the_end() {
        let (store, told) = watched(None);
        let path = Path::from("object");
        block_on(async {
            let mut upload = store.put_multipart(&path).await.unwrap();
            for _ in 0..10 {
                upload.put_part(megabytes(1)).await.unwrap();
            }
            upload.complete().await.unwrap();
            store.head(&path).await.unwrap();
        });
        let mb = |count: u64| count << 20;
        assert_eq!(*told.lock().unwrap(), [8, 9, 10].map(|count| (mb(count), false)));
        let read = block_on(async { store.get(&path).await.unwrap().bytes().await.unwrap() });
        assert_eq!(told.lock().unwrap().last(), Some(&(mb(10) + read.len() as u64, false)));
        let share = store.clone();
        drop(store);
        assert!(!told.lock().unwrap().last().unwrap().1, "a share in it may go on");
        drop(share);
        assert!(told.lock().unwrap().last().unwrap().1);
    }

    #[test]
    fn what_is_short_is_not_told() {
        let (store, told) = watched(None);
        let path = Path::from("object");
        block_on(store.put(&path, megabytes(3))).unwrap();
        block_on(store.get_range(&path, 0..1_000_000)).unwrap();
        drop(store);
        assert_eq!(*told.lock().unwrap(), []);
    }
}
