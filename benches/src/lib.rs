//! What the benches of nuthatch share: measuring two things side by side, the table of ratios, and
//! what is done in Python.
//!
//! Every target is listed in Cargo.toml; `cargo bench` runs them all. Machines are noisy, so no
//! figure stands alone: what is measured and what it is compared with take turns in one run, and
//! the ratio of their medians is what counts.

mod measure;
mod peer;
mod table;

pub use measure::{Rounds, Side, compare};
pub use peer::{PYTHON, Peer, packages};
pub use table::Table;

/// The file that a `file://` URI names.
#[must_use]
pub fn local_path(uri: &str) -> std::path::PathBuf {
    uri.strip_prefix("file://").unwrap_or(uri).into()
}
