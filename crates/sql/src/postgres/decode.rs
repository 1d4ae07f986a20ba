//! Rows from PostgreSQL's binary format.

use crate::builder::Builder;
use crate::decimal;
use crate::exact::Rests;
use crate::failure::Failure;
use crate::gather::{Gather, rests};
use crate::kind::Kind;
use crate::times::{POSTGRES_DAYS, POSTGRES_MICROS};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// What begins at some byte.
pub(super) enum Tuple {
    /// A row of that many bytes.
    Whole(usize),
    /// A row whose end has not come yet.
    Cut,
    /// The end of all rows.
    End,
}

/// The length of the header, where it has come whole.
pub(super) fn header(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(extension) = number(bytes, 15) else { return Ok(None) };
    if !bytes.starts_with(SIGNATURE) {
        return Err("its rows do not come in the binary format".to_owned());
    }
    let length = 19 + extension as usize;
    Ok((bytes.len() >= length).then_some(length))
}

/// Finds the end of a row.
pub(super) fn tuple(bytes: &[u8]) -> Tuple {
    let Some(count) = bytes.get(..2) else { return Tuple::Cut };
    let count = i16::from_be_bytes([count[0], count[1]]);
    if count < 0 {
        return Tuple::End;
    }
    let mut at = 2;
    for _ in 0..count {
        let Some(length) = number(bytes, at) else { return Tuple::Cut };
        // A null has no bytes.
        at += 4 + if length == u32::MAX { 0 } else { length as usize };
        if at > bytes.len() {
            return Tuple::Cut;
        }
    }
    Tuple::Whole(at)
}

/// Appends the fields of a row.
pub(super) fn row(bytes: &[u8], marked: bool, gather: &mut Gather) -> Result<(), Failure> {
    let mut rest = bytes;
    let mut next = || field(&mut rest).ok_or_else(|| foreign("a row has fewer columns"));
    let number = next()?.and_then(fixed).map(i64::from_be_bytes);
    let number = number.ok_or_else(|| foreign("a row has no number"))?;
    let rests = match marked {
        true => {
            let text = next()?.map(std::str::from_utf8).transpose();
            rests(text.map_err(|error| foreign(&error.to_string()))?)?
        }
        false => Rests::default(),
    };
    for (index, builder) in gather.builders.iter_mut().enumerate() {
        let column = &gather.columns[index];
        match next()? {
            None => builder.append_null(),
            Some(bytes) => append(builder, column.kind, bytes, rests.nanos(column.index))
                .ok_or_else(|| {
                    foreign(&format!("column {:?} holds a value of another type", column.name))
                })?,
        }
    }
    gather.end_row(number)
}

fn append(builder: &mut Builder, kind: Kind, bytes: &[u8], nanos: i64) -> Option<()> {
    match builder {
        Builder::Null(_) => return None,
        Builder::Bool(values) => match bytes {
            [byte @ (0 | 1)] => values.append_value(*byte == 1),
            _ => return None,
        },
        Builder::Int16(values) => values.append_value(i16::from_be_bytes(fixed(bytes)?)),
        Builder::Int32(values) => {
            let value = i32::from_be_bytes(fixed(bytes)?);
            let shift = if kind == Kind::Date { POSTGRES_DAYS } else { 0 };
            values.append_value(value.checked_add(shift)?);
        }
        Builder::Int64(values) => {
            let value = i64::from_be_bytes(fixed(bytes)?);
            values.append_value(match kind {
                Kind::Time => value.checked_mul(1000)?.checked_add(nanos)?,
                Kind::Timestamp { nanos: true, .. } => {
                    // The first moments of the range begin below what 64 bits of nanoseconds hold.
                    let whole = i128::from(value.checked_add(POSTGRES_MICROS)?) * 1000;
                    i64::try_from(whole + i128::from(nanos)).ok()?
                }
                Kind::Timestamp { .. } => value.checked_add(POSTGRES_MICROS)?,
                _ => value,
            });
        }
        Builder::UInt64(values) => {
            let value: i128 = decimal::parsed(&numeric(bytes)?, 0)?;
            values.append_value(u64::try_from(value).ok()?);
        }
        Builder::Float32(values) => values.append_value(f32::from_be_bytes(fixed(bytes)?)),
        Builder::Float64(values) => values.append_value(f64::from_be_bytes(fixed(bytes)?)),
        Builder::Decimal128(values) => {
            values.append_value(decimal::parsed(&numeric(bytes)?, kind.scale()?)?);
        }
        Builder::Decimal256(values) => {
            values.append_value(decimal::parsed(&numeric(bytes)?, kind.scale()?)?);
        }
        Builder::Text(values) => values.append_value(std::str::from_utf8(bytes).ok()?),
        Builder::Bytes(values) => values.append_value(bytes),
    }
    Some(())
}

/// The text of a `numeric`; `None` for NaN and infinities, which no decimal of Arrow holds.
fn numeric(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let (count, weight, sign) = (usize::from(word(0)?), word(2)? as i16, word(4)?);
    let mut text = match sign {
        0 => String::new(),
        0x4000 => "-".to_owned(),
        _ => return None,
    };
    let group = |place: i32| -> Option<u16> {
        let index = usize::try_from(i32::from(weight) - place).ok();
        match index.filter(|index| *index < count) {
            Some(index) => word(8 + 2 * index),
            None => Some(0),
        }
    };
    let whole = i32::from(weight).max(0);
    for place in (0..=whole).rev() {
        text.push_str(&format!("{:04}", group(place)?));
    }
    let last = i32::from(weight) - count as i32 + 1;
    if last < 0 {
        text.push('.');
        for place in (last..0).rev() {
            text.push_str(&format!("{:04}", group(place)?));
        }
    }
    Some(text)
}

/// The next field; the outer `None` where there is none.
fn field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = number(rest, 0)?;
    *rest = &rest[4..];
    if length == u32::MAX {
        return Some(None);
    }
    let (field, after) = rest.split_at_checked(length as usize)?;
    *rest = after;
    Some(Some(field))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn foreign(why: &str) -> Failure {
    Failure::Damaged(why.to_owned())
}
