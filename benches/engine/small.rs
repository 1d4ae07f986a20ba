//! A small value: its first store and its recall, beside bare files and disk caches, in a
//! location that holds ten entries, a thousand, a hundred thousand.

use std::fs;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use cached::{ConcurrentCached as _, RedbCache};
use nuthatch::prelude::*;
use nuthatch_benches::{Rounds, Side, Table, compare};

use crate::Result;

#[cache]
fn doubled(number: i64) -> i64 {
    number * 2
}

/// The next number that was never asked for.
static FRESH: AtomicI64 = AtomicI64::new(0);

fn fresh() -> i64 {
    FRESH.fetch_add(1, Ordering::Relaxed)
}

/// The peers and the bare files, in a folder of their own.
struct Peers {
    folder: std::path::PathBuf,
    cacache: std::path::PathBuf,
    redb: RedbCache<i64, i64>,
    manifest: Vec<u8>,
}

pub(crate) fn run(folder: &Path, entries: i64) -> Result<Table> {
    let folder = folder.join(format!("beside {entries}"));
    fs::create_dir_all(&folder)?;
    while FRESH.load(Ordering::Relaxed) < entries {
        black_box(doubled(fresh()));
    }
    let entry = doubled::entry(0).run()?.ok_or("it was stored")?;
    assert!(entry.backends[0].inline.is_some(), "a small value lies in its manifest");
    let manifest = fs::read(manifest_of(0)?)?;
    let cacache = folder.join("cacache");
    let redb = RedbCache::builder("peer").disk_dir(&folder).durable(false).build()?;
    let peers = Peers { folder, cacache, redb, manifest };
    let mut table = Table::new(&format!("An i64 on local files, beside {entries} entries"));
    recall(&peers, &mut table)?;
    store(&peers, &mut table);
    Ok(table)
}

/// Where the manifest of a call lies.
fn manifest_of(number: i64) -> Result<std::path::PathBuf> {
    let uri = doubled::uri(number).run()?.ok_or("it was stored")?;
    Ok(nuthatch_benches::local_path(&uri))
}

fn recall(peers: &Peers, table: &mut Table) -> Result {
    let file = peers.folder.join("bare");
    fs::write(&file, &peers.manifest)?;
    peers.redb.cache_set(7, 14).map_err(|error| format!("{error:?}"))?;
    cacache::write_sync(&peers.cacache, "7", 14_i64.to_le_bytes())?;
    let before = nuthatch::stats();
    let mut buffer = Vec::with_capacity(4096);
    let sides = &mut [
        Side::new("nuthatch", || {
            black_box(doubled(black_box(7)));
        }),
        Side::new("bare", || {
            buffer.clear();
            let mut opened = fs::File::open(&file).expect("it is there");
            black_box(opened.read_to_end(&mut buffer).expect("it can be read"));
        }),
        Side::new("cached", || {
            black_box(peers.redb.cache_get(&7).expect("it is there"));
        }),
        Side::new("cacache", || {
            black_box(cacache::read_sync(&peers.cacache, "7").expect("it is there"));
        }),
    ];
    let times = compare(Rounds { samples: 31, repeats: 300 }, sides);
    assert_eq!(nuthatch::stats().computed(), before.computed(), "every measured call is a hit");
    table.goal("recall", times[0], ("open, read and close one such file", times[1]), 3.0);
    table.beside("recall", times[0], ("cached, a RedbCache's get", times[2]));
    table.beside("recall", times[0], ("cacache, read_sync", times[3]));
    Ok(())
}

fn store(peers: &Peers, table: &mut Table) {
    let before = nuthatch::stats();
    let mut written = 0_u64;
    let mut create = |bytes: &[u8]| {
        written += 1;
        let temporary = peers.folder.join(format!("{written}.tmp"));
        let mut file = fs::File::create_new(&temporary).expect("it can be created");
        file.write_all(bytes).expect("it can be written");
        drop(file);
        fs::rename(&temporary, peers.folder.join(written.to_string())).expect("it can be renamed");
    };
    let (mut key, mut other) = (1_000_i64, 1_000_i64);
    let sides = &mut [
        Side::new("nuthatch", || {
            black_box(doubled(fresh()));
        }),
        Side::new("bare", || {
            create(&peers.manifest);
            create(&peers.manifest);
        }),
        Side::new("cached", || {
            key += 1;
            peers.redb.cache_set(key, key * 2).expect("it can be written");
        }),
        Side::new("cacache", || {
            other += 1;
            let value = (other * 2).to_le_bytes();
            cacache::write_sync(&peers.cacache, other.to_string(), value).expect("it is written");
        }),
    ];
    let rounds = Rounds { samples: 31, repeats: 20 };
    let times = compare(rounds, sides);
    let calls = u64::try_from(rounds.samples + 1).unwrap_or(0) * u64::from(rounds.repeats);
    assert_eq!(nuthatch::stats().stored, before.stored + calls, "every measured call stored");
    let bare = ("create, write and rename two such files", times[1]);
    table.goal("first store", times[0], bare, 2.0);
    table.beside("first store", times[0], ("cached, a RedbCache's set, not durable", times[2]));
    table.beside("first store", times[0], ("cacache, write_sync", times[3]));
}
