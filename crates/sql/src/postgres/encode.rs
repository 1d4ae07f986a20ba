//! Rows in PostgreSQL's binary format.

use crate::dialect::Dialect;
use crate::frame::{Marks, Rows};
use crate::kind::{Kind, Values};
use crate::statements::Table;
use crate::times::{POSTGRES_DAYS, POSTGRES_MICROS};
use crate::{decimal, decimal::Scaled};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const NULL: i32 = -1;
/// The sign of a negative `numeric`.
const NEGATIVE: u16 = 0x4000;

pub(super) fn header(out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    // No flags, and nothing beyond.
    out.extend_from_slice(&[0; 8]);
}

pub(super) fn trailer(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i16).to_be_bytes());
}

/// Writes one row after another.
pub(super) struct Encoder<'a> {
    table: Table<'a>,
    marks: Option<Marks>,
    fields: i16,
    next: i64,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(table: Table<'a>, first: i64) -> Self {
        let fields = i16::try_from(table.all().len()).unwrap_or(i16::MAX);
        Self { table, marks: Marks::new(table.columns, Dialect::Postgres), fields, next: first }
    }

    pub(super) fn row(&mut self, rows: &Rows, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(&self.fields.to_be_bytes());
        sized(out, &self.next.to_be_bytes())?;
        self.next += 1;
        if let Some(marks) = &mut self.marks {
            match marks.of(rows, row) {
                Some(text) => sized(out, text.as_bytes())?,
                None => out.extend_from_slice(&NULL.to_be_bytes()),
            }
        }
        for (column, values) in self.table.columns.iter().zip(&rows.values) {
            value(column.kind, values, row, out)
                .map_err(|why| format!("column {:?}: {why}", column.name))?;
        }
        Ok(())
    }
}

fn value(kind: Kind, values: &Values, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
    if values.is_null(row) {
        out.extend_from_slice(&NULL.to_be_bytes());
        return Ok(());
    }
    match values {
        Values::Null => unreachable!("its rows are all null"),
        Values::Bool(values) => sized(out, &[u8::from(values.value(row))]),
        Values::Int16(values) => sized(out, &values.value(row).to_be_bytes()),
        Values::Int32(values) if kind == Kind::Date => {
            // Within the range that was checked.
            sized(out, &values.value(row).wrapping_sub(POSTGRES_DAYS).to_be_bytes())
        }
        Values::Int32(values) => sized(out, &values.value(row).to_be_bytes()),
        Values::Int64(values) => {
            let value = values.value(row);
            let value = match kind {
                Kind::Time => value.div_euclid(1000),
                Kind::Timestamp { nanos: true, .. } => value.div_euclid(1000) - POSTGRES_MICROS,
                Kind::Timestamp { .. } => value - POSTGRES_MICROS,
                _ => value,
            };
            sized(out, &value.to_be_bytes())
        }
        Values::UInt64(values) => numeric(i128::from(values.value(row)), 0, out),
        Values::Float32(values) => sized(out, &values.value(row).to_be_bytes()),
        Values::Float64(values) => sized(out, &values.value(row).to_be_bytes()),
        Values::Decimal128(values) => numeric(values.value(row), values.scale(), out),
        Values::Decimal256(values) => numeric(values.value(row), values.scale(), out),
        Values::Text(values) => sized(out, values.value(row).as_bytes()),
        Values::Bytes(values) => sized(out, values.value(row)),
    }
}

fn sized(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), String> {
    let Ok(length) = i32::try_from(bytes.len()) else {
        return Err(format!("a value of {} bytes is longer than PostgreSQL takes", bytes.len()));
    };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Digits to the base of 10,000, aligned at the point.
fn numeric<V: Scaled>(value: V, scale: i8, out: &mut Vec<u8>) -> Result<(), String> {
    let (negative, digits, scale) = decimal::digits(value, scale);
    let fraction = scale.next_multiple_of(4);
    let padded = digits + &"0".repeat(fraction - scale);
    let width = padded.len().max(fraction).next_multiple_of(4);
    let padded = format!("{padded:0>width$}");
    let groups: Vec<u16> = padded
        .as_bytes()
        .chunks(4)
        .map(|group| group.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        .collect();
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let kept = groups.get(leading..).unwrap_or_default();
    let trailing = kept.iter().rev().take_while(|group| **group == 0).count();
    let kept = &kept[..kept.len() - trailing];
    let weight = (groups.len() - fraction / 4) as i64 - 1 - leading as i64;
    // Of zero, no digit is left, and its weight says nothing.
    let weight = if kept.is_empty() { 0 } else { weight };
    let sign = if negative && !kept.is_empty() { NEGATIVE } else { 0 };
    let mut bytes = Vec::with_capacity(8 + 2 * kept.len());
    bytes.extend_from_slice(&(kept.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&(weight as i16).to_be_bytes());
    bytes.extend_from_slice(&sign.to_be_bytes());
    bytes.extend_from_slice(&(scale as u16).to_be_bytes());
    kept.iter().for_each(|group| bytes.extend_from_slice(&group.to_be_bytes()));
    sized(out, &bytes)
}
