//! The crates by themselves, with the options that nuthatch uses.

pub(crate) mod delta;
pub(crate) mod parquet;
pub(crate) mod postgres;
