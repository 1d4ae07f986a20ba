//! Values that are part of a key and are never shown.

use std::fmt;

use super::{CacheKey, KeyEncoder, KeyError};

/// A value that tells calls apart and is shown nowhere.
///
/// Its key is a hash of the value's own key, so that another password is another entry; manifests,
/// paths, logs, `Debug` and `Display` have `***`. It has no `Serialize`: what could be written
/// would be written.
///
/// ```
/// use nuthatch_core::key::Secret;
///
/// let token = Secret::new("hunter2");
/// assert_eq!(format!("{token} {token:?}"), "*** ***");
/// assert_eq!(*token.expose(), "hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T: ?Sized>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Secret<T> {
    /// The value itself, hidden no more.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T: ?Sized> Secret<T> {
    /// The value itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: ?Sized> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: ?Sized> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: CacheKey + ?Sized> CacheKey for Secret<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.secret(|out| self.0.encode_key(out))
    }
}
