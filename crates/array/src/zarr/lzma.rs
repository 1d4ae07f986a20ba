//! LZMA as Python's `lzma` writes it, in its three formats.

use std::io::{self, Read};

use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Error, Filters, LzmaOptions, Stream};
use serde_json::{Map, Value};

/// What a dictionary may take, be there ever so little to decode: the presets take 64 MiB at most.
const DICTIONARY: u64 = 256 << 20;

/// The preset where none is said.
const PRESET: u32 = 6;

/// What a byte of a stream holds at the most: 273 bytes in the rarest of 14 bits of a code.
const RATIO: u64 = 8192;

/// How a stream is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lzma {
    /// With checksums.
    Xz,
    /// The older format, without any.
    Alone,
    /// A stream that says nothing of itself.
    Raw(Vec<Filter>),
}

/// What made a raw stream, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Differences of bytes so far apart, less one.
    Delta(u8),
    /// LZMA1, whose end is marked then, or LZMA2; what is not said is as in the preset.
    Lzma { is_first: bool, preset: u32, dictionary: Option<u32>, bits: [Option<u32>; 3] },
}

impl Lzma {
    /// What numcodecs says of a stream; none where a filter or a number is not known.
    pub(super) fn of(said: &Map<String, Value>) -> Option<Self> {
        Some(match said.get("format").map_or(Some(1), Value::as_u64)? {
            1 => Self::Xz,
            2 => Self::Alone,
            3 => {
                let filters = said.get("filters")?.as_array()?.iter().map(Filter::of);
                let filters = filters.collect::<Option<Vec<_>>>()?;
                let (last, before) = filters.split_last()?;
                let is_delta = |filter: &Filter| matches!(filter, Filter::Delta(_));
                (before.len() < 4 && before.iter().all(is_delta) && !is_delta(last))
                    .then_some(Self::Raw(filters))?
            }
            _ => return None,
        })
    }

    /// At most `most` bytes, where so many are known to be there.
    pub(super) fn unpack(&self, packed: &[u8], most: Option<u64>) -> Result<Vec<u8>, String> {
        let all = RATIO.saturating_mul(packed.len() as u64 + 1);
        let most = most.unwrap_or(u64::MAX).min(all);
        // The window over what was decoded is no larger than all of that, or than a preset says.
        let limit = DICTIONARY.max(most.saturating_mul(2));
        let stream = match self {
            Self::Xz => Stream::new_stream_decoder(limit, CONCATENATED),
            Self::Alone => Stream::new_lzma_decoder(limit),
            Self::Raw(filters) => raw(filters, most),
        };
        let read = stream.map_err(io::Error::from).and_then(|stream| {
            let mut bytes = Vec::new();
            // One byte more than there may be.
            let most = most.saturating_add(1);
            XzDecoder::new_stream(packed, stream).take(most).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let bytes = read.map_err(|error| error.to_string())?;
        match bytes.len() as u64 > most {
            true => Err(format!("it holds more than {most} bytes")),
            false => Ok(bytes),
        }
    }
}

fn raw(filters: &[Filter], most: u64) -> Result<Stream, Error> {
    let mut all = Filters::new();
    for filter in filters {
        match *filter {
            Filter::Delta(distance) => drop(all.delta_properties(&[distance])?),
            Filter::Lzma { is_first, preset, dictionary, bits: [lc, lp, pb] } => {
                let mut options = LzmaOptions::new_preset(preset)?;
                // One that is larger than what is decoded is never used.
                let most = u32::try_from(most).unwrap_or(u32::MAX).max(4096);
                if let Some(said) = dictionary {
                    options.dict_size(said.min(most));
                }
                if let Some(bits) = lc {
                    options.literal_context_bits(bits);
                }
                if let Some(bits) = lp {
                    options.literal_position_bits(bits);
                }
                if let Some(bits) = pb {
                    options.position_bits(bits);
                }
                match is_first {
                    true => all.lzma1(&options),
                    false => all.lzma2(&options),
                };
            }
        }
    }
    Stream::new_raw_decoder(&all)
}

impl Filter {
    fn of(said: &Value) -> Option<Self> {
        const DELTA: u64 = 0x03;
        const LZMA1: u64 = 0x4000_0000_0000_0001;
        const LZMA2: u64 = 0x21;
        let number = |key: &str| match said.get(key) {
            None | Some(Value::Null) => Some(None),
            Some(number) => Some(Some(u32::try_from(number.as_u64()?).ok()?)),
        };
        match said.get("id")?.as_u64()? {
            DELTA => {
                let distance = number("dist")?.unwrap_or(1);
                Some(Self::Delta(u8::try_from(distance.checked_sub(1)?).ok()?))
            }
            id @ (LZMA1 | LZMA2) => Some(Self::Lzma {
                is_first: id == LZMA1,
                preset: number("preset")?.unwrap_or(PRESET),
                dictionary: number("dict_size")?,
                bits: [number("lc")?, number("lp")?, number("pb")?],
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
