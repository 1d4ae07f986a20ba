//! The bytes of a value: the tags, and reading them back for people.
//!
//! Every value starts with its tag. Those of fixed size follow it; all others say their length
//! in bytes next, so that a value is skipped without looking into it, and no value is a prefix
//! of another. `docs/decisions/0002-canonical-keys.md` is this table with its reasons.

pub(super) const UNIT: u8 = 0x01;
pub(super) const NONE: u8 = 0x02;
/// Followed by the value held.
pub(super) const SOME: u8 = 0x03;
pub(super) const FALSE: u8 = 0x04;
pub(super) const TRUE: u8 = 0x05;
/// Followed by one byte of sign and length, and the magnitude without leading zeros.
pub(super) const INTEGER: u8 = 0x06;
/// Followed by the eight bytes of an `f64`, big end first.
pub(super) const FLOAT: u8 = 0x07;
// From here to VARIANT: followed by the length in four bytes, big end first, and as many bytes.
pub(super) const STR: u8 = 0x08;
pub(super) const BYTES: u8 = 0x09;
pub(super) const SEQ: u8 = 0x0a;
pub(super) const SET: u8 = 0x0b;
/// Holds keys and values in turn.
pub(super) const MAP: u8 = 0x0c;
/// Holds a string, the name, and the value held, if any.
pub(super) const VARIANT: u8 = 0x0d;
/// Followed by a hash of 32 bytes.
pub(super) const SECRET: u8 = 0x0e;

/// Set in the second byte of an integer below zero; the other bits are the length.
pub(super) const NEGATIVE: u8 = 0x80;
/// A tag and the length that follows it.
pub(super) const HEADER: usize = 5;
/// The bytes of a secret's hash.
pub(super) const SECRET_HASH: usize = 32;

/// The bytes of every NaN.
pub(super) const NAN: u64 = 0x7ff8_0000_0000_0000;

/// How many bytes the first value in `encoded` takes, or `None` where no whole value stands
/// there.
///
/// It looks at the outermost value alone: what a sequence or map holds is not checked.
///
/// ```
/// use nuthatch_core::key::{CacheKey, KeyEncoder, value_len};
///
/// let mut encoder = KeyEncoder::new();
/// 3.encode_key(&mut encoder)?;
/// let first = encoder.as_bytes().len();
/// "a".encode_key(&mut encoder)?;
/// assert_eq!(value_len(encoder.as_bytes()), Some(first));
/// # Ok::<(), nuthatch_core::key::KeyError>(())
/// ```
#[must_use]
pub fn value_len(encoded: &[u8]) -> Option<usize> {
    let somes = encoded.iter().take_while(|&&byte| byte == SOME).count();
    let value = encoded.get(somes..)?;
    let len = match *value.first()? {
        UNIT | NONE | FALSE | TRUE => 1,
        INTEGER => {
            let magnitude = usize::from(value.get(1)? & !NEGATIVE);
            (magnitude <= size_of::<u128>()).then_some(2 + magnitude)?
        }
        FLOAT => 1 + size_of::<f64>(),
        STR..=VARIANT => {
            let (len, _) = value.get(1..)?.split_first_chunk()?;
            HEADER.checked_add(usize::try_from(u32::from_be_bytes(*len)).ok()?)?
        }
        SECRET => 1 + SECRET_HASH,
        _ => return None,
    };
    (len <= value.len()).then_some(somes + len)
}

/// Splits the first value off.
pub(super) fn split_value(encoded: &[u8]) -> Option<(&[u8], &[u8])> {
    encoded.split_at_checked(value_len(encoded)?)
}

/// One value, with what it holds still encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Unit,
    None,
    Some(&'a [u8]),
    Bool(bool),
    Integer { negative: bool, magnitude: u128 },
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    Seq(&'a [u8]),
    Set(&'a [u8]),
    Map(&'a [u8]),
    Variant { name: &'a str, held: &'a [u8] },
    Secret,
}

impl<'a> Value<'a> {
    /// Reads the first value in `encoded`, and what stands after it.
    pub(super) fn read(encoded: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (value, rest) = split_value(encoded)?;
        let (&tag, held) = value.split_first()?;
        let value = match tag {
            UNIT => Self::Unit,
            NONE => Self::None,
            SOME => Self::Some(held),
            FALSE => Self::Bool(false),
            TRUE => Self::Bool(true),
            INTEGER => Self::integer(held)?,
            FLOAT => Self::Float(f64::from_be_bytes(held.try_into().ok()?)),
            SECRET => Self::Secret,
            _ => Self::sized(tag, value.get(HEADER..)?)?,
        };
        Some((value, rest))
    }

    fn integer(held: &[u8]) -> Option<Self> {
        let (sign, digits) = held.split_first()?;
        let magnitude = digits.iter().fold(0, |sum, &digit| sum << 8 | u128::from(digit));
        Some(Self::Integer { negative: sign & NEGATIVE != 0, magnitude })
    }

    fn sized(tag: u8, held: &'a [u8]) -> Option<Self> {
        Some(match tag {
            STR => Self::Str(std::str::from_utf8(held).ok()?),
            BYTES => Self::Bytes(held),
            SEQ => Self::Seq(held),
            SET => Self::Set(held),
            MAP => Self::Map(held),
            VARIANT => match Self::read(held)? {
                (Self::Str(name), held) => Self::Variant { name, held },
                _ => return None,
            },
            _ => return None,
        })
    }
}
