//! A large value, 64 MB of floats: stored and recalled, beside the bare file.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use nuthatch::prelude::*;
use nuthatch_benches::{Rounds, Side, Table, compare};

use crate::Result;

const FLOATS: usize = 8_000_000;

/// The body copies what it returns: that is measured with the store, and is little beside it.
#[cache]
fn floats(_seed: u64) -> Vec<f64> {
    (0..FLOATS).map(|i| i as f64 * 0.5).collect()
}

pub(crate) fn run(folder: &Path) -> Result<Table> {
    let rounds = Rounds { samples: 9, repeats: 1 };
    let bytes: Vec<u8> = floats::original(0).iter().flat_map(|f| f.to_le_bytes()).collect();
    let mut table = Table::new("64 MB of f64 through `basic`, on local files");

    let (mut seed, mut file) = (0, 0);
    let sides = &mut [
        Side::new("nuthatch", || {
            seed += 1;
            black_box(floats(seed));
        }),
        Side::new("body", || {
            black_box(floats::original(0));
        }),
        Side::new("bare", || {
            file += 1;
            fs::write(folder.join(format!("bare-{file}")), &bytes).expect("it can be written");
        }),
    ];
    let times = compare(rounds, sides);
    let store = times[0].saturating_sub(times[1]);
    table.goal("store", store, ("std::fs::write to a new file", times[2]), 2.0);

    let before = nuthatch::stats();
    let path = folder.join("bare-1");
    let sides = &mut [
        Side::new("nuthatch", || {
            black_box(floats(1));
        }),
        Side::new("bare", || {
            black_box(fs::read(&path).expect("it is there"));
        }),
    ];
    let times = compare(rounds, sides);
    assert_eq!(nuthatch::stats().computed(), before.computed(), "every measured call is a hit");
    table.goal("recall", times[0], ("std::fs::read", times[1]), 2.0);
    Ok(table)
}
