//! The one table that ties Rust types to backends.
//!
//! | file | holds |
//! |---|---|
//! | this one | [`Cacheable`], and serde types |
//! | `default` | types whose default backend is not compiled in |
//! | `known` | what is said of types that a feature would make storable |
//! | `arrays` | arrays: nuthatch's, and those of ndarray |
//! | `tables` | tables: Arrow's, and the frames of DataFusion and Polars |

#[cfg(feature = "zarr")]
mod arrays;
pub(crate) mod default;
pub mod known;
#[cfg(feature = "parquet")]
mod tables;

use nuthatch_core::backend::{Backend, Backends};
use nuthatch_core::basic::Basic;
use nuthatch_core::returns::{Medium, Probe};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type with backends of its own.
///
/// Types of serde need no implementation: they are stored in `basic`. Implement this for a type
/// that has a better format, with the default backend first.
///
/// ```
/// use nuthatch::Cacheable;
/// use nuthatch::backend::{Backends, Basic};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Track(Vec<(f64, f64)>);
///
/// impl Cacheable for Track {
///     fn backends() -> Backends<Self> {
///         &[&Basic]
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no backends of its own",
    note = "implement `nuthatch::Cacheable` for it; a serde type can be read as `Stored<{Self}>`"
)]
pub trait Cacheable: Send + Sync + Sized + 'static {
    /// The backends that hold the type, the default first.
    fn backends() -> Backends<Self>;

    /// A copy for the memo and for joined calls; types that are `Clone` return one here.
    fn duplicate(&self) -> Option<Self> {
        None
    }
}

/// A serde type as an engine: [`engine::<Stored<T>>()`](crate::CallExt::engine) reads what is
/// stored in `basic` as `T`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Stored<T>(pub T);

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Stored<T> {
    const BACKENDS: Backends<Self> = &[&Basic as &dyn Backend<Self>];
}

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Cacheable for Stored<T> {
    fn backends() -> Backends<Self> {
        Self::BACKENDS
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// The type has backends of its own: the first answer to the question about backends.
pub trait AskCacheable {
    /// The answer.
    type Answer;
    /// Asks.
    fn medium(&self) -> Self::Answer;
}

impl<T: Cacheable> AskCacheable for &&Probe<T> {
    type Answer = ByCacheable;
    fn medium(&self) -> ByCacheable {
        ByCacheable
    }
}

/// Stored in the type's own backends.
#[derive(Debug, Clone, Copy)]
pub struct ByCacheable;

impl<T: Cacheable> Medium<T> for ByCacheable {
    fn backends(&self) -> Backends<T> {
        T::backends()
    }
}
