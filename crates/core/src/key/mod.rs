//! What identifies a call: the canonical encoding of its arguments, and the [`Key`] made from it.
//!
//! An argument's key is its *value*, not its Rust type: `3_u8` and `3_i64`, `"a"` and
//! `String::from("a")`, `[1, 2]` and `(1, 2)` and `vec![1, 2]` are the same argument. The bytes
//! are frozen (see `docs/decisions/0002-canonical-keys.md` for the grammar and its reasons).
//!
//! | value | key |
//! |---|---|
//! | integers of every width, `NonZero*`, `Wrapping` | sign and magnitude: `3_u8` = `3_i128` |
//! | `f32`, `f64` | their own kind: `1.0` is not `1`, `-0.0` is not `0.0`, every NaN is one |
//! | `bool`, `()`, `None`, `Some(x)` | distinct, also when nested |
//! | `char`, `str`, `String` | their text |
//! | what serde calls bytes, `CStr` | bytes, distinct from a sequence of integers |
//! | slices, arrays, tuples, `Vec`, `VecDeque`, `LinkedList` | a sequence, in order |
//! | `HashSet`, `BTreeSet`, hashbrown's sets, `BinaryHeap` | a set: elements sorted, duplicates kept |
//! | `HashMap`, `BTreeMap`, structs | a map: entries sorted by key, duplicates kept in their order |
//! | newtype structs, references, `Box`, `Rc`, `Arc`, `Cow`, `Cell`, `RefCell` | what they hold |
//! | enums, `Result`, `Bound`, `Ordering` | the variant's name, and what it holds |
//! | `Range…` | its bounds by name; ranges that include their end say so |
//! | `Path`, `OsStr`, IP and socket addresses, `Duration`, `SystemTime` | exactly, also where serde gives up |
//! | `chrono`, `uuid` (features of these names) | their text as serde writes it |
//! | any other [`Serialize`](serde::Serialize) | what it shows to serde; what it hides is not in the key |
//! | [`Secret`] | a hash; shown as `***` |
//!
//! `std::time::Instant` is no key: it means nothing outside the process that took it.
//!
//! ```
//! use nuthatch_core::key::{CacheKey, KeyEncoder, readable};
//!
//! let mut encoder = KeyEncoder::new();
//! (3_u8, "a b", Some(1.5)).encode_key(&mut encoder)?;
//! assert_eq!(readable(encoder.as_bytes()), r#"[3, "a b", Some(1.5)]"#);
//! # Ok::<(), nuthatch_core::key::KeyError>(())
//! ```

mod buffer;
mod encoder;
mod error;
mod grammar;
mod hash;
pub mod probe;
mod readable;
mod secret;
mod serializer;
mod sort;
mod types;

#[cfg(test)]
mod tests;

pub use encoder::{KeyEncoder, MAX_DEPTH, MAX_VALUE_BYTES};
pub use error::KeyError;
pub use grammar::value_len;
pub use hash::{Generic, Key, KeyParts, Level, ParseKeyError};
pub use readable::{READABLE_CHARS, readable, readable_within};
pub use secret::Secret;

/// A value that can be an argument of a cached function.
///
/// Types that implement [`serde::Serialize`] are arguments as they are. Implement or derive this
/// trait for a type that does not, or whose serde form hides or blurs what tells its values
/// apart. Where a type has both, this trait wins.
///
/// # Contract
///
/// - `encode_key` writes exactly one value.
/// - Equal values write equal bytes, in every process, on every machine, in any iteration order.
/// - Values for which the function would return different results write different bytes.
///
/// # Example
///
/// ```
/// use nuthatch_core::key::{CacheKey, KeyEncoder, KeyError};
///
/// struct Station {
///     id: u32,
///     /// Not part of what a station is.
///     times_shown: u64,
/// }
///
/// impl CacheKey for Station {
///     fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
///         out.map(|out| {
///             out.str("id")?;
///             self.id.encode_key(out)
///         })
///     }
/// }
/// # let mut out = KeyEncoder::new();
/// # Station { id: 7, times_shown: 1 }.encode_key(&mut out).unwrap();
/// # assert_eq!(nuthatch_core::key::readable(out.as_bytes()), r#"{"id": 7}"#);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of the key of a cached function",
    label = "has neither `CacheKey` nor `serde::Serialize`",
    note = "implement or derive `CacheKey` or `Serialize`, or skip it with `skip(…)` (an argument) \
            or `#[cache_key(skip)]` (a field)",
    note = "in a generic function only the written bounds count: `T: CacheKey` or `T: Serialize`"
)]
pub trait CacheKey {
    /// Writes this value, and nothing else, to `out`.
    ///
    /// # Errors
    ///
    /// What [`KeyEncoder`]'s writers return: the value is over 1 MiB, too deeply nested, or
    /// refuses to be written. Hand such errors on.
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError>;
}
