//! What a row's visible values cannot say: the text of the column `#exact`.
//!
//! MySQL and SQLite have no NaN (SQLite makes a NULL of it, MySQL refuses it) and no negative
//! zero, MySQL has no infinities, and PostgreSQL and MySQL count microseconds. People and their
//! sums see NULL, or 0, or the time cut to microseconds; beside it `3:nan;5:+123` says that column
//! 3 is NaN and that 123 nanoseconds belong to column 5. A NaN of other bits than the usual ones
//! comes with them: `3:nan7ff0000000000001`. The text is NULL where there is nothing to say.

use std::fmt::Write as _;

use crate::dialect::Dialect;
use crate::kind::{Kind, Values};

/// The rest of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rest {
    /// NaN, an infinity, or zero with a sign.
    Float(f64),
    /// A NaN of 32 bits that are not the usual ones, which no conversion keeps.
    Narrow(f32),
    /// Nanoseconds beyond the microsecond: 1 to 999.
    Nanos(i64),
}

/// What the columns of one row hold beside their visible values.
#[derive(Debug, Default)]
pub(crate) struct Rests(Vec<(usize, Rest)>);

impl Rests {
    /// Reads the text of a row; `None` where this crate has not written it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let part = |part: &str| {
            let (column, rest) = part.split_once(':')?;
            let rest = match rest {
                "nan" => Rest::Float(f64::NAN),
                "inf" => Rest::Float(f64::INFINITY),
                "-inf" => Rest::Float(f64::NEG_INFINITY),
                "-0" => Rest::Float(-0.0),
                rest => match rest.strip_prefix("nan") {
                    Some(bits) => nan(bits)?,
                    None => {
                        let nanos: i64 = rest.strip_prefix('+')?.parse().ok()?;
                        Rest::Nanos(Some(nanos).filter(|nanos| (1..1000).contains(nanos))?)
                    }
                },
            };
            Some((column.parse().ok()?, rest))
        };
        text.split(';').map(part).collect::<Option<_>>().map(Self)
    }

    /// The float that a column holds, where the visible one is not it.
    pub(crate) fn float(&self, column: usize) -> Option<f64> {
        self.0.iter().find_map(|(of, rest)| match rest {
            Rest::Float(float) if *of == column => Some(*float),
            _ => None,
        })
    }

    /// The same of a column of 32 bits.
    pub(crate) fn narrow(&self, column: usize) -> Option<f32> {
        self.0.iter().find_map(|(of, rest)| match rest {
            Rest::Narrow(float) if *of == column => Some(*float),
            Rest::Float(float) if *of == column && float.is_nan() => Some(f32::NAN),
            Rest::Float(float) if *of == column => Some(*float as f32),
            _ => None,
        })
    }

    /// The nanoseconds of a column beyond the microsecond.
    pub(crate) fn nanos(&self, column: usize) -> i64 {
        let of = |(of, rest): &(usize, Rest)| match rest {
            Rest::Nanos(nanos) if *of == column => Some(*nanos),
            _ => None,
        };
        self.0.iter().find_map(of).unwrap_or(0)
    }
}

/// A NaN of these bits, in hexadecimal digits.
fn nan(bits: &str) -> Option<Rest> {
    match bits.len() {
        8 => {
            let float = f32::from_bits(u32::from_str_radix(bits, 16).ok()?);
            float.is_nan().then_some(Rest::Narrow(float))
        }
        16 => {
            let float = f64::from_bits(u64::from_str_radix(bits, 16).ok()?);
            float.is_nan().then_some(Rest::Float(float))
        }
        _ => None,
    }
}

/// Whether a float has no place in a visible column.
pub(crate) fn is_hidden(dialect: Dialect, value: f64) -> bool {
    match dialect {
        Dialect::Postgres => false,
        Dialect::MySql => !value.is_finite(),
        Dialect::Sqlite => value.is_nan(),
    }
}

/// Writes the text of one row into `out`, which is empty where there is nothing to say.
pub(crate) fn write(
    dialect: Dialect,
    columns: &[(usize, Kind)],
    values: &[Values],
    row: usize,
    out: &mut String,
) {
    out.clear();
    for (column, kind) in columns {
        let Some(rest) = rest(dialect, *kind, &values[*column], row) else { continue };
        if !out.is_empty() {
            out.push(';');
        }
        // A `String` takes all that is written.
        let _ = match rest {
            Rest::Nanos(nanos) => write!(out, "{column}:+{nanos}"),
            Rest::Narrow(float) => write!(out, "{column}:nan{:08x}", float.to_bits()),
            Rest::Float(float) if float.to_bits() == f64::NAN.to_bits() => {
                write!(out, "{column}:nan")
            }
            Rest::Float(float) if float.is_nan() => {
                write!(out, "{column}:nan{:016x}", float.to_bits())
            }
            Rest::Float(float) if float > 0.0 => write!(out, "{column}:inf"),
            Rest::Float(0.0) => write!(out, "{column}:-0"),
            Rest::Float(_) => write!(out, "{column}:-inf"),
        };
    }
}

