//! The checksum around a manifest's bytes.
//!
//! A sealed document is a JSON object whose last member is `blake3`, written exactly as below,
//! over all bytes before the comma that precedes it. So a check reads the bytes once, parses
//! nothing, and covers members that this release does not know. The envelope is the same in
//! every layout, so that a flipped bit in `layout` is told from a newer release.
//!
//! ```text
//! {
//! "layout":1,
//! …,
//! "blake3":"<64 hex digits>"
//! }
//! ```

use data_encoding::HEXLOWER;

const BEFORE: &[u8] = b",\n\"blake3\":\"";
const AFTER: &[u8] = b"\"\n}\n";
const DIGITS: usize = 64;
const LENGTH: usize = BEFORE.len() + DIGITS + AFTER.len();

/// Why bytes are no sealed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsealed {
    /// They do not end in a seal: truncated, edited, or somebody else's.
    Absent,
    /// They end in a seal of other bytes.
    Broken,
}

/// Closes an object that was written up to, and without, its last brace.
pub(super) fn seal(mut body: Vec<u8>) -> Vec<u8> {
    let digest = blake3::hash(&body);
    body.reserve_exact(LENGTH);
    body.extend_from_slice(BEFORE);
    body.extend_from_slice(digest.to_hex().as_bytes());
    body.extend_from_slice(AFTER);
    body
}

/// Checks the seal.
pub(super) fn check(bytes: &[u8]) -> Result<(), Unsealed> {
    let at = bytes.len().checked_sub(LENGTH).ok_or(Unsealed::Absent)?;
    let (body, seal) = bytes.split_at(at);
    let digits = seal
        .strip_prefix(BEFORE)
        .and_then(|rest| rest.strip_suffix(AFTER))
        .ok_or(Unsealed::Absent)?;
    let mut stored = [0; DIGITS / 2];
    match HEXLOWER.decode_mut(digits, &mut stored) {
        Ok(_) if blake3::hash(body) == stored => Ok(()),
        _ => Err(Unsealed::Broken),
    }
}
