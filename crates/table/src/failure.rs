//! The errors of the tabular backends.

use nuthatch_core::backend::Shown;
use nuthatch_core::error::BoxError;
use nuthatch_core::store::Damage;
use nuthatch_core::{Error, Result};

/// What is said of one column, named as a person would look for it.
#[must_use]
pub fn column_error(name: &str, message: &str) -> Error {
    Error::other(format!("column {name:?}: {message}"))
}

/// An error of Arrow or Parquet about a value on its way in or out.
#[must_use]
pub fn backend_error(
    backend: &str,
    doing: &'static str,
    type_name: &'static str,
    source: impl Into<BoxError>,
) -> Error {
    Error::Backend { backend: backend.to_owned(), doing, type_name, source: source.into() }
}

/// An error of a store about one object of an entry: damage, or distance.
#[must_use]
pub fn store_error(doing: &str, object: &str, shown: &Shown, error: object_store::Error) -> Error {
    if let Some(damage) = Damage::find(&error) {
        let block = damage.block.map(|block| format!("in block {block}, ")).unwrap_or_default();
        let why = format!("{block}{}", damage.why);
        return Error::Damaged { object: format!("{shown}/{object}"), why };
    }
    Error::Store {
        doing: format!("{doing} {object}"),
        location: shown.to_string(),
        source: error.into(),
    }
}

/// Says what a manifest's own record is not.
///
/// # Errors
///
/// [`Error::Damaged`], of what `result` says.
pub fn unreadable_record<T>(result: Result<T, impl std::fmt::Display>, shown: &Shown) -> Result<T> {
    result.map_err(|error| Error::Damaged {
        object: shown.to_string(),
        why: format!("what its manifest says of the table cannot be read: {error}"),
    })
}
