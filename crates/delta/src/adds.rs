//! Files as the log names them.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use deltalake::kernel::Add;
use nuthatch_core::{Error, Result};
use nuthatch_table::arrow_array::{Array, RecordBatch};
use nuthatch_table::parquet::{PartRecord, text};

use crate::log::FOLDER;
use crate::types::advised;

/// The files of a table; `partitions` are the columns that it is partitioned by, a row for each.
pub(crate) fn adds(parts: &[PartRecord], partitions: Option<&RecordBatch>) -> Result<Vec<Add>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let modification_time = i64::try_from(now).map_err(Error::other)?;
    let adds = parts.iter().enumerate().map(|(file, part)| {
        let path = part.name.strip_prefix(FOLDER).and_then(|name| name.strip_prefix('/'));
        let path =
            path.ok_or_else(|| Error::other(format!("{} is no file of Delta", part.name)))?;
        Ok(Add {
            path: path.to_owned(),
            partition_values: partition_values(partitions, file)?,
            size: i64::try_from(part.bytes).map_err(Error::other)?,
            modification_time,
            data_change: true,
            stats: Some(format!("{{\"numRecords\":{}}}", part.rows)),
            ..Add::default()
        })
    });
    adds.collect()
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
