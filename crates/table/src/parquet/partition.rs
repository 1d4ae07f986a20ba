//! Rows by the values of some columns.
//!
//! Each distinct combination of values is a partition, with folders of its own. A partition's rows
//! wait until they are a row group, or until the rows of all partitions together are many; then
//! they go into a file of their own, so that no more than one file is open at a time.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::{DataType, Schema, SchemaRef};
use arrow_select::concat::{concat, concat_batches};
use arrow_select::take::{take, take_record_batch};
use nuthatch_core::{Error, Result};

use super::groups::Groups;
use super::objects;
use crate::failure::column_error;

/// More partitions are taken for a mistake: a file each, and each of them small.
const MOST_PARTITIONS: usize = 10_000;

/// How many bytes may wait in all partitions together.
const MOST_WAITING: usize = 256 << 20;

/// A file's worth of rows, with the folders that it belongs in.
pub(super) type Piece = (Vec<String>, Vec<RecordBatch>);

/// Rows on their way into partitions.
pub(super) struct Partitioner {
    schema: SchemaRef,
    columns: Vec<usize>,
    most_rows: usize,
    rows: RowConverter,
    partitions: HashMap<OwnedRow, Partition>,
    /// The partition columns' values of each file, in order.
    values: Vec<Vec<ArrayRef>>,
}

struct Partition {
    folders: Vec<String>,
    values: Vec<ArrayRef>,
    groups: Groups,
}

impl Partitioner {
    /// None where there is nothing to partition by.
    pub(super) fn new(
        schema: &SchemaRef,
        names: &[String],
        most_rows: usize,
    ) -> Result<Option<Self>> {
        if names.is_empty() {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for name in names {
            let named =
                schema.fields().iter().enumerate().filter(|(_, field)| field.name() == name);
            let index = match named.map(|(index, _)| index).collect::<Vec<_>>().as_slice() {
                [index] => *index,
                [] => return Err(column_error(name, "the table has none to partition by")),
                _ => {
                    return Err(column_error(
                        name,
                        "several have this name, so that none can be partitioned by",
                    ));
                }
            };
            if columns.contains(&index) {
                return Err(column_error(name, "`partition_by` names it twice"));
            }
            check_type(name, schema.field(index).data_type())?;
            columns.push(index);
        }
        if columns.len() == schema.fields().len() {
            let name = schema.field(0).name();
            return Err(column_error(name, "no column is left beside those to partition by"));
        }
        let fields = columns.iter().map(|index| schema.field(*index).data_type().clone());
        let rows = RowConverter::new(fields.map(SortField::new).collect()).map_err(Error::other)?;
        Ok(Some(Self {
            schema: Arc::clone(schema),
            columns,
            most_rows,
            rows,
            partitions: HashMap::new(),
            values: Vec::new(),
        }))
    }

    /// The schema without the partition columns.
    pub(super) fn file_schema(&self) -> SchemaRef {
        let kept = self.kept().map(|index| Arc::clone(&self.schema.fields()[index]));
        let metadata = self.schema.metadata().clone();
        Arc::new(Schema::new_with_metadata(kept.collect::<Vec<_>>(), metadata))
    }

    fn kept(&self) -> impl Iterator<Item = usize> {
        (0..self.schema.fields().len()).filter(|index| !self.columns.contains(index))
    }

    /// Takes a batch, and gives the files that are full.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<Vec<Piece>> {
        let mut full = Vec::new();
        for (key, indices) in self.split(batch)? {
            let rows =
                take_record_batch(batch, &UInt32Array::from(indices)).map_err(Error::other)?;
            if !self.partitions.contains_key(&key) {
                self.begin(key.clone(), &rows)?;
            }
            let rows = self.without_values(&rows)?;
            let Some(partition) = self.partitions.get_mut(&key) else { continue };
            for group in partition.groups.push(rows) {
                self.values.push(partition.values.clone());
                full.push((partition.folders.clone(), group));
            }
        }
        while self.waiting() > MOST_WAITING {
            let largest = self.partitions.values_mut().max_by_key(|one| one.groups.bytes());
            let Some(partition) = largest else { break };
            let Some(group) = partition.groups.take() else { break };
            self.values.push(partition.values.clone());
            full.push((partition.folders.clone(), group));
        }
        Ok(full)
    }

    /// What still waits, in the order of the values.
    pub(super) fn rest(&mut self) -> Vec<Piece> {
        let mut partitions: Vec<_> = self.partitions.drain().collect();
        partitions.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut rest = Vec::new();
        for (_, mut partition) in partitions {
            if let Some(group) = partition.groups.take() {
                self.values.push(partition.values);
                rest.push((partition.folders, group));
            }
        }
        rest
    }

