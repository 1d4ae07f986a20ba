//! Small values: one by one, and a thousand by sixty-four tasks.

use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Rounds, Side, Table, compare};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use crate::{Far, Result, object};

const ENTRIES: i64 = 1_000;
const TASKS: usize = 64;

#[cache]
fn doubled(number: i64) -> i64 {
    number * 2
}

#[cache]
async fn tripled(number: i64) -> nuthatch::Result<i64> {
    Ok(number * 3)
}

pub(crate) fn one(far: &Far, peer: Option<&Peer>) -> Result<Table> {
    let rounds = Rounds { samples: 9, repeats: 5 };
    let mut table = Table::new("An i64, in round trips: of one bare GET of its entry each");
    doubled(0);
    let path = object(&doubled::uri(0).run()?.ok_or("it was stored")?)?;
    let python = format!("get {path}");
    let next = AtomicI64::new(1);
    let mut sides = vec![
        Side::new("bare", || {
            black_box(far.get(&path).expect("it is read"));
        }),
        Side::new("recall", || assert_eq!(doubled::call(0).strict(true).run(), 0)),
        Side::new("store", || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            assert_eq!(doubled(number), 2 * number);
        }),
    ];
    if let Some(peer) = peer {
        sides.push(Side::new("s3fs", || peer.run(&python)));
    }
    let times = compare(rounds, &mut sides);
    table.goal("recall", times[1], ("bare GET", times[0]), 1.1);
    table.goal("first store", times[2], ("bare GET", times[0]), 3.0);
    if let Some(s3fs) = times.get(3) {
        table.beside("recall", times[1], ("s3fs", *s3fs));
    }
    Ok(table)
}

pub(crate) fn many(far: &Far, peer: Option<&Peer>) -> Result<Table> {
    let rounds = Rounds { samples: 5, repeats: 1 };
    let title = format!("{ENTRIES} small entries, {TASKS} tasks at once");
    let mut table = Table::new(&title);
    let runtime = &far.runtime;
    let paths: Vec<Path> = runtime.block_on(async {
        let stored = stream::iter(0..ENTRIES).map(async |number| {
            tripled(number).await?;
            let uri = tripled::uri(number).await?;
            uri.ok_or_else(|| nuthatch::Error::other("it was stored"))
        });
        let uris: Vec<_> = stored.buffered(TASKS).collect().await;
        uris.into_iter().map(|uri| object(&uri?)).collect::<Result<_>>()
    })?;
    let python = format!(
        "many {TASKS} {}",
        paths[0].as_ref().rsplit_once("/entries/").map_or("", |it| it.0)
    );
    let recall = || {
        let recalled = stream::iter(0..ENTRIES)
            .map(|number| tokio::spawn(async move { tripled::call(number).strict(true).await }));
        let sum = recalled
            .buffer_unordered(TASKS)
            .fold(0, async |sum, value| sum + value.expect("no panic").expect("it is recalled"));
        assert_eq!(runtime.block_on(sum), 3 * (0..ENTRIES).sum::<i64>());
    };
    let bare = || {
        let read = stream::iter(&paths).map(|path| {
            let (store, path) = (far.store.clone(), path.clone());
            tokio::spawn(async move { store.get(&path).await?.bytes().await })
        });
        let read = read.buffer_unordered(TASKS).for_each(async |bytes| {
            black_box(bytes.expect("no panic").expect("it is read"));
        });
        runtime.block_on(read);
    };
    let mut sides = vec![Side::new("recall", recall), Side::new("bare", bare)];
    if let Some(peer) = peer {
        sides.push(Side::new("s3fs", || peer.run(&python)));
    }
    let times: Vec<Duration> = compare(rounds, &mut sides);
    table.goal("recall", times[0], ("bare GETs", times[1]), 1.0 / 0.8);
    if let Some(s3fs) = times.get(2) {
        table.beside("recall", times[0], ("s3fs", *s3fs));
    }
    Ok(table)
}
