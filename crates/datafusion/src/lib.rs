//! DataFusion's frames for nuthatch: tables that are plans until somebody reads them.
//!
//! Programs depend on the crate `nuthatch` and its feature `datafusion`.
//!
//! | room | holds |
//! |---|---|
//! | [`mod@session`] | the session of frames that are recalled |
//! | `frame` | a frame as a [`Table`](nuthatch_table::Table): executed as a stream, opened over a scan; [`Frames`]: a tabular backend for frames |
//! | `provider` | a stored table as DataFusion sees it: columns, filters and limit reach it |
//! | `pruning` | files and row groups that a filter leaves out |
//! | `exec` | the rows on their way |
//! | `time` | frames along time, for `#[timeseries]` |
//!
//! A frame that a function returns is executed once, as a stream, on its way into the store, and what
//! the caller gets is the stored table, opened lazily. Its rows come in the order stored.

mod exec;
mod frame;
mod provider;
mod pruning;
pub mod session;
mod time;

#[cfg(test)]
mod tests;

pub use datafusion;

pub use crate::frame::{DataFusion, Frame, Frames};
pub use crate::session::{session, set_session};

/// DataFusion's error as nuthatch's: one that came from nuthatch is found again.
fn failed(error: datafusion::error::DataFusionError) -> nuthatch_core::Error {
    use datafusion::error::DataFusionError;
    match error {
        DataFusionError::External(source) => match source.downcast::<nuthatch_core::Error>() {
            Ok(error) => *error,
            Err(source) => nuthatch_core::Error::Other(source),
        },
        error => nuthatch_core::Error::other(error),
    }
}

/// nuthatch's error as DataFusion's.
fn external(error: nuthatch_core::Error) -> datafusion::error::DataFusionError {
    datafusion::error::DataFusionError::External(Box::new(error))
}
