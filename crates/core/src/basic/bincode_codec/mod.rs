//! Codec 1: the bincode format, with integers of fixed width in little-endian order (what the
//! crate bincode 2 calls its legacy configuration, byte for byte).
//!
//! The format is written and read here rather than by that crate, which allocates whatever a
//! length announces, follows any depth, counts to any number of empty elements, and is no longer
//! maintained. It stays on as the oracle of the tests.
//!
//! The format names nothing and describes nothing: only a value that [`check`](super::check) has
//! seen through may be written.

mod decode;
mod encode;

pub(super) use decode::decode;
pub(super) use encode::encode;
