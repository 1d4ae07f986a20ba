//! Attributes: JSON, and the numbers that JSON has not.

use serde_json::Value;

/// Attributes, as JSON has them. What JSON has no number for stands as text: `"NaN"`,
/// `"Infinity"`, `"-Infinity"`.
pub type Attributes = serde_json::Map<String, Value>;

/// What an attribute is made of.
///
/// `serde_json` makes `null` of a float that is no number, and what it was would be lost. Here it
/// becomes the text that stands for it in stores of Zarr:
///
/// ```
/// use nuthatch_array::IntoAttribute;
///
/// assert_eq!(f64::NAN.into_attribute(), "NaN");
/// assert_eq!(vec![0.5, f64::NEG_INFINITY].into_attribute(), serde_json::json!([0.5, "-Infinity"]));
/// assert_eq!("mm".into_attribute(), "mm");
/// ```
pub trait IntoAttribute {
    /// The attribute.
    fn into_attribute(self) -> Value;
}

impl IntoAttribute for f64 {
    fn into_attribute(self) -> Value {
        match self {
            Self::INFINITY => "Infinity".into(),
            Self::NEG_INFINITY => "-Infinity".into(),
            number if number.is_nan() => "NaN".into(),
            number => number.into(),
        }
    }
}

impl IntoAttribute for f32 {
    fn into_attribute(self) -> Value {
        f64::from(self).into_attribute()
    }
}

impl<T: IntoAttribute> IntoAttribute for Vec<T> {
    fn into_attribute(self) -> Value {
        self.into_iter().map(T::into_attribute).collect()
    }
}

impl<T: IntoAttribute, const N: usize> IntoAttribute for [T; N] {
    fn into_attribute(self) -> Value {
        self.into_iter().map(T::into_attribute).collect()
    }
}

impl<T: IntoAttribute> IntoAttribute for Option<T> {
    fn into_attribute(self) -> Value {
        self.map_or(Value::Null, T::into_attribute)
    }
}

macro_rules! as_json_has_it {
    ($($type:ty),*) => {$(
        impl IntoAttribute for $type {
            fn into_attribute(self) -> Value {
                self.into()
            }
        }
    )*};
}
as_json_has_it!(Value, Attributes, &str, String, bool, i8, i16, i32, i64, u8, u16, u32, u64);
