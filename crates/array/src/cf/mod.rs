//! What the CF conventions say of elements: times in units since a date, missing values, scaled
//! numbers.
//!
//! Source: CF Conventions 1.11, sections 2.5, 4.4 and 8.1; where they leave it open, as xarray
//! does it.

mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod units;

pub(crate) use decode::{decoded, depends_on_elements};
pub(crate) use encode::Encoder;

use data_encoding::BASE64;
use serde_json::Value;

/// A number of an attribute: JSON's own, one that JSON has no number for, or eight bytes in
/// base64, which is how xarray writes the `_FillValue` of floats into Zarr v3.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => {
                let bytes: [u8; 8] = BASE64.decode(text.as_bytes()).ok()?.try_into().ok()?;
                Some(f64::from_le_bytes(bytes))
            }
        },
        _ => None,
    }
}
