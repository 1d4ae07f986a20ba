//! Chooses how an argument is encoded, by its type: [`CacheKey`] before [`Serialize`], and a
//! compile error that says what to do where there is neither.
//!
//! Generated code encodes one value with this expression, at the outermost level and for the
//! fields of a derived type alike:
//!
//! ```
//! # let (value, mut encoder) = (3, nuthatch_core::key::KeyEncoder::new());
//! use nuthatch_core::key::probe::*;
//!
//! (&&&Argument(&value)).encode(&mut encoder)?;
//! # Ok::<(), nuthatch_core::key::KeyError>(())
//! ```
//!
//! It stands on method look-up: of the three traits, the compiler takes the one that needs the
//! fewest dereferences among those whose bounds hold. In a generic function only the written
//! bounds count. All three traits must be in scope, which the glob import sees to.

use serde::Serialize;

use super::{CacheKey, KeyEncoder, KeyError};

/// A value on its way into a key.
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized>(pub &'a T);

/// For types with [`CacheKey`].
pub trait ViaCacheKey {
    /// Writes the argument.
    ///
    /// # Errors
    ///
    /// As [`CacheKey::encode_key`].
    fn encode(&self, out: &mut KeyEncoder) -> Result<(), KeyError>;
}

/// For types with [`Serialize`] alone.
pub trait ViaSerialize {
    /// Writes the argument.
    ///
    /// # Errors
    ///
    /// As [`KeyEncoder::serialize`].
    fn encode(&self, out: &mut KeyEncoder) -> Result<(), KeyError>;
}

/// For all others: the bound on the method is what the compiler then complains about.
pub trait ViaNothing {
    /// The type that should have been a key.
    type Value: ?Sized;

    /// Cannot be called.
    ///
    /// # Errors
    ///
    /// As [`CacheKey::encode_key`].
    fn encode(&self, out: &mut KeyEncoder) -> Result<(), KeyError>
    where
        Self::Value: CacheKey;
}

impl<T: CacheKey + ?Sized> ViaCacheKey for &&Argument<'_, T> {
    #[inline]
    fn encode(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.0.encode_key(out)
    }
}

impl<T: Serialize + ?Sized> ViaSerialize for &Argument<'_, T> {
    fn encode(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.serialize(self.0)
    }
}

impl<T: ?Sized> ViaNothing for Argument<'_, T> {
    type Value = T;

    fn encode(&self, out: &mut KeyEncoder) -> Result<(), KeyError>
    where
        T: CacheKey,
    {
        self.0.encode_key(out)
    }
}
