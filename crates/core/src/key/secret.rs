//! Values that are part of a key and are never shown.

use std::fmt;

use zeroize::Zeroize;

use super::{CacheKey, KeyEncoder, KeyError};

/// A value that tells calls apart, is shown nowhere, and is wiped when it is dropped.
///
/// Its key is a hash of the value's own key, so that another password is another entry; manifests,
/// paths, logs, `Debug` and `Display` have `***`. It has no `Serialize`: what could be written
/// would be written. As it is dropped its memory is overwritten with zeros, which the crate
/// [`zeroize`] knows how to do for text, bytes, numbers and what is made of them; a type of your own
/// implements its trait [`Zeroize`]. Copies that were made of what it [exposes](Self::expose) are not
/// wiped.
///
/// ```
/// use nuthatch_core::key::Secret;
///
/// let token = Secret::new(String::from("hunter2"));
/// assert_eq!(format!("{token} {token:?}"), "*** ***");
/// assert_eq!(*token.expose(), "hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T: Zeroize + ?Sized>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, hidden no more: to wipe it is yours.
    pub fn into_exposed(mut self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize + ?Sized> Secret<T> {
    /// The value itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + ?Sized> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize + ?Sized> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize + ?Sized> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: CacheKey + Zeroize + ?Sized> CacheKey for Secret<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.secret(|out| self.0.encode_key(out))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Text that tells what its memory holds once it is wiped. What lies in memory that was given
    /// back cannot be read here; that `zeroize` writes it is that crate's promise.
    #[derive(Clone, Default)]
    struct Watched {
        text: [u8; 7],
        wiped: Arc<Mutex<Vec<[u8; 7]>>>,
    }

    impl Zeroize for Watched {
        fn zeroize(&mut self) {
            self.text.zeroize();
            self.wiped.lock().unwrap().push(self.text);
        }
    }

    #[test]
    fn every_copy_is_wiped_once_as_it_is_dropped() {
        let wiped = Arc::new(Mutex::new(Vec::new()));
        let secret = Secret::new(Watched { text: *b"hunter2", wiped: Arc::clone(&wiped) });
        let copy = secret.clone();
        assert_eq!(wiped.lock().unwrap().len(), 0);
        drop(secret);
        assert_eq!(*wiped.lock().unwrap(), [[0; 7]]);
        assert_eq!(copy.expose().text, *b"hunter2");
        drop(Some(copy));
        assert_eq!(*wiped.lock().unwrap(), [[0; 7]; 2]);
    }

    #[test]
    fn what_is_taken_out_is_whole_and_is_its_owners_to_wipe() {
        let wiped = Arc::new(Mutex::new(Vec::new()));
        let secret = Secret::new(Watched { text: *b"hunter2", wiped: Arc::clone(&wiped) });
        let own = secret.into_exposed();
        assert_eq!(own.text, *b"hunter2");
        assert_eq!(wiped.lock().unwrap().len(), 0);
    }
}
