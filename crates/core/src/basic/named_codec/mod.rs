//! Codec 2: a format that describes itself, for what [the bincode format](super::bincode_codec)
//! cannot carry: `flatten`, untagged and tagged enums, `serde_json::Value`, skipped fields.
//!
//! A value is a tag and what the tag says follows; fields and variants are written by name. The
//! frozen bytes are set down in docs/decisions/0004-basic-envelope.md.
//!
//! It is human-readable to serde, though it is binary: what goes through `flatten` or through an
//! untagged or tagged enum is read back by serde from a buffer that calls itself human-readable,
//! and types with two forms (addresses, dates, UUIDs) would be written in the other one.

mod decode;
mod encode;
mod order;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use self::decode::decode;
pub(super) use self::encode::{encode, length};

use super::failure::Failure;

/// What stands before every value. Frozen; numbers are little-endian.
mod tag {
    pub(super) const UNIT: u8 = 0;
    pub(super) const NONE: u8 = 1;
    /// Stands only before what would read as `None` without it: `Some(None)`, `Some(())`.
    pub(super) const SOME: u8 = 2;
    pub(super) const FALSE: u8 = 3;
    pub(super) const TRUE: u8 = 4;
    pub(super) const I8: u8 = 5;
    pub(super) const I16: u8 = 6;
    pub(super) const I32: u8 = 7;
    pub(super) const I64: u8 = 8;
    pub(super) const I128: u8 = 9;
    pub(super) const U8: u8 = 10;
    pub(super) const U16: u8 = 11;
    pub(super) const U32: u8 = 12;
    pub(super) const U64: u8 = 13;
    pub(super) const U128: u8 = 14;
    pub(super) const F32: u8 = 15;
    pub(super) const F64: u8 = 16;
    /// The code point, in four bytes.
    pub(super) const CHAR: u8 = 17;
    /// A length in eight bytes, and the text in UTF-8.
    pub(super) const STR: u8 = 18;
    /// A length in eight bytes, and the bytes.
    pub(super) const BYTES: u8 = 19;
    /// Values up to an `END`.
    pub(super) const SEQ: u8 = 20;
    /// Keys and values by turns, up to an `END`.
    pub(super) const MAP: u8 = 21;
    pub(super) const END: u8 = 22;
}

/// Whether the payload is read back as the value that it was written from.
///
/// Only trying tells: an untagged enum may take the value for another variant, a field may be
/// written and never read. What was read is written again, and must be the same but for the
/// order of elements, which hash maps and sets do not keep.
pub(super) fn comes_back<T: Serialize + DeserializeOwned>(payload: &[u8]) -> Result<(), Failure> {
    let lost = |why: &dyn std::fmt::Display| {
        Failure::new(format!(
            "what its `Serialize` gives, its `Deserialize` does not read back: {why}"
        ))
    };
    let value: T = decode(payload).map_err(|failure| lost(&failure))?;
    let again = encode(&value).map_err(|failure| lost(&failure))?;
    if again == payload || order::sorted(&again) == order::sorted(payload) {
        return Ok(());
    }
    Err(lost(&"it reads another value"))
}
