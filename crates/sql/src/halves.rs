//! Floats of 16 bits, carried in 32. A conversion makes the usual NaN of a signalling one; here each
//! keeps its bits.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float16Array, Float32Array};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float16Type};
use arrow::error::ArrowError;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// All bits of the exponent.
const EXPONENT: (u16, u32) = (0x7c00, 0x7f80_0000);
const SIGN: u16 = 0x8000;
/// Of the bits below the exponent, 32 bits have as many more.
const MORE: u32 = 13;

/// Floats of 16 or of 32 bits, in 32.
///
/// # Errors
///
/// The values are no such floats.
pub(crate) fn widened(array: &ArrayRef) -> Result<Float32Array, ArrowError> {
    match array.data_type() {
        DataType::Float16 => Ok(array.as_primitive::<Float16Type>().unary(wide)),
        _ => Ok(cast(array, &DataType::Float32)?.as_primitive().clone()),
    }
}

/// The same in 16 bits again.
pub(crate) fn narrowed(values: &Float32Array) -> ArrayRef {
    let halves: Float16Array = values.unary::<_, Float16Type>(narrow);
    Arc::new(halves)
}

fn wide(half: Half) -> f32 {
    if !half.is_nan() {
        return half.to_f32();
    }
    let bits = half.to_bits();
    let (sign, rest) = (u32::from(bits & SIGN), u32::from(bits & !(SIGN | EXPONENT.0)));
    f32::from_bits(sign << 16 | EXPONENT.1 | rest << MORE)
}

fn narrow(float: f32) -> Half {
    let bits = float.to_bits();
    let rest = (bits >> MORE) as u16 & !(SIGN | EXPONENT.0);
    // A NaN that was no half before is some NaN afterwards.
    if !float.is_nan() || rest == 0 {
        return Half::from_f32(float);
    }
    let sign = (bits >> 16) as u16 & SIGN;
    Half::from_bits(sign | EXPONENT.0 | rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_comes_back_with_its_bits() {
        for bits in 0..=u16::MAX {
            assert_eq!(narrow(wide(Half::from_bits(bits))).to_bits(), bits, "{bits:04x}");
        }
    }
}
