//! Arrays in memory: typed, and cheap to clone.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArcArray, ArrayD, ArrayViewD, Axis, Dimension, IxDyn, SliceInfoElem, concatenate};
use nuthatch_core::{Error, Result};

use crate::calendar::{Calendar, NAT};
use crate::dtype::{DType, TimeUnit};

/// A typed array, shared: cloning it copies no element.
pub type Shared<T> = ArcArray<T, IxDyn>;

/// A type of elements that values can be taken out as, and made of.
pub trait Element: Clone + Send + Sync + fmt::Debug + 'static {
    /// The values of an array.
    fn wrap(array: Shared<Self>) -> Values;
    /// The array, where these are its elements. Points and spans of time are `i64`.
    fn unwrap(values: &Values) -> Option<&Shared<Self>>;
}

macro_rules! values {
    ($($variant:ident($type:ty),)*) => {
        /// An array's elements in memory, of one of the types of [`DType`].
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Values {
            $(#[doc = concat!("Elements of type `", stringify!($type), "`.")]
            $variant(Shared<$type>),)*
            /// Points in time.
            Datetime(Shared<i64>, TimeUnit, Calendar),
            /// Spans of time.
            Timedelta(Shared<i64>, TimeUnit),
        }

        $(impl From<Shared<$type>> for Values {
            fn from(array: Shared<$type>) -> Self {
                Self::$variant(array)
            }
        }
        impl Element for $type {
            fn wrap(array: Shared<Self>) -> Values {
                Values::$variant(array)
            }
            values!(@unwrap $variant $type);
        })*

        /// Runs an expression on the array within, whatever its type.
        macro_rules! each {
            ($values:expr, $array:ident => $does:expr) => {
                match $values {
                    $($crate::values::Values::$variant($array) => $does,)*
                    $crate::values::Values::Datetime($array, ..) => $does,
                    $crate::values::Values::Timedelta($array, _) => $does,
                }
            };
        }

        /// Makes new values of the same type with an expression on the array within.
        macro_rules! map {
            ($values:expr, $array:ident => $does:expr) => {
                match $values {
                    $($crate::values::Values::$variant($array) => {
                        $crate::values::Values::$variant($does)
                    })*
                    $crate::values::Values::Datetime($array, unit, calendar) => {
                        $crate::values::Values::Datetime($does, *unit, *calendar)
                    }
                    $crate::values::Values::Timedelta($array, unit) => {
                        $crate::values::Values::Timedelta($does, *unit)
                    }
                }
            };
        }
    };
    (@unwrap I64 $type:ty) => {
        fn unwrap(values: &Values) -> Option<&Shared<Self>> {
            match values {
                Values::I64(array) | Values::Datetime(array, ..) | Values::Timedelta(array, _) => {
                    Some(array)
                }
                _ => None,
            }
        }
    };
    (@unwrap $variant:ident $type:ty) => {
        fn unwrap(values: &Values) -> Option<&Shared<Self>> {
            match values {
                Values::$variant(array) => Some(array),
                _ => None,
            }
        }
    };
}

values! {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    F32(f32),
    F64(f64),
    String(Arc<str>),
}
#[allow(clippy::single_component_path_imports)]
pub(crate) use each;

