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
