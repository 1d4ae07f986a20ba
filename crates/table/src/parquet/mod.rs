//! The backend `parquet`: a table as Parquet files that any other program reads too.
//!
//! ```text
//! <generation>/value.parquet/part-00000.parquet                one file, where the table is small
//! <generation>/value.parquet/station=SEA/part-00000.parquet    with `partition_by = ["station"]`
//! <generation>/sums                                            checksums, where they are many
//! ```
//!
//! The manifest names the files, so that none is ever looked for by listing; it holds the Arrow
//! schema, which Parquet's own says less than; and it holds checksums of every 256 KiB, because
//! the `parquet` crate writes and checks none.
//!
//! | file | holds |
//! |---|---|
//! | `options` | `backend_options(…)` |
//! | `record` | what the manifest says of a table |
//! | `objects` | the names of objects |
//! | `write` | rows into parts, in order |
//! | `groups` | rows into row groups |
//! | `encodings` | how each column is encoded, as its values say |
//! | `part` | one file: columns encoded on all cores |
//! | `upload` | bytes into an object |
//! | `partition` | rows by the values of some columns |
//! | `scan` | a stored table: [`ParquetScan`] |
//! | `stored` | its files: where each column is, and how a unit of one is read |
//! | `gathered` | all its rows, in the batches that were stored |
//! | `streamed` | its rows, a row group in memory at a time |
//! | `bounds` | files and row groups that an engine's filter rules out: [`Bounds`] |
//! | `select` | the row groups that are read |
//! | `fetch` | bytes from an object: whole, or the chunks that are needed |
//! | `decode` | row groups into columns, on all cores |
//! | `upsert` | new rows merged into stored ones |

mod bounds;
mod decode;
mod encodings;
mod fetch;
mod gathered;
mod groups;
mod objects;
mod options;
mod part;
mod partition;
mod record;
mod scan;
mod select;
mod stored;
mod streamed;
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

pub use parquet::file::metadata::ParquetMetaData;

pub use self::bounds::Bounds;
pub use self::objects::Naming;
pub use self::options::Options;
pub use self::partition::{joined, text};
pub use self::record::{PartRecord, Partitions, Record};
pub use self::scan::{ParquetFile, ParquetScan};
pub use self::upsert::Merge;
pub use self::write::{Destination, Files, write_files};
use crate::table::Table;

/// The backend's name.
const NAME: &str = "parquet";

/// Stores any [`Table`] as Parquet files.
///
/// What is read is what was written, with the Arrow schema and its metadata: a type that Parquet
/// does not hold is an error before anything is written, which names the column. Rows come back in
/// their order, and a `Vec<RecordBatch>` in its batches; with `partition_by`, and after an upsert,
/// neither is promised.
///
/// # Options
///
/// | option | is | default |
/// |---|---|---|
/// | `partition_by` | columns whose values become folders, as Hive names them | none |
/// | `compression_level` | of zstd, 1 to 22 | 1 |
/// | `row_group_rows` | the most rows of a row group, of which a reader skips those without a time that was asked for | 262,144 |
/// | `part_bytes` | about how large a file gets before the next one begins | 512 MiB |
#[derive(Debug, Clone, Copy, Default)]
pub struct Parquet;

impl<T: Table> Backend<T> for Parquet {
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
            let scan = ParquetScan::open(source, NAME, type_name::<T>()).await?;
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
            let scan = ParquetScan::open(source, NAME, type_name::<T>()).await?;
            T::from_scan(Arc::new(scan.within(within).await?)).await
        })
    }

    fn weigh(&self, value: &T) -> u64 {
        value.weigh()
    }

    fn can_upsert(&self) -> bool {
        true
    }

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
