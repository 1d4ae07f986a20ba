//! Floats of 16 bits, carried in 32. A conversion makes the usual NaN of a signalling one; here each
//! keeps its bits.

use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Float16Type, Float32Type};
use arrow_array::{ArrayRef, PrimitiveArray};

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// All bits of the exponent.
const EXPONENT: (u16, u32) = (0x7c00, 0x7f80_0000);
const SIGN: u16 = 0x8000;
/// Of the bits below the exponent, 32 bits have as many more.
const MORE: u32 = 13;

/// Floats of 16 bits in 32.
#[must_use]
pub fn widened(halves: &PrimitiveArray<Float16Type>) -> ArrayRef {
    Arc::new(halves.unary::<_, Float32Type>(wide))
}

/// The same in 16 bits again.
#[must_use]
pub fn narrowed(floats: &PrimitiveArray<Float32Type>) -> ArrayRef {
    Arc::new(floats.unary::<_, Float16Type>(narrow))
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
