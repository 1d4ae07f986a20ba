//! Where the codec is not the bound: small chunks, and many small arrays.

use std::hint::black_box;
use std::path::Path;

use nuthatch::array::Variable;
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Rounds, Side, Table, compare};

use crate::Result;

const THIRD: f64 = 1.0 / 3.0;

fn square() -> ndarray::Array2<f32> {
    ndarray::Array2::from_shape_fn((1000, 1000), |(y, x)| (y * x) as f32 * 0.5)
}

#[cache(backend_options(chunking(y = 50, x = 50), sharding = false))]
fn small_chunks(seed: u64) -> nuthatch::Result<Dataset> {
    let _ = seed;
    Dataset::new().with_variable("v", Variable::new(["y", "x"], square()))
}

#[cache]
fn many_arrays(seed: u64) -> nuthatch::Result<Dataset> {
    let _ = seed;
    (0..200).try_fold(Dataset::new(), |dataset, number| {
        let values: Vec<f64> = (0..100).map(|at| f64::from(number * at)).collect();
        dataset.with_variable(&format!("v{number}"), Variable::new(["x"], values))
    })
}

pub(crate) fn tables(folder: &Path) -> Result<Vec<Table>> {
    let Some(peer) = crate::peer(folder)? else { return Ok(Vec::new()) };
    let mut chunks = Table::new("1000 × 1000 float32 in 400 chunks of 10 kB, beside xarray");
    small_chunks(0)?;
    peer.run("chunks store");
    row(&mut chunks, &peer, "store", "chunks store", store(small_chunks));
    row(&mut chunks, &peer, "recall all", "chunks recall", || {
        let array = small_chunks(0).and_then(|dataset| dataset.array("v"));
        black_box(array.and_then(|array| array.values::<f32>()).expect("it is read"));
    });
    row(&mut chunks, &peer, "recall a column", "chunks column", || {
        let column = small_chunks(0).and_then(|dataset| dataset.isel("x", 500)?.array("v"));
        black_box(column.and_then(|array| array.values::<f32>()).expect("it is read"));
    });
    row(&mut chunks, &peer, "recall an element", "chunks element", || {
        let row = small_chunks(0).and_then(|dataset| dataset.isel("x", 500)?.isel("y", 7));
        let array = row.and_then(|dataset| dataset.array("v")?.values::<f32>());
        black_box(array.expect("it is read"));
    });
    let mut arrays = Table::new("200 arrays of 100 float64, beside xarray");
    many_arrays(0)?;
    peer.run("arrays store");
    row(&mut arrays, &peer, "store", "arrays store", store(many_arrays));
    row(&mut arrays, &peer, "open lazily", "arrays open", || {
        black_box(many_arrays(0).expect("it is recalled"));
    });
    row(&mut arrays, &peer, "recall all", "arrays recall", || {
        let dataset = many_arrays(0).expect("it is recalled");
        for (_, variable) in dataset.data_vars() {
            black_box(variable.values::<f64>().expect("it is read"));
        }
    });
    Ok(vec![chunks, arrays])
}

/// Stores under another argument each time.
fn store(function: fn(u64) -> nuthatch::Result<Dataset>) -> impl FnMut() {
    let mut seed = 0;
    move || {
        seed += 1;
        black_box(function(seed).expect("it is stored"));
    }
}

fn row(table: &mut Table, peer: &Peer, what: &str, theirs: &str, ours: impl FnMut()) {
    let sides = &mut [Side::new("nuthatch", ours), Side::new("xarray", || peer.run(theirs))];
    let took = compare(Rounds { samples: 9, repeats: 1 }, sides);
    table.goal(what, took[0], ("xarray", took[1]), THIRD);
}
