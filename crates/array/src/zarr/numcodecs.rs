//! Codecs of numcodecs that `zarrs` lacks, or does not check: those of bytes here, those of numbers
//! in `filters`. They are read, and never written.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use zarrs::array::codec::api::{
    BytesToBytesCodecTraits, Codec, CodecError, CodecRuntimePluginV3, CodecRuntimeRegistryHandleV3,
    RecommendedConcurrency, register_codec_v3,
};
use zarrs::array::codec::{Adler32Codec, Fletcher32Codec};
use zarrs::array::{ArrayBytesRaw, BytesRepresentation, CodecOptions};
use zarrs::metadata::v3::MetadataV3;
use zarrs::metadata_ext::codec::adler32::Adler32CodecConfigurationChecksumLocation as Location;
use zarrs::plugin::PluginCreateError;

use super::checked::{self, Checked};
use super::filters::Filter;
use super::lookup3::lookup3;
use super::lzma::Lzma;

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
    let whole = |codec: Checked| Some(Codec::BytesToBytes(Arc::new(codec)));
    match name {
        "adler32" if at_end(said, false)? => {
            return whole(Checked::new(Adler32Codec::new(Location::End)));
        }
        "adler32" => return whole(Checked::new(Adler32Codec::new(Location::Start))),
        "fletcher32" => return whole(Checked::new(Fletcher32Codec::new())),
        _ => {}
    }
    if let Some(filter) = Filter::of(name, said) {
        return Some(Codec::ArrayToArray(Arc::new(filter)));
    }
    Some(Codec::BytesToBytes(Arc::new(Packed::of(name, said)?)))
}

/// Whether a checksum closes the bytes, or comes before them; none where neither is said.
fn at_end(said: &Map<String, Value>, unless_said: bool) -> Option<bool> {
    match said.get("location") {
        None | Some(Value::Null) => Some(unless_said),
        Some(Value::String(location)) if location == "start" => Some(false),
        Some(Value::String(location)) if location == "end" => Some(true),
        Some(_) => None,
    }
}

/// Bytes that are stored as others.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Packed {
    Lz4,
    Lzma(Lzma),
    Base64,
    /// With a checksum at the end, or before it all.
    Summed {
        by: Sum,
        at_end: bool,
    },
    /// Booleans, eight a byte.
    Bits,
}

/// Checksums of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sum {
    Crc32,
    Crc32c,
    Lookup3 { initial: u32 },
}

impl Sum {
    fn of(self, content: &[u8]) -> u32 {
        match self {
            Self::Crc32 => crc32fast::hash(content),
            Self::Crc32c => checked::checksum(content),
            Self::Lookup3 { initial } => lookup3(content, initial),
        }
    }
}

impl Packed {
    fn of(name: &str, said: &Map<String, Value>) -> Option<Self> {
        Some(match name {
            "lz4" => Self::Lz4,
            "lzma" => Self::Lzma(Lzma::of(said)?),
            "base64" => Self::Base64,
            "crc32" => Self::Summed { by: Sum::Crc32, at_end: at_end(said, false)? },
            "crc32c" => Self::Summed { by: Sum::Crc32c, at_end: at_end(said, true)? },
            "jenkins_lookup3" => {
                // Nobody can have stored one: numcodecs keeps an array, which is no JSON.
                let prefix = said.get("prefix").is_some_and(|prefix| !prefix.is_null());
                let initial = said.get("initval").map_or(Some(0), Value::as_u64)?;
                let initial = u32::try_from(initial).ok().filter(|_| !prefix)?;
                Self::Summed { by: Sum::Lookup3 { initial }, at_end: true }
            }
            "packbits" => Self::Bits,
            _ => return None,
        })
    }

