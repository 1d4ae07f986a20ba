//! The filters of numcodecs that store numbers as others, read as numcodecs reads them.
//!
//! `zarrs` has one of them, and computes it by way of float32, which changes large integers.

use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::{Map, Value};
use zarrs::array::codec::api::{
    ArrayCodecTraits, ArrayPartialDecoderTraits, ArrayToArrayCodecTraits, CodecError,
    RecommendedConcurrency,
};
use zarrs::array::{
    ArrayBytes, ArraySubset, CodecOptions, DataType, FillValue, Indexer, data_type,
};
use zarrs::storage::StorageError;

use crate::dtype::DType;

use super::metadata::number_of_numpy;
use super::numcodecs::read_alone;

/// Numbers that are stored as others.
#[derive(Debug, PartialEq)]
pub(super) struct Filter {
    how: How,
    stored: DType,
    values: DType,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// Each is stored as its distance from the one before.
    Delta,
    /// As another type.
    Cast,
    /// Moved by an offset and then scaled.
    Scaled { scale: f64, offset: f64 },
}

impl Filter {
    /// A filter by its name in numcodecs and what is said of it; none where either is not known.
    pub(super) fn of(name: &str, said: &Map<String, Value>) -> Option<Self> {
        let dtype = |key: &str| number_of_numpy(said.get(key)?.as_str()?);
        let number = |key: &str| said.get(key)?.as_f64();
        let like_values = match said.get("astype") {
            None | Some(Value::Null) => dtype("dtype"),
            Some(_) => dtype("astype"),
        };
        Some(match name {
            "delta" => Self { how: How::Delta, stored: like_values?, values: dtype("dtype")? },
            "quantize" => Self { how: How::Cast, stored: like_values?, values: dtype("dtype")? },
            "astype" => Self {
                how: How::Cast,
                stored: dtype("encode_dtype")?,
                values: dtype("decode_dtype")?,
            },
            "fixedscaleoffset" => Self {
                how: How::Scaled { scale: number("scale")?, offset: number("offset")? },
                stored: like_values?,
                values: dtype("dtype")?,
            },
            _ => return None,
        })
    }

    fn numbers(&self, stored: &[u8]) -> Option<Vec<u8>> {
        let numbers = Numbers::read(self.stored, stored)?;
        let decoded = match self.how {
            How::Cast => numbers,
            How::Delta if self.values.is_float() => Numbers::Floats(self.summed(numbers.floats())),
            How::Delta => Numbers::Integers(summed(numbers.integers())),
            How::Scaled { scale, offset } => {
                let decode = |x: f64| match self.stored {
                    DType::F32 => f64::from(x as f32 / scale as f32 + offset as f32),
                    _ => x / scale + offset,
                };
                Numbers::Floats(numbers.floats().into_iter().map(decode).collect())
            }
        };
        decoded.write(self.values)
    }

    /// Every sum is rounded to the type of the values, as numpy sums.
    fn summed(&self, numbers: Vec<f64>) -> Vec<f64> {
        let round = |x: f64| if self.values == DType::F32 { f64::from(x as f32) } else { x };
        let sums = numbers.into_iter().scan(None, |sum: &mut Option<f64>, x| {
            *sum = Some(round(sum.map_or(x, |sum| sum + x)));
            *sum
        });
        sums.collect()
    }
}

/// Integers wrap around when they are written.
fn summed(numbers: Vec<i128>) -> Vec<i128> {
    let sums = numbers.into_iter().scan(0_i128, |sum, x| {
        *sum = sum.wrapping_add(x);
        Some(*sum)
    });
    sums.collect()
}

/// Numbers of any type, exactly.
enum Numbers {
    Integers(Vec<i128>),
    Floats(Vec<f64>),
}

impl Numbers {
    fn read(dtype: DType, bytes: &[u8]) -> Option<Self> {
        macro_rules! each {
            ($type:ty, $of:ident, $to:ty) => {{
                let (elements, []) = bytes.as_chunks::<{ size_of::<$type>() }>() else {
                    return None;
                };
                let of =
                    |bytes: &[u8; size_of::<$type>()]| <$to>::from(<$type>::from_ne_bytes(*bytes));
                Self::$of(elements.iter().map(of).collect())
            }};
        }
        Some(match dtype {
            DType::I8 => each!(i8, Integers, i128),
            DType::I16 => each!(i16, Integers, i128),
            DType::I32 => each!(i32, Integers, i128),
            DType::I64 => each!(i64, Integers, i128),
            DType::U8 => each!(u8, Integers, i128),
            DType::U16 => each!(u16, Integers, i128),
            DType::U32 => each!(u32, Integers, i128),
            DType::U64 => each!(u64, Integers, i128),
            DType::F32 => each!(f32, Floats, f64),
            DType::F64 => each!(f64, Floats, f64),
            _ => return None,
        })
    }

