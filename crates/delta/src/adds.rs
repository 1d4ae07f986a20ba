//! Files as the log names them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow_schema::{FieldRef, Fields, Schema, SchemaRef};
use deltalake::kernel::Add;
use nuthatch_core::{Error, Result};
use nuthatch_table::arrow_array::{Array, RecordBatch};
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
        if value.as_deref() == Some("") {
            let name = field.name();
            return Err(advised(&format!(
                "column {name:?}: a partition is not named by an empty text, which Delta reads as \
                 none"
            )));
        }
        Ok((field.name().clone(), value))
    });
    values.collect()
}
