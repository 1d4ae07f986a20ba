//! What a large configuration costs: nothing on the path of a call, and little once.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use nuthatch::Nuthatch;
use nuthatch::prelude::*;
use nuthatch_benches::{Rounds, Side, Table, compare};

use crate::Result;

/// How many keys are memoized, or stored, and taken in turn.
const KEYS: i64 = 64;

#[cache(memoize)]
fn remembered(number: i64) -> i64 {
    number * 2
}

#[cache]
fn stored(number: i64) -> i64 {
    number * 2
}

pub(crate) fn run(folder: &Path) -> Result<Table> {
    let (bare, full) = (folder.join("bare"), folder.join("full"));
    fs::create_dir_all(&bare)?;
    fs::create_dir_all(&full)?;
    fs::write(full.join("nuthatch.toml"), twenty_keys(&full))?;
    let plain = Nuthatch::builder().set("filesystem", text(&bare.join("lake"))?).build()?;
    let configured = || Nuthatch::builder().home(&full).folder(&full).build();
    let large = configured()?;
    assert_eq!(large.config()?.mirrors.len(), 5);
    for nuthatch in [&plain, &large] {
        nuthatch.with(|| (0..KEYS).for_each(|n| assert_eq!(remembered(n), stored(n))));
    }
    let before = nuthatch::stats();
    let of = |nuthatch: &Nuthatch, call: fn(i64) -> i64| {
        let nuthatch = nuthatch.clone();
        move || {
            nuthatch.with(|| {
                for number in 0..KEYS {
                    black_box(call(black_box(number)));
                }
            });
        }
    };
    let hits = compare(
        Rounds { samples: 41, repeats: 200 },
        &mut [
            Side::new("large", of(&large, remembered)),
            Side::new("plain", of(&plain, remembered)),
        ],
    );
    let recalls = compare(
        Rounds { samples: 41, repeats: 5 },
        &mut [Side::new("large", of(&large, stored)), Side::new("plain", of(&plain, stored))],
    );
    assert_eq!(nuthatch::stats().computed(), before.computed(), "every measured call is a hit");
    let resolved = compare(
        Rounds { samples: 41, repeats: 5 },
        &mut [Side::new("resolved", || {
            black_box(configured().is_ok());
        })],
    );
    let each = |took: Duration| took / u32::try_from(KEYS).unwrap_or(1);
    let mut table = Table::new("Five mirrors and twenty keys, beside a root alone");
    table.goal("a hit in memory", each(hits[0]), ("a root alone", each(hits[1])), 1.05);
    table.goal("a warm recall", each(recalls[0]), ("a root alone", each(recalls[1])), 1.05);
    table.goal("files read and resolved", resolved[0], ("5 ms", Duration::from_millis(5)), 1.0);
    Ok(table)
}

/// Seven keys of the whole, and thirteen of a root, a local location and five mirrors.
fn twenty_keys(folder: &Path) -> String {
    let mut file = String::from(
        "[nuthatch]\nmemo_size = \"1 GB\"\ndurable = false\non_store_failure = \"warn\"\n\
         manifest_identity = \"none\"\ngrace = \"3d\"\ntimeout = \"20s\"\ncommit = \"conditional\"\n",
    );
    for place in ["root", "local", "mirror", "mirror-a", "mirror-b", "mirror-c", "mirror-d"] {
        file += &format!("[nuthatch.{place}]\nfilesystem = {:?}\n", folder.join(place));
    }
    file += "[nuthatch.root.zarr]\nlevel = 3\nchunk = 4\nwidth = 5\n";
    file + "[nuthatch.local.delta]\nx = 1\ny = 2\nz = 3\n"
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}
