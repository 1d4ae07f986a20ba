//! Decimal numbers as digits: how databases take and give them.

use arrow::datatypes::i256;

/// A whole number that is scaled: 128 or 256 bits.
pub(crate) trait Scaled: Copy + ToString {
    /// From digits, with or without a sign; `None` where it does not fit.
    fn parsed(digits: &str) -> Option<Self>;
}

impl Scaled for i128 {
    fn parsed(digits: &str) -> Option<Self> {
        digits.parse().ok()
    }
}

impl Scaled for i256 {
    fn parsed(digits: &str) -> Option<Self> {
        Self::from_string(digits)
    }
}

/// The sign and the digits of `value`, and how many of the digits stand after the point: a
/// negative scale becomes zeros.
pub(crate) fn digits<V: Scaled>(value: V, scale: i8) -> (bool, String, usize) {
    let text = value.to_string();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits.to_owned()),
        None => (false, text),
    };
    match usize::try_from(scale) {
        Ok(scale) => (negative, digits, scale),
        Err(_) if digits == "0" => (false, digits, 0),
        Err(_) => (negative, digits + &"0".repeat(usize::from(scale.unsigned_abs())), 0),
    }
}

/// `-12.50`
pub(crate) fn text<V: Scaled>(value: V, scale: i8) -> String {
    let (negative, digits, scale) = digits(value, scale);
    let sign = if negative { "-" } else { "" };
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// The scaled number that stands in a text; `None` where it is none, or is finer than the scale.
pub(crate) fn parsed<V: Scaled>(text: &str, scale: i8) -> Option<V> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let legal = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !legal(whole) || !legal(fraction) {
        return None;
    }
    let all = match usize::try_from(scale) {
        Ok(scale) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.len() > scale {
                return None;
            }
            format!("{sign}{whole}{fraction:0<scale$}")
        }
        Err(_) => {
            let zeros = usize::from(scale.unsigned_abs());
            if !fraction.bytes().all(|byte| byte == b'0') {
                return None;
            }
            let kept = whole.len().saturating_sub(zeros);
            let (kept, dropped) = whole.split_at(kept);
            if !dropped.bytes().all(|byte| byte == b'0') {
                return None;
            }
            format!("{sign}0{kept}")
        }
    };
    V::parsed(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_number_are_one_at_every_scale() {
        for (value, scale, expected) in [
            (1250_i128, 2, "12.50"),
            (-5, 3, "-0.005"),
            (0, 4, "0.0000"),
            (7, 0, "7"),
            (12, -3, "12000"),
            (-12, -1, "-120"),
            (0, -2, "0"),
            (i128::MAX, 38, "1.70141183460469231731687303715884105727"),
        ] {
            assert_eq!(text(value, scale), expected);
            assert_eq!(parsed::<i128>(expected, scale), Some(value), "{expected}");
        }
        let wide = i256::from_string("-123456789012345678901234567890123456789012345").unwrap();
        assert_eq!(parsed::<i256>(&text(wide, 10), 10), Some(wide));
    }

    #[test]
    fn other_texts_and_finer_numbers_are_refused() {
        for text in ["", "-", ".", "1e5", "NaN", "1.2.3", " 1", "0x1", "1.234"] {
            assert_eq!(parsed::<i128>(text, 2), None, "{text:?}");
        }
        assert_eq!(parsed::<i128>("1.230", 2), Some(123));
        assert_eq!(parsed::<i128>("5", 2), Some(500));
        assert_eq!(parsed::<i128>("1201", -2), None);
    }
}
