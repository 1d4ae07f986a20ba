//! The examples of nuthatch: every target is listed in Cargo.toml.
