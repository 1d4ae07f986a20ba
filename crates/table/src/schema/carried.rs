//! Types that stand in for those that a format lacks: each value of the one is a value of the
//! other, and comes back from it.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef, TimeUnit};
use nuthatch_core::{Error, Result};

use super::halves;
use super::retype::{children, retype};
use crate::failure::column_error;

/// A schema, and the types that its columns are written as.
#[derive(Debug, Clone)]
pub struct Carried {
    pub(crate) stored: SchemaRef,
    pub(crate) written: SchemaRef,
    /// What to do about a value that is not held.
    advice: &'static str,
}

impl Carried {
    /// Every column as it is.
    #[must_use]
    pub fn as_is(schema: &SchemaRef) -> Self {
        Self { stored: Arc::clone(schema), written: Arc::clone(schema), advice: "" }
    }

    /// The columns of `stored`, written as those of `written`, which have the same names. Where
    /// `stored` has none, `written` may have some all the same, for formats that need one: they
    /// are empty.
    ///
    /// # Errors
    ///
    /// A type that cannot become its counterpart, or come back from it: it names the column.
    pub fn new(stored: SchemaRef, written: SchemaRef) -> Result<Self> {
        for (field, other) in stored.fields().iter().zip(written.fields()) {
            let (from, to) = (field.data_type(), other.data_type());
            let back = *from == DataType::Null || can_cast_types(to, from);
            if from != to && !(can_cast_types(from, to) && back) {
                let message = format!("its type {from} cannot be held as {to}");
                return Err(column_error(field.name(), &message));
            }
        }
        Ok(Self { stored, written, advice: "" })
    }

    /// Says what to do about a value that is not held.
    #[must_use]
    pub fn advising(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }

    /// The types that are written.
    #[must_use]
    pub fn written(&self) -> &SchemaRef {
        &self.written
    }

    /// Rows as they are written.
    ///
    /// # Errors
    ///
    /// A value that its column's written type does not hold: it names the column.
    pub fn carry(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        if Arc::ptr_eq(&self.stored, &self.written) {
            return Ok(batch.clone());
        }
        let fields = self.written.fields().iter().enumerate();
        let columns = fields.map(|(index, field)| match batch.columns().get(index) {
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
            Some(column) => carried(column, field.data_type())
                .map_err(|error| column_error(field.name(), &format!("{error}{}", self.advice))),
        });
        let columns = columns.collect::<Result<_>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.written), columns, &rows)
            .map_err(Error::other)
    }
}

/// The array as `target`, with every value.
fn carried(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    let from = array.data_type();
    match (from, target) {
        (from, target) if from == target => return Ok(Arc::clone(array)),
        (DataType::Float16, DataType::Float32) => return Ok(halves::widened(array.as_primitive())),
        _ => {}
    }
    // What is no value of the other type is an error, and no null.
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cut = |why: String| ArrowError::CastError(format!("{why}, so it is not held as {target}"));
    let carried = cast_with_options(array, target, &strict)
        .map_err(|error| cut(format!("a value of {from} is too large ({error})")))?;
    if may_cut(from, target) && restored(&carried, from)?.to_data() != array.to_data() {
        return Err(cut(format!("a value of {from} would come back as another")));
    }
    Ok(carried)
}

/// Whether a cast, there or back, makes other values without a word: times are rounded, a signalling
/// NaN of 16 bits becomes another, and what is made a dictionary is not brought to its unit (of
/// arrow-cast 59.3).
fn may_cut(from: &DataType, to: &DataType) -> bool {
    use DataType as D;
    match (from, to) {
        (D::Timestamp(TimeUnit::Nanosecond, _), D::Timestamp(..)) | (D::Date64, D::Date32) => true,
        (D::Float16, _) => true,
        (D::Dictionary(_, value), to) if !matches!(to, D::Dictionary(..)) => **value != *to,
        (D::RunEndEncoded(_, value), to) if !matches!(to, D::RunEndEncoded(..)) => {
            value.data_type() != to
        }
        (from, to) => {
            let (from, to) = (children(from), children(to));
            from.iter().zip(&to).any(|(from, to)| may_cut(from.data_type(), to.data_type()))
        }
    }
}

/// A written column with the type that was stored.
pub(crate) fn restored(array: &ArrayRef, stored: &DataType) -> Result<ArrayRef, ArrowError> {
    match stored {
        DataType::Null => Ok(new_null_array(stored, array.len())),
        DataType::Float16 if *array.data_type() == DataType::Float32 => {
            Ok(halves::narrowed(array.as_primitive()))
        }
        DataType::Dictionary(_, value)
            if !matches!(array.data_type(), DataType::Dictionary(..)) =>
        {
            retype(&retype(array, value)?, stored)
        }
        DataType::RunEndEncoded(_, value)
            if !matches!(array.data_type(), DataType::RunEndEncoded(..)) =>
        {
            retype(&retype(array, value.data_type())?, stored)
        }
        stored => retype(array, stored),
    }
}

/// The schema whose types say what the counts in files are: a column that is written as a plain
/// number counts as what was stored.
pub(crate) fn counted_as(carried: &Carried) -> Schema {
    let fields = carried.stored.fields().iter().zip(carried.written.fields());
    let fields = fields.map(|(stored, written)| match written.data_type().is_integer() {
        true => Arc::clone(stored),
        false => Arc::clone(written),
    });
    Schema::new(fields.collect::<Vec<_>>())
}