fn rest(dialect: Dialect, kind: Kind, values: &Values, row: usize) -> Option<Rest> {
    if values.is_null(row) {
        return None;
    }
    let hidden = |value: f64| {
        let is_signed_zero = value == 0.0 && value.is_sign_negative();
        (is_hidden(dialect, value) || is_signed_zero).then_some(Rest::Float(value))
    };
    match (values, kind) {
        (Values::Float32(values), _) => {
            let value = values.value(row);
            match value.is_nan() && value.to_bits() != f32::NAN.to_bits() {
                true => Some(Rest::Narrow(value)),
                false => hidden(value.into()),
            }
        }
        (Values::Float64(values), _) => hidden(values.value(row)),
        (Values::Int64(values), Kind::Time | Kind::Timestamp { nanos: true, .. }) => {
            let nanos = values.value(row).rem_euclid(1000);
            (nanos != 0).then_some(Rest::Nanos(nanos))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float32Array, Float64Array, Int64Array};

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let values = [
            Values::Float64(Float64Array::from(vec![Some(f64::NAN), Some(1.0), None])),
            Values::Float64(Float64Array::from(vec![f64::NEG_INFINITY, 0.0, f64::INFINITY])),
            Values::Int64(Int64Array::from(vec![-1, 1000, 1001])),
        ];
        let time = Kind::Timestamp { nanos: true, zoned: false };
        let columns = [(0, Kind::Float64), (1, Kind::Float64), (2, time)];
        let mut text = String::new();
        let mut texts = Vec::new();
        for row in 0..3 {
            write(Dialect::MySql, &columns, &values, row, &mut text);
            texts.push(text.clone());
        }
        assert_eq!(texts, ["0:nan;1:-inf;2:+999", "", "1:inf;2:+1"]);
        let rests = Rests::parse(&texts[0]).unwrap();
        assert!(rests.float(0).unwrap().is_nan());
        assert_eq!((rests.float(1), rests.nanos(2)), (Some(f64::NEG_INFINITY), 999));
        assert_eq!((rests.float(2), rests.nanos(0)), (None, 0));
    }

    #[test]
    fn the_sign_of_zero_is_kept() {
        let values = [Values::Float64(Float64Array::from(vec![-0.0]))];
        let mut text = String::new();
        write(Dialect::Sqlite, &[(0, Kind::Float64)], &values, 0, &mut text);
        assert_eq!(text, "0:-0");
        assert!(Rests::parse(&text).unwrap().float(0).unwrap().is_sign_negative());
    }

    #[test]
    fn every_nan_keeps_its_bits() {
        for bits in [0x7ff8_0000_0000_0000_u64, 0x7ff0_0000_0000_0001, 0xfff8_dead_beef_0000] {
            let values = [Values::Float64(Float64Array::from(vec![f64::from_bits(bits)]))];
            let mut text = String::new();
            write(Dialect::Sqlite, &[(0, Kind::Float64)], &values, 0, &mut text);
            let float = Rests::parse(&text).unwrap().float(0).unwrap();
            assert_eq!(float.to_bits(), bits, "{text}");
        }
        for bits in [0x7fc0_0000_u32, 0x7f80_0001, 0xffc0_beef] {
            let values = [Values::Float32(Float32Array::from(vec![f32::from_bits(bits)]))];
            let mut text = String::new();
            write(Dialect::MySql, &[(0, Kind::Float32)], &values, 0, &mut text);
            let float = Rests::parse(&text).unwrap().narrow(0).unwrap();
            assert_eq!(float.to_bits(), bits, "{text}");
        }
    }

    #[test]
    fn foreign_texts_are_no_rests() {
        let texts = ["", "x", "1:", "1:1", "1:+0", "1:+1000", "a:nan", "1:nan;", "-1:nan"];
        let bits = ["1:nan0", "1:nan3f800000", "1:nan7ff0000000000000", "1:nan+fc00001"];
        for text in texts.into_iter().chain(bits) {
            assert!(Rests::parse(text).is_none(), "{text:?}");
        }
    }
}
