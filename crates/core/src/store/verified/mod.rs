//! Checksums of whole folders: recorded while they are written, checked when they are read.
//!
//! For formats that carry none of their own, or that would not notice a missing file. A lake is
//! read for years, from disks and buckets that flip bits and lose objects in silence.
//!
//! | file | holds |
//! |---|---|
//! | `sums` | what is recorded, and how it is kept |
//! | `recording` | the store wrapper of the write side |
//! | `reading` | the store wrapper of the read side |
//! | `blocks` | a byte stream, cut into blocks and checked |
//! | `damage` | the error |

mod blocks;
mod damage;
mod reading;
mod recording;
mod sums;

#[cfg(test)]
mod tests;

pub use damage::Damage;
pub use reading::Verified;
pub use recording::Recording;
pub use sums::{BLOCK, ObjectSums, StoredSums, Sums};

use object_store::path::Path;

/// The name of the object that holds large sums, beside what it is about.
const SUMS: &str = "sums";

/// `location` as seen from `prefix`, where it lies below it.
fn below<'a>(prefix: &Path, location: &'a Path) -> Option<&'a str> {
    let raw = location.as_ref();
    let relative = match prefix.is_root() {
        true => raw,
        false => raw.strip_prefix(prefix.as_ref())?.strip_prefix('/')?,
    };
    (!relative.is_empty()).then_some(relative)
}
