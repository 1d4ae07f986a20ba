//! Brings the entries of a set or map into their one order.

use smallvec::SmallVec;

use super::KeyError;
use super::grammar::value_len;

/// Where one entry lies: its key (for a set, the element), and the value after it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: usize,
    key_end: usize,
    end: usize,
}

/// Sorts the elements of a set.
pub(super) fn sort_elements(held: &mut [u8]) -> Result<(), KeyError> {
    sort(held, |_, key_end| Some(key_end))
}

/// Sorts the entries of a map by key. Entries of one key stay in the order in which they came:
/// it may mean something (the last one wins), and two maps that differ are never made equal.
pub(super) fn sort_entries(held: &mut [u8]) -> Result<(), KeyError> {
    sort(held, |held, key_end| Some(key_end + value_len(held.get(key_end..)?)?))
}

fn sort(
    held: &mut [u8],
    entry_end: impl Fn(&[u8], usize) -> Option<usize>,
) -> Result<(), KeyError> {
    let mut entries: SmallVec<[Entry; 16]> = SmallVec::new();
    let mut start = 0;
    while start < held.len() {
        let entry = held.get(start..).and_then(value_len).and_then(|key| {
            let key_end = start + key;
            Some(Entry { start, key_end, end: entry_end(held, key_end)? })
        });
        let entry = entry.ok_or(KeyError::Malformed("a map has a key without a value"))?;
        start = entry.end;
        entries.push(entry);
    }
    let key = |entry: &Entry| held.get(entry.start..entry.key_end);
    if entries.is_sorted_by_key(key) {
        return Ok(());
    }
    entries.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut sorted: SmallVec<[u8; 256]> = SmallVec::with_capacity(held.len());
    for entry in &entries {
        sorted.extend_from_slice(held.get(entry.start..entry.end).unwrap_or_default());
    }
    held.copy_from_slice(&sorted);
    Ok(())
}
