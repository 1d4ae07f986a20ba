//! The backend `basic`: any type of serde, as one small object or inside the manifest.
//!
//! A value is encoded, put into an envelope that names the codec, the shape of the type and the
//! length and ends in a checksum, and is decoded only by the same shape. The bytes are frozen;
//! `docs/decisions/0004-basic-envelope.md` sets them down.
//!
//! | file | holds |
//! |---|---|
//! | `shape` | what a type's `Deserialize` asks for, and its hash |
//! | `encoding` | the choice of the codec |
//! | `check` | whether the bincode format can carry a value |
//! | `bincode_codec` | codec 1: compact and fast, names nothing |
//! | `named_codec` | codec 2: describes itself |
//! | `envelope` | what stands around a payload |
//! | `write`, `read` | to and from a store |
//! | `parts`, `blocks` | large values, hashed and moved beside the thread that encodes or decodes |
//! | `ranges` | large objects that lie elsewhere, several ranges at once |
//! | `output`, `input` | bytes on their way out and in |

mod background;
mod bincode_codec;
mod blocks;
mod check;
mod copy;
mod encoding;
mod envelope;
mod failure;
mod input;
mod named_codec;
mod object;
mod output;
mod parts;
mod ranges;
mod read;
pub(crate) mod shape;
mod write;

#[cfg(test)]
mod tests;

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::shape::shape_of;
use crate::backend::{Backend, Source, Target, Written};
#[cfg(any(test, feature = "test-util"))]
use crate::config::Verify;
use crate::error::Result;

/// The backend's name.
const NAME: &str = "basic";

/// Stores any type that is `Serialize` and `DeserializeOwned`.
///
/// What is read is what was written: a value that would not come back is an error before
/// anything is written, and a type that has changed since is an error before anything is
/// decoded. What serde leaves out (`#[serde(skip)]`) comes back as its default.
///
/// # Limits
///
/// Values may be nested 256 levels deep: every `Some`, sequence, map, tuple, struct and enum is a
/// level.
#[derive(Debug, Clone, Copy, Default)]
pub struct Basic;

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Backend<T> for Basic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn type_shape(&self) -> Option<String> {
        Some(shape_of::<T>().hex().to_owned())
    }

    fn write<'a>(&'a self, value: &'a T, target: &'a Target) -> BoxFuture<'a, Result<Written>> {
        Box::pin(write::write(value, target))
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<T>> {
        Box::pin(read::read(source))
    }

    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        Box::pin(copy::copy(source, target))
    }

    fn weigh(&self, value: &T) -> u64 {
        encoding::weigh(value, shape_of::<T>())
    }
}

/// What [`fuzzing`](crate::fuzzing) does with an envelope.
#[cfg(any(test, feature = "test-util"))]
pub(crate) fn read_any<T: DeserializeOwned + 'static>(payload: &[u8]) {
    let _ = read::whole::<T>(payload.to_vec().into(), Verify::Off);
    for codec in [envelope::BINCODE, envelope::NAMED] {
        let (shape, length) = (shape_of::<T>().hash, payload.len() as u64);
        let header = envelope::Header { codec, shape, length };
        let mut envelope = [header.bytes().as_slice(), payload].concat();
        envelope::seal(&mut envelope);
        let _ = read::whole::<T>(envelope.into(), Verify::Full);
    }
}
