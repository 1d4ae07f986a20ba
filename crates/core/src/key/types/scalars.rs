//! Numbers, texts and units.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::num::NonZero;

use crate::key::{CacheKey, KeyEncoder, KeyError};

macro_rules! integers {
    ($writer:ident as $wide:ty: $($type:ty)*) => {$(
        impl CacheKey for $type {
            #[inline]
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                // Widens: no integer is wider.
                out.$writer(*self as $wide)
            }
        }

        impl CacheKey for NonZero<$type> {
            #[inline]
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                self.get().encode_key(out)
            }
        }
    )*};
}

integers!(signed as i128: i8 i16 i32 i64 i128 isize);
integers!(unsigned as u128: u8 u16 u32 u64 u128 usize);

impl CacheKey for f32 {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.float(f64::from(*self))
    }
}

impl CacheKey for f64 {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.float(*self)
    }
}

impl CacheKey for bool {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.bool(*self)
    }
}

impl CacheKey for char {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str(self.encode_utf8(&mut [0; 4]))
    }
}

impl CacheKey for str {
    #[inline]
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str(self)
    }
}

impl CacheKey for String {
    #[inline]
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str(self)
    }
}

impl CacheKey for CStr {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.bytes(self.to_bytes())
    }
}

impl CacheKey for CString {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.as_c_str().encode_key(out)
    }
}

impl CacheKey for () {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.unit()
    }
}

impl<T: ?Sized> CacheKey for PhantomData<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.unit()
    }
}

/// serde has nothing for it.
impl CacheKey for Ordering {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.unit_variant(match self {
            Self::Less => "Less",
            Self::Equal => "Equal",
            Self::Greater => "Greater",
        })
    }
}

/// serde has nothing for it; with it, `Result<T, Infallible>` has a key.
impl CacheKey for Infallible {
    fn encode_key(&self, _: &mut KeyEncoder) -> Result<(), KeyError> {
        match *self {}
    }
}
