//! What the operating system says, as the errors of `object_store`.

use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};

use object_store::Error;
use object_store::path::Path;

/// The name of this store in errors.
pub(super) const STORE: &str = "LocalFiles";

/// One failed step, with the file and what can be done about it.
///
/// The system's own words are part of the text and not its `source`: `object_store` shows one
/// level of sources only, and whoever prints the whole chain would print them twice.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {why}", file.display())]
struct Failure {
    doing: &'static str,
    file: PathBuf,
    why: String,
}

/// A read that failed. What cannot be there (below a file, a name that is too long) is not found.
pub(super) fn reading(
    doing: &'static str,
    location: &Path,
    file: &FilePath,
    error: &io::Error,
) -> Error {
    let source = Box::new(Failure { doing, file: file.to_owned(), why: explain(error) });
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
            Error::NotFound { path: location.to_string(), source }
        }
        kind => refused(kind, location, source),
    }
}

/// A write that failed. It is never `NotFound` or `AlreadyExists`: those are the outcome of a
/// condition, and a folder that cannot be made must not pass for a lost race.
pub(super) fn writing(
    doing: &'static str,
    location: &Path,
    file: &FilePath,
    error: &io::Error,
) -> Error {
    let source = Box::new(Failure { doing, file: file.to_owned(), why: explain(error) });
    refused(error.kind(), location, source)
}

/// There is something else than an object.
pub(super) fn not_found(location: &Path, file: &FilePath, why: &str) -> Error {
    let source = Failure { doing: "read", file: file.to_owned(), why: why.to_owned() };
    Error::NotFound { path: location.to_string(), source: Box::new(source) }
}

/// The object is there and must not be.
pub(super) fn exists(location: &Path, file: &FilePath) -> Error {
    let why = "it was to be created and is there already".to_owned();
    let source = Failure { doing: "create", file: file.to_owned(), why };
    Error::AlreadyExists { path: location.to_string(), source: Box::new(source) }
}

/// The object is not the version that was to be replaced.
pub(super) fn precondition(location: &Path, why: String) -> Error {
    Error::Precondition { path: location.to_string(), source: why.into() }
}

/// Something that is wrong with the request or the file, not with the system.
pub(super) fn generic(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Generic { store: STORE, source: why.into() }
}

/// A request that this store does not serve.
pub(super) fn unsupported(why: String) -> Error {
    Error::NotSupported { source: why.into() }
}

fn refused(kind: ErrorKind, location: &Path, source: Box<Failure>) -> Error {
    match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::PermissionDenied { path: location.to_string(), source }
        }
        _ => generic(source),
    }
}

fn explain(error: &io::Error) -> String {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space",
        ErrorKind::ReadOnlyFilesystem => "choose a location that can be written",
        ErrorKind::PermissionDenied => "give this user the right to, or choose another location",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where a folder should be; move it away"
        }
        ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty => {
            "a folder stands where the object should be; move it away"
        }
        ErrorKind::InvalidFilename => "the name is longer than this file system allows",
        _ => return error.to_string(),
    };
    format!("{error}; {advice}")
}
