//! What a call may ask for, and what of it reaches nested calls.

use std::fmt;

use crate::config::{Masked, OnBusy};
use crate::mode::CacheMode;

/// Which calls are recomputed, or memoized: this one, those of some functions, or all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recompute {
    /// This call alone (`true`), or this call not (`false`).
    This(bool),
    /// Calls of these functions, this one and nested ones: a name is a function's name or a
    /// `::` suffix of its identity.
    Names(Vec<String>),
    /// This call and every nested one.
    All,
}

impl From<bool> for Recompute {
    fn from(this: bool) -> Self {
        Self::This(this)
    }
}
impl From<&str> for Recompute {
    fn from(name: &str) -> Self {
        Self::Names(vec![name.to_owned()])
    }
}
impl From<String> for Recompute {
    fn from(name: String) -> Self {
        Self::Names(vec![name])
    }
}
impl<S: Into<String>, const N: usize> From<[S; N]> for Recompute {
    fn from(names: [S; N]) -> Self {
        Self::Names(names.into_iter().map(Into::into).collect())
    }
}
impl<S: Into<String>> From<Vec<S>> for Recompute {
    fn from(names: Vec<S>) -> Self {
        Self::Names(names.into_iter().map(Into::into).collect())
    }
}
impl From<&[&str]> for Recompute {
    fn from(names: &[&str]) -> Self {
        Self::Names(names.iter().map(|&name| name.to_owned()).collect())
    }
}

/// Options of one call, or of all calls inside [`with`](crate::context::with).
///
/// What is not set is left to the enclosing call, the attribute and the configuration, in that
/// order.
///
/// ```
/// use nuthatch_core::mode::CacheMode;
/// use nuthatch_core::options::Options;
///
/// let options = Options::new().cache_mode(CacheMode::Local).recompute(["daily"]);
/// ```
#[derive(Clone, Default, PartialEq)]
#[must_use]
pub struct Options {
    pub(crate) mode: Option<CacheMode>,
    pub(crate) recompute: Option<Recompute>,
    pub(crate) memoize: Option<Recompute>,
    pub(crate) namespace: Option<String>,
    pub(crate) backend: Option<String>,
    pub(crate) backend_options: toml::Table,
    pub(crate) storage_backend: Option<String>,
    pub(crate) storage_backend_options: toml::Table,
    pub(crate) retry_null: Option<bool>,
    pub(crate) strict: Option<bool>,
    pub(crate) validate: Option<bool>,
    pub(crate) cache: Option<bool>,
    pub(crate) lease: Option<bool>,
    pub(crate) on_busy: Option<OnBusy>,
}

impl fmt::Debug for Options {
    /// Without what looks like a secret among the backends' options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("mode", &self.mode)
            .field("recompute", &self.recompute)
            .field("memoize", &self.memoize)
            .field("namespace", &self.namespace)
            .field("backend", &self.backend)
            .field("backend_options", &Masked(&self.backend_options))
            .field("storage_backend", &self.storage_backend)
            .field("storage_backend_options", &Masked(&self.storage_backend_options))
            .field("retry_null", &self.retry_null)
            .field("strict", &self.strict)
            .field("validate", &self.validate)
            .field("cache", &self.cache)
            .field("lease", &self.lease)
            .field("on_busy", &self.on_busy)
            .finish()
    }
}

impl Options {
    /// Options that ask for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which locations are read and written. Reaches nested calls.
    pub fn cache_mode(mut self, mode: CacheMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Computes although there may be an entry: `true` for this call, names for the calls of
    /// these functions however deep, [`Recompute::All`] for all. Within one outermost call a key
    /// is recomputed once.
    pub fn recompute(mut self, which: impl Into<Recompute>) -> Self {
        self.recompute = Some(which.into());
        self
    }

    /// Keeps the result in memory, and takes it from there: `true` for this call, names for the
    /// calls of these functions however deep, [`Recompute::All`] for all.
    pub fn memoize(mut self, which: impl Into<Recompute>) -> Self {
        self.memoize = Some(which.into());
        self
    }

    /// Keeps the entries of a scenario apart from those of others.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// The backend that is read, and written where no storage backend is named.
    pub fn backend(mut self, name: impl Into<String>) -> Self {
        self.backend = Some(name.into());
        self
    }

    /// One option of the backend.
    pub fn backend_option(mut self, name: &str, value: impl Into<toml::Value>) -> Self {
        self.backend_options.insert(name.to_owned(), value.into());
        self
    }

    /// Several options of the backend.
    pub fn backend_options(mut self, options: toml::Table) -> Self {
        self.backend_options.extend(options);
        self
    }

    /// The backend that is written, where it is another than the one read.
    pub fn storage_backend(mut self, name: impl Into<String>) -> Self {
        self.storage_backend = Some(name.into());
        self
    }

    /// Several options of the storage backend.
    pub fn storage_backend_options(mut self, options: toml::Table) -> Self {
        self.storage_backend_options.extend(options);
        self
    }

    /// Computes again where the entry is null. Reaches nested calls.
    pub fn retry_null(mut self, retry: bool) -> Self {
        self.retry_null = Some(retry);
        self
    }

    /// Never computes: a miss is an error. Reaches nested calls.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Lets processors validate what is returned.
    pub fn validate(mut self, validate: bool) -> Self {
        self.validate = Some(validate);
        self
    }

    /// `false` switches root and mirrors off; the memo and the local location still serve.
    pub fn cache(mut self, cache: bool) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Whether one process at a time computes the entry, of all that share its location. Where
    /// nothing is said, that is so for all backends but `basic`.
    pub fn lease(mut self, lease: bool) -> Self {
        self.lease = Some(lease);
        self
    }

    /// What is done where another process is computing the entry.
    pub fn on_busy(mut self, on_busy: OnBusy) -> Self {
        self.on_busy = Some(on_busy);
        self
    }

    /// These, and then `later`, each option of which is as though it were said here.
    pub(crate) fn and(self, later: Self) -> Self {
        // Named one by one: an option that is new must be thought of here.
        let Self {
            mode,
            recompute,
            memoize,
            namespace,
            backend,
            backend_options,
            storage_backend,
            storage_backend_options,
            retry_null,
            strict,
            validate,
            cache,
            lease,
            on_busy,
        } = later;
        Self {
            mode: mode.or(self.mode),
            recompute: recompute.or(self.recompute),
            memoize: memoize.or(self.memoize),
            namespace: namespace.or(self.namespace),
            backend: backend.or(self.backend),
            backend_options: merged(self.backend_options, backend_options),
            storage_backend: storage_backend.or(self.storage_backend),
            storage_backend_options: merged(self.storage_backend_options, storage_backend_options),
            retry_null: retry_null.or(self.retry_null),
            strict: strict.or(self.strict),
            validate: validate.or(self.validate),
            cache: cache.or(self.cache),
            lease: lease.or(self.lease),
            on_busy: on_busy.or(self.on_busy),
        }
    }
}

/// The members of both tables; those of the stronger one where both have them.
pub(crate) fn merged(mut weaker: toml::Table, stronger: toml::Table) -> toml::Table {
    weaker.extend(stronger);
    weaker
}
