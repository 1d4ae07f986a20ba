//! The envelope around a payload. Its bytes are frozen; docs/decisions/0004-basic-envelope.md
//! sets them down.

use super::failure::Failure;

/// How every envelope begins: no text, and broken by whatever takes it for one.
pub(super) const MAGIC: [u8; 7] = *b"\x89nut\r\n\x1a";

/// The bincode format; see [`bincode_codec`](super::bincode_codec).
pub(super) const BINCODE: u8 = 1;

/// The self-describing format; see [`named_codec`](super::named_codec).
pub(super) const NAMED: u8 = 2;

/// Magic, codec, type shape, length of the payload.
pub(super) const HEADER: usize = 7 + 1 + 32 + 8;

/// The blake3 of all before it.
pub(super) const TRAILER: usize = 32;

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) codec: u8,
    pub(super) shape: [u8; 32],
    /// Of the payload, in bytes.
    pub(super) length: u64,
}

/// Why an envelope whose checksum is right cannot be read as the type that is asked for.
#[derive(Debug)]
pub(super) enum Misread {
    /// It does not begin like one, or is not as long as it says.
    Foreign,
    /// A newer release wrote it.
    Codec(u8),
    /// It was written for another shape.
    Shape([u8; 32]),
    /// Its payload is no value of the type.
    Payload(Failure),
}

impl Header {
    /// The size of the whole envelope.
    pub(super) fn total(&self) -> u64 {
        self.length.saturating_add((HEADER + TRAILER) as u64)
    }

    pub(super) fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let fields: [&[u8]; 4] = [&MAGIC, &[self.codec], &self.shape, &self.length.to_le_bytes()];
        for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    /// Reads the header of an envelope of `total` bytes, which begins with `bytes`.
    pub(super) fn read(bytes: &[u8], total: u64) -> Result<Self, Misread> {
        let header = Self::split(bytes).ok_or(Misread::Foreign)?;
        if header.total() != total {
            return Err(Misread::Foreign);
        }
        match header.codec {
            BINCODE | NAMED => Ok(header),
            newer => Err(Misread::Codec(newer)),
        }
    }

    fn split(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<7>()?;
        let (&[codec], rest) = rest.split_first_chunk::<1>()?;
        let (shape, rest) = rest.split_first_chunk::<32>()?;
        let (length, _) = rest.split_first_chunk::<8>()?;
        let header = Self { codec, shape: *shape, length: u64::from_le_bytes(*length) };
        (*magic == MAGIC).then_some(header)
    }
}

/// Appends the checksum to an envelope that is whole but for it.
pub(super) fn seal(envelope: &mut Vec<u8>) {
    let digest = blake3::hash(envelope);
    envelope.extend_from_slice(digest.as_bytes());
}

/// The checksum that a whole envelope ends in. The manifest holds it too, so that another value's
/// envelope in the place of this one is found out.
pub(super) fn checksum(bytes: &[u8]) -> Option<&[u8; TRAILER]> {
    bytes.last_chunk()
}

/// Whether an envelope ends in the checksum of what stands before it.
pub(super) fn is_sealed(bytes: &[u8]) -> bool {
    let sealed = bytes.split_last_chunk::<TRAILER>();
    sealed.is_some_and(|(body, digest)| blake3::hash(body) == *digest)
}