impl Values {
    /// The type of the elements.
    #[must_use]
    pub fn dtype(&self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::I8(_) => DType::I8,
            Self::I16(_) => DType::I16,
            Self::I32(_) => DType::I32,
            Self::I64(_) => DType::I64,
            Self::U8(_) => DType::U8,
            Self::U16(_) => DType::U16,
            Self::U32(_) => DType::U32,
            Self::U64(_) => DType::U64,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
            Self::String(_) => DType::String,
            Self::Datetime(_, unit, calendar) => {
                DType::Datetime { unit: *unit, calendar: *calendar }
            }
            Self::Timedelta(_, unit) => DType::Timedelta { unit: *unit },
        }
    }

    /// The size of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        each!(self, array => array.shape())
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, array => array.len())
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Text, as elements.
    #[must_use]
    pub fn strings<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Self {
        let texts: Vec<Arc<str>> = texts.into_iter().map(|text| text.as_ref().into()).collect();
        Self::String(ndarray::Array1::from(texts).into_dyn().into_shared())
    }

    /// The part that the slices say, one for each dimension. Nothing is copied.
    pub(crate) fn slice(&self, slices: &[SliceInfoElem]) -> Self {
        map!(self, array => array.clone().slice_move(slices))
    }

    /// The elements at `indices` along a dimension.
    pub(crate) fn take(&self, axis: usize, indices: &[usize]) -> Self {
        map!(self, array => array.select(Axis(axis), indices).into_shared())
    }

    /// The elements in another shape of as many elements.
    ///
    /// # Errors
    ///
    /// The shape has another number of elements.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Self> {
        let wrong = |error: ndarray::ShapeError| Error::other(error.to_string());
        Ok(map!(self, array => array.clone().into_shape_clone(shape).map_err(wrong)?.into_shared()))
    }

    /// The elements as `f64`: what reductions and comparisons of numbers work on. Points in time
    /// and text are none.
    #[must_use]
    pub fn to_f64(&self) -> Option<ArrayD<f64>> {
        Some(match self {
            Self::Bool(array) => array.mapv(|x| f64::from(u8::from(x))),
            Self::I8(array) => array.mapv(f64::from),
            Self::I16(array) => array.mapv(f64::from),
            Self::I32(array) => array.mapv(f64::from),
            Self::I64(array) => array.mapv(|x| x as f64),
            Self::U8(array) => array.mapv(f64::from),
            Self::U16(array) => array.mapv(f64::from),
            Self::U32(array) => array.mapv(f64::from),
            Self::U64(array) => array.mapv(|x| x as f64),
            Self::F32(array) => array.mapv(f64::from),
            Self::F64(array) => array.to_owned(),
            Self::String(_) | Self::Datetime(..) | Self::Timedelta(..) => return None,
        })
    }

    /// Whether type, shape and elements are equal; two NaN are, and two that are "not a time".
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        fn same<T>(a: &Shared<T>, b: &Shared<T>, equal: impl Fn(&T, &T) -> bool) -> bool {
            a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        if self.dtype() != other.dtype() {
            return false;
        }
        match (self, other) {
            (Self::F32(a), Self::F32(b)) => same(a, b, |a, b| a == b || (a.is_nan() && b.is_nan())),
            (Self::F64(a), Self::F64(b)) => same(a, b, |a, b| a == b || (a.is_nan() && b.is_nan())),
            (Self::Bool(a), Self::Bool(b)) => same(a, b, PartialEq::eq),
            (Self::I8(a), Self::I8(b)) => same(a, b, PartialEq::eq),
            (Self::I16(a), Self::I16(b)) => same(a, b, PartialEq::eq),
            (Self::I32(a), Self::I32(b)) => same(a, b, PartialEq::eq),
            (Self::U8(a), Self::U8(b)) => same(a, b, PartialEq::eq),
            (Self::U16(a), Self::U16(b)) => same(a, b, PartialEq::eq),
            (Self::U32(a), Self::U32(b)) => same(a, b, PartialEq::eq),
            (Self::U64(a), Self::U64(b)) => same(a, b, PartialEq::eq),
            (Self::String(a), Self::String(b)) => same(a, b, PartialEq::eq),
            (Self::I64(a), Self::I64(b))
            | (Self::Datetime(a, ..), Self::Datetime(b, ..))
            | (Self::Timedelta(a, _), Self::Timedelta(b, _)) => same(a, b, PartialEq::eq),
            _ => false,
        }
    }

    /// Several arrays of one type, one after the other along a dimension.
    ///
    /// # Errors
    ///
    /// The types differ, or the shapes beside that dimension.
    pub(crate) fn concatenated(parts: &[&Self], axis: usize) -> Result<Self> {
        let Some(first) = parts.first() else {
            return Err(Error::other("there is no array to put together".to_owned()));
        };
        if let Some(other) = parts.iter().find(|part| part.dtype() != first.dtype()) {
            let (one, other) = (first.dtype(), other.dtype());
            return Err(Error::other(format!("{one} and {other} cannot be put together")));
        }
        macro_rules! joined {
            ($($variant:ident),*) => {
                match first {
                    $(Self::$variant(_) => {
                        let arrays = parts.iter().filter_map(|part| match part {
                            Self::$variant(array) => Some(array.view()),
                            _ => None,
                        });
                        Self::$variant(joined(arrays.collect(), axis)?)
                    })*
                    Self::Datetime(_, unit, calendar) => {
                        Self::Datetime(joined(Self::counts(parts), axis)?, *unit, *calendar)
                    }
                    Self::Timedelta(_, unit) => {
                        Self::Timedelta(joined(Self::counts(parts), axis)?, *unit)
                    }
                }
            };
        }
        Ok(joined!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, String))
    }

    fn counts<'a>(parts: &'a [&Self]) -> Vec<ArrayViewD<'a, i64>> {
        parts.iter().filter_map(|part| i64::unwrap(part)).map(|array| array.view()).collect()
    }

    /// One element as people read it.
    pub(crate) fn shown(&self, index: &[usize]) -> String {
        let index = IxDyn(index);
        match self {
            Self::Datetime(array, unit, calendar) => match array.get(index) {
                Some(&count) => calendar
                    .civil(count, *unit)
                    .map_or_else(|| "NaT".to_owned(), |civil| civil.to_string()),
                None => String::new(),
            },
            Self::Timedelta(array, unit) => match array.get(index) {
                Some(&NAT) => "NaT".to_owned(),
                Some(count) => format!("{count} {unit}"),
                None => String::new(),
            },
            Self::F32(array) => array.get(index).map(|x| format!("{x:?}")).unwrap_or_default(),
            Self::F64(array) => array.get(index).map(|x| format!("{x:?}")).unwrap_or_default(),
            Self::String(array) => array.get(index).map(|x| format!("{x:?}")).unwrap_or_default(),
            other => {
                each!(other, array => array.get(index).map(|x| format!("{x:?}")).unwrap_or_default())
            }
        }
    }

    /// Elements that say nothing yet: zeros, empty text, "not a time".
    pub(crate) fn blank(dtype: DType, shape: &[usize]) -> Self {
        let shape = IxDyn(shape);
        match dtype {
            DType::Bool => Self::Bool(Shared::from_elem(shape, false)),
            DType::I8 => Self::I8(Shared::zeros(shape)),
            DType::I16 => Self::I16(Shared::zeros(shape)),
            DType::I32 => Self::I32(Shared::zeros(shape)),
            DType::I64 => Self::I64(Shared::zeros(shape)),
            DType::U8 => Self::U8(Shared::zeros(shape)),
            DType::U16 => Self::U16(Shared::zeros(shape)),
            DType::U32 => Self::U32(Shared::zeros(shape)),
            DType::U64 => Self::U64(Shared::zeros(shape)),
            DType::F32 => Self::F32(Shared::zeros(shape)),
            DType::F64 => Self::F64(Shared::zeros(shape)),
            DType::String => Self::String(Shared::from_elem(shape, "".into())),
            DType::Datetime { unit, calendar } => {
                Self::Datetime(Shared::from_elem(shape, NAT), unit, calendar)
            }
            DType::Timedelta { unit } => Self::Timedelta(Shared::from_elem(shape, NAT), unit),
        }
    }

    /// Puts `part` in the place that the slices say, which has its shape.
    ///
    /// # Errors
    ///
    /// The types differ, or the place has another shape.
    pub(crate) fn assign(&mut self, slices: &[SliceInfoElem], part: &Self) -> Result<()> {
        macro_rules! assigned {
            ($($variant:ident),*) => {
                match (&mut *self, part) {
                    $((Self::$variant(array), Self::$variant(part)) => put(array, slices, part),)*
                    (Self::Datetime(array, ..), Self::Datetime(part, ..))
                    | (Self::Timedelta(array, _), Self::Timedelta(part, _)) => {
                        put(array, slices, part)
                    }
                    (whole, part) => {
                        let (whole, part) = (whole.dtype(), part.dtype());
                        Err(Error::other(format!("{part} cannot be put into {whole}")))
                    }
                }
            };
        }
        assigned!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, String)
    }
}

