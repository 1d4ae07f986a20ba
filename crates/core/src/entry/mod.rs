//! One entry in one location: where its objects lie, the manifest that commits it, and what
//! becomes of the generations that it replaced.
//!
//! | file | holds |
//! |---|---|
//! | [`layout`] | the only place that builds object paths |
//! | `seal` | the checksum around a manifest's bytes |
//! | [`manifest`] | the members of a manifest |
//! | `document` | its bytes: read, checked, written with what newer releases put there |
//! | [`location`] | a location: its filesystem, its options |
//! | `marker` | `nuthatch.json` |
//! | [`lookup`] | what one GET finds at an address |
//! | [`draft`] | what a manifest is made from |
//! | [`commit`] | the conditional write that makes an entry visible; `forget` |
//! | `burial` | tombstones that `gc` is about to delete |
//! | `inspect` | an entry found by its path, for `gc` |
//! | [`removal`] | replaced generations, removed after the grace time |
//! | [`writing`] | the guard over one generation while it is written |
//! | `lease` | the object that says who is computing an entry |
//! | [`origin`], `git` | who computes, and at which commit of the sources |
//! | `probe` | whether a store honours conditions |
//!
//! The order of things: data goes under a fresh generation ([`Location::begin`]), then the
//! manifest is put conditionally ([`Location::commit`]). Until then nobody sees the data, and
//! from then on every reader sees all of it.

mod burial;
pub mod commit;
mod document;
pub mod draft;
mod git;
mod inspect;
pub mod layout;
mod lease;
pub mod location;
pub mod lookup;
pub mod manifest;
mod marker;
pub mod origin;
mod probe;
pub mod removal;
mod seal;
pub mod writing;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use burial::BURIAL;
pub(crate) use burial::is_being_removed;
pub use commit::{Committed, Forgot};
pub use draft::{Content, Draft};
pub(crate) use inspect::{Standard, Standing};
pub use layout::Address;
pub(crate) use lease::{Lease, Put as LeasePut, Version as LeaseVersion};
pub use location::{Filesystem, Location, LocationName, LocationOptions};
pub use lookup::{Entry, Lookup, Seen};
pub use manifest::{Extent, Input, Manifest, Processor, Replaced, State};
pub use origin::Origin;
pub use removal::Removal;
pub use writing::Writing;

/// What [`fuzzing`](crate::fuzzing) does with a manifest.
#[cfg(any(test, feature = "test-util"))]
pub(crate) fn read_any(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), seal::seal(bytes.to_vec())] {
        if let Ok(head) = document::Head::read(&bytes) {
            let _ = document::Carried::from_bytes(&bytes);
            let entry = Entry::new(Vec::new(), head.compute_seconds, bytes.into());
            let _ = entry.manifest();
        }
    }
}
