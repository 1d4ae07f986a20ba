//! Which rows replace which: the keys, and one schema for what stands and what comes.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
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
            keys.iter().map(|key| Arc::clone(batch.column(*key))).collect();
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

fn has_nan(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Float32 => column.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
        _ => false,
    }
}

/// The schema of the merged table: the columns of the base, each as wide as either needs.
///
/// # Errors
///
/// A column that only one of them has, or whose types hold each other's values in neither way.
pub(crate) fn schema(base: &Schema, new: &Schema) -> Result<SchemaRef, String> {
    let find = |schema: &Schema, name: &str| {
        let mut found = schema.fields().iter().filter(|field| field.name() == name).cloned();
        match (found.next(), found.next()) {
            (Some(field), None) => Ok(Some(field)),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(format!("several columns are named {name:?}")),
        }
    };
    for field in new.fields() {
        if find(base, field.name())?.is_none() {
            return Err(format!("the stored table has no column {:?}", field.name()));
        }
    }
    let mut fields = Vec::new();
    for field in base.fields() {
        let name = field.name();
        let Some(other) = find(new, name)? else {
            return Err(format!("the new rows have no column {name:?}"));
        };
        let data_type = wider(field.data_type(), other.data_type()).ok_or_else(|| {
            format!(
                "column {name:?} is {} in the stored table and {} in the new rows, and neither \
                 holds the other",
                field.data_type(),
                other.data_type(),
            )
        })?;
        let merged = Field::clone(field).with_data_type(data_type.clone());
        fields.push(merged.with_nullable(field.is_nullable() || other.is_nullable()));
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, base.metadata().clone())))
}

/// The rows with the columns of a schema, in its order and types.
///
/// # Errors
///
/// A value that the wider type does not hold after all: a moment before 1677 in nanoseconds.
pub(crate) fn conformed(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let columns = schema.fields().iter().map(|field| {
        let column = batch
            .column_by_name(field.name())
            .ok_or_else(|| ArrowError::SchemaError(format!("there is no {:?}", field.name())))?;
        match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast_with_options(column, field.data_type(), &options),
        }
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

fn wider<'a>(base: &'a DataType, new: &'a DataType) -> Option<&'a DataType> {
    if holds(base, new) {
        return Some(base);
    }
    holds(new, base).then_some(new)
}

/// Whether every value of `inner` is one of `outer`.
fn holds(outer: &DataType, inner: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Dictionary, Float16, Float32, Float64, LargeBinary, LargeUtf8, Null,
        Timestamp, Utf8, Utf8View,
    };
    if outer == inner || *inner == Null {
        return true;
    }
    match (outer, inner) {
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => true,
        (Dictionary(_, outer), inner) if !matches!(inner, Dictionary(..)) => holds(outer, inner),
        (outer, Dictionary(_, inner)) if !matches!(outer, Dictionary(..)) => holds(outer, inner),
        (Timestamp(outer, one), Timestamp(inner, other)) => one == other && finer(*outer, *inner),
        (Float32, Float16) | (Float64, Float16 | Float32) => true,
        (Float64, inner) => integer(inner).is_some_and(|(bits, _)| bits <= 32),
        (Float32, inner) => integer(inner).is_some_and(|(bits, _)| bits <= 16),
        (outer, inner) => match (integer(outer), integer(inner), decimal(outer), decimal(inner)) {
            (Some((wide, true)), Some((narrow, true)), ..) => wide >= narrow,
            (Some((wide, _)), Some((narrow, false)), ..) => {
                let is_unsigned = matches!(integer(outer), Some((_, false)));
                wide > narrow || is_unsigned && wide >= narrow
            }
            (_, _, Some((p, s)), Some((q, t))) => s >= t && p - s >= q - t,
            _ => false,
        },
    }
}

/// The bits of an integer, and whether it has a sign.
fn integer(data_type: &DataType) -> Option<(u8, bool)> {
    Some(match data_type {
        DataType::Int8 => (8, true),
        DataType::Int16 => (16, true),
        DataType::Int32 => (32, true),
        DataType::Int64 => (64, true),
        DataType::UInt8 => (8, false),
        DataType::UInt16 => (16, false),
        DataType::UInt32 => (32, false),
        DataType::UInt64 => (64, false),
        _ => return None,
    })
}

/// The digits of a decimal, and those after the point.
fn decimal(data_type: &DataType) -> Option<(i16, i16)> {
    match data_type {
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => Some((i16::from(*p), i16::from(*s))),
        _ => None,
    }
}

fn finer(outer: TimeUnit, inner: TimeUnit) -> bool {
    let rank = |unit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    rank(outer) >= rank(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(fields: &[(&str, DataType)]) -> Schema {
        let field =
            |(name, data_type): &(&str, DataType)| Field::new(*name, data_type.clone(), true);
        Schema::new(fields.iter().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn the_wider_type_is_taken_whichever_side_has_it() {
        use DataType::{Decimal128, Float64, Int8, Int32, Int64, UInt8, UInt32, Utf8, Utf8View};
        for (base, new, merged) in [
            (Int32, Int64, Some(Int64)),
            (Int64, Int32, Some(Int64)),
            (UInt8, Int32, Some(Int32)),
            (UInt32, Int32, None),
            (Int8, UInt8, None),
            (Int64, Float64, None),
            (Int32, Float64, Some(Float64)),
            (Utf8, Utf8View, Some(Utf8)),
            (Utf8, Int64, None),
            (Decimal128(10, 2), Decimal128(12, 3), Some(Decimal128(12, 3))),
            (Decimal128(10, 2), Decimal128(10, 3), None),
            (DataType::Null, Int8, Some(Int8)),
        ] {
            let merged_type = schema(&schema_of(&[("a", base.clone())]), &schema_of(&[("a", new)]));
            let found = merged_type.as_ref().ok().map(|schema| schema.field(0).data_type().clone());
            assert_eq!(found, merged, "{base}");
            if let Err(error) = merged_type {
                assert!(error.contains("\"a\""), "{error}");
            }
        }
    }

    #[test]
    fn columns_may_come_in_another_order_and_must_be_the_same() {
        let base = schema_of(&[("a", DataType::Int32), ("b", DataType::Utf8)]);
        let swapped = schema_of(&[("b", DataType::Utf8), ("a", DataType::Int32)]);
        assert_eq!(schema(&base, &swapped).unwrap().field(0).name(), "a");
        let more =
            schema_of(&[("a", DataType::Int32), ("b", DataType::Utf8), ("c", DataType::Utf8)]);
        assert!(schema(&base, &more).unwrap_err().contains("no column \"c\""));
        assert!(schema(&more, &base).unwrap_err().contains("no column \"c\""));
    }
}
