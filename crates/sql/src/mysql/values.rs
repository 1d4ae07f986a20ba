//! Values in and out of MySQL.

use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::types::chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::{Arguments, Row};

use crate::builder::Builder;
use crate::decimal;
use crate::dialect::Dialect;
use crate::exact::Rests;
use crate::failure::Failure;
use crate::frame::{Marks, Rows};
use crate::gather::{Gather, rests};
use crate::kind::{Kind, Values};
use crate::statements::{Table, visible};
use crate::times;

/// Appends the values of a row to a statement's.
pub(super) fn bind(
    out: &mut MySqlArguments,
    table: Table<'_>,
    rows: &Rows,
    row: usize,
    number: i64,
    marks: Option<&mut Marks>,
) -> Result<(), BoxDynError> {
    out.add(number)?;
    if let Some(marks) = marks {
        out.add(marks.of(rows, row))?;
    }
    for (column, values) in table.columns.iter().zip(&rows.values) {
        if values.is_null(row) {
            out.add(None::<i64>)?;
            continue;
        }
        match values {
            Values::Null => out.add(None::<i64>)?,
            Values::Bool(values) => out.add(values.value(row))?,
            Values::Int16(values) => out.add(values.value(row))?,
            Values::Int32(values) if column.kind == Kind::Date => {
                out.add(times::date(values.value(row)))?;
            }
            Values::Int32(values) => out.add(values.value(row))?,
            Values::Int64(values) => bind_ticks(out, column.kind, values.value(row))?,
            Values::UInt64(values) => out.add(values.value(row))?,
            Values::Float32(values) => {
                out.add(visible(Dialect::MySql, values.value(row).into()))?
            }
            Values::Float64(values) => out.add(visible(Dialect::MySql, values.value(row)))?,
            Values::Decimal128(values) => {
                out.add(decimal::text(values.value(row), values.scale()))?;
            }
            Values::Decimal256(values) => {
                out.add(decimal::text(values.value(row), values.scale()))?;
            }
            Values::Text(values) => out.add(values.value(row))?,
            Values::Bytes(values) => out.add(values.value(row))?,
        }
    }
    Ok(())
}

fn bind_ticks(out: &mut MySqlArguments, kind: Kind, value: i64) -> Result<(), BoxDynError> {
    match kind {
        // Whole microseconds: the server rounds what is finer, and the rest stands in `#exact`.
        Kind::Time => out.add(times::time(value - value.rem_euclid(1000))),
        Kind::Timestamp { nanos, .. } => {
            let micros = if nanos { value.div_euclid(1000) } else { value };
            out.add(times::moment(micros, false))
        }
        _ => out.add(value),
    }
}

/// Appends the columns of a row to the builders.
pub(super) fn take(row: &MySqlRow, marked: bool, gather: &mut Gather) -> Result<(), Failure> {
    let number: i64 = row.try_get_unchecked(0)?;
    let rests = match marked {
        true => rests(row.try_get_unchecked::<Option<&str>, _>(1)?)?,
        false => Rests::default(),
    };
    let first = 1 + usize::from(marked);
    for (index, builder) in gather.builders.iter_mut().enumerate() {
        let column = &gather.columns[index];
        let foreign = || {
            let name = &column.name;
            Failure::Damaged(format!("column {name:?} holds a value that was not written"))
        };
        match cell(column.kind, row, first + index) {
            Ok(None) => null(builder, &rests, column.index),
            Ok(Some(cell)) => {
                append(builder, column.kind, cell, &rests, column.index).ok_or_else(foreign)?;
            }
            Err(sqlx::Error::ColumnDecode { .. }) => return Err(foreign()),
            Err(error) => return Err(error.into()),
        }
    }
    gather.end_row(number)
}

/// A value as the server sends it.
enum Cell<'r> {
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(&'r str),
    Bytes(&'r [u8]),
    Date(NaiveDate),
    Time(NaiveTime),
    Moment(NaiveDateTime),
}

fn cell(kind: Kind, row: &MySqlRow, at: usize) -> Result<Option<Cell<'_>>, sqlx::Error> {
    fn get<'r, V>(row: &'r MySqlRow, at: usize) -> Result<Option<V>, sqlx::Error>
    where
        V: sqlx::Decode<'r, sqlx::MySql>,
    {
        row.try_get_unchecked(at)
    }
    Ok(match kind {
        Kind::Null | Kind::Bool | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
            get(row, at)?.map(Cell::Int)
        }
        Kind::UInt64 => get(row, at)?.map(Cell::UInt),
        Kind::Float32 | Kind::Float64 => get(row, at)?.map(Cell::Float),
        Kind::Decimal { .. } | Kind::Text => get(row, at)?.map(Cell::Text),
        Kind::Bytes => get(row, at)?.map(Cell::Bytes),
        Kind::Date => get(row, at)?.map(Cell::Date),
        Kind::Time => get(row, at)?.map(Cell::Time),
        Kind::Timestamp { .. } => get(row, at)?.map(Cell::Moment),
    })
}

/// `None` where the value is none of the column's kind.
fn append(
    builder: &mut Builder,
    kind: Kind,
    cell: Cell<'_>,
    rests: &Rests,
    index: usize,
) -> Option<()> {
    let nanos = rests.nanos(index);
    match (builder, cell) {
        (Builder::Bool(values), Cell::Int(value)) => values.append_value(value != 0),
        (Builder::Int16(values), Cell::Int(value)) => values.append_value(value.try_into().ok()?),
        (Builder::Int32(values), Cell::Int(value)) => values.append_value(value.try_into().ok()?),
        (Builder::Int64(values), Cell::Int(value)) => values.append_value(value),
        (Builder::UInt64(values), Cell::UInt(value)) => values.append_value(value),
        (Builder::Float32(values), Cell::Float(value)) => {
            let narrow = rests.narrow(index).unwrap_or(value as f32);
            values.append_value(Some(narrow).filter(|narrow| f64::from(*narrow) == value)?);
        }
        (Builder::Float64(values), Cell::Float(value)) => {
            values.append_value(rests.float(index).unwrap_or(value));
        }
        (Builder::Decimal128(values), Cell::Text(text)) => {
            values.append_value(decimal::parsed(text, kind.scale()?)?);
        }
        (Builder::Decimal256(values), Cell::Text(text)) => {
            values.append_value(decimal::parsed(text, kind.scale()?)?);
        }
        (Builder::Text(values), Cell::Text(text)) => values.append_value(text),
        (Builder::Bytes(values), Cell::Bytes(bytes)) => values.append_value(bytes),
        (Builder::Int32(values), Cell::Date(date)) => values.append_value(times::day(date)),
        (Builder::Int64(values), Cell::Time(time)) => {
            values.append_value(times::time_nanos(time) + nanos);
        }
        (Builder::Int64(values), Cell::Moment(moment)) => {
            let micros = times::count(moment, false)?;
            let is_fine = matches!(kind, Kind::Timestamp { nanos: true, .. });
            // The first moments of the range begin below what 64 bits of nanoseconds hold.
            let fine = i128::from(micros) * 1000 + i128::from(nanos);
            values.append_value(if is_fine { i64::try_from(fine).ok()? } else { micros });
        }
        _ => return None,
    }
    Some(())
}

fn null(builder: &mut Builder, rests: &Rests, index: usize) {
    match builder {
        Builder::Float32(values) => values.append_option(rests.narrow(index)),
        Builder::Float64(values) => values.append_option(rests.float(index)),
        builder => builder.append_null(),
    }
}
