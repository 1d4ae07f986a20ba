//! The files of a stored table: where each column is, and how a unit of a file is read.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use nuthatch_core::backend::Shown;
use nuthatch_core::{Error, Result};
use object_store::ObjectStore;

use super::decode::{Decoder, Unit};
use super::fetch::{Fetched, Object};
use super::partition::repeated;
use super::select::Selection;
use crate::failure::{backend_error, column_error};
use crate::schema::{Carried, decoded_as, restored, retype, schema_as};

pub(super) struct Stored {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) shown: Shown,
    pub(super) schema: SchemaRef,
    /// The same columns, with the types that they were written as.
    pub(super) carried: Carried,
    /// Where each column of the schema is.
    pub(super) columns: Vec<Place>,
    /// The schema of the files.
    pub(super) file_schema: SchemaRef,
    /// Whether the files do not say what their columns are to Arrow.
    pub(super) plain: bool,
    pub(super) rows: u64,
    pub(super) parts: Vec<Part>,
    pub(super) batches: Option<Vec<(u64, u64)>>,
    /// The partition columns, a row for each file.
    pub(super) partitions: Option<RecordBatch>,
    /// The name of the backend, for errors.
    pub(super) backend: &'static str,
    pub(super) type_name: &'static str,
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) object: Object,
    pub(super) rows: u64,
    pub(super) decoder: OnceLock<Decoder>,
}

/// Where a column is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    File(usize),
    Partition(usize),
}

/// Which columns are read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) schema: SchemaRef,
    written: SchemaRef,
    places: Vec<Place>,
    /// The columns of the files, in their order.
    in_files: Vec<usize>,
}

/// Which columns are in the files, and which in the names of their folders.
pub(super) fn places(schema: &Schema, partition_by: &[String]) -> (Vec<Place>, SchemaRef) {
    let mut fields = Vec::new();
    let places = schema.fields().iter().map(|field| {
        if let Some(position) = partition_by.iter().position(|name| name == field.name()) {
            return Place::Partition(position);
        }
        fields.push(Arc::clone(field));
        Place::File(fields.len() - 1)
    });
    let places = places.collect();
    (places, Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())))
}

impl Stored {
    /// Whether every byte of a file is read.
    pub(super) fn is_read_whole(
        &self,
        file: usize,
        wanted: &Wanted,
        selected: Option<&Selection>,
    ) -> bool {
        let groups = selected.and_then(|selected| selected.get(file)?.as_ref());
        groups.is_none() && wanted.in_files.len() == self.file_schema.fields().len()
    }

    pub(super) fn row_count(&self) -> Result<usize> {
        usize::try_from(self.rows).map_err(Error::other)
    }

    /// All columns, or those that are named.
    pub(super) fn wanted(&self, columns: Option<Vec<usize>>) -> Result<Wanted> {
        let columns = columns.unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns).map_err(Error::other)?);
        let written = Arc::new(self.carried.written.project(&columns).map_err(Error::other)?);
        let places: Vec<_> = columns.iter().map(|column| self.columns[*column]).collect();
        let mut in_files: Vec<_> = places
            .iter()
            .filter_map(|place| match place {
                Place::File(column) => Some(*column),
                Place::Partition(_) => None,
            })
            .collect();
        in_files.sort_unstable();
        in_files.dedup();
        Ok(Wanted { schema, written, places, in_files })
    }

    /// A file's decoder, and all its bytes where it is small; `all`: whether they will be read.
    pub(super) async fn decoder(&self, part: &Part, all: bool) -> Result<(Decoder, Option<Bytes>)> {
        if let Some(decoder) = part.decoder.get() {
            return Ok((decoder.clone(), None));
        }
        let (footer, bytes) = part.object.open(all).await?;
        let decoder = Decoder::new(Arc::new(footer), &self.file_schema, self.plain)
            .map_err(|error| part.object.no_table(&error.to_string()))?;
        let found = decoder.footer().file_metadata().num_rows();
        if u64::try_from(found).ok() != Some(part.rows) {
            let why = format!("it has {found} rows, and its manifest says {}", part.rows);
            return Err(part.object.no_table(&why));
        }
        Ok((part.decoder.get_or_init(|| decoder).clone(), bytes))
    }

    /// One unit of a file, with the types that columns are decoded as.
    pub(super) async fn read(
        &self,
        index: usize,
        decoder: &Decoder,
        bytes: Option<&Bytes>,
        unit: &Unit,
        wanted: &Wanted,
    ) -> Result<RecordBatch> {
        let object = &self.parts[index].object;
        let fetched = match bytes {
            Some(bytes) => Fetched::whole(bytes.clone()),
            None => object.fetch(decoder.ranges(unit, &wanted.in_files)).await?,
        };
        let decoded = decoder.decode(&fetched, unit, &wanted.in_files).map_err(|error| {
            backend_error(
                self.backend,
                "decode",
                self.type_name,
                format!("{}: {error}", object.shown()),
            )
        })?;
        let column = |place: &Place| match place {
            Place::File(column) => {
                let position = wanted.in_files.binary_search(column).map_err(|_| missing())?;
                decoded.get(position).cloned().ok_or_else(missing)
            }
            Place::Partition(position) => {
                let partitions = self.partitions.as_ref().ok_or_else(missing)?;
                let values = partitions.columns().get(*position).ok_or_else(missing)?;
                let values = repeated(values, index, unit.rows)?;
                retype(&values, &decoded_as(values.data_type())).map_err(Error::other)
            }
        };
        let columns = wanted.places.iter().map(column).collect::<Result<Vec<_>>>();
        let batch =
            columns.and_then(|columns| batch(&decoded_schema(&wanted.written), columns, unit.rows));
        batch.map_err(|error| object.no_table(&error.to_string()))
    }

    /// A batch with the types that were stored.
    pub(super) fn restored(
        &self,
        decoded: &RecordBatch,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let columns = schema.fields().iter().zip(decoded.columns());
        let columns = columns.map(|(field, column)| {
            restored(column, field.data_type()).map_err(|error| {
                let message = format!(
                    "{error} (as {} of {} rows; a `Vec<RecordBatch>` comes back in the batches \
                     that were stored)",
                    field.data_type(),
                    column.len()
                );
                let error = column_error(field.name(), &message);
                backend_error(self.backend, "decode", self.type_name, error)
            })
        });
        batch(schema, columns.collect::<Result<_>>()?, decoded.num_rows())
    }
}

/// The schema with the types that columns are decoded as.
pub(super) fn decoded_schema(schema: &SchemaRef) -> SchemaRef {
    schema_as(schema, decoded_as)
}

pub(super) fn batch(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(Error::other)
}

fn missing() -> Error {
    Error::other("a column is not where the manifest says")
}
