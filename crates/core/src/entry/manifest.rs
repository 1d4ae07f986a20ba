//! The members of a manifest.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::backend::Stored;

/// The newest layout that this release reads, and the one that it writes.
pub const LAYOUT: u64 = 1;

/// What commits an entry, with all that is recorded of it: without a manifest there is no entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The layout number.
    pub layout: u64,
    /// The whole key, compared at every read. In JSON, 64 hex digits.
    #[serde(with = "hex")]
    pub key: [u8; 32],
    /// The function's identity.
    pub function: String,
    /// Each argument's readable value; secrets are masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The function's `version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether there is a value, `None`, or nothing any more.
    pub state: State,
    /// The time that the data covers, where it has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_extent: Option<Extent>,
    /// The range of time that was asked for when the value was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_range: Option<Extent>,
    /// When the value was computed, in RFC 3339, UTC.
    pub created_at: String,
    /// How long computing it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_seconds: Option<f64>,
    /// Who computed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The commit that the function's source tree stood at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_commit: Option<String>,
    /// The version of the crate that holds the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crate_version: Option<String>,
    /// A hash of the function's source tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The entries that were read while this one was computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lineage: Vec<Input>,
    /// The processors that the stored value went through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<Processor>,
    /// Which write made this manifest: a lost reply is told from a lost race by it.
    pub write_id: String,
    /// When `gc` said that it is about to delete this tombstone, in RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removing: Option<String>,
    /// Generations that were replaced, and are kept for readers that still hold them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
    /// The backends that hold the value; the first is the one that was written first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "shared")]
    pub backends: Vec<Arc<Stored>>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its backends hold the value.
    Value,
    /// The value is `None`.
    Null,
    /// It was forgotten: a tombstone.
    Forgotten,
}

/// A range of time along one dimension or column, inclusive at both ends, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// The dimension or column.
    pub dim: String,
    /// The first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

/// An entry that was read while another one was computed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    /// The name of the location that it was read from.
    pub location: String,
    /// The path of its manifest there.
    pub path: String,
    /// The generation that was read; a null entry has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
}

/// A processor with its options, readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processor {
    /// The name: `timeseries`.
    pub name: String,
    /// The options, as a person reads them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub options: String,
}

/// A generation that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The backend that wrote it.
    pub backend: String,
    /// Its identifier.
    pub generation: String,
    /// Its folder, relative to the backend's filesystem.
    pub path: String,
    /// When it was replaced, in RFC 3339, UTC.
    pub replaced_at: String,
}

/// Records behind `Arc`, so that a reader can be given one without copying it.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::backend::Stored;

    pub(super) fn serialize<S: Serializer>(
        records: &[Arc<Stored>],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(records.iter().map(|record| &**record))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Arc<Stored>>, D::Error> {
        let records = Vec::<Stored>::deserialize(from)?;
        Ok(records.into_iter().map(Arc::new).collect())
    }
}

/// Bytes as lower-case hex digits.
pub(super) mod hex {
    use std::fmt;

    use data_encoding::HEXLOWER;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub(in super::super) fn serialize<S: Serializer>(
        key: &[u8; 32],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&HEXLOWER.encode(key))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[u8; 32], D::Error> {
        from.deserialize_str(Digits)
    }

    struct Digits;

    impl Visitor<'_> for Digits {
        type Value = [u8; 32];

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("64 hex digits")
        }

        fn visit_str<E: Error>(self, digits: &str) -> Result<Self::Value, E> {
            let mut key = [0; 32];
            match digits.len() {
                64 => HEXLOWER.decode_mut(digits.as_bytes(), &mut key).map_err(|_| ()),
                _ => Err(()),
            }
            .map(|_| key)
            .map_err(|()| E::invalid_value(serde::de::Unexpected::Str(digits), &self))
        }
    }
}
