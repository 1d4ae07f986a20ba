//! Types whose default backend is not compiled in.
//!
//! A type's default backend never depends on the features that happen to be on: what is stored
//! would depend on who else is in the build. Where the default is missing, a function that names
//! no backend does not compile. It is asked by autoref specialisation, as the other questions of
//! [`returns!`](crate::returns) are.

use nuthatch_core::returns::Probe;

/// Anything: its default backend is there, or it has none.
pub trait AskDefault {
    /// Asks.
    fn default_backend(&self);
}

impl<T> AskDefault for &Probe<T> {
    fn default_backend(&self) {}
}

/// A type that `delta` holds by default, in a build without it. Without tables there is none, nor
/// where `delta` is there.
#[cfg_attr(any(feature = "delta", not(feature = "parquet")), allow(dead_code))]
pub trait DeltaByDefault {}

/// The first answer to the question about the default: it is `delta`, and not there.
pub trait AskDelta<T> {
    /// Fails to compile, and says why.
    fn default_backend(&self)
    where
        T: DeltaIsThere;
}

impl<T: DeltaByDefault> AskDelta<T> for Probe<T> {
    fn default_backend(&self)
    where
        T: DeltaIsThere,
    {
    }
}

/// Implemented by nothing: its message is what the author of a function reads.
#[diagnostic::on_unimplemented(
    message = "the default backend of `{Self}` is `delta`, which this build of nuthatch has not",
    label = "this function names no backend",
    note = "enable nuthatch's feature `delta`, or say `#[cache(backend = \"parquet\")]`: a default never depends on which features are on"
)]
pub trait DeltaIsThere {}