fn joined<T: Clone>(arrays: Vec<ArrayViewD<'_, T>>, axis: usize) -> Result<Shared<T>> {
    let joined = concatenate(Axis(axis), &arrays);
    Ok(joined.map_err(|error| Error::other(error.to_string()))?.into_shared())
}

fn put<T: Clone>(whole: &mut Shared<T>, slices: &[SliceInfoElem], part: &Shared<T>) -> Result<()> {
    let mut place = whole.slice_mut(slices);
    if place.shape() != part.shape() {
        let (place, part) = (place.shape(), part.shape());
        return Err(Error::other(format!("{part:?} does not fit a place of {place:?}")));
    }
    place.assign(part);
    Ok(())
}

/// The array's own values, where it is of a type of [`DType`]; nothing is copied.
impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Values {
    fn from(array: ndarray::Array<T, D>) -> Self {
        T::wrap(array.into_dyn().into_shared())
    }
}

impl<T: Element> From<Vec<T>> for Values {
    fn from(elements: Vec<T>) -> Self {
        ndarray::Array1::from(elements).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_becomes_values_and_comes_back_without_a_copy() {
        let array = ndarray::Array2::from_shape_fn((3, 4), |(i, j)| (i * 4 + j) as f32);
        let first = array.as_ptr();
        let values = Values::from(array);
        let back = f32::unwrap(&values).expect("it is float32");
        assert_eq!(back.as_ptr(), first);
        assert_eq!(values.clone().shape(), [3, 4]);
        assert!(f64::unwrap(&values).is_none());
    }

    #[test]
    fn two_nan_are_equal_and_types_are_told_apart() {
        let values = |x: f64| Values::from(vec![1.0, x]);
        assert!(values(f64::NAN).equals(&values(f64::NAN)));
        assert!(!values(f64::NAN).equals(&values(0.0)));
        assert!(!Values::from(vec![1_i32]).equals(&Values::from(vec![1_i64])));
        assert!(!Values::from(vec![1_i32]).equals(&Values::from(vec![1_i32, 2])));
    }

    #[test]
    fn parts_of_other_types_or_shapes_are_not_put_together() {
        let (a, b) = (Values::from(vec![1_i32]), Values::from(vec![1_i64]));
        let error = Values::concatenated(&[&a, &b], 0).expect_err("two types");
        assert!(error.to_string().contains("int32 and int64"), "{error}");
        let mut whole = Values::blank(DType::I32, &[2]);
        assert!(whole.assign(&[(..).into()], &a).is_err());
        assert!(whole.assign(&[(1..).into()], &a).is_ok());
        assert!(whole.equals(&Values::from(vec![0_i32, 1])));
    }
}
