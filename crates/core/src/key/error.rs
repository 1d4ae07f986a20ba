//! Why a value has no key.

use std::fmt;

use super::{MAX_DEPTH, MAX_VALUE_BYTES};

/// Why a value cannot be part of a key. The call then runs without being cached.
///
/// The messages go on from the name of the argument: "argument `table` encodes to over 1 MiB".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The value encodes to more than [`MAX_VALUE_BYTES`].
    #[error(
        "encodes to over {} MiB; pass something smaller that stands for it (a path, a version, a \
         hash), or leave it out with `skip(…)`",
        MAX_VALUE_BYTES >> 20
    )]
    TooLarge,
    /// The value is nested more than [`MAX_DEPTH`] deep.
    #[error(
        "is nested more than {MAX_DEPTH} deep; implement `CacheKey` for its type with a flatter \
         form, or leave it out with `skip(…)`"
    )]
    TooDeep,
    /// The value's own `Serialize` or `Display` refused.
    #[error(
        "cannot be encoded: {0}; implement `CacheKey` for its type, or leave it out with `skip(…)`"
    )]
    Refused(Box<str>),
    /// A hand-written `CacheKey` or `Serialize` broke its contract.
    #[error("is written wrongly by its type: {0}")]
    Malformed(&'static str),
}

impl KeyError {
    /// An error of a hand-written [`CacheKey`](super::CacheKey), with its reason.
    pub fn refused(reason: impl fmt::Display) -> Self {
        Self::Refused(reason.to_string().into())
    }
}

impl serde::ser::Error for KeyError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::refused(reason)
    }
}
