//! A cube of 95 MB: stored, recalled and sliced.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use nuthatch::array::{Values, Variable};
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Rounds, Side, Table, compare, local_path};
use zarrs::array::ArraySubset;

use crate::{Result, bare};

/// Days, latitudes, longitudes.
const SHAPE: [usize; 3] = [365, 181, 360];
const MONTH: usize = 31;

/// Smooth, with noise in the last bits, as measured fields are.
fn cube() -> ndarray::Array3<f32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    ndarray::Array3::from_shape_fn(SHAPE, |(t, y, x)| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = (state >> 54) as f32 / 1024.0;
        280.0 + (t as f32 / 58.0).sin() * 10.0 + y as f32 * 0.1 + x as f32 * 0.01 + noise
    })
}

thread_local! {
    static CUBE: Values = cube().into();
}

fn dataset() -> nuthatch::Result<Dataset> {
    Dataset::new().with_variable("t", Variable::new(["time", "y", "x"], CUBE.with(Clone::clone)))
}

#[cache(backend_options(chunking(time = 31), sharding = false))]
fn by_month(seed: u64) -> nuthatch::Result<Dataset> {
    let _ = seed;
    dataset()
}

/// One object, cut into shards' chunks near 2 MB.
#[cache]
fn by_default(seed: u64) -> nuthatch::Result<Dataset> {
    let _ = seed;
    dataset()
}

fn values(dataset: nuthatch::Result<Dataset>) {
    let values = dataset.and_then(|dataset| dataset.array("t")?.values::<f32>());
    black_box(values.expect("it is read"));
}

pub(crate) fn table(folder: &Path) -> Result<Table> {
    let cube = cube();
    let bytes = cube.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    fs::write(folder.join("cube.raw"), bytes)?;
    let peer = crate::peer(folder)?;
    let mut table = Table::new("A float32 cube of 365 × 181 × 360 (95 MB), in chunks of 31 days");
    let group = |uri: Option<String>| {
        let uri = uri.ok_or("it was stored")?;
        Ok::<_, Box<dyn std::error::Error>>(local_path(&uri).join("value.zarr"))
    };
    by_month(0)?;
    let months = group(by_month::uri(0).run()?)?;
    store_and_recall(folder, &mut table, &months, peer.as_ref(), (&|seed| by_month(seed), ""))?;
    slices(folder, &mut table, peer.as_ref())?;
    by_default(0)?;
    let whole = group(by_default::uri(0).run()?)?;
    let shards = (&(|seed| by_default(seed)) as &dyn Fn(u64) -> _, " in one shard");
    store_and_recall(folder, &mut table, &whole, None, shards)?;
    Ok(table)
}

type Function<'a> = (&'a dyn Fn(u64) -> nuthatch::Result<Dataset>, &'a str);

fn store_and_recall(
    folder: &Path,
    table: &mut Table,
    group: &Path,
    peer: Option<&Peer>,
    (function, how): Function<'_>,
) -> Result {
    let rounds = Rounds { samples: 9, repeats: 1 };
    let document = fs::read_to_string(group.join("t/zarr.json"))?;
    let elements: Vec<f32> = cube().into_raw_vec_and_offset().0;
    let all = ArraySubset::new_with_shape(SHAPE.map(|size| size as u64).to_vec());
    let place = |count: u32| folder.join(format!("bare{how} {count}"));
    let (mut seed, mut count) = (0_u64, 0);
    let mut sides = vec![
        Side::new("nuthatch", || {
            seed += 1;
            black_box(function(seed).expect("it is stored"));
        }),
        Side::new("zarrs", || {
            count += 1;
            let array = bare::array(&place(count), &document).expect("it opens");
            array.store_array_subset(&all, &elements[..]).expect("it is stored");
        }),
    ];
    for kind in ["plain", "dask"] {
        let Some(peer) = peer else { break };
        sides.push(Side::new(kind, move || peer.run(&format!("store {kind}"))));
    }
    let store = compare(rounds, &mut sides);
    drop(sides);

    let other = bare::array(&place(1), &document)?;
    let chunks = bare::chunks(&group.join("t/c"))?;
    let chunk = 4 * MONTH * SHAPE[1] * SHAPE[2];
    let mut sides = vec![
        Side::new("nuthatch", || values(function(0))),
        Side::new("zarrs", || {
            black_box(other.retrieve_array_subset::<Vec<f32>>(&all).expect("it is read"));
        }),
    ];
    if let Some(peer) = peer {
        sides.push(Side::new("zstd", || {
            black_box(bare::decode(&chunks, chunk));
        }));
        for kind in ["plain", "dask"] {
            sides.push(Side::new(kind, move || peer.run(&format!("recall {kind}"))));
        }
    }
    let recall = compare(rounds, &mut sides);

    table.goal(&format!("store{how}"), store[0], ("bare zarrs", store[1]), 1.0 / 0.9);
    table.goal(&format!("recall all{how}"), recall[0], ("bare zarrs", recall[1]), 1.0 / 0.9);
    if let ([_, _, plain, dask], [_, _, zstd, recall_plain, recall_dask]) =
        (&store[..], &recall[..])
    {
        table.goal("store", store[0], ("xarray", *plain), 1.0 / 1.25);
        table.goal("store", store[0], ("xarray with dask", *dask), 1.0 / 1.25);
        table.goal("recall all", recall[0], ("xarray", *recall_plain), 1.0);
        table.goal("recall all", recall[0], ("xarray with dask", *recall_dask), 1.0);
        table.goal("recall all", recall[0], ("bare zstd", *zstd), 2.0);
    }
    Ok(())
}

fn slices(folder: &Path, table: &mut Table, peer: Option<&Peer>) -> Result {
    let document = fs::read_to_string(
        local_path(&by_month::uri(0).run()?.ok_or("it was stored")?).join("value.zarr/t/zarr.json"),
    )?;
    let other = bare::array(&folder.join("bare 1"), &document)?;
    let of_month = [0..MONTH as u64, 0..SHAPE[1] as u64, 0..SHAPE[2] as u64];
    let month = ArraySubset::new_with_ranges(&of_month);
    let mut sides = vec![
        Side::new("nuthatch", || {
            values(by_month(0).and_then(|dataset| dataset.isel("time", 0..MONTH)))
        }),
        Side::new("zarrs", || {
            black_box(other.retrieve_array_subset::<Vec<f32>>(&month).expect("it is read"));
        }),
        Side::new("open", || drop(black_box(by_month(0).expect("it is recalled")))),
    ];
    if let Some(peer) = peer {
        sides.push(Side::new("month", || peer.run("month")));
        sides.push(Side::new("open", || peer.run("open")));
    }
    let slice = compare(Rounds { samples: 21, repeats: 3 }, &mut sides);
    table.goal("recall a month", slice[0], ("bare zarrs", slice[1]), 1.2);
    table.goal("open lazily", slice[2], ("5 ms", Duration::from_millis(5)), 1.0);
    if let [.., month, open] = &slice[3..] {
        table.beside("recall a month", slice[0], ("xarray", *month));
        table.goal("open lazily", slice[2], ("xarray", *open), 1.0 / 3.0);
    }
    Ok(())
}
