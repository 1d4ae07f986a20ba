//! The engine of nuthatch: keys, options, modes, configuration, locations, manifests, the run
//! loop, the memo, single flight and the `basic` backend.
//!
//! Programs depend on the crate `nuthatch`, which re-exports what is public here. This crate is
//! for those who write a backend.
//!
//! | room | holds |
//! |---|---|
//! | [`key`] | what identifies a call: the canonical encoding of arguments, [`key::Key`] |
//! | [`function`] | the static description that `#[cache]` leaves behind |
//! | [`call`] | a call with its options, and the ways to end it |
//! | [`ticket`] | an entry that several processes fill |
//! | [`mode`], [`options`] | which locations a call reads and writes; what a call may ask for |
//! | [`context`] | the call stack, inherited options and lineage |
//! | `run` | the loop: memo, flight, locations, body, commit |
//! | [`entry`] | manifests, generations, commits: one entry in one location |
//! | [`store`] | object stores, and the wrappers that count, fail and verify |
//! | [`processor`], [`timeseries`], [`time`] | code around a cached function; clipping along time |
//! | [`civil`] | dates and times that belong to no calendar library |
//! | [`backend`], [`basic`] | how a value is laid out in a location |
//! | [`memo`], [`flight`] | the in-memory level; one computation at a time |
//! | [`config`] | the layers of configuration, merged into settings |
//! | [`mod@gc`] | removing what no entry needs any more |
//! | [`progress`] | how far long transfers have come |
//! | [`instance`] | several configurations in one process |

pub mod arguments;
pub mod backend;
pub mod basic;
pub mod call;
pub mod civil;
pub mod config;
pub mod confirm;
pub mod context;
pub mod entry;
pub mod error;
pub mod flight;
mod fresh;
pub mod function;
#[cfg(any(test, feature = "test-util"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod gc;
pub mod instance;
pub mod key;
pub mod memo;
pub mod mode;
pub mod options;
pub mod processor;
pub mod progress;
pub mod returns;
mod run;
pub mod runtime;
pub mod stats;
pub mod store;
#[cfg(test)]
mod test_watchdog;
mod threads;
pub mod ticket;
pub mod time;
pub mod timeseries;

pub use error::{Error, Result};
pub use gc::gc;

/// The settings in force where this is called: the process's, or inside
/// [`Nuthatch::with`](instance::Nuthatch::with) that configuration's.
///
/// # Errors
///
/// [`Error::Config`] where the configuration cannot be used.
///
/// ```
/// println!("{}", nuthatch_core::settings()?);
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
pub fn settings() -> Result<std::sync::Arc<config::Settings>> {
    run::Session::current().settings()
}

/// Empties the memo: the next call of each key reads its entry again.
///
/// ```
/// nuthatch_core::clear_memo();
/// ```
pub fn clear_memo() {
    run::clear_memo();
}
