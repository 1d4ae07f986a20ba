//! What holds one value: pointers, cells, wrappers, `Option`, `Result`, bounds and ranges.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::num::{Saturating, Wrapping};
use std::ops::{Bound, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::rc::Rc;
use std::sync::Arc;

use crate::key::serializer::RANGE_INCLUSIVE;
use crate::key::{CacheKey, KeyEncoder, KeyError};

macro_rules! pointers {
    ($($type:ty),*) => {$(
        impl<T: CacheKey + ?Sized> CacheKey for $type {
            #[inline]
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                (**self).encode_key(out)
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: CacheKey + ToOwned + ?Sized> CacheKey for Cow<'_, T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        (**self).encode_key(out)
    }
}

macro_rules! wrappers {
    ($($type:ident),*) => {$(
        impl<T: CacheKey> CacheKey for $type<T> {
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                self.0.encode_key(out)
            }
        }
    )*};
}

wrappers!(Wrapping, Saturating, Reverse);

/// What the cell holds when the call starts.
impl<T: CacheKey + Copy> CacheKey for Cell<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.get().encode_key(out)
    }
}

/// What the cell holds when the call starts; an error while it is mutably borrowed.
impl<T: CacheKey + ?Sized> CacheKey for RefCell<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.try_borrow().map_err(KeyError::refused)?.encode_key(out)
    }
}

impl<T: CacheKey> CacheKey for Option<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self {
            None => out.none(),
            Some(value) => out.some(|out| value.encode_key(out)),
        }
    }
}

impl<T: CacheKey, E: CacheKey> CacheKey for Result<T, E> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self {
            Ok(value) => out.variant("Ok", |out| value.encode_key(out)),
            Err(error) => out.variant("Err", |out| error.encode_key(out)),
        }
    }
}

impl<T: CacheKey> CacheKey for Bound<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self {
            Self::Unbounded => out.unit_variant("Unbounded"),
            Self::Included(value) => out.variant("Included", |out| value.encode_key(out)),
            Self::Excluded(value) => out.variant("Excluded", |out| value.encode_key(out)),
        }
    }
}

impl<T: CacheKey> CacheKey for Range<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        bounds(out, Some(&self.start), Some(&self.end))
    }
}

impl<T: CacheKey> CacheKey for RangeFrom<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        bounds(out, Some(&self.start), None)
    }
}

impl<T: CacheKey> CacheKey for RangeTo<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        bounds(out, None, Some(&self.end))
    }
}

/// serde has nothing for it.
impl CacheKey for RangeFull {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        bounds::<()>(out, None, None)
    }
}

/// Told from `Range`, which serde writes the same but for the name of the type.
impl<T: CacheKey> CacheKey for RangeInclusive<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.variant(RANGE_INCLUSIVE, |out| bounds(out, Some(self.start()), Some(self.end())))
    }
}

/// serde has nothing for it.
impl<T: CacheKey> CacheKey for RangeToInclusive<T> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.variant("RangeToInclusive", |out| bounds(out, None, Some(&self.end)))
    }
}

fn bounds<T: CacheKey>(
    out: &mut KeyEncoder,
    start: Option<&T>,
    end: Option<&T>,
) -> Result<(), KeyError> {
    out.map(|out| {
        for (name, bound) in [("start", start), ("end", end)] {
            if let Some(bound) = bound {
                out.str(name)?;
                bound.encode_key(out)?;
            }
        }
        Ok(())
    })
}
