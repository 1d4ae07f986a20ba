//! Object stores: local files, memory, and the wrappers that count, fail and verify.
//!
//! The one store trait of the house is [`object_store::ObjectStore`] itself, so that other
//! libraries take these stores as they are. `docs/decisions/0001-one-store-trait.md` says why.
//!
//! | item | what it is |
//! |---|---|
//! | [`open()`] | a store from a URL or a path |
//! | [`LocalFiles`] | files below a folder, read and written on the calling thread |
//! | [`Counting`] | counts requests and bytes |
//! | [`Upload`] | an object that is written piece by piece |
//! | [`Recording`], [`Verified`], [`Sums`] | checksums made on write and checked on read |
//! | `Faulty` | fails, delays, cuts short or loses the reply of chosen requests (`test-util`) |
//! | `intercept` | wraps every store that this process opens (`test-util`) |
//! | `conformance` | the suite that every store runs (`test-util`) |

mod counting;
mod local;
mod open;
mod operation;
mod upload;
mod verified;

#[cfg(any(test, feature = "test-util"))]
pub mod conformance;
#[cfg(any(test, feature = "test-util"))]
mod faulty;
#[cfg(any(test, feature = "test-util"))]
mod intercept;

pub use counting::{Counting, Counts};
#[cfg(any(test, feature = "test-util"))]
pub use faulty::{Fault, Faulty, Trigger};
#[cfg(any(test, feature = "test-util"))]
pub use intercept::{answer_from_afar, intercept};
pub use local::{LocalFiles, StaleTemporary};
pub use open::{Opened, by_url, open};
pub(crate) use open::{Owner, open_for};
pub use operation::Operation;
pub use upload::Upload;
pub use verified::{BLOCK, Damage, ObjectSums, Recording, StoredSums, Sums, Verified};

#[cfg(test)]
mod tests;

/// What a listing without a prefix is below.
static ROOT: object_store::path::Path = object_store::path::Path::ROOT;
