//! A new table.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use nuthatch_core::backend::{Target, Written};
use nuthatch_core::entry::Extent;
use nuthatch_core::error::BoxError;
use nuthatch_core::store::Recording;
use nuthatch_core::{Error, Result};
use nuthatch_table::Rows;
use nuthatch_table::arrow_array::RecordBatch;
use nuthatch_table::parquet::{Destination, Naming, Options, Record, write_files};
use nuthatch_table::schema::Carried;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::adds::{adds, check_partitions};
use crate::log::{FOLDER, Log};
use crate::types::Known;
use crate::{NAME, types};

/// What the manifest says of a table of Delta, beside what it says of its files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pinned {
    /// The version of the table that is the entry.
    pub(crate) version: u64,
    /// The bytes of files that earlier versions used and this one does not.
    #[serde(default)]
    pub(crate) unused: u64,
    /// The time that the rows cover, where one column alone tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Extent>,
}

pub(crate) async fn write(
    rows: Rows<'_>,
    target: &Target,
    type_name: &'static str,
) -> Result<Written> {
    let options = Options::read(&target.options)?;
    let cannot = |error| of_value(error, "encode", type_name);
    let (rows, at_hand) = at_hand(rows).await?;
    check_partitions(at_hand.as_deref().unwrap_or_default(), options.partition_by())
        .map_err(cannot)?;
    let known = at_hand.as_deref().map_or(Known::Nothing, Known::All);
    let carried = types::carried(&rows.schema, known).map_err(cannot)?;
    write_as(rows, carried, target, options, type_name).await
}

/// A new table, held like this.
pub(crate) async fn write_as(
    rows: Rows<'_>,
    carried: Carried,
    target: &Target,
    options: Options,
    type_name: &'static str,
) -> Result<Written> {
    let cannot = |error| of_value(error, "encode", type_name);
    let schema = types::of_log(&carried).map_err(cannot)?;
    let naive_times = types::has_naive_times(&carried);
    let destination = destination(target, target, options, type_name);
    let files = write_files(rows, carried, &destination).await?;
    let columns = files.partitions.as_ref().map(|(columns, _)| columns.clone());
    let adds = adds(&files).map_err(cannot)?;
    let log = Log::new(Arc::new(destination.store.clone()), &target.prefix, &target.shown);
    let version = log.create(schema, naive_times, columns.unwrap_or_default(), adds).await?;
    let pinned = Pinned { version, unused: 0, time: files.extent.clone() };
    let sums = destination.store.sums();
    let bytes = sums.bytes();
    written(files.into_record(sums, target, None).await?, pinned, bytes)
}

/// The rows, and all of them again where they are in memory already.
async fn at_hand(rows: Rows<'_>) -> Result<(Rows<'_>, Option<Vec<RecordBatch>>)> {
    if !rows.at_hand {
        return Ok((rows, None));
    }
    let batches: Vec<_> = rows.batches.try_collect().await?;
    let again = stream::iter(batches.clone().into_iter().map(Ok)).boxed();
    Ok((Rows { batches: again, ..rows }, Some(batches)))
}

/// Files below `folder`'s prefix, with names that no other writer gives: those of `target`'s
/// generation, which is this writer's own.
pub(crate) fn destination<'a>(
    folder: &'a Target,
    target: &Target,
    options: Options,
    type_name: &'static str,
) -> Destination<'a> {
    Destination {
        backend: NAME,
        type_name,
        target: folder,
        store: Recording::new(Arc::clone(&folder.store), folder.prefix.clone()),
        naming: Naming { folder: FOLDER, token: Some(token(target)) },
        options,
    }
}

/// What is this writer's alone.
pub(crate) fn token(target: &Target) -> String {
    let generation = target.prefix.filename().unwrap_or_default();
    generation.to_lowercase()
}

/// What is said of a value that cannot be held.
pub(crate) fn of_value(error: Error, doing: &'static str, type_name: &'static str) -> Error {
    let backend = NAME.to_owned();
    let of_value = |source: BoxError| Error::Backend { backend, doing, type_name, source };
    match error {
        Error::Other(error) => of_value(error),
        error => error,
    }
}

/// What the manifest will say.
pub(crate) fn written(record: Record, pinned: Pinned, bytes: u64) -> Result<Written> {
    let time_extent = pinned.time.clone();
    let mut details: Map<String, Value> = record.into_written()?.details;
    if let Value::Object(pinned) = serde_json::to_value(pinned).map_err(Error::other)? {
        details.extend(pinned);
    }
    Ok(Written { bytes, details, time_extent, ..Written::default() })
}
