//! The one error of the crate, with the cases that a caller branches on.

use std::error::Error as StdError;

/// A `Result` whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error that is carried, not branched on.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What can go wrong around a cached function.
///
/// Every message says what happened, to which function, key or location, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A strict call found no entry, and may not compute one.
    #[error(
        "{call} is not cached (looked in {searched}); call it without `strict`, or in a mode that \
         computes, to make the entry"
    )]
    NotCached {
        /// The call, as `function(argument = value, …)`.
        call: String,
        /// The locations that were asked, in order.
        searched: String,
    },

    /// Stored bytes are not what was written: torn, truncated, flipped or foreign.
    #[error("{object} is damaged: {why}; recompute the entry, or `forget` it")]
    Damaged {
        /// The location and path of the object.
        object: String,
        /// What was found.
        why: String,
    },

    /// An entry holds a value of another type or of another shape of this type.
    #[error(
        "{object} holds another type: {why}; recompute the entry, or raise the function's `version`"
    )]
    TypeChanged {
        /// The location and path of the object.
        object: String,
        /// What was stored, and what was asked for.
        why: String,
    },

    /// An entry or a lake was written by a newer release in a layout that this one cannot read.
    #[error("{object} has layout {found}, and this release reads up to {known}; upgrade nuthatch")]
    NewerLayout {
        /// The location and path of the object.
        object: String,
        /// The layout number found.
        found: u64,
        /// The newest layout number known.
        known: u64,
    },

    /// A location could not be read or written.
    #[error("cannot {doing} in {location}: {source}")]
    Store {
        /// What was being done, with the object: `read manifest a/b.json`.
        doing: String,
        /// The location's name and URL.
        location: String,
        /// The store's own error.
        source: BoxError,
    },

    /// A commit lost against another writer, whose entry stands.
    #[error("{object} was committed by another writer in the meantime; its entry stands")]
    Conflict {
        /// The location and path of the manifest.
        object: String,
    },

    /// Another process computes the entry, and the call does not wait for it.
    #[error(
        "{call} is being computed by another process, which holds its lease in {location}; call it \
         again later, or with `on_busy = \"wait\"` or `\"compute\"`"
    )]
    Busy {
        /// The call, as `function(argument = value, …)`.
        call: String,
        /// The location's name and URL.
        location: String,
    },

    /// The configuration cannot be used.
    #[error("configuration: {message} ({origin})")]
    Config {
        /// What is wrong, and what to do.
        message: String,
        /// File and line, variable, or code that said so.
        origin: String,
    },

    /// The call asks for something that cannot be had.
    #[error("{function}: {message}")]
    Usage {
        /// The function.
        function: String,
        /// What was asked, and what to ask instead.
        message: String,
    },

    /// A value could not be encoded or decoded by its backend.
    #[error("backend {backend} cannot {doing} {type_name}: {source}")]
    Backend {
        /// The backend's name.
        backend: String,
        /// `encode` or `decode`.
        doing: &'static str,
        /// The Rust type.
        type_name: &'static str,
        /// The cause.
        source: BoxError,
    },

    /// A processor could not make of a value what the call returns, or did not accept it.
    #[error("{call}: processor `{processor}` failed: {source}")]
    Processor {
        /// The call, as `function(argument = value, …)`.
        call: String,
        /// The processor's name.
        processor: String,
        /// The processor's own error.
        source: BoxError,
    },

    /// An error of the user's own, carried through a function that returns [`Result`].
    #[error(transparent)]
    Other(#[from] BoxError),
}

impl Error {
    /// Carries any error through a function that returns [`Result`].
    ///
    /// ```
    /// # use nuthatch_core::Error;
    /// let error = Error::other("the station sent no data");
    /// assert_eq!(error.to_string(), "the station sent no data");
    /// ```
    pub fn other(error: impl Into<BoxError>) -> Self {
        Self::Other(error.into())
    }

    /// Whether a strict call found nothing.
    #[must_use]
    pub fn is_not_cached(&self) -> bool {
        matches!(self, Self::NotCached { .. })
    }

    /// Whether another process computes the entry, and the call did not wait (`on_busy`).
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Whether stored bytes were damaged.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}
