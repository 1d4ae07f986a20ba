//! Recalling: from the manifest, from one object in one request, or from one that is decoded
//! while it is still being read.

use std::any::type_name;

use bytes::Bytes;
use data_encoding::BASE64;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{Error as StoreError, GetResult, GetResultPayload};
use serde::de::DeserializeOwned;

use super::blocks::{Blocks, Reading};
use super::envelope::{self, BINCODE, HEADER, Header, Misread, TRAILER};
use super::failure::Failure;
use super::input::Input;
use super::output::BLOCK;
use super::ranges::{self, Found};
use super::shape::shape_of;
use super::{background, bincode_codec, named_codec, object};
use crate::backend::Source;
use crate::config::Verify;
use crate::error::{Error, Result};

pub(super) async fn read<T: DeserializeOwned + 'static>(source: &Source) -> Result<T> {
    match &source.record.inline {
        Some(text) => inline(text, source),
        None => stored(source).await,
    }
}

/// An envelope in memory, checked, unless its store is trusted, and decoded.
pub(super) fn whole<T: DeserializeOwned + 'static>(
    envelope: Bytes,
    verify: Verify,
) -> Result<T, Fault> {
    if verify == Verify::Full && !envelope::is_sealed(&envelope) {
        return Err(Fault::Broken);
    }
    decode(envelope.len() as u64, |length| Input::new(envelope, length, None))
}

/// Why an envelope gives no value.
#[derive(Debug)]
pub(super) enum Fault {
    /// Its checksum is that of other bytes.
    Broken,
    /// Its checksum is right, and not the one that the manifest holds.
    Another,
    /// Its checksum is right.
    Misread(Misread),
}

impl From<Misread> for Fault {
    fn from(misread: Misread) -> Self {
        Self::Misread(misread)
    }
}

fn inline<T: DeserializeOwned + 'static>(text: &str, source: &Source) -> Result<T> {
    let fail = |fault: Fault| fault.into_error::<T>(source.shown.to_string(), source);
    let damaged = |why: String| Error::Damaged { object: source.shown.to_string(), why };
    let envelope = BASE64
        .decode(text.as_bytes())
        .map_err(|error| damaged(format!("its inlined value is no base64: {error}")))?;
    if envelope.len() as u64 != source.record.bytes {
        return Err(damaged(missized(envelope.len() as u64, source)));
    }
    whole(envelope.into(), source.verify).map_err(fail)
}

async fn stored<T: DeserializeOwned + 'static>(source: &Source) -> Result<T> {
    let damaged = |why: String| Error::Damaged { object: object::shown(&source.shown), why };
    let failed = |error: StoreError| match error {
        StoreError::NotFound { .. } => damaged("it is gone".to_owned()),
        error => object::store_error("read", &source.shown, error),
    };
    let path = object::path(&source.prefix)?;
    let Found { first: found, rest } = ranges::find(source, &path).await.map_err(failed)?;
    let total = found.meta.size;
    if total != source.record.bytes {
        return Err(damaged(missized(total, source)));
    }
    let Some(checksum) = object::recorded(&source.record.details) else {
        return Err(damaged("its manifest holds no checksum of it".to_owned()));
    };
    let value = if total <= BLOCK as u64 {
        let envelope = found.bytes().await.map_err(failed)?;
        if envelope.len() as u64 != total {
            return Err(damaged("it was cut short while it was read".to_owned()));
        }
        match envelope::checksum(&envelope) {
            Some(found) if *found == checksum => whole(envelope, source.verify),
            _ => Err(Fault::Another),
        }
    } else {
        background::blocking(source.immediate, || {
            streamed(found, rest, (total, source.verify), &checksum, failed)
        })?
    };
    value.map_err(|fault| fault.into_error::<T>(object::shown(&source.shown), source))
}

/// Decodes on this thread what another one reads and hashes. Nothing that was decoded is handed
/// out before the hash is known to be right.
fn streamed<T: DeserializeOwned + 'static>(
    found: GetResult,
    rest: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    (total, verify): (u64, Verify),
    checksum: &[u8; TRAILER],
    failed: impl Fn(StoreError) -> Error,
) -> Result<Result<T, Fault>> {
    let blocks = match found.payload {
        GetResultPayload::File(file, path) => Blocks::File(file, path),
        GetResultPayload::Stream(first) => Blocks::Stream(match rest {
            Some(rest) => first.chain(rest).boxed(),
            None => first,
        }),
    };
    let mut reading = Reading::begin(blocks, total, verify)?;
    let mut refill = |used: Bytes| reading.next(used);
    let decoded = decode(total, |length| Input::new(Bytes::new(), length, Some(&mut refill)));
    let digests = reading.finish()?.map_err(failed)?;
    Ok(match digests {
        digests if !digests.agree() => Err(Fault::Broken),
        digests if !digests.are(checksum) => Err(Fault::Another),
        _ => decoded,
    })
}

/// Decodes an envelope of `total` bytes, all of which `input` gives but the checksum.
fn decode<'i, T: DeserializeOwned + 'static>(
    total: u64,
    input: impl FnOnce(u64) -> Input<'i>,
) -> Result<T, Fault> {
    let mut input = input(total.saturating_sub(TRAILER as u64));
    let header = input.slice(HEADER as u64).map_err(|_| Misread::Foreign)?;
    let header = Header::read(&header, total)?;
    if header.shape != shape_of::<T>().hash {
        return Err(Misread::Shape(header.shape).into());
    }
    let value = match header.codec {
        BINCODE => bincode_codec::decode(input),
        _ => input.rest().and_then(|payload| named_codec::decode(&payload)),
    };
    value.map_err(|failure| Misread::Payload(failure).into())
}

impl Fault {
    fn into_error<T: DeserializeOwned + 'static>(self, object: String, source: &Source) -> Error {
        let damaged = |object: String, why: &str| Error::Damaged { object, why: why.to_owned() };
        match self {
            Self::Broken => damaged(object, "its checksum is that of other bytes"),
            Self::Another => damaged(object, "its checksum is not the one in the manifest"),
            Self::Misread(Misread::Foreign) => damaged(object, "it holds no value of nuthatch"),
            Self::Misread(Misread::Codec(number)) => {
                Error::NewerLayout { object, found: number.into(), known: envelope::NAMED.into() }
            }
            Self::Misread(Misread::Shape(stored)) => Error::TypeChanged {
                object,
                why: format!(
                    "it was stored as {} (shape {}), and {} (shape {}) is asked for",
                    source.record.type_name,
                    data_encoding::HEXLOWER.encode(&stored),
                    type_name::<T>(),
                    shape_of::<T>().hex(),
                ),
            },
            Self::Misread(Misread::Payload(failure)) => cannot_decode::<T>(&object, &failure),
        }
    }
}

fn cannot_decode<T>(object: &str, failure: &Failure) -> Error {
    Error::Backend {
        backend: super::NAME.to_owned(),
        doing: "decode",
        type_name: type_name::<T>(),
        source: format!("{object}: {failure}").into(),
    }
}

fn missized(found: u64, source: &Source) -> String {
    format!("it has {found} bytes, and {} were written", source.record.bytes)
}
