//! What `gc` has removed, and what it has left.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The most items of one location that are listed one by one; all of them are counted.
const LISTED: usize = 10_000;

/// What [`gc`](crate::gc()) has removed and left, location by location.
///
/// `Display` is for people; it serialises for programs.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GcReport {
    /// Whether nothing was removed, and the rest says what would have been.
    pub dry_run: bool,
    /// The locations, in the order in which they were gone through.
    pub locations: Vec<Swept>,
}

/// What became of one location.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Swept {
    /// Its name and URL.
    pub location: String,
    /// How many objects were looked at.
    pub objects: u64,
    /// What was removed.
    pub removed: Items,
    /// What nobody needs as far as it can be seen, and was left all the same.
    pub left: Items,
    /// What could not be removed, or looked at. The next `gc` tries again.
    pub failed: Items,
}

/// Some of what lies in a location.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Items {
    /// How much there is of each kind.
    pub tallies: BTreeMap<Kind, Tally>,
    /// One by one: the first ten thousand.
    pub listed: Vec<Item>,
}

/// One thing that was removed or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// The object, or the folder of a generation.
    pub path: String,
    /// How many objects it has.
    pub objects: u64,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// Why it was removed or left.
    pub why: String,
}

/// How much there is of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Objects.
    pub objects: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What lies in a location without being needed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Data that another value has replaced.
    Replaced,
    /// Data that no entry names: its writer was killed, or lost its connection.
    Abandoned,
    /// An entry of a version that is not kept.
    Version,
    /// What is left of an entry that was forgotten.
    Tombstone,
    /// Who computed an entry, long ago.
    Lease,
    /// What several processes recorded of an entry until it was there.
    Scratch,
    /// The object of a probe.
    Probe,
    /// A file that a killed writer has left half-written.
    Temporary,
    /// An entry whose manifest cannot be read, with its data.
    Unreadable,
    /// Not nuthatch's.
    Foreign,
    /// A whole location, or filesystem.
    Location,
}

impl GcReport {
    /// How much was removed, or would have been.
    #[must_use]
    pub fn removed(&self) -> Tally {
        self.sum(|swept| &swept.removed)
    }

    /// How much was left although no entry needs it, as far as can be seen.
    #[must_use]
    pub fn left(&self) -> Tally {
        self.sum(|swept| &swept.left)
    }

    /// How much could not be removed, or looked at.
    #[must_use]
    pub fn failed(&self) -> Tally {
        self.sum(|swept| &swept.failed)
    }

    fn sum(&self, of: impl Fn(&Swept) -> &Items) -> Tally {
        let items = self.locations.iter().map(of);
        items.flat_map(|items| items.tallies.values()).fold(Tally::default(), |sum, tally| Tally {
            count: sum.count + tally.count,
            objects: sum.objects + tally.objects,
            bytes: sum.bytes + tally.bytes,
        })
    }
}

impl Items {
    /// How much there is of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Tally {
        self.tallies.get(&kind).copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, item: Item) {
        let tally = self.tallies.entry(item.kind).or_default();
        tally.count += 1;
        tally.objects += item.objects;
        tally.bytes += item.bytes;
        if self.listed.len() < LISTED {
            self.listed.push(item);
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, verb: &str) -> fmt::Result {
        for (kind, tally) in &self.tallies {
            let Tally { count, objects, bytes } = tally;
            writeln!(f, "  {verb} {count} × {kind}: {objects} objects, {bytes} bytes")?;
            let mut listed = self.listed.iter().filter(|item| item.kind == *kind);
            for item in listed.by_ref().take(SHOWN) {
                writeln!(f, "    {}: {}", item.path, item.why)?;
            }
            if *count > SHOWN as u64 {
                writeln!(f, "    … and {} more", count - SHOWN as u64)?;
            }
        }
        Ok(())
    }
}

/// How many of a kind are shown to people.
const SHOWN: usize = 20;

impl fmt::Display for GcReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.dry_run { "would remove" } else { "removed" };
        for swept in &self.locations {
            writeln!(f, "{}: {} objects", swept.location, swept.objects)?;
            if swept.removed.tallies.is_empty() {
                writeln!(f, "  {verb} nothing")?;
            }
            swept.removed.show(f, verb)?;
            swept.left.show(f, "left")?;
            swept.failed.show(f, "failed with")?;
        }
        Ok(())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => "replaced data",
            Self::Abandoned => "abandoned write",
            Self::Version => "entry of another version",
            Self::Tombstone => "forgotten entry",
            Self::Lease => "expired lease",
            Self::Scratch => "record of a finished write",
            Self::Probe => "probe",
            Self::Temporary => "temporary file",
            Self::Unreadable => "entry that cannot be read",
            Self::Foreign => "object of somebody else",
            Self::Location => "location",
        })
    }
}
