//! The checksums of `zarrs`, `crc32c` first, looked at whenever anything is read of a chunk.
//!
//! `zarrs` checks chunks that are decoded whole. Where a part of one is read, be it a slice or a
//! chunk that the array's edge cuts off, its own codecs take the checksum off unseen, and a flipped
//! bit becomes a value. This one reads all of it and checks: what is compressed is read whole in
//! any case.

use std::any::Any;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use zarrs::array::codec::Crc32cCodec;
use zarrs::array::codec::api::{
    BytesToBytesCodecTraits, Codec, CodecError, CodecMetadataOptions, CodecRuntimePluginV3,
    CodecRuntimeRegistryHandleV3, CodecTraits, PartialDecoderCapability, PartialEncoderCapability,
    RecommendedConcurrency, register_codec_v3,
};
use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecOptions};
use zarrs::metadata::Configuration;
use zarrs::plugin::{ExtensionName, ZarrVersion};

/// The name by which it is found in this process; nothing is stored under it.
const NAME: &str = "nuthatch.crc32c";

/// Makes the codec known to `zarrs`, and gives its name there.
pub(super) fn name() -> &'static str {
    static KNOWN: LazyLock<CodecRuntimeRegistryHandleV3> = LazyLock::new(|| {
        let make = |_: &_| Ok(Codec::BytesToBytes(Arc::new(Checked::new(Crc32cCodec::new()))));
        register_codec_v3(CodecRuntimePluginV3::new(|name| name == NAME, make))
    });
    LazyLock::force(&KNOWN);
    NAME
}

/// The checksum that closes a chunk, computed as fast as the machine's widest instructions do.
pub(super) fn checksum(content: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, content) as u32
}

/// What closes a checked chunk, in bytes.
pub(super) const CHECKSUM: usize = 4;

/// The checksum of all bytes that end in theirs.
const OF_CHECKED: u32 = 0x4867_4bc7;

/// Whether bytes end in their checksum.
pub(super) fn is_whole(encoded: &[u8]) -> bool {
    encoded.len() >= CHECKSUM && checksum(encoded) == OF_CHECKED
}

/// Whether bytes end in their checksum that come piece by piece.
pub(super) struct Checking(crc_fast::Digest);

impl Checking {
    pub(super) fn new() -> Self {
        Self(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi))
    }

    pub(super) fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.0.get_amount() >= CHECKSUM as u64 && self.0.finalize() == u64::from(OF_CHECKED)
    }
}

/// A codec of which nothing is had but the whole.
#[derive(Debug)]
pub(super) struct Checked(Arc<dyn BytesToBytesCodecTraits>);

impl Checked {
    pub(super) fn new(codec: impl BytesToBytesCodecTraits + 'static) -> Self {
        Self(Arc::new(codec))
    }
}

impl ExtensionName for Checked {
    fn name(&self, _: ZarrVersion) -> Option<Cow<'static, str>> {
        Some(NAME.into())
    }
}

impl CodecTraits for Checked {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn configuration(
        &self,
        version: ZarrVersion,
        options: &CodecMetadataOptions,
    ) -> Option<Configuration> {
        self.0.configuration(version, options)
    }
    fn partial_decoder_capability(&self) -> PartialDecoderCapability {
        PartialDecoderCapability { partial_read: false, partial_decode: false }
    }
    fn partial_encoder_capability(&self) -> PartialEncoderCapability {
        self.0.partial_encoder_capability()
    }
}

/// Without a partial decoder of its own: the default one decodes all.
impl BytesToBytesCodecTraits for Checked {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn BytesToBytesCodecTraits> {
        self
    }
    fn recommended_concurrency(
        &self,
        decoded: &BytesRepresentation,
    ) -> Result<RecommendedConcurrency, CodecError> {
        self.0.recommended_concurrency(decoded)
    }
    fn encoded_representation(&self, decoded: &BytesRepresentation) -> BytesRepresentation {
        self.0.encoded_representation(decoded)
    }
    fn encode<'a>(
        &self,
        decoded: ArrayBytesRaw<'a>,
        options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        self.0.encode(decoded, options)
    }
    fn decode<'a>(
        &self,
        encoded: ArrayBytesRaw<'a>,
        decoded: &BytesRepresentation,
        options: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        self.0.decode(encoded, decoded, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_its_checksum_is_whole_however_it_comes() {
        for length in [0, 1, 3, 4, 5, 100, 5000] {
            let mut bytes: Vec<u8> = (0..length).map(|at: u32| ((at * 31) >> 2) as u8).collect();
            bytes.extend(checksum(&bytes).to_le_bytes());
            let in_pieces = |bytes: &[u8], size| {
                let mut checking = Checking::new();
                bytes.chunks(size).for_each(|piece| checking.add(piece));
                checking.is_whole()
            };
            assert!(is_whole(&bytes) && in_pieces(&bytes, 1) && in_pieces(&bytes, 1000));
            for at in [0, bytes.len() / 2, bytes.len() - 1] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 4;
                assert!(!is_whole(&flipped) && !in_pieces(&flipped, 3), "{length}: {at}");
                assert!(!is_whole(&bytes[..at]) && !in_pieces(&bytes[..at], 3), "{length}: {at}");
            }
        }
    }
}
