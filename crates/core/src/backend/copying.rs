//! A generation copied to another location as it is: object by object, and checked on the way.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetResult, ObjectStoreExt};

use super::{Source, Target, Written};
use crate::entry::layout;
use crate::error::{Error, Result};
use crate::store::{Damage, StoredSums, Sums, Upload, Verified};

/// The member of a record with the checksums of all objects, and the one that says in which folder
/// they lie, where they are an object of their own.
const SUMS: &str = "sums";
const SUMS_BELOW: &str = "sums_below";

/// How many objects are on their way at once.
const AT_ONCE: usize = 8;

/// The size of a part of an upload, and of the largest object that goes up in one request: the
/// smallest that S3 takes.
const PART: usize = 5 << 20;

/// How many parts of one object are on their way beside the one that is filled.
const UNDER_WAY: usize = 2;

/// The most parts that services take of one object.
const MOST_PARTS: u64 = 10_000;

/// Copies the objects that `sums` names below `folder`, a path below the generation's prefix (empty
/// for the prefix itself). What is copied has these sums, and nothing else is.
///
/// In memory are the parts of at most eight objects at a time.
///
/// # Errors
///
/// [`Error::Damaged`] where an object is not what was written, [`Error::Store`] where a store
/// cannot be read or written.
pub async fn copy_objects(
    source: &Source,
    target: &Target,
    folder: &str,
    sums: &Sums,
) -> Result<()> {
    let (from, to) = (below(&source.prefix, folder)?, below(&target.prefix, folder)?);
    let store = Verified::new(source.store.clone(), from.clone(), sums.clone());
    // Owned, so that the futures are those of one lifetime.
    let names: Vec<String> = sums.objects().map(|(name, _)| name.to_owned()).collect();
    let copies = names.into_iter().map(|name| {
        let (store, paths) = (store.clone(), (below(&from, &name), below(&to, &name)));
        async move {
            let (from, to) = (paths.0?, paths.1?);
            let found = store.get(&from).await.map_err(|error| unread(source, &name, error))?;
            transfer(found, source, (target, &to), &name, |_| {}).await
        }
    });
    stream::iter(copies).buffer_unordered(AT_ONCE).try_collect().await
}

/// As [`copy_objects`], for a backend whose record has a member `sums` with the checksums of all
/// objects below `folder`; nothing where it has none. What is given back is the same record.
///
/// # Errors
///
/// As [`copy_objects`]; [`Error::Damaged`] where the checksums cannot be read.
pub async fn copy_summed(
    source: &Source,
    target: &Target,
    folder: &str,
) -> Result<Option<Written>> {
    let mut details = source.record.details.clone();
    let Some(stored) = details.get(SUMS) else { return Ok(None) };
    let shown = source.shown.to_string();
    let stored: StoredSums = serde_json::from_value(stored.clone()).map_err(|error| {
        let why = format!("its checksums cannot be read: {error}");
        Error::Damaged { object: shown.clone(), why }
    })?;
    let inline_up_to = if matches!(stored, StoredSums::Inline(_)) { usize::MAX } else { 0 };
    // A table that was merged into has them in a folder of that merge; the copy needs none.
    let below_it = details.remove(SUMS_BELOW);
    let lie = below_it.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
    let lie = below(&source.prefix, lie)?;
    let sums = stored.load(source.store.as_ref(), &lie, &shown).await?;
    copy_objects(source, target, folder, &sums).await?;
    let shown = target.shown.to_string();
    let stored = sums.store(target.store.as_ref(), &target.prefix, inline_up_to, &shown).await?;
    details.insert(SUMS.to_owned(), serde_json::to_value(stored).map_err(Error::other)?);
    Ok(Some(Written { bytes: source.record.bytes, details, ..Written::default() }))
}

/// Copies one object, by its name below the generation's prefix, and shows `see` each piece of it as
/// it passes: for backends whose objects hold their checksums themselves. Gives its size.
///
/// At most three parts of 5 MiB are in memory, of objects below 50 GB.
///
/// # Errors
///
/// [`Error::Damaged`] where it is gone, [`Error::Store`] where a store cannot be read or written.
pub async fn copy_object(
    source: &Source,
    target: &Target,
    name: &str,
    mut see: impl FnMut(&Bytes),
) -> Result<u64> {
    let (from, to) = (below(&source.prefix, name)?, below(&target.prefix, name)?);
    let found = source.store.get(&from).await.map_err(|error| unread(source, name, error))?;
    let mut size = 0;
    let see = |piece: &Bytes| {
        size += piece.len() as u64;
        see(piece);
    };
    transfer(found, source, (target, &to), name, see).await?;
    Ok(size)
}

/// Sends what is read of one object to a path of the target, and shows `see` each piece.
pub(crate) async fn transfer(
    found: GetResult,
    source: &Source,
    (target, to): (&Target, &Path),
    name: &str,
    mut see: impl FnMut(&Bytes),
) -> Result<()> {
    let size = found.meta.size;
    let mut pieces = found.into_stream();
    let unwritten = |error| unwritten(target, name, error);
    let part = usize::try_from(size.div_ceil(MOST_PARTS)).unwrap_or(PART).max(PART);
    let upload = Upload::new(Arc::clone(&target.store), to.clone());
    let mut upload = upload.parts_of(part, UNDER_WAY);
    while let Some(piece) = pieces.next().await {
        let sent = match piece {
            Ok(piece) => {
                see(&piece);
                upload.push(piece).await.map_err(unwritten)
            }
            Err(error) => Err(unread(source, name, error)),
        };
        if let Err(error) = sent {
            upload.abort().await;
            return Err(error);
        }
    }
    upload.finish().await.map_err(unwritten)
}

fn below(prefix: &Path, name: &str) -> Result<Path> {
    match name {
        "" => Ok(prefix.clone()),
        name => layout::parse(&format!("{prefix}/{name}")),
    }
}

fn unread(source: &Source, name: &str, error: object_store::Error) -> Error {
    let damaged = |why: String| Error::Damaged { object: format!("{}/{name}", source.shown), why };
    if let Some(damage) = Damage::find(&error) {
        return damaged(damage.why.clone());
    }
    match error {
        object_store::Error::NotFound { .. } => damaged("it is gone".to_owned()),
        error => Error::Store {
            doing: format!("copy {name}"),
            location: source.shown.to_string(),
            source: error.into(),
        },
    }
}

fn unwritten(target: &Target, name: &str, error: object_store::Error) -> Error {
    Error::Store {
        doing: format!("write {name}"),
        location: target.shown.to_string(),
        source: error.into(),
    }
}
