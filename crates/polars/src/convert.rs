//! Batches of Arrow into frames of Polars, and back.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow_schema::{Field, Schema, SchemaRef};
use nuthatch_core::{Error, Result};
use nuthatch_table::schema::{distinct_names, retype};
use polars::prelude::{
    Column, CompatLevel, DataFrame, Field as FrameField, Schema as FrameSchema, SchemaExt, Series,
};

use crate::bridge::{array_to_arrow, array_to_polars, field_to_arrow, field_to_polars};
use crate::failed;
use crate::types::crossing;

/// A frame of these batches, a chunk each. Buffers are shared where the types are.
pub(crate) fn to_frame(schema: &Schema, batches: &[RecordBatch]) -> Result<DataFrame> {
    distinct_names(schema)?;
    let column = |(index, field): (usize, &Arc<Field>)| {
        let arrays: Vec<_> = batches.iter().map(|batch| Arc::clone(batch.column(index))).collect();
        to_series(field, arrays).map(Column::from)
    };
    let columns = schema.fields().iter().enumerate().map(column).collect::<Result<_>>()?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    DataFrame::new(rows, columns).map_err(failed)
}

/// A column of these arrays, a chunk each.
pub(crate) fn to_series(field: &Field, mut arrays: Vec<ArrayRef>) -> Result<Series> {
    let crossing = crossing(field)?;
    if arrays.is_empty() {
        arrays.push(new_empty_array(field.data_type()));
    }
    let chunk = |array: &ArrayRef| {
        let array = retype(array, crossing.data_type()).map_err(Error::other)?;
        array_to_polars(array.as_ref())
    };
    let series = || {
        let chunks = arrays.iter().map(chunk).collect::<Result<Vec<_>>>()?;
        let mut known = field_to_polars(&crossing)?;
        // The arrays' own type, which differs from the field's in names and nullability alone.
        known.dtype = chunks[0].dtype().clone();
        Series::try_from((&known, chunks)).map_err(failed)
    };
    caught(series).map_err(|error| in_column(field.name(), &error))
}

/// The schema that a frame's batches have.
pub(crate) fn to_schema(schema: &FrameSchema) -> Result<SchemaRef> {
    let fields = schema.iter_fields().map(|field| to_field(&field));
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?)))
}

fn to_field(field: &FrameField) -> Result<Field> {
    let converted = caught(|| field_to_arrow(&field.to_arrow(CompatLevel::newest())));
    converted.map_err(|error| in_column(field.name(), &error))
}

/// The batches of a frame, one for each of its chunks. Buffers are shared.
pub(crate) fn to_batches(frame: &DataFrame, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let mut frame = frame.clone();
    frame.align_chunks_par();
    let mut batches = Vec::new();
    for chunk in frame.iter_chunks(CompatLevel::newest(), false) {
        let columns = schema.fields().iter().zip(chunk.arrays());
        let columns = columns.map(|(field, array)| {
            let array = caught(|| array_to_arrow(array.clone()));
            let array =
                array.and_then(|array| retype(&array, field.data_type()).map_err(Error::other));
            array.map_err(|error| in_column(field.name(), &error))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(chunk.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options);
        batches.push(batch.map_err(Error::other)?);
    }
    Ok(batches)
}

/// Polars's field for one of a stored table.
pub(crate) fn to_frame_field(field: &Field) -> Result<FrameField> {
    Ok(to_series(field, Vec::new())?.field().into_owned())
}

/// Polars panics at some of what it does not know: metadata of others, types of features that are
/// off.
fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// What Polars said as it panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Error::other(format!("Polars panicked: {}", text.unwrap_or("it did not say why")))
}

fn in_column(name: &str, error: &Error) -> Error {
    let text = error.to_string();
    if text.starts_with("column ") {
        return Error::other(text);
    }
    Error::other(format!("column {name:?}: {text}"))
}
