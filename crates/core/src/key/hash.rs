//! The hash that names an entry.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smallvec::SmallVec;

/// Raised when any byte that goes into a key changes its meaning. Entries of another version are
/// never found.
const ENCODING_VERSION: u8 = 1;

/// How much of the base32 text stands in paths: 130 of 256 bits.
const SHORT_CHARS: usize = 26;

/// What names an entry: 256 bits made of everything that identifies a call.
///
/// In text, and through serde, it is 64 lower-case hex digits.
///
/// ```
/// use nuthatch_core::key::Key;
///
/// let key = Key::from_bytes([0x2a; 32]);
/// assert_eq!(Key::from_hex(&key.to_hex()), Ok(key));
/// assert_eq!(key.short(), "fivcukrkfivcukrkfivcukrkfi");
/// assert_eq!(key.shard(), "fi");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// A key from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads what [`to_hex`](Self::to_hex) writes, and nothing else.
    ///
    /// # Errors
    ///
    /// Where the text is anything but 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Result<Self, ParseKeyError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| ParseKeyError)?;
        bytes.try_into().map(Self).map_err(|_| ParseKeyError)
    }

    /// What stands in paths: the first 26 characters of the lower-case base32 text (RFC 4648,
    /// not padded).
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = BASE32_NOPAD.encode(&self.0);
        text.truncate(SHORT_CHARS);
        text.make_ascii_lowercase();
        text
    }

    /// The folder among its siblings: the first two characters of [`short`](Self::short).
    #[must_use]
    pub fn shard(&self) -> String {
        let mut text = self.short();
        text.truncate(2);
        text
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        Self::from_hex(text)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).map_err(de::Error::custom)
    }
}

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 64 lower-case hex digits")]
pub struct ParseKeyError;

/// Everything that identifies a call.
///
/// ```
/// use nuthatch_core::key::{KeyEncoder, CacheKey, KeyParts, Level};
///
/// let mut window = KeyEncoder::new();
/// 3.encode_key(&mut window)?;
/// let parts = KeyParts {
///     identity: "weather::stations::smoothed",
///     generics: &[],
///     namespace: None,
///     version: Some("0.1.0"),
///     level: Level::Whole,
///     arguments: &[("window", window.as_bytes())],
///     processors: &[],
/// };
/// assert_ne!(parts.key(), KeyParts { version: None, ..parts }.key());
/// # Ok::<(), nuthatch_core::key::KeyError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct KeyParts<'a> {
    /// The function's identity: crate, module, enclosing items and name, joined by `::`.
    pub identity: &'a str,
    /// The generic parameters by name, in the order of their declaration.
    pub generics: &'a [(&'a str, Generic<'a>)],
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// The function's version.
    pub version: Option<&'a str>,
    /// Where the entry lies.
    pub level: Level,
    /// The arguments' names and canonical bytes, sorted by name.
    pub arguments: &'a [(&'a str, &'a [u8])],
    /// The processors' key bytes, in the order in which they run; none at [`Level::Whole`].
    pub processors: &'a [&'a [u8]],
}

/// What a generic parameter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generic<'a> {
    /// A const parameter's canonical bytes.
    Const(&'a [u8]),
    /// A type parameter's [`std::any::type_name`].
    Type(&'a str),
}

/// What kind of value an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The value as the function returned it: root and mirrors.
    Whole,
    /// The value as processors left it: this machine's own location.
    Processed,
}

impl Level {
    /// The name in keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Processed => "processed",
        }
    }
}

impl KeyParts<'_> {
    /// The key: blake3 over every part, each with a tag and its length before it.
    #[must_use]
    pub fn key(&self) -> Key {
        let mut parts = Preimage(SmallVec::new());
        parts.push(Part::Encoding, &[ENCODING_VERSION]);
        parts.push(Part::Identity, self.identity.as_bytes());
        for (name, generic) in self.generics {
            parts.push(Part::Generic, name.as_bytes());
            match generic {
                Generic::Const(value) => parts.push(Part::Const, value),
                Generic::Type(name) => parts.push(Part::Type, name.as_bytes()),
            }
        }
        if let Some(namespace) = self.namespace {
            parts.push(Part::Namespace, namespace.as_bytes());
        }
        if let Some(version) = self.version {
            parts.push(Part::Version, version.as_bytes());
        }
        parts.push(Part::Level, self.level.as_str().as_bytes());
        for (name, value) in self.arguments {
            parts.push(Part::Argument, name.as_bytes());
            parts.push(Part::Value, value);
        }
        for processor in self.processors {
            parts.push(Part::Processor, processor);
        }
        Key(*blake3::hash(&parts.0).as_bytes())
    }
}

/// The parts' tags, frozen.
#[derive(Debug, Clone, Copy)]
enum Part {
    Encoding = 1,
    Identity = 2,
    Generic = 3,
    Const = 4,
    Type = 5,
    Namespace = 6,
    Version = 7,
    Level = 8,
    Argument = 9,
    Value = 10,
    Processor = 11,
}

/// What is hashed, in one buffer and one call: mostly it is smaller than the state of a hasher
/// that is fed piece by piece.
struct Preimage(SmallVec<[u8; 512]>);

impl Preimage {
    fn push(&mut self, part: Part, bytes: &[u8]) {
        self.0.push(part as u8);
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }
}
