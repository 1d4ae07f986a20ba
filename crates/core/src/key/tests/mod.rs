//! What keys promise, tried from outside the encoder.

use serde::Serialize;

use super::{CacheKey, KeyEncoder, KeyError};

mod derive;
mod golden;
mod hash;
mod limits;
mod probe;
mod property;
mod readable;
mod serde_forms;
mod std_types;
#[cfg(all(feature = "chrono", feature = "uuid"))]
mod time_and_id;

/// The canonical bytes through `CacheKey`.
fn key(value: impl CacheKey) -> Vec<u8> {
    let mut out = KeyEncoder::new();
    value.encode_key(&mut out).unwrap();
    out.as_bytes().to_vec()
}

/// The canonical bytes through serde.
fn serde_key(value: impl Serialize) -> Vec<u8> {
    try_serde_key(value).unwrap()
}

fn try_serde_key(value: impl Serialize) -> Result<Vec<u8>, KeyError> {
    let mut out = KeyEncoder::new();
    out.serialize(&value)?;
    Ok(out.as_bytes().to_vec())
}

/// The canonical bytes, which both ways must agree on.
#[track_caller]
fn both(value: impl CacheKey + Serialize) -> Vec<u8> {
    let bytes = key(&value);
    assert_eq!(bytes, serde_key(&value), "CacheKey and serde disagree");
    bytes
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
