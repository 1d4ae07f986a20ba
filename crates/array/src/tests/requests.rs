//! How many requests are on their way at once to a store that has to be waited for.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use nuthatch_core::runtime::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

use super::Lake;
use crate::{DType, DataArray, Dataset, Region, Values, Variable};

/// Takes a while for every request, and knows how many it had at once at the most.
#[derive(Debug, Clone, Default)]
struct Slow {
    inner: Arc<InMemory>,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    chunks: Arc<AtomicUsize>,
}

impl std::fmt::Display for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("slow")
    }
}

impl Slow {
    /// The chunks that it was given.
    fn chunks(&self) -> usize {
        self.chunks.load(Ordering::SeqCst)
    }

    async fn after<T>(&self, request: impl Future<Output = T>) -> T {
        let now = 1 + self.now.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let done = request.await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        done
    }

    /// The most requests at once since this was asked.
    fn most(&self) -> usize {
        self.most.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl ObjectStore for Slow {
    async fn put_opts(&self, to: &Path, put: PutPayload, how: PutOptions) -> Result<PutResult> {
        let done = self.after(self.inner.put_opts(to, put, how)).await;
        self.chunks.fetch_add(usize::from(to.as_ref().contains("/c/")), Ordering::SeqCst);
        done
    }
    async fn put_multipart_opts(
        &self,
        to: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.after(self.inner.put_multipart_opts(to, how)).await
    }
    async fn get_opts(&self, from: &Path, how: GetOptions) -> Result<GetResult> {
        self.after(self.inner.get_opts(from, how)).await
    }
    async fn get_ranges(&self, from: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.after(self.inner.get_ranges(from, ranges)).await
    }
    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
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
        self.after(self.inner.list_with_delimiter(prefix)).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.after(self.inner.copy_opts(from, to, how)).await
    }
    async fn rename_opts(&self, from: &Path, to: &Path, how: RenameOptions) -> Result<()> {
        self.after(self.inner.rename_opts(from, to, how)).await
    }
}

/// Two arrays of 60 chunks each.
fn many() -> Dataset {
    let x = ndarray::Array2::from_shape_fn((60, 4), |(i, j)| (i * 4 + j) as f64);
    let dataset = Dataset::new().with_variable("x", Variable::new(["a", "b"], x.clone()));
    dataset.and_then(|all| all.with_variable("y", Variable::new(["a", "b"], x))).unwrap()
}

/// The most requests at once: writing, reading all, and reading rows that lie apart.
fn counted(options: &str) -> [usize; 3] {
    let slow = Slow::default();
    let lake = Lake::of(Arc::new(slow.clone()), false, options);
    let source = lake.write(&many());
    let writing = slow.most();
    let read: Dataset = lake.read(&source).unwrap();
    slow.most();
    assert!(block_on(read.load()).unwrap().identical(&many()).unwrap());
    let reading = slow.most();
    let apart: Vec<usize> = (0..60).step_by(2).collect();
    let rows = read.isel("a", apart.clone()).unwrap();
    assert!(rows.identical(&many().isel("a", apart).unwrap()).unwrap());
    [writing, reading, slow.most()]
}

#[test]
fn requests_run_at_once_and_are_bounded_together() {
    for [most, options] in [["16", ""], ["5", "requests = 5"], ["40", "requests = 40"]] {
        let bound: usize = most.parse().unwrap();
        for options in [options.to_owned(), format!("{options}\nzarr_format = 2")] {
            let counted = counted(&format!("chunking = {{ a = 1 }}\n{options}"));
            assert!(counted.iter().all(|most| (2..=bound).contains(most)), "{counted:?} {options}");
            assert!(counted[..2].iter().all(|most| *most > bound / 2), "{counted:?} {options}");
        }
    }
}

#[test]
fn one_request_after_the_other_where_that_is_asked() {
    assert_eq!(counted("chunking = { a = 1 }\nrequests = 1"), [1, 1, 1]);
}

#[test]
fn a_producer_is_not_far_ahead_of_the_store() {
    let (slow, made, ahead) = (Slow::default(), Arc::default(), Arc::<AtomicUsize>::default());
    let (store, count, most) = (slow.clone(), Arc::<AtomicUsize>::clone(&made), Arc::clone(&ahead));
    let produce = move |region: Region| {
        let made = 1 + count.fetch_add(1, Ordering::SeqCst);
        most.fetch_max(made - store.chunks(), Ordering::SeqCst);
        async move { Ok(Values::blank(DType::F64, &region.shape())) }
    };
    let array = DataArray::from_chunks("x", ["a", "b"], &[400, 4], &[2, 4], DType::F64, produce);
    let lake = Lake::of(Arc::new(slow.clone()), false, "requests = 4");
    lake.write(&array.unwrap());
    assert_eq!((made.load(Ordering::SeqCst), slow.chunks()), (200, 200));
    let bound = 4.max(std::thread::available_parallelism().unwrap().get());
    let ahead = ahead.load(Ordering::SeqCst);
    assert!((2..=bound).contains(&ahead), "{ahead} chunks were in memory");
}
