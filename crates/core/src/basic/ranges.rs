//! A large object that is not on this machine: fetched in ranges, of which several are on their
//! way at once. So one slow connection holds up a part of it, and each request ends in time.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{Error, GetOptions, GetResult, ObjectStore, ObjectStoreExt, Result};

use crate::backend::Source;
use crate::runtime;

/// The length of a range, in bytes.
pub(super) const RANGE: u64 = 4 << 20;

/// How many ranges are on their way or wait to be decoded: with their length, the bound of the
/// memory that a recall takes beside the value.
pub(super) const AT_ONCE: usize = 4;

/// An object: what the first request brought, and what the others will bring.
pub(super) struct Found {
    pub(super) first: GetResult,
    pub(super) rest: Option<BoxStream<'static, Result<Bytes>>>,
}

/// Asks for an object: for all of it, unless it is large and lies elsewhere.
pub(super) async fn find(source: &Source, path: &Path) -> Result<Found> {
    let total = source.record.bytes;
    if source.immediate || total <= 2 * RANGE {
        return whole(source, path).await;
    }
    let options = GetOptions { range: Some((0..RANGE).into()), ..GetOptions::default() };
    match source.store.get_opts(path, options).await {
        Ok(first) => Ok(Found { first, rest: Some(rest(&source.store, path, total)) }),
        Err(error @ Error::NotFound { .. }) => Err(error),
        // A plain web server knows no ranges.
        Err(_) => whole(source, path).await,
    }
}

async fn whole(source: &Source, path: &Path) -> Result<Found> {
    Ok(Found { first: source.store.get(path).await?, rest: None })
}

/// All ranges but the first, in their order.
fn rest(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    total: u64,
) -> BoxStream<'static, Result<Bytes>> {
    let (store, path) = (Arc::clone(store), path.clone());
    let starts = (1..total.div_ceil(RANGE)).map(|number| number * RANGE);
    let ranges = starts.map(move |start| {
        let (store, path) = (Arc::clone(&store), path.clone());
        let end = total.min(start + RANGE);
        // It goes on while nobody polls, since others are being decoded.
        let fetching = runtime::spawn(async move { store.get_range(&path, start..end).await });
        async move {
            let failed =
                |error: crate::Error| Error::Generic { store: "basic", source: error.into() };
            fetching.await.map_err(failed)?
        }
    });
    stream::iter(ranges).buffered(AT_ONCE - 1).boxed()
}
