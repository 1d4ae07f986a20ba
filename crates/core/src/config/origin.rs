//! Where a value came from, and what is said when it cannot be used.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;

/// Where a parameter's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nothing was said: the built-in default.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: Arc<Path>,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A place in code that set it.
    Code {
        /// The crate.
        package: &'static str,
        /// `file!()`.
        file: &'static str,
        /// `line!()`.
        line: u32,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Code { package, file: "", .. } => f.write_str(package),
            Self::Code { package, file, line } => write!(f, "{file}:{line} in {package}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tracked<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T> Tracked<T> {
    pub(crate) fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// What is wrong with the configuration. Unlike [`Error`] it can be told again at every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) origin: String,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>, origin: impl fmt::Display) -> Self {
        Self { message: message.into(), origin: origin.to_string() }
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::Config { message: wrong.message, origin: wrong.origin }
    }
}
