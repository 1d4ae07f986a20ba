//! A hit in memory, beside the bare libraries.

use std::hint::black_box;

use cached::{Cached as _, LruCache};
use nuthatch::prelude::*;
use nuthatch_benches::{Rounds, Side, Table, compare};

/// How many keys each side holds, and takes in turn.
const KEYS: i64 = 64;

#[cache(memoize)]
fn product(factor: i64, name: &str) -> i64 {
    factor * i64::try_from(name.len()).unwrap_or(0)
}

pub(crate) fn run() -> Table {
    let keys: Vec<(i64, String)> = (0..KEYS).map(|i| (i, format!("station {i}"))).collect();
    let moka = moka::sync::Cache::<(i64, String), i64>::new(10_000);
    let mut lru = LruCache::<(i64, String), i64>::new(10_000);
    for (factor, name) in &keys {
        let value = product(*factor, name);
        moka.insert((*factor, name.clone()), value);
        lru.cache_set((*factor, name.clone()), value);
    }
    let before = nuthatch::stats();

    let sides = &mut [
        Side::new("nuthatch", over(&keys, |(factor, name)| product(*factor, name))),
        Side::new("moka", over(&keys, move |key| moka.get(key).unwrap_or_default())),
        Side::new("cached", over(&keys, move |key| lru.cache_get(key).copied().unwrap_or(0))),
    ];
    let times = compare(Rounds { samples: 41, repeats: 400 }, sides);
    let hit = |side: usize| times[side] / u32::try_from(KEYS).unwrap_or(1);

    let after = nuthatch::stats();
    assert_eq!(after.computed(), before.computed(), "every measured call is a hit");
    assert!(after.memo_hits > before.memo_hits, "every measured call is a hit in memory");

    let mut table = Table::new("A hit in memory: an i64 by an (i64, &str)");
    table.goal("nuthatch", hit(0), ("moka, a bare get by an equal key", hit(1)), 1.0);
    table.beside("nuthatch", hit(0), ("cached, one thread's LruCache", hit(2)));
    table
}

/// A hit of each key in turn.
fn over(keys: &[(i64, String)], mut hit: impl FnMut(&(i64, String)) -> i64) -> impl FnMut() {
    move || {
        for key in keys {
            black_box(hit(black_box(key)));
        }
    }
}
