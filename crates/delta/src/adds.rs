//! Files as the log names them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow_cast::cast;
use arrow_schema::{DataType, FieldRef, Fields, Schema, SchemaRef};
use deltalake::kernel::Add;
use nuthatch_core::{Error, Result};
use nuthatch_table::arrow_array::cast::AsArray;
use nuthatch_table::arrow_array::{Array, ArrayRef, RecordBatch};
use nuthatch_table::parquet::{Files, text};
use nuthatch_table::schema::Carried;

use crate::log::FOLDER;
use crate::stats::stats;
use crate::types::{advised, plain_schema};

/// The files of a table.
pub(crate) fn adds(files: &Files) -> Result<Vec<Add>> {
    let partitions = files.partitions.as_ref().map(|(_, values)| values);
    let schema = of_files(&files.carried, partitions);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let modification_time = i64::try_from(now).map_err(Error::other)?;
    let adds = files.parts.iter().enumerate().map(|(file, part)| {
        let footer = files.footers.get(file).and_then(Option::as_deref);
        let path = part.name.strip_prefix(FOLDER).and_then(|name| name.strip_prefix('/'));
        let path =
            path.ok_or_else(|| Error::other(format!("{} is no file of Delta", part.name)))?;
        Ok(Add {
            path: path.to_owned(),
            partition_values: partition_values(partitions, file)?,
            size: i64::try_from(part.bytes).map_err(Error::other)?,
            modification_time,
            data_change: true,
            stats: Some(stats(part.rows, footer, &schema)),
            ..Add::default()
        })
    });
    adds.collect()
}

/// The columns that are in files, which those of partitions are not: a file's columns are known by
/// their place.
fn of_files(carried: &Carried, partitions: Option<&RecordBatch>) -> SchemaRef {
    let schema = plain_schema(carried);
    let Some(partitions) = partitions else { return schema };
    let is_there = |field: &&FieldRef| partitions.column_by_name(field.name()).is_none();
    let fields = schema.fields().iter().filter(is_there);
    Arc::new(Schema::new(fields.cloned().collect::<Fields>()))
}

fn partition_values(
    partitions: Option<&RecordBatch>,
    file: usize,
) -> Result<HashMap<String, Option<String>>> {
    let Some(partitions) = partitions else { return Ok(HashMap::new()) };
    let schema = partitions.schema();
    let columns = schema.fields().iter().zip(partitions.columns());
    let values = columns.map(|(field, column)| {
        // A table without rows has a file all the same, which belongs to no partition.
        let value = match file < column.len() {
            true => text(column.slice(file, 1).as_ref())?,
            false => None,
        };
        match value.as_deref() {
            Some("") => Err(nameless(field.name())),
            _ => Ok((field.name().clone(), value)),
        }
    });
    values.collect()
}

/// Refuses rows of a partition that has no name, where they are known before they are written.
pub(crate) fn check_partitions(batches: &[RecordBatch], partition_by: &[String]) -> Result<()> {
    for name in partition_by {
        for column in batches.iter().filter_map(|batch| batch.column_by_name(name)) {
            if has_empty(column)? {
                return Err(nameless(name));
            }
        }
    }
    Ok(())
}

fn has_empty(column: &ArrayRef) -> Result<bool> {
    let data_type = match column.data_type() {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    if !matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return Ok(false);
    }
    let texts = cast(column, &DataType::Utf8View).map_err(Error::other)?;
    Ok(texts.as_string_view().iter().flatten().any(str::is_empty))
}

fn nameless(column: &str) -> Error {
    advised(&format!(
        "column {column:?}: a partition is not named by an empty text, which Delta reads as none"
    ))
}
