//! Copies from a bucket and from a web server to this machine: each object crosses once, and what is
//! kept has the bytes of its original.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use object_store::ObjectStore;

use crate::bucket::{Bucket, Service, block_on, percent_decoded};
use crate::front::Front;
use crate::{files, weather};

static RUNS: AtomicU32 = AtomicU32::new(0);

/// 12 MB in several parts.
#[cache(name = "copied_large")]
fn large(number: u64) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((0..1_500_000).map(|at| number + at).collect())
}

#[cache(name = "copied_parquet", backend = "parquet")]
fn parquet(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(
    name = "copied_partitions",
    backend = "parquet",
    backend_options(partition_by = ["weather"])
)]
fn partitions(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(name = "copied_delta", upsert_keys("date"))]
fn delta(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

/// 8 MB that no codec makes much smaller, beside a few labels.
fn field() -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let noise = |(i, j)| ((i * 1000 + j + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let field = ndarray::Array2::from_shape_fn((1000, 1000), noise);
    let labels = ndarray::Array1::from_iter((0..1000).map(|row| format!("row {row}")));
    Dataset::new()
        .with_variable("field", Variable::new(["row", "column"], field))?
        .with_variable("label", Variable::new(["row"], nuthatch::array::Values::strings(labels)))
}

/// In two shards, of which the second is cut off by the array's edge.
#[cache(name = "copied_shards", backend_options(chunking(row = 600)))]
fn shards() -> nuthatch::Result<Dataset> {
    field()
}

#[cache(name = "copied_chunks", backend_options(chunking(row = 300), sharding = false))]
fn chunks() -> nuthatch::Result<Dataset> {
    field()
}

#[cache(name = "copied_zarr2", backend_options(chunking(row = 300), zarr_format = 2))]
fn zarr2() -> nuthatch::Result<Dataset> {
    field()
}

/// Where the originals are.
trait Originals {
    /// The store, and nothing else of this process knows what lies there.
    fn store(&self) -> Arc<dyn ObjectStore>;
    /// Makes them what the local modes copy from, into this folder.
    fn configure(&self, local: &Path);
    /// What was asked there since.
    fn asked(&self) -> Vec<String>;
}

impl Originals for Bucket {
    fn store(&self) -> Arc<dyn ObjectStore> {
        nuthatch::store::open(&self.url(), &self.options()).unwrap().store
    }

    fn configure(&self, local: &Path) {
        Bucket::configure(self);
        nuthatch::set_parameter!("local.filesystem", local.to_str().unwrap()).unwrap();
    }

    fn asked(&self) -> Vec<String> {
        self.front.asked().iter().map(|request| percent_decoded(request)).collect()
    }
}

/// A folder behind a web server.
struct Web {
    folder: tempfile::TempDir,
    front: Front,
}

impl Originals for Web {
    fn store(&self) -> Arc<dyn ObjectStore> {
        let folder = self.folder.path().to_str().unwrap();
        nuthatch::store::open(folder, &toml::Table::new()).unwrap().store
    }

    fn configure(&self, local: &Path) {
        nuthatch::set_parameter!({
            "filesystem" => "memory://nothing",
            "mirror.filesystem" => self.front.url.as_str(),
            "local.filesystem" => local.to_str().unwrap(),
        })
        .unwrap();
    }

    fn asked(&self) -> Vec<String> {
        self.front.asked()
    }
}

fn same<T: PartialEq + Debug>(one: T, other: T) {
    assert_eq!(one, other);
}

fn same_arrays(one: Dataset, other: Dataset) {
    assert!(one.identical(&other).unwrap());
}

/// Stores a value, copies it to a folder of its own, and reads it there alone.
macro_rules! crosses {
    ($originals:expr, $call:expr, $same:expr) => {{
        let originals: &dyn Originals = $originals;
        let stored = $call.run().unwrap();
        let before = block_on(nuthatch_tests::data(&originals.store()));
        let local = tempfile::tempdir().unwrap();
        originals.configure(local.path());
        let runs = RUNS.load(Ordering::SeqCst);
        originals.asked();
        $same($call.cache_mode(CacheMode::Local).run().unwrap(), stored.clone());
        each_crossed_once(&originals.asked(), &before, local.path());
        $same($call.cache_mode(CacheMode::Offline).strict(true).run().unwrap(), stored);
        let asked = originals.asked();
        assert!(asked.is_empty(), "the copy is read: {asked:?}");
        assert_eq!(RUNS.load(Ordering::SeqCst), runs, "no body has run");
    }};
}

/// Each object of the original was asked for once, and the copy has the same objects.
fn each_crossed_once(asked: &[String], original: &BTreeMap<String, Vec<u8>>, copy: &Path) {
    let data: Vec<_> = asked.iter().filter(|request| request.contains("/data/")).collect();
    assert!(data.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    assert_eq!(data.len(), original.len(), "each once: {asked:?}");
    let store = nuthatch::store::open(copy.to_str().unwrap(), &toml::Table::new()).unwrap().store;
    let copied = block_on(nuthatch_tests::data(&store));
    assert!(copied.keys().eq(original.keys()), "{:?}", copied.keys());
    assert!(copied == *original, "their bytes are those of the original");
}

fn from_a_bucket(service: Service) -> Bucket {
    let bucket = Bucket::new(service);
    bucket.configure();
    bucket
}

fn a_large_value_crosses_as_it_is(service: Service) {
    crosses!(&from_a_bucket(service), large::call(1), same);
}

/// Where parts of an object have a smallest size.
fn a_large_value_crosses_from_bucket_to_bucket(service: Service) {
    let (from, to) = (from_a_bucket(service), Bucket::new(service));
    let stored = large(2).unwrap();
    from.configure();
    nuthatch::set_parameter!({
        "local.filesystem" => to.url(),
        "local.filesystem_options" => to.options(),
    })
    .unwrap();
    assert_eq!(large::call(2).cache_mode(CacheMode::Local).run().unwrap(), stored);
    let data = |bucket: &Bucket| block_on(nuthatch_tests::data(&bucket.store()));
    assert!(data(&from) == data(&to));
    assert_eq!(large::call(2).cache_mode(CacheMode::Offline).strict(true).run().unwrap(), stored);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let parts = to.asked().iter().filter(|request| request.starts_with("PUT ")).count();
    assert!(parts > 3, "it went in parts");
}

fn a_table_of_parquet_crosses_as_it_is(service: Service) {
    crosses!(&from_a_bucket(service), parquet::call(2012), same);
}

fn one_in_partitions_crosses_as_it_is(service: Service) {
    // The order of its rows is not promised.
    let same = |one: RecordBatch, other: RecordBatch| assert_eq!(one.num_rows(), other.num_rows());
    crosses!(&from_a_bucket(service), partitions::call(2013), same);
}

fn a_table_of_delta_crosses_as_it_is(service: Service) {
    crosses!(&from_a_bucket(service), delta::call(2014), same);
}

fn shards_cross_as_they_are(service: Service) {
    crosses!(&from_a_bucket(service), shards::call(), same_arrays);
}

fn chunks_cross_as_they_are(service: Service) {
    crosses!(&from_a_bucket(service), chunks::call(), same_arrays);
}

fn the_older_version_crosses_as_it_is(service: Service) {
    crosses!(&from_a_bucket(service), zarr2::call(), same_arrays);
}

tests! {
    a_large_value_crosses_as_it_is,
    a_large_value_crosses_from_bucket_to_bucket,
    a_table_of_parquet_crosses_as_it_is,
    one_in_partitions_crosses_as_it_is,
    a_table_of_delta_crosses_as_it_is,
    shards_cross_as_they_are,
    chunks_cross_as_they_are,
    the_older_version_crosses_as_it_is,
}

/// What is stored from here on lies behind a web server.
fn from_the_web() -> Web {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    let front = Front::of_folder(folder.path().to_owned());
    Web { folder, front }
}

mod web {
    use super::*;

    #[test]
    fn a_large_value_crosses_as_it_is() {
        crosses!(&from_the_web(), large::call(1), same);
    }

    #[test]
    fn a_table_of_parquet_crosses_as_it_is() {
        crosses!(&from_the_web(), parquet::call(2012), same);
    }

    #[test]
    fn a_table_of_delta_crosses_as_it_is() {
        crosses!(&from_the_web(), delta::call(2014), same);
    }

    #[test]
    fn arrays_cross_as_they_are() {
        crosses!(&from_the_web(), shards::call(), same_arrays);
        crosses!(&from_the_web(), chunks::call(), same_arrays);
        crosses!(&from_the_web(), zarr2::call(), same_arrays);
    }

    #[test]
    fn what_is_cut_off_or_flipped_on_the_way_is_not_kept() {
        for damage in [cut_off as fn(Vec<u8>) -> Vec<u8>, flipped] {
            let web = from_the_web();
            shards().unwrap();
            let all = files::data(web.folder.path());
            let chunk = all.iter().find(|file| file.ends_with("field/c/0/0")).unwrap();
            let bytes = std::fs::read(chunk).unwrap();
            std::fs::write(chunk, damage(bytes)).unwrap();
            let local = tempfile::tempdir().unwrap();
            web.configure(local.path());
            let found = shards::call().cache_mode(CacheMode::Local).run();
            let read = found.and_then(|found| found.array("field")?.values::<u64>().map(drop));
            // It is lazy: what is damaged is found when it is read.
            assert!(read.is_err_and(|error| error.is_damaged()));
        }
    }

    fn cut_off(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.truncate(bytes.len() / 2);
        bytes
    }

    fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    }
}
