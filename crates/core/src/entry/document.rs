//! A manifest as bytes: read, checked, and written with what newer releases have put there.
//!
//! The format is set down in `docs/decisions/0003-manifest.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::manifest::{LAYOUT, Manifest, Replaced, State, hex};
use super::seal;
use crate::backend::Stored;
use crate::error::{Error, Result};

/// The largest manifest that is read or written, in bytes; a usual one has about a thousand.
pub(super) const LARGEST: u64 = 64 << 20;

/// What a recall needs of a manifest. The rest is skipped, which saves two fifths of the parse.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Head {
    layout: u64,
    #[serde(with = "hex")]
    pub(super) key: [u8; 32],
    pub(super) state: State,
    #[serde(default)]
    pub(super) compute_seconds: Option<f64>,
    #[serde(default)]
    pub(super) backends: Vec<Stored>,
}

/// Why bytes are no manifest that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    Damaged(String),
    Newer(u64),
}

/// What a rewrite takes over from the manifest that it replaces, as it was written there.
#[derive(Debug, Default, Clone)]
pub(super) struct Carried {
    /// Top-level members that this release does not know.
    pub(super) unknown: BTreeMap<String, Box<RawValue>>,
    /// The backend records, with members that this release does not know.
    pub(super) backends: Vec<(Arc<Stored>, Box<RawValue>)>,
    /// The replaced generations, likewise.
    pub(super) replaced: Vec<(Replaced, Box<RawValue>)>,
}

impl Head {
    /// Reads a manifest, whatever the bytes are.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        match seal::check(bytes) {
            Ok(()) => Self::read_sealed(bytes),
            Err(seal::Unsealed::Broken) => {
                Err(Unreadable::Damaged("its checksum is that of other bytes".to_owned()))
            }
            Err(seal::Unsealed::Absent) => Err(match layout_of(bytes) {
                Some(layout) if layout > LAYOUT => Unreadable::Newer(layout),
                _ => Unreadable::Damaged(
                    "it does not end in a checksum: cut short, edited, or no manifest".to_owned(),
                ),
            }),
        }
    }

    fn read_sealed(bytes: &[u8]) -> Result<Self, Unreadable> {
        match serde_json::from_slice::<Self>(bytes) {
            Ok(head) if head.layout == LAYOUT => head.checked(),
            Ok(head) if head.layout > LAYOUT => Err(Unreadable::Newer(head.layout)),
            Ok(_) => Err(Unreadable::Damaged("it has the layout 0, which never was".to_owned())),
            // A newer layout may look quite different; its number alone is sure to be there.
            Err(error) => Err(match layout_of(bytes) {
                Some(layout) if layout > LAYOUT => Unreadable::Newer(layout),
                _ => Unreadable::Damaged(format!("it cannot be read as a manifest: {error}")),
            }),
        }
    }

    fn checked(self) -> Result<Self, Unreadable> {
        match self.state {
            State::Value if self.backends.is_empty() => {
                Err(Unreadable::Damaged("it has a value, and names no backend for it".to_owned()))
            }
            _ => Ok(self),
        }
    }
}

impl Manifest {
    /// The bytes of the manifest: its own members, then those of `carried`, then the seal.
    ///
    /// The backends and the replaced generations are those of `carried`, as text, so that
    /// records of a newer release go through unchanged.
    pub(super) fn write(&self, carried: &Carried) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(2048);
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, Lines::default());
        let own = Self { replaced: Vec::new(), backends: Vec::new(), ..self.clone() };
        own.serialize(&mut serializer).map_err(Error::other)?;
        out.truncate(out.len().saturating_sub(b"\n}".len()));

        for (name, value) in &carried.unknown {
            push_member(&mut out, name, value.get().as_bytes())?;
        }
        push_records(&mut out, "replaced", &carried.replaced)?;
        push_records(&mut out, "backends", &carried.backends)?;
        let sealed = seal::seal(out);
        match sealed.len() as u64 {
            0..=LARGEST => Ok(sealed),
            length => Err(Error::Usage {
                function: self.function.clone(),
                message: format!(
                    "its manifest would have {length} bytes, and {LARGEST} is the most; arguments \
                     or lineage of that size cannot be recorded"
                ),
            }),
        }
    }
}

impl Carried {
    /// Takes apart a manifest that was read whole before.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut unknown: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(bytes).map_err(Error::other)?;
        let backends = records(unknown.remove("backends"), Arc::<Stored>::new)?;
        let replaced = records(unknown.remove("replaced"), |record: Replaced| record)?;
        unknown.retain(|name, _| !KNOWN.contains(&name.as_str()));
        Ok(Self { unknown, backends, replaced })
    }
}

/// A record together with its text.
pub(super) fn with_text<T: Serialize>(record: T) -> Result<(T, Box<RawValue>)> {
    let text = serde_json::value::to_raw_value(&record).map_err(Error::other)?;
    Ok((record, text))
}

/// Every member that this release writes itself, beside `backends` and `replaced`.
const KNOWN: [&str; 21] = [
    "layout",
    "key",
    "function",
    "arguments",
    "namespace",
    "version",
    "state",
    "time_extent",
    "asked_range",
    "created_at",
    "compute_seconds",
    "user",
    "host",
    "git_commit",
    "crate_version",
    "fingerprint",
    "lineage",
    "processors",
    "write_id",
    "removing",
    "blake3",
];

/// The records of an array, each with its text.
fn records<R: DeserializeOwned, T>(
    array: Option<Box<RawValue>>,
    keep: impl Fn(R) -> T,
) -> Result<Vec<(T, Box<RawValue>)>> {
    let Some(array) = array else { return Ok(Vec::new()) };
    let records: Vec<Box<RawValue>> = serde_json::from_str(array.get()).map_err(Error::other)?;
    let typed = records.into_iter().map(|text| {
        let record = serde_json::from_str(text.get()).map_err(Error::other)?;
        Ok((keep(record), text))
    });
    typed.collect()
}

fn push_records<T>(out: &mut Vec<u8>, name: &str, records: &[(T, Box<RawValue>)]) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let texts: Vec<&RawValue> = records.iter().map(|(_, text)| &**text).collect();
    push_member(out, name, &serde_json::to_vec(&texts).map_err(Error::other)?)
}

fn push_member(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<()> {
    out.extend_from_slice(b",\n");
    serde_json::to_writer(&mut *out, name).map_err(Error::other)?;
    out.push(b':');
    out.extend_from_slice(value);
    Ok(())
}

fn layout_of(bytes: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Layout {
        layout: u64,
    }
    serde_json::from_slice::<Layout>(bytes).ok().map(|found| found.layout)
}

/// Compact JSON with a line for each top-level member, so that `cat` shows something readable.
#[derive(Default)]
struct Lines {
    depth: usize,
}

impl serde_json::ser::Formatter for Lines {
    fn begin_object<W: std::io::Write + ?Sized>(&mut self, out: &mut W) -> std::io::Result<()> {
        self.depth += 1;
        out.write_all(b"{")
    }

    fn end_object<W: std::io::Write + ?Sized>(&mut self, out: &mut W) -> std::io::Result<()> {
        self.depth -= 1;
        out.write_all(if self.depth == 0 { b"\n}" } else { b"}" })
    }

    fn begin_object_key<W: std::io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        let line = if self.depth == 1 { "\n" } else { "" };
        out.write_all(if first { b"" } else { b"," })?;
        out.write_all(line.as_bytes())
    }
}
