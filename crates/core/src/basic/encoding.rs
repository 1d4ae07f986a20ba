//! A value with all that is known of its encoding before the first byte is written.

use std::any::type_name;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::envelope::{self, BINCODE, Header, NAMED};
use super::failure::Failure;
use super::output::Output;
use super::shape::{Shape, shape_of};
use super::{bincode_codec, check, named_codec};

/// A value, how it is encoded, and how long that is.
pub(super) struct Encoding<'v, T> {
    value: &'v T,
    header: Header,
    /// The payload, where finding out took encoding it.
    payload: Option<Vec<u8>>,
}

impl<'v, T: Serialize + DeserializeOwned + 'static> Encoding<'v, T> {
    /// Chooses the codec: bincode where it can carry the value, else the self-describing one,
    /// whose payload is read back on trial.
    pub(super) fn of(value: &'v T) -> Result<Self, Failure> {
        let shape = shape_of::<T>();
        let (codec, length, payload) = match check::length(value, shape) {
            Ok(length) => (BINCODE, length, None),
            Err(unfit) => {
                let payload = named_codec::encode(value)?;
                named_codec::comes_back::<T>(&payload)?;
                tracing::trace!(
                    target: "nuthatch", value = type_name::<T>(), why = %unfit,
                    "stored in the self-describing format"
                );
                (NAMED, payload.len() as u64, Some(payload))
            }
        };
        Ok(Self { value, header: Header { codec, shape: shape.hash, length }, payload })
    }

    /// The size of the envelope.
    pub(super) fn total(&self) -> u64 {
        self.header.total()
    }

    /// Writes the envelope, but for its checksum.
    pub(super) fn write(&self, out: &mut Output<'_>) -> Result<(), Failure> {
        out.put(&self.header.bytes())?;
        match &self.payload {
            Some(payload) => out.put_slice(payload)?,
            None => bincode_codec::encode(self.value, out)?,
        }
        match out.length() + envelope::TRAILER as u64 == self.header.total() {
            true => Ok(()),
            false => Err(Failure::new("the value changed while it was written")),
        }
    }

    /// The whole envelope.
    pub(super) fn to_vec(&self) -> Result<Vec<u8>, Failure> {
        let total = usize::try_from(self.total()).map_err(Failure::new)?;
        let mut out = Output::memory(total);
        self.write(&mut out)?;
        let mut envelope = out.into_block();
        envelope::seal(&mut envelope);
        Ok(envelope)
    }
}

/// How many bytes the payload of a value has. One that cannot be encoded counts as it lies.
pub(super) fn weigh<T: Serialize>(value: &T, shape: &Shape) -> u64 {
    check::length(value, shape)
        .or_else(|_| named_codec::length(value))
        .unwrap_or(size_of::<T>() as u64)
}
