//! Polars's frames for nuthatch: eager and lazy tables, stored and recalled.
//!
//! Programs depend on the crate `nuthatch` and its feature `polars`.
//!
//! | room | holds |
//! |---|---|
//! | `frame` | [`Eager`] and [`Lazy`]: frames as [`Table`](nuthatch_table::Table)s; [`Frames`]: a tabular backend for them |
//! | `execute` | a plan executed as a stream, on its way into a store |
//! | `scan` | a stored table as Polars sees it: columns, filters and limit reach it |
//! | `pruning` | files and row groups that a filter rules out |
//! | `time` | frames along time, for `#[timeseries]` |
//! | `convert` | batches of Arrow into frames, and back |
//! | `types` | what each Arrow type is in Polars |
//! | `bridge` | arrays across the C data interface |
//!
//! A lazy frame that a function returns is executed once, on its way into the store, and what the
//! caller gets is the stored table, opened lazily. Rows come in the order stored.

mod bridge;
mod convert;
mod execute;
mod frame;
mod pruning;
mod scan;
mod time;
mod types;

#[cfg(test)]
mod tests;

pub use polars;

pub use crate::frame::{Eager, Frames, Lazy, Polars};

/// Polars's error as nuthatch's.
fn failed(error: polars::error::PolarsError) -> nuthatch_core::Error {
    nuthatch_core::Error::other(error)
}

/// nuthatch's error as Polars's, which has no place for another's.
fn external(error: &nuthatch_core::Error) -> polars::error::PolarsError {
    polars::error::PolarsError::ComputeError(error.to_string().into())
}
