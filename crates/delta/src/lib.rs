//! The backend `delta` of nuthatch: tables as Delta Lake, which other programs open.
//!
//! Programs depend on the crate `nuthatch` and its feature `delta`.
//!
//! ```text
//! <generation>/value.delta/_delta_log/00000000000000000000.json    what Delta calls the table
//! <generation>/value.delta/part-00000-01JX….parquet                one file, where the table is small
//! <generation>/value.delta/station=SEA/part-00000-01JX….parquet    with `partition_by = ["station"]`
//! <generation>/sums                                                checksums, where they are many
//! ```
//!
//! `deltalake` writes the log; the files are written and read by what the backend `parquet` is made
//! of, so that they are as exact, as checked and as fast. The manifest names the files and the
//! version of the table that is the entry: readers of nuthatch never follow the log, so another
//! version beside it does not disturb them.
//!
//! | file | holds |
//! |---|---|
//! | `types` | which type of Delta holds each type of Arrow |
//! | `write` | a new table |
//! | `open` | a stored table, with its log checked |
//! | `upsert` | new rows merged into a stored table: its next version |
//! | `adds` | files as the log names them |
//! | `stats` | what the log says of a file's columns |
//! | `log` | the log itself, by `deltalake` |

mod adds;
mod log;
mod open;
mod stats;
mod types;
mod upsert;
mod write;

#[cfg(test)]
mod tests;

use std::any::type_name;
use std::sync::Arc;

use futures::future::BoxFuture;
use nuthatch_core::Result;
use nuthatch_core::backend::{Backend, Source, Target, Written, copy_summed};
use nuthatch_core::time::TimeRange;
use nuthatch_table::Table;

/// The backend's name.
const NAME: &str = "delta";

/// Stores any [`Table`] as a table of Delta Lake.
///
/// What is read is what was written, with the Arrow schema and its metadata: a type that Delta
/// lacks is written as one that holds all its values, and comes back as it was. What cannot be
/// held is an error that names the column. Rows come back in their order, and a `Vec<RecordBatch>`
/// in its batches; with `partition_by`, and after an upsert, neither is promised.
///
/// Delta's times are in microseconds. Times of another unit are held as those where every value is
/// a whole one within their range, and else as counts, `long` to other programs. The rows of a plan
/// are not known before they are written, so that all but its microseconds are held as counts: cast
/// them to microseconds where others are to read times.
///
/// # Options
///
/// | option | is | default |
/// |---|---|---|
/// | `partition_by` | columns whose values become partitions | none |
/// | `compression_level` | of zstd, 1 to 22 | 1 |
/// | `row_group_rows` | the most rows of a row group, of which a reader skips those without a time that was asked for | 262,144 |
/// | `part_bytes` | about how large a file gets before the next one begins | 512 MiB |
#[derive(Debug, Clone, Copy, Default)]
pub struct Delta;

impl<T: Table> Backend<T> for Delta {
    fn name(&self) -> &'static str {
        NAME
    }

    /// None: files describe themselves.
    fn type_shape(&self) -> Option<String> {
        None
    }

    fn write<'a>(&'a self, value: &'a T, target: &'a Target) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let rows = value.rows().await?;
            write::write(rows, target, type_name::<T>()).await
        })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let scan = open::open(source, type_name::<T>()).await?.scan;
            T::from_scan(Arc::new(scan)).await
        })
    }

    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        Box::pin(copy_summed(source, target, ""))
    }

    /// Row groups without a time within are not read.
    fn read_within<'a>(
        &'a self,
        source: &'a Source,
        within: &'a TimeRange,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move {
            let scan = open::open(source, type_name::<T>()).await?.scan;
            T::from_scan(Arc::new(scan.within(within).await?)).await
        })
    }

    fn weigh(&self, value: &T) -> u64 {
        value.weigh()
    }

    fn can_upsert(&self) -> bool {
        true
    }

    /// Where the columns stay as they are, the table gets a next version, by Delta's own merge:
    /// files with a row that is replaced are written anew. Else, and where many versions or much of
    /// what is no longer used have come together, the merged rows are a new table.
    fn upsert<'a>(
        &'a self,
        value: &'a T,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let rows = value.rows().await?;
            upsert::upsert(rows, keys, base, target, type_name::<T>()).await
        })
    }
}