    /// At most `most` bytes, where so many are known to be there.
    fn unpack(&self, packed: &[u8], most: Option<u64>) -> Result<Vec<u8>, String> {
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
            Self::Lzma(lzma) => lzma.unpack(packed, most),
            Self::Base64 => BASE64.decode(packed).map_err(|error| error.to_string()),
            Self::Summed { by, at_end } => {
                let parts = match at_end {
                    true => packed.split_last_chunk(),
                    false => packed.split_first_chunk().map(|(sum, rest)| (rest, sum)),
                };
                let (content, sum) = parts.ok_or("it is cut short")?;
                match by.of(content) == u32::from_le_bytes(*sum) {
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

/// What `zarrs` asks of every codec, of one that is read and never written. Whether parts of a
/// chunk are to be had from it is its own affair: where they are not, `zarrs` reads all that comes
/// before it, and keeps that.
macro_rules! read_alone {
    ($codec:ty, parts: $parts:literal) => {
        impl ::zarrs::plugin::ExtensionName for $codec {
            fn name(
                &self,
                _: ::zarrs::plugin::ZarrVersion,
            ) -> Option<::std::borrow::Cow<'static, str>> {
                Some($crate::zarr::numcodecs::NAME.into())
            }
        }

        impl ::zarrs::array::codec::api::CodecTraits for $codec {
            fn as_any(&self) -> &dyn ::std::any::Any {
                self
            }
            fn configuration(
                &self,
                _: ::zarrs::plugin::ZarrVersion,
                _: &::zarrs::array::codec::api::CodecMetadataOptions,
            ) -> Option<::zarrs::metadata::Configuration> {
                None
            }
            fn partial_decoder_capability(
                &self,
            ) -> ::zarrs::array::codec::api::PartialDecoderCapability {
                ::zarrs::array::codec::api::PartialDecoderCapability {
                    partial_read: $parts,
                    partial_decode: $parts,
                }
            }
            fn partial_encoder_capability(
                &self,
            ) -> ::zarrs::array::codec::api::PartialEncoderCapability {
                ::zarrs::array::codec::api::PartialEncoderCapability { partial_encode: false }
            }
        }
    };
}
pub(super) use read_alone;

read_alone!(Packed, parts: false);

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

    fn packed(name: &str, said: Value) -> Option<Packed> {
        Packed::of(name, said.as_object().expect("an object"))
    }

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
        let lzma = Packed::Lzma(Lzma::of(&Map::new()).expect("it is known"));
        for packed in [Packed::Lz4, lzma, Packed::Base64] {
            for bytes in [&[][..], &[1, 2, 3], &[0; 40], &[255; 40]] {
                let unpacked = packed.unpack(bytes, Some(100));
                assert!(unpacked.as_ref().is_ok_and(|all| all.len() <= 101) || unpacked.is_err());
            }
        }
    }

    #[test]
    fn a_checksum_is_looked_at_wherever_it_stands() {
        for (name, said, sum) in [
            ("crc32", json!({}), crc32fast::hash(b"Elbe")),
            ("crc32", json!({"location": "end"}), crc32fast::hash(b"Elbe")),
            ("crc32c", json!({"location": "start"}), checked::checksum(b"Elbe")),
            ("crc32c", json!({"location": null}), checked::checksum(b"Elbe")),
            ("jenkins_lookup3", json!({"prefix": null}), lookup3(b"Elbe", 0)),
            ("jenkins_lookup3", json!({"initval": 7}), lookup3(b"Elbe", 7)),
        ] {
            let packed = packed(name, said).expect("it is known");
            let Packed::Summed { at_end, .. } = packed else { panic!("{packed:?}") };
            let sum = sum.to_le_bytes();
            let parts = if at_end { [&b"Elbe"[..], &sum] } else { [&sum, &b"Elbe"[..]] };
            let whole = parts.concat();
            assert_eq!(packed.unpack(&whole, None).as_deref(), Ok(&b"Elbe"[..]), "{packed:?}");
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 1;
                assert!(packed.unpack(&flipped, None).is_err(), "{packed:?} at {at}");
            }
            assert!(packed.unpack(&whole[..3], None).is_err());
        }
    }

    #[test]
    fn what_is_not_said_right_is_not_known() {
        for (name, said) in [
            ("crc32", json!({"location": "middle"})),
            ("crc32c", json!({"location": 3})),
            ("jenkins_lookup3", json!({"initval": -1})),
            ("jenkins_lookup3", json!({"initval": 1_u64 << 32})),
            ("jenkins_lookup3", json!({"prefix": [1, 2]})),
            ("lzma", json!({"format": 7})),
            ("zfpy", json!({"mode": 4})),
        ] {
            assert_eq!(packed(name, said.clone()), None, "{name} {said}");
        }
        assert!(known("adler32", json!({"location": 1}).as_object().expect("one")).is_none());
    }
}
