//! Storing: into the manifest, as one object in one request, or in parts.

use std::any::type_name;

use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encoding::Encoding;
use super::envelope;
use super::failure::Failure;
use super::output::{BLOCK, Output};
use super::parts::{Hashing, Parts, Unsent};
use super::{background, object};
use crate::backend::{Target, Written};
use crate::error::{Error, Result};
use crate::runtime;

/// Envelopes of up to this many bytes are put in one request.
const SINGLE_PUT: u64 = 8 << 20;

/// The smallest parts of an upload over a network. Stores refuse parts that are much smaller.
const PART: usize = 8 << 20;

/// Stores take ten thousand parts at most.
const MOST_PARTS: u64 = 9_000;

pub(super) async fn write<T>(value: &T, target: &Target) -> Result<Written>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let encoding = Encoding::of(value).map_err(cannot_encode::<T>)?;
    let bytes = encoding.total();
    let mut written = Written { bytes, ..Written::default() };
    if bytes <= target.inline_up_to as u64 {
        written.inline = Some(encoding.to_vec().map_err(cannot_encode::<T>)?.into());
        return Ok(written);
    }
    let path = object::path(&target.prefix)?;
    if bytes <= SINGLE_PUT {
        let envelope = encoding.to_vec().map_err(cannot_encode::<T>)?;
        let checksum = envelope::checksum(&envelope).copied().unwrap_or_default();
        target.store.put(&path, envelope.into()).await.map_err(|error| failed(target, error))?;
        object::record(&mut written.details, &checksum);
    } else {
        let checksum = background::blocking(target.immediate, || upload(&encoding, target, &path))?;
        object::record(&mut written.details, checksum.as_bytes());
    }
    Ok(written)
}

/// Encodes on this thread, block by block, while others hash and send what is ready.
fn upload<T>(encoding: &Encoding<'_, T>, target: &Target, path: &Path) -> Result<blake3::Hash>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let upload = runtime::block_on(target.store.put_multipart(path));
    let mut parts = Parts::new(upload.map_err(|error| failed(target, error))?);
    let sent = send(encoding, target, &mut parts).and_then(|checksum| {
        parts.complete().map_err(|unsent| into_error(unsent, target))?;
        Ok(checksum)
    });
    if sent.is_err()
        && let Err(error) = parts.abort()
    {
        let object = object::shown(&target.shown);
        tracing::debug!(target: "nuthatch", object, %error, "an upload could not be given up");
    }
    sent
}

fn send<T>(encoding: &Encoding<'_, T>, target: &Target, parts: &mut Parts) -> Result<blake3::Hash>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let hashing = Hashing::begin()?;
    let mut unsent = None;
    let mut spill = |block: Vec<u8>| {
        let block = hashing.add(block);
        parts.send(block).map_err(|error| unsent = Some(error)).ok()
    };
    let mut out = Output::blocks(part_size(target.immediate, encoding.total()), &mut spill);
    let encoded = encoding.write(&mut out);
    let mut last = out.into_block();
    if let Some(unsent) = unsent {
        return Err(into_error(unsent, target));
    }
    encoded.map_err(cannot_encode::<T>)?;
    // Only the checksum has to wait for the hash of all before it.
    let digest = hashing.finish(&last)?;
    last.extend_from_slice(digest.as_bytes());
    parts.send(last.into()).map_err(|unsent| into_error(unsent, target))?;
    Ok(digest)
}

/// Local files and memory take any part, and a small one stays in the cache of its core.
fn part_size(immediate: bool, total: u64) -> usize {
    if immediate {
        return BLOCK;
    }
    let least = total.div_ceil(MOST_PARTS).next_multiple_of(BLOCK as u64);
    usize::try_from(least).unwrap_or(usize::MAX).max(PART)
}

fn cannot_encode<T>(failure: Failure) -> Error {
    Error::Backend {
        backend: super::NAME.to_owned(),
        doing: "encode",
        type_name: type_name::<T>(),
        source: failure.into(),
    }
}

fn into_error(unsent: Unsent, target: &Target) -> Error {
    match unsent {
        Unsent::Store(error) => failed(target, error),
        Unsent::Other(error) => error,
    }
}

fn failed(target: &Target, error: object_store::Error) -> Error {
    object::store_error("write", &target.shown, error)
}