    fn write(self, dtype: DType) -> Option<Vec<u8>> {
        macro_rules! each {
            ($type:ty) => {
                match self {
                    Self::Integers(all) => {
                        all.iter().flat_map(|x| (*x as $type).to_ne_bytes()).collect()
                    }
                    Self::Floats(all) => {
                        all.iter().flat_map(|x| (*x as $type).to_ne_bytes()).collect()
                    }
                }
            };
        }
        Some(match dtype {
            DType::I8 => each!(i8),
            DType::I16 => each!(i16),
            DType::I32 => each!(i32),
            DType::I64 => each!(i64),
            DType::U8 => each!(u8),
            DType::U16 => each!(u16),
            DType::U32 => each!(u32),
            DType::U64 => each!(u64),
            DType::F32 => each!(f32),
            DType::F64 => each!(f64),
            _ => return None,
        })
    }

    fn floats(self) -> Vec<f64> {
        match self {
            Self::Integers(all) => all.into_iter().map(|x| x as f64).collect(),
            Self::Floats(all) => all,
        }
    }

    fn integers(self) -> Vec<i128> {
        match self {
            Self::Integers(all) => all,
            Self::Floats(all) => all.into_iter().map(|x| x as i128).collect(),
        }
    }
}

/// The type as `zarrs` has it.
fn known(dtype: DType) -> Option<DataType> {
    Some(match dtype {
        DType::I8 => data_type::int8(),
        DType::I16 => data_type::int16(),
        DType::I32 => data_type::int32(),
        DType::I64 => data_type::int64(),
        DType::U8 => data_type::uint8(),
        DType::U16 => data_type::uint16(),
        DType::U32 => data_type::uint32(),
        DType::U64 => data_type::uint64(),
        DType::F32 => data_type::float32(),
        DType::F64 => data_type::float64(),
        _ => return None,
    })
}

// Of a codec that gives no parts, `zarrs` keeps the whole, under the shape that it has behind the
// next one: behind a transposition that is another. So this one says that it gives parts, and takes
// them from the whole itself.
read_alone!(Filter, parts: true);

impl ArrayCodecTraits for Filter {
    fn recommended_concurrency(
        &self,
        _: &[NonZeroU64],
        _: &DataType,
    ) -> Result<RecommendedConcurrency, CodecError> {
        Ok(RecommendedConcurrency::new_maximum(1))
    }
}

impl ArrayToArrayCodecTraits for Filter {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn ArrayToArrayCodecTraits> {
        self
    }
    fn encoded_data_type(&self, decoded: &DataType) -> Result<DataType, CodecError> {
        let unknown = || CodecError::UnsupportedDataType(decoded.clone(), format!("{self:?}"));
        if known(self.values).as_ref() != Some(decoded) {
            return Err(unknown());
        }
        known(self.stored).ok_or_else(unknown)
    }
    /// Chunks that are absent are filled with decoded values, so this one is never used.
    fn encoded_fill_value(&self, _: &DataType, _: &FillValue) -> Result<FillValue, CodecError> {
        Ok(FillValue::new(vec![0; self.stored.size()]))
    }
    fn encode<'a>(
        &self,
        _: ArrayBytes<'a>,
        _: &[NonZeroU64],
        _: &DataType,
        _: &FillValue,
        _: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        Err(CodecError::Other(format!("{self:?} is read, and never written")))
    }
    fn decode<'a>(
        &self,
        bytes: ArrayBytes<'a>,
        _: &[NonZeroU64],
        _: &DataType,
        _: &FillValue,
        _: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        let numbers = self.numbers(&bytes.into_fixed()?);
        let numbers = numbers.ok_or_else(|| CodecError::Other(format!("{self:?} decodes none")))?;
        Ok(ArrayBytes::new_flen(numbers))
    }
    fn partial_decoder(
        self: Arc<Self>,
        stored: Arc<dyn ArrayPartialDecoderTraits>,
        shape: &[NonZeroU64],
        dtype: &DataType,
        fill: &FillValue,
        _: &CodecOptions,
    ) -> Result<Arc<dyn ArrayPartialDecoderTraits>, CodecError> {
        let (shape, dtype, fill) = (shape.to_vec(), dtype.clone(), fill.clone());
        Ok(Arc::new(Parts { filter: self, stored, shape, dtype, fill }))
    }
}

