//! An array of a gigabyte, whole.

use std::hint::black_box;
use std::sync::Arc;

use nuthatch::array::{Values, Variable};
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Rounds, Side, Table, compare};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use tokio::runtime::Handle;
use zarrs::array::{Array, ArraySubset};
use zarrs::metadata::ArrayMetadata;
use zarrs_object_store::AsyncObjectStore;
use zarrs_storage::storage_adapter::async_to_sync::{
    AsyncToSyncBlockOn, AsyncToSyncStorageAdapter,
};

use crate::{Far, Result, object};

/// Latitudes and longitudes of a day.
const DAY: [usize; 2] = [181, 360];
const MEGABYTES: usize = 1_000;

thread_local! {
    static CUBE: Values = cube(days().expect("a number")).into();
}

/// So many make the gigabyte.
fn days() -> Result<usize> {
    let megabytes = match std::env::var("REMOTE_BENCH_MB") {
        Ok(megabytes) => megabytes.parse()?,
        Err(_) => MEGABYTES,
    };
    Ok((megabytes * 1_000_000).div_ceil(4 * DAY[0] * DAY[1]))
}

/// Smooth, with noise in the last bits, as measured fields are.
fn cube(days: usize) -> ndarray::Array3<f32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    ndarray::Array3::from_shape_fn((days, DAY[0], DAY[1]), |(t, y, x)| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = (state >> 54) as f32 / 1024.0;
        280.0 + (t as f32 / 58.0).sin() * 10.0 + y as f32 * 0.1 + x as f32 * 0.01 + noise
    })
}

#[cache(backend_options(chunking(time = 31), sharding = false))]
fn by_month() -> nuthatch::Result<Dataset> {
    Dataset::new().with_variable("t", Variable::new(["time", "y", "x"], CUBE.with(Clone::clone)))
}

struct OnRuntime(Handle);

impl AsyncToSyncBlockOn for OnRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

type Bare = AsyncToSyncStorageAdapter<
    AsyncObjectStore<PrefixStore<Arc<dyn object_store::ObjectStore>>>,
    OnRuntime,
>;

/// An array of bare `zarrs` on bare `object_store`, with the metadata that nuthatch has written.
fn bare(far: &Far, folder: Path, document: &str) -> Result<Array<Bare>> {
    let store: Arc<dyn object_store::ObjectStore> = far.store.clone();
    let store = AsyncObjectStore::new(PrefixStore::new(store, folder));
    let runtime = OnRuntime(far.runtime.handle().clone());
    let store = Arc::new(AsyncToSyncStorageAdapter::new(Arc::new(store), runtime));
    let metadata = ArrayMetadata::V3(serde_json::from_str(document)?);
    Ok(Array::new_with_metadata(store, "/", metadata)?)
}

pub(crate) fn table(far: &Far, peer: Option<&Peer>) -> Result<Table> {
    let days = days()?;
    let shape = [days, DAY[0], DAY[1]];
    let bytes = 4 * shape.iter().product::<usize>();
    let title = format!(
        "A float32 cube of {} × {} × {} ({} MB)",
        shape[0],
        shape[1],
        shape[2],
        bytes / 1_000_000
    );
    let mut table = Table::new(&title);
    by_month()?;
    let uri = by_month::uri().run()?.ok_or("it was stored")?;
    let group = object(&format!("{uri}/value.zarr"))?;
    let document = group.clone().join("t").join("zarr.json");
    let document = far.runtime.block_on(async { far.store.get(&document).await?.bytes().await })?;
    let other = bare(far, Path::from("bare"), std::str::from_utf8(&document)?)?;
    let all = ArraySubset::new_with_shape(shape.map(|size| size as u64).to_vec());
    let elements: Vec<f32> = cube(days).into_raw_vec_and_offset().0;

    let rounds = Rounds { samples: 2, repeats: 1 };
    let python = format!("store array {days}");
    let mut sides = vec![
        Side::new("nuthatch", || {
            let call = by_month::call().recompute(true).cache_mode(CacheMode::Overwrite);
            drop(call.run().expect("it is stored"));
        }),
        Side::new("zarrs", || other.store_array_subset(&all, &elements[..]).expect("it is stored")),
    ];
    if let Some(peer) = peer {
        sides.push(Side::new("xarray", || peer.run(&python)));
    }
    let store = compare(rounds, &mut sides);
    drop(sides);
    let mut sides = vec![
        Side::new("nuthatch", || {
            let dataset = by_month::call().strict(true).run();
            let values = dataset.and_then(|dataset| dataset.array("t")?.values::<f32>());
            black_box(values.expect("it is recalled"));
        }),
        Side::new("zarrs", || {
            black_box(other.retrieve_array_subset::<Vec<f32>>(&all).expect("it is read"));
        }),
    ];
    if let Some(peer) = peer {
        sides.push(Side::new("xarray", || peer.run("recall array")));
    }
    let recall = compare(rounds, &mut sides);
    drop(sides);
    for (what, times) in [("store", store), ("recall", recall)] {
        table.goal(what, times[0], ("bare zarrs", times[1]), 1.0 / 0.9);
        if let Some(xarray) = times.get(2) {
            table.beside(what, times[0], ("xarray with s3fs", *xarray));
        }
    }
    Ok(table)
}
