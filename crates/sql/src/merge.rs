//! Which rows replace which: the keys.

use std::collections::HashSet;
use std::ops::Add;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type, Schema};
use arrow::row::{RowConverter, SortField};

use crate::dialect::Dialect;
use crate::frame::{Column, Frame, inexact};
use crate::kind::{Kind, Values};

/// Where the keys stand among the columns.
///
/// # Errors
///
/// A key that is no column, or that several columns are named like.
pub(crate) fn keys(schema: &Schema, names: &[&str]) -> Result<Vec<usize>, String> {
    let index = |name: &&str| {
        let mut found =
            schema.fields().iter().enumerate().filter(|(_, field)| field.name() == name);
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => Err(format!("there is no column {name:?}, which is an upsert key")),
            (Some(_), Some(_)) => Err(format!("several columns are named {name:?}, an upsert key")),
        }
    };
    names.iter().map(index).collect()
}

/// Checks that every row has its own, whole keys.
///
/// # Errors
///
/// A key that is null or NaN, or keys that two rows share.
pub(crate) fn check(batches: &[RecordBatch], keys: &[usize]) -> Result<(), String> {
    let Some(first) = batches.first() else { return Ok(()) };
    let schema = first.schema();
    let name = |key: &usize| schema.field(*key).name().as_str();
    let fields = keys.iter().map(|key| SortField::new(schema.field(*key).data_type().clone()));
    let converter = RowConverter::new(fields.collect()).map_err(|error| error.to_string())?;
    let mut seen = HashSet::new();
    for batch in batches {
        for key in keys {
            let column = batch.column(*key);
            if column.logical_null_count() > 0 || has_nan(column) {
                return Err(format!(
                    "a row has no value in the upsert key {:?}, so nothing says which row it \
                     replaces",
                    name(key)
                ));
            }
        }
        let columns: Vec<ArrayRef> =
            keys.iter().map(|key| told_apart(batch.column(*key))).collect();
        let rows = converter.convert_columns(&columns).map_err(|error| error.to_string())?;
        for row in &rows {
            if !seen.insert(row.owned()) {
                let names: Vec<&str> = keys.iter().map(name).collect();
                return Err(format!("two rows have the same upsert keys ({})", names.join(", ")));
            }
        }
    }
    Ok(())
}

/// Checks that no key says less in the database than it is: two moments within one microsecond
/// would be one.
///
/// # Errors
///
/// The key that does.
pub(crate) fn check_exact(frame: &Frame, dialect: Dialect, keys: &[usize]) -> Result<(), String> {
    for (index, kind) in frame.inexact(dialect) {
        if !keys.contains(&index) || !matches!(kind, Kind::Time | Kind::Timestamp { .. }) {
            continue;
        }
        let is_fine = |rows: &crate::frame::Rows| match &rows.values[index] {
            Values::Int64(values) => values.iter().flatten().any(|nanos| nanos % 1000 != 0),
            _ => false,
        };
        if frame.batches.iter().any(is_fine) {
            return Err(format!(
                "the upsert key {:?} holds nanoseconds, and {} compares microseconds; use \
                 `backend = \"parquet\"`, or round it",
                frame.columns[index].name,
                dialect.name(),
            ));
        }
    }
    Ok(())
}

/// Whether a stored key may say less than it is, so that the stored rows must be looked at.
pub(crate) fn may_be_inexact(columns: &[Column], dialect: Dialect, keys: &[usize]) -> bool {
    let is_time = |kind: Kind| matches!(kind, Kind::Time | Kind::Timestamp { .. });
    inexact(columns, dialect).iter().any(|(index, kind)| keys.contains(index) && is_time(*kind))
}

/// Keys as databases tell them apart, to which both zeros are one.
fn told_apart(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float16 => Arc::new(unsigned_zero::<Float16Type>(column)),
        DataType::Float32 => Arc::new(unsigned_zero::<Float32Type>(column)),
        DataType::Float64 => Arc::new(unsigned_zero::<Float64Type>(column)),
        _ => Arc::clone(column),
    }
}

fn unsigned_zero<T: ArrowPrimitiveType>(column: &ArrayRef) -> PrimitiveArray<T>
where
    T::Native: Add<Output = T::Native>,
{
    column.as_primitive::<T>().unary(|value| value + T::Native::default())
}

fn has_nan(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Float32 => column.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
        _ => false,
    }
}