/// Parts of a chunk, of which all is read: what comes before an element can change it.
struct Parts {
    filter: Arc<Filter>,
    stored: Arc<dyn ArrayPartialDecoderTraits>,
    shape: Vec<NonZeroU64>,
    dtype: DataType,
    fill: FillValue,
}

impl ArrayPartialDecoderTraits for Parts {
    fn data_type(&self) -> &DataType {
        &self.dtype
    }
    fn exists(&self) -> Result<bool, StorageError> {
        self.stored.exists()
    }
    fn size_held(&self) -> usize {
        self.stored.size_held()
    }
    fn partial_decode(
        &self,
        part: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'_>, CodecError> {
        if !self.exists()? {
            // What is behind the filter would fill it with stored values.
            return Ok(ArrayBytes::new_fill_value(&self.dtype, part.len(), &self.fill)?);
        }
        let shape: Vec<u64> = self.shape.iter().map(|size| size.get()).collect();
        let all = ArraySubset::new_with_shape(shape.clone());
        let stored = self.stored.partial_decode(&all, options)?;
        let (dtype, fill) = (&self.dtype, &self.fill);
        let values = self.filter.decode(stored, &self.shape, dtype, fill, options)?;
        values.validate(all.num_elements(), dtype)?;
        Ok(values.extract_array_subset(part, &shape, dtype)?.into_owned())
    }
    fn supports_partial_decode(&self) -> bool {
        self.stored.supports_partial_decode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filter(name: &str, said: Value) -> Filter {
        Filter::of(name, said.as_object().expect("an object")).expect("it is known")
    }

    #[test]
    fn integers_keep_every_bit() {
        let large = [i64::MAX - 1, 2, i64::MIN].map(i64::to_ne_bytes).concat();
        let delta = filter("delta", json!({"dtype": "<i8", "astype": null}));
        let summed = [i64::MAX - 1, i64::MIN, 0].map(i64::to_ne_bytes).concat();
        assert_eq!(delta.numbers(&large), Some(summed));
        let cast = filter("astype", json!({"encode_dtype": "<i8", "decode_dtype": "<u8"}));
        assert_eq!(cast.numbers(&large), Some(large));
    }

    #[test]
    fn floats_are_rounded_where_numpy_rounds_them() {
        let said = json!({"dtype": "<f4", "astype": "<i2", "scale": 10, "offset": 273.15});
        let scaled = filter("fixedscaleoffset", said);
        let stored = [-7_i16, 3].map(i16::to_ne_bytes).concat();
        // float64 until the last step.
        let expected = [-7.0, 3.0].map(|x| (x / 10.0 + 273.15) as f32);
        assert_eq!(scaled.numbers(&stored), Some(expected.map(f32::to_ne_bytes).concat()));
        let delta = filter("delta", json!({"dtype": "f4"}));
        let steps = [0.1_f32, 0.2, 0.3];
        let expected = [0.1_f32, 0.1 + 0.2, 0.1 + 0.2 + 0.3];
        let stored = steps.map(f32::to_ne_bytes).concat();
        assert_eq!(delta.numbers(&stored), Some(expected.map(f32::to_ne_bytes).concat()));
    }

    #[test]
    fn what_is_not_said_right_is_not_known() {
        for (name, said) in [
            ("delta", json!({"dtype": "<M8[s]"})),
            ("delta", json!({"dtype": 3})),
            ("astype", json!({"encode_dtype": "<f4"})),
            ("astype", json!({"encode_dtype": "<f4", "decode_dtype": "|b1"})),
            ("fixedscaleoffset", json!({"dtype": "<f4", "scale": "x", "offset": 0})),
            ("categorize", json!({"dtype": "|O"})),
        ] {
            assert_eq!(Filter::of(name, said.as_object().expect("an object")), None, "{name}");
        }
        let delta = filter("delta", json!({"dtype": "<i4"}));
        assert_eq!(delta.numbers(&[1, 2, 3]), None);
    }
}
