//! The columns of new rows brought to those of stored ones.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use nuthatch_core::{Error, Result};

use super::retype::retype;
use crate::failure::column_error;

/// What both sides of a merge are brought to.
#[derive(Debug, Clone)]
pub struct Aligned {
    /// The columns of the stored rows in their order, of types that hold the values of both sides.
    pub schema: SchemaRef,
    /// For each column, where it stands in the new rows.
    pub positions: Vec<usize>,
}

/// Matches the columns of `new` rows to those of `stored` ones, by name. Where the types differ,
/// the wider of the two is taken, if it holds every value of both.
///
/// # Errors
///
/// A column that only one side has, a name that stands twice, or two types of which neither holds
/// the other: each names the column.
pub fn align(stored: &Schema, new: &Schema) -> Result<Aligned> {
    for schema in [stored, new] {
        unique_names(schema)?;
    }
    if let Some(extra) = new.fields().iter().find(|field| stored.index_of(field.name()).is_err()) {
        return Err(column_error(extra.name(), "the new rows have it, and the stored ones do not"));
    }
    let mut positions = Vec::new();
    let mut fields = Vec::new();
    for field in stored.fields() {
        let position = new.index_of(field.name()).map_err(|_| {
            column_error(field.name(), "the stored rows have it, and the new ones do not")
        })?;
        let other = new.field(position);
        let Some(wider) = wider(field.data_type(), other.data_type()) else {
            let (stored, new) = (field.data_type(), other.data_type());
            let message = format!(
                "it is stored as {stored}, and the new rows have {new}: no value is cut or \
                 rounded, so cast the new rows, or store the table anew"
            );
            return Err(column_error(field.name(), &message));
        };
        let nullable = field.is_nullable() || other.is_nullable();
        fields.push(
            Field::new(field.name(), wider, nullable).with_metadata(field.metadata().clone()),
        );
        positions.push(position);
    }
    let schema = Arc::new(Schema::new_with_metadata(fields, stored.metadata().clone()));
    Ok(Aligned { schema, positions })
}

impl Aligned {
    /// Stored rows with the aligned types.
    ///
    /// # Errors
    ///
    /// Where a value cannot be cast, which names its column.
    pub fn stored(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let positions: Vec<_> = (0..self.schema.fields().len()).collect();
        self.columns(batch, &positions)
    }

    /// New rows with the aligned columns.
    ///
    /// # Errors
    ///
    /// As [`stored`](Self::stored).
    pub fn new_rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        self.columns(batch, &self.positions)
    }

    fn columns(&self, batch: &RecordBatch, positions: &[usize]) -> Result<RecordBatch> {
        let columns = self.schema.fields().iter().zip(positions).map(|(field, position)| {
            retype(batch.column(*position), field.data_type())
                .map_err(|error| column_error(field.name(), &error.to_string()))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let rows = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &rows)
            .map_err(Error::other)
    }
}

/// Refuses a schema with a name that stands twice: it cannot be matched by name.
pub(crate) fn unique_names(schema: &Schema) -> Result<()> {
    let mut names = std::collections::BTreeSet::new();
    match schema.fields().iter().find(|field| !names.insert(field.name())) {
        Some(twice) => {
            Err(column_error(twice.name(), "its name stands twice, so that it cannot be matched"))
        }
        None => Ok(()),
    }
}

/// The type, of these two or above both, that holds every value of both.
fn wider(stored: &DataType, new: &DataType) -> Option<DataType> {
    if stored == new || holds(stored, new) {
        return Some(stored.clone());
    }
    if holds(new, stored) {
        return Some(new.clone());
    }
    // Neither holds the other: a signed type above an unsigned one may hold both.
    let above = [DataType::Int16, DataType::Int32, DataType::Int64];
    above.into_iter().find(|above| holds(above, stored) && holds(above, new))
}

/// Whether every value of `narrow` is one of `wide`, and comes back from it.
fn holds(wide: &DataType, narrow: &DataType) -> bool {
    use DataType as D;
    if let (Some(wide), Some(narrow)) = (integer(wide), integer(narrow)) {
        let ((signed, bits), (other_signed, other_bits)) = (wide, narrow);
        return match (signed, other_signed) {
            (true, false) => bits > other_bits,
            (false, true) => false,
            _ => bits >= other_bits,
        };
    }
    match (wide, narrow) {
        (_, D::Null) => true,
        (D::Float64, D::Float32 | D::Float16) | (D::Float32, D::Float16) => true,
        (D::Float64, narrow) => integer(narrow).is_some_and(|(_, bits)| bits <= 32),
        (D::Float32, narrow) => integer(narrow).is_some_and(|(_, bits)| bits <= 16),
        (D::LargeUtf8 | D::Utf8View, D::Utf8) | (D::LargeUtf8, D::Utf8View) => true,
        (D::LargeBinary | D::BinaryView, D::Binary) | (D::LargeBinary, D::BinaryView) => true,
        (D::Decimal128(p, s), D::Decimal128(q, t)) | (D::Decimal256(p, s), D::Decimal256(q, t)) => {
            s >= t && i16::from(*p) - i16::from(*s) >= i16::from(*q) - i16::from(*t)
        }
        // The range of the finer unit is smaller, and its cast says so where it matters.
        (D::Timestamp(wide, zone), D::Timestamp(narrow, other)) => {
            zone == other && fineness(wide) > fineness(narrow)
        }
        (D::Utf8 | D::LargeUtf8 | D::Utf8View, D::Dictionary(_, value)) => {
            **value == *wide || holds(wide, value)
        }
        (D::Dictionary(_, value), narrow) => **value == *narrow && !value.is_nested(),
        _ => false,
    }
}

fn integer(data_type: &DataType) -> Option<(bool, u32)> {
    Some(match data_type {
        DataType::Int8 => (true, 8),
        DataType::Int16 => (true, 16),
        DataType::Int32 => (true, 32),
        DataType::Int64 => (true, 64),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    })
}

fn fineness(unit: &TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    }
}