    /// The partition columns' values, a row for each file that was given.
    pub(super) fn values(&self) -> Result<RecordBatch> {
        let schema = Arc::new(self.schema.project(&self.columns).map_err(Error::other)?);
        if self.values.is_empty() {
            return Ok(RecordBatch::new_empty(schema));
        }
        let column = |position: usize| {
            let arrays: Vec<_> =
                self.values.iter().map(|values| values[position].as_ref()).collect();
            concat(&arrays).map_err(Error::other)
        };
        let columns = (0..self.columns.len()).map(column).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(schema, columns).map_err(Error::other)
    }

    pub(super) fn into_columns(self) -> Vec<String> {
        self.columns.iter().map(|index| self.schema.field(*index).name().clone()).collect()
    }

    fn waiting(&self) -> usize {
        self.partitions.values().map(|partition| partition.groups.bytes()).sum()
    }

    /// The rows of each partition, in the order in which the partitions first appear.
    fn split(&self, batch: &RecordBatch) -> Result<Vec<(OwnedRow, Vec<u32>)>> {
        let columns: Vec<_> =
            self.columns.iter().map(|index| Arc::clone(batch.column(*index))).collect();
        let rows = self.rows.convert_columns(&columns).map_err(Error::other)?;
        let mut order: Vec<(OwnedRow, Vec<u32>)> = Vec::new();
        let mut known = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            let position = *known.entry(row).or_insert_with(|| {
                order.push((row.owned(), Vec::new()));
                order.len() - 1
            });
            order[position].1.push(u32::try_from(index).map_err(Error::other)?);
        }
        Ok(order)
    }

    fn begin(&mut self, key: OwnedRow, rows: &RecordBatch) -> Result<()> {
        if self.partitions.len() == MOST_PARTITIONS {
            let name = self.schema.field(self.columns[0]).name();
            let message = format!(
                "it and the others of `partition_by` have over {MOST_PARTITIONS} combinations of \
                 values; partition by columns with few"
            );
            return Err(column_error(name, &message));
        }
        let mut folders = Vec::new();
        let mut values = Vec::new();
        for index in &self.columns {
            let value = take(rows.column(*index), &UInt32Array::from(vec![0]), None);
            let value = value.map_err(Error::other)?;
            let text = text(value.as_ref())?;
            folders.push(objects::folder(self.schema.field(*index).name(), text.as_deref())?);
            values.push(value);
        }
        let groups = Groups::new(self.most_rows);
        self.partitions.insert(key, Partition { folders, values, groups });
        Ok(())
    }

    fn without_values(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let kept = self.kept().map(|index| Arc::clone(rows.column(index))).collect();
        let count = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(self.file_schema(), kept, &count).map_err(Error::other)
    }
}

/// Some rows of partition values, and then some of others.
///
/// # Errors
///
/// They are not of the same columns, or have fewer rows.
pub fn joined(
    stored: Option<&RecordBatch>,
    kept: &[usize],
    new: &RecordBatch,
    added: &[usize],
) -> Result<RecordBatch> {
    let rows = |values: &RecordBatch, rows: &[usize]| {
        let rows = rows.iter().map(|row| u32::try_from(*row)).collect::<Result<Vec<_>, _>>();
        let rows = UInt32Array::from(rows.map_err(Error::other)?);
        take_record_batch(values, &rows).map_err(Error::other)
    };
    let mut batches = Vec::new();
    if let Some(stored) = stored {
        batches.push(rows(stored, kept)?);
    }
    batches.push(rows(new, added)?);
    concat_batches(new.schema_ref(), &batches).map_err(Error::other)
}

/// The first value as text, as it stands in the name of a folder.
///
/// # Errors
///
/// The type has no text.
pub fn text(value: &dyn Array) -> Result<Option<String>> {
    if value.logical_nulls().is_some_and(|nulls| nulls.is_null(0)) {
        return Ok(None);
    }
    let options = FormatOptions::new();
    let text = ArrayFormatter::try_new(value, &options).map_err(Error::other)?;
    text.value(0).try_to_string().map(Some).map_err(Error::other)
}

/// Partitions are named by values that have one short text each.
fn check_type(name: &str, data_type: &DataType) -> Result<()> {
    use DataType as D;
    let plain = match data_type {
        D::Dictionary(_, value) => value.as_ref(),
        other => other,
    };
    match plain {
        D::Boolean | D::Date32 | D::Utf8 | D::LargeUtf8 | D::Utf8View => Ok(()),
        integer if integer.is_integer() => Ok(()),
        _ => Err(column_error(
            name,
            &format!(
                "a table is not partitioned by {data_type}: take a column of texts, whole numbers, days (Date32) or truth values"
            ),
        )),
    }
}

/// Repeats the value of one row, for the rows of a file.
pub(super) fn repeated(values: &ArrayRef, row: usize, rows: usize) -> Result<ArrayRef> {
    let row = u32::try_from(row).map_err(Error::other)?;
    take(values, &UInt32Array::from(vec![row; rows]), None).map_err(Error::other)
}
