//! Ways in for fuzzers: bytes that nobody wrote, where stored ones are expected.

use serde::de::DeserializeOwned;

/// Reads `payload` as an envelope, and as the payload of a whole one in each codec, of type `T`.
///
/// Neither panics, whatever the bytes are; what comes of it does not matter.
pub fn read_envelope<T: DeserializeOwned + 'static>(payload: &[u8]) {
    crate::basic::read_any::<T>(payload);
}

/// Reads `bytes` as a manifest, as they are and under a checksum that is right.
pub fn read_manifest(bytes: &[u8]) {
    crate::entry::read_any(bytes);
}
