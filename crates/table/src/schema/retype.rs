//! An array brought to the type that was stored.
//!
//! A format may give back less than the type: names and metadata of nested fields get lost, runs
//! come back as plain values, and dictionaries with small keys are read as plain values on
//! purpose: the keys of one batch need not number the values of several.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, make_array};
use arrow_cast::cast;
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};

/// The array as `target`, which it is up to names and metadata of nested fields, or can be cast
/// to without loss.
///
/// # Errors
///
/// There is no such cast, or some values are none of the target.
pub fn retype(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    if is_same_layout(array.data_type(), target) {
        return Ok(make_array(relabel(array.to_data(), target)?));
    }
    let cast = cast(array, target)?;
    if cast.null_count() != array.null_count() && !matches!(target, DataType::RunEndEncoded(..)) {
        return Err(ArrowError::CastError(format!(
            "some values of {} are none of {target}",
            array.data_type()
        )));
    }
    Ok(cast)
}

/// The type that a column is written as: the `parquet` crate panics at dictionaries of views, and
/// writes other bytes than those of a dictionary of fixed-size values.
pub(crate) fn written_as(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, value) if matches!(**value, DataType::FixedSizeBinary(_)) => {
            value.as_ref().clone()
        }
        DataType::Dictionary(key, value) => {
            let value = match value.as_ref() {
                DataType::Utf8View => DataType::Utf8,
                DataType::BinaryView => DataType::Binary,
                other => other.clone(),
            };
            DataType::Dictionary(key.clone(), Box::new(value))
        }
        other => with_children(other, &|field| changed(field, written_as)),
    }
}

/// A schema with other types.
pub(crate) fn schema_as(schema: &SchemaRef, types: fn(&DataType) -> DataType) -> SchemaRef {
    if schema.fields().iter().all(|field| types(field.data_type()) == *field.data_type()) {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(|field| changed(field, types));
    Arc::new(Schema::new_with_metadata(fields.collect::<Fields>(), schema.metadata().clone()))
}

/// A field with another type.
fn changed(field: &FieldRef, types: fn(&DataType) -> DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(types(field.data_type())))
}

/// The type that a column is decoded as, so that any number of its batches can be decoded in one.
pub(crate) fn decoded_as(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(key, value) if is_small(key) || !is_text(value) => decoded_as(value),
        DataType::Dictionary(..) => written_as(data_type),
        DataType::RunEndEncoded(_, value) => decoded_as(value.data_type()),
        other => with_children(other, &|field| changed(field, decoded_as)),
    }
}

/// How many rows a batch of this schema may have, so that each of its small keys is sure to
/// number all values: with one value a row at the most, of a column that is not nested.
pub(crate) fn rows_a_small_key_numbers(schema: &Schema) -> usize {
    fn least(data_type: &DataType) -> usize {
        let own = match data_type {
            DataType::Dictionary(key, _) => match **key {
                DataType::Int8 => 1 << 7,
                DataType::UInt8 => 1 << 8,
                DataType::Int16 => 1 << 15,
                DataType::UInt16 => 1 << 16,
                _ => usize::MAX,
            },
            _ => usize::MAX,
        };
        children(data_type).iter().map(|field| least(field.data_type())).fold(own, usize::min)
    }
    schema.fields().iter().map(|field| least(field.data_type())).min().unwrap_or(usize::MAX)
}

fn is_small(key: &DataType) -> bool {
    matches!(key, DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16)
}

/// What the `parquet` crate decodes dictionaries of.
fn is_text(value: &DataType) -> bool {
    use DataType as D;
    matches!(
        value,
        D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Binary | D::LargeBinary | D::BinaryView
    )
}

/// Whether two types differ in nothing that is in their arrays' buffers.
fn is_same_layout(one: &DataType, other: &DataType) -> bool {
    let (ours, theirs) = (children(one), children(other));
    let alike = ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(one, other)| is_same_layout(one.data_type(), other.data_type()));
    if !alike {
        return false;
    }
    match (one, other) {
        (DataType::FixedSizeList(_, one), DataType::FixedSizeList(_, other)) => one == other,
        (DataType::Map(..), DataType::Map(..)) => true,
        (DataType::Struct(_), DataType::Struct(_)) => true,
        _ if ours.is_empty() => one == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn relabel(data: ArrayData, target: &DataType) -> Result<ArrayData, ArrowError> {
    let children: Vec<_> = children(target)
        .iter()
        .zip(data.child_data())
        .map(|(field, child)| relabel(child.clone(), field.data_type()))
        .collect::<Result<_, _>>()?;
    // A dictionary's values are its child, and its type names no field for them.
    let children = match target {
        DataType::Dictionary(..) => data.child_data().to_vec(),
        _ => children,
    };
    data.into_builder().data_type(target.clone()).child_data(children).build()
}

/// The fields within a type.
pub(super) fn children(data_type: &DataType) -> Vec<FieldRef> {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => vec![Arc::clone(field)],
        DataType::Struct(fields) => fields.iter().cloned().collect(),
        DataType::RunEndEncoded(ends, values) => vec![Arc::clone(ends), Arc::clone(values)],
        _ => Vec::new(),
    }
}

/// A nested type with other fields within; any other as it is.
pub fn with_children(data_type: &DataType, change: &dyn Fn(&FieldRef) -> Arc<Field>) -> DataType {
    match data_type {
        DataType::List(field) => DataType::List(change(field)),
        DataType::LargeList(field) => DataType::LargeList(change(field)),
        DataType::ListView(field) => DataType::ListView(change(field)),
        DataType::LargeListView(field) => DataType::LargeListView(change(field)),
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(change(field), *size),
        DataType::Map(field, sorted) => DataType::Map(change(field), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(change).collect::<Fields>()),
        other => other.clone(),
    }
}
