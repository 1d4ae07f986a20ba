//! Codecs of numcodecs that `zarrs` lacks: those of bytes here, those of numbers in `filters`.
//! They are read, and never written.

use std::any::Any;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use zarrs::array::codec::api::{
    BytesToBytesCodecTraits, Codec, CodecError, CodecMetadataOptions, CodecRuntimePluginV3,
    CodecRuntimeRegistryHandleV3, CodecTraits, PartialDecoderCapability, PartialEncoderCapability,
    RecommendedConcurrency, register_codec_v3,
};
use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecOptions};
use zarrs::metadata::Configuration;
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::{ExtensionName, PluginCreateError, ZarrVersion};

use super::filters::Filter;

/// The name by which all of them are found in this process; nothing is stored under it.
pub(super) const NAME: &str = "nuthatch.numcodecs";

/// The members of the configuration: which one it is, and what is said of it.
const ID: &str = "id";
const SAID: &str = "said";

/// A codec as `zarrs` finds it, where it is one of these.
pub(super) fn known(name: &str, said: &Map<String, Value>) -> Option<Value> {
    static KNOWN: LazyLock<CodecRuntimeRegistryHandleV3> =
        LazyLock::new(|| register_codec_v3(CodecRuntimePluginV3::new(|name| name == NAME, make)));
    LazyLock::force(&KNOWN);
    codec(name, said)?;
    Some(json!({"name": NAME, "configuration": {ID: name, SAID: said}}))
}

fn make(metadata: &MetadataV3) -> Result<Codec, PluginCreateError> {
    let made = metadata.configuration().and_then(|configuration| {
        codec(configuration.get(ID)?.as_str()?, configuration.get(SAID)?.as_object()?)
    });
    made.ok_or_else(|| PluginCreateError::Other(format!("{metadata} is not known")))
}

fn codec(name: &str, said: &Map<String, Value>) -> Option<Codec> {
    if let Some(filter) = Filter::of(name, said) {
        return Some(Codec::ArrayToArray(Arc::new(filter)));
    }
    Some(Codec::BytesToBytes(Arc::new(Packed::of(name, said)?)))
}

/// Bytes that are stored as others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packed {
    Lz4,
    /// With a checksum at the end, or before it all.
    Crc32 {
        at_end: bool,
    },
    /// Booleans, eight a byte.
    Bits,
}

impl Packed {
    fn of(name: &str, said: &Map<String, Value>) -> Option<Self> {
        Some(match name {
            "lz4" => Self::Lz4,
            "crc32" => match said.get("location").and_then(Value::as_str).unwrap_or("start") {
                "start" => Self::Crc32 { at_end: false },
                "end" => Self::Crc32 { at_end: true },
                _ => return None,
            },
            "packbits" => Self::Bits,
            _ => return None,
        })
    }

    /// At most `most` bytes, where so many are known to be there.
    fn unpack(self, packed: &[u8], most: Option<u64>) -> Result<Vec<u8>, String> {
        match self {
            Self::Lz4 => {
                let (size, block) = packed.split_first_chunk().ok_or("it is cut short")?;
                let size = u32::from_le_bytes(*size);
                // A byte of a block holds 255 at the most.
                let most = most.unwrap_or(u64::MAX).min(256 * (block.len() as u64 + 1));
                if u64::from(size) > most {
                    return Err(format!("it says that it holds {size} bytes"));
                }
                lz4_flex::block::decompress(block, size as usize).map_err(|error| error.to_string())
            }
            Self::Crc32 { at_end } => {
                let parts = match at_end {
                    true => packed.split_last_chunk(),
                    false => packed.split_first_chunk().map(|(sum, rest)| (rest, sum)),
                };
                let (content, sum) = parts.ok_or("it is cut short")?;
                match crc32fast::hash(content) == u32::from_le_bytes(*sum) {
                    true => Ok(content.to_vec()),
                    false => Err("the checksum is another".to_owned()),
                }
            }
            Self::Bits => {
                let (padding, bytes) = packed.split_first().ok_or("it is empty")?;
                let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
                let mut bits: Vec<u8> = bits.collect();
                bits.truncate(bits.len().saturating_sub(usize::from(*padding)));
                Ok(bits)
            }
        }
    }
}

impl ExtensionName for Packed {
    fn name(&self, _: ZarrVersion) -> Option<Cow<'static, str>> {
        Some(NAME.into())
    }
}

impl CodecTraits for Packed {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn configuration(&self, _: ZarrVersion, _: &CodecMetadataOptions) -> Option<Configuration> {
        None
    }
    fn partial_decoder_capability(&self) -> PartialDecoderCapability {
        PartialDecoderCapability { partial_read: false, partial_decode: false }
    }
    fn partial_encoder_capability(&self) -> PartialEncoderCapability {
        PartialEncoderCapability { partial_encode: false }
    }
}

impl BytesToBytesCodecTraits for Packed {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn BytesToBytesCodecTraits> {
        self
    }
    fn recommended_concurrency(
        &self,
        _: &BytesRepresentation,
    ) -> Result<RecommendedConcurrency, CodecError> {
        Ok(RecommendedConcurrency::new_maximum(1))
    }
    fn encoded_representation(&self, _: &BytesRepresentation) -> BytesRepresentation {
        BytesRepresentation::UnboundedSize
    }
    fn encode<'a>(
        &self,
        _: ArrayBytesRaw<'a>,
        _: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        Err(CodecError::Other(format!("{self:?} is read, and never written")))
    }
    fn decode<'a>(
        &self,
        encoded: ArrayBytesRaw<'a>,
        decoded: &BytesRepresentation,
        _: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let unpacked = self.unpack(&encoded, decoded.size());
        unpacked.map(Cow::Owned).map_err(|why| CodecError::Other(format!("{self:?}: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_taken_from_the_first_to_the_last() {
        assert_eq!(
            Packed::Bits.unpack(&[6, 0b1010_0000, 0b1100_0000], None).map(|bits| bits.len()),
            Ok(10)
        );
        assert_eq!(Packed::Bits.unpack(&[5, 0b1010_0000], None), Ok(vec![1, 0, 1]));
        assert!(Packed::Bits.unpack(&[], None).is_err());
    }

    #[test]
    fn damage_is_an_error_and_takes_no_memory() {
        let huge = [u32::MAX.to_le_bytes().as_slice(), &[0; 9]].concat();
        assert!(Packed::Lz4.unpack(&huge, Some(100)).is_err());
        for packed in [Packed::Lz4, Packed::Crc32 { at_end: true }] {
            for bytes in [&[][..], &[1, 2, 3], &[0; 40], &[255; 40]] {
                let unpacked = packed.unpack(bytes, Some(100));
                assert!(unpacked.as_ref().is_ok_and(|all| all.len() <= 101) || unpacked.is_err());
            }
        }
        let sum = crc32fast::hash(b"Elbe").to_le_bytes();
        let whole = [sum.as_slice(), b"Elbe"].concat();
        let start = Packed::Crc32 { at_end: false };
        assert_eq!(start.unpack(&whole, None).as_deref(), Ok(&b"Elbe"[..]));
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            assert!(start.unpack(&flipped, None).is_err(), "{at}");
        }
    }
}
