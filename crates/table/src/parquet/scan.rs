//! A stored table: what the manifest says of it, and its rows as they are asked for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use nuthatch_core::Result;
use nuthatch_core::backend::Source;
use nuthatch_core::store::{Sums, Verified};
use object_store::ObjectStore;
use object_store::path::Path;

use super::fetch::Object;
use super::objects;
use super::record::Record;
use super::select::{Selection, is_left_out};
use super::stored::{Part, Stored, batch, decoded_schema, places};
use super::streamed::groups_of;
use crate::failure::{backend_error, unreadable_record};
use crate::schema::{Carried, rows_a_small_key_numbers, unpack};
use crate::table::Scan;

/// The most rows in a batch of a stream.
const STREAMED: usize = 8192;

/// A table that the backend `parquet` has stored. Clones share what was read of footers.
#[derive(Clone)]
pub struct ParquetScan {
    pub(super) table: Arc<Stored>,
    /// The row groups that are read; none where all are.
    pub(super) selected: Option<Selection>,
}

impl fmt::Debug for ParquetScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetScan")
            .field("table", &self.table.shown.to_string())
            .field("rows", &self.table.rows)
            .field("files", &self.table.parts.len())
            .finish_non_exhaustive()
    }
}

/// One file of a stored table.
#[derive(Debug, Clone)]
pub struct ParquetFile {
    /// Its path in [`ParquetScan::store`].
    pub path: Path,
    /// Its length.
    pub bytes: u64,
    /// How many rows it has.
    pub rows: u64,
}

impl ParquetScan {
    /// The table that a manifest's record describes.
    ///
    /// # Errors
    ///
    /// [`Damaged`](nuthatch_core::Error::Damaged) where the record cannot be read or its checksums
    /// are gone.
    pub async fn open(
        source: &Source,
        backend: &'static str,
        type_name: &'static str,
    ) -> Result<Self> {
        let record = Record::read(source)?;
        let sums = record.load_sums(source).await?;
        Self::of_record(source, record, sums, backend, type_name)
    }

    /// As [`open`](Self::open), with what was read of the manifest's record.
    ///
    /// # Errors
    ///
    /// [`Damaged`](nuthatch_core::Error::Damaged) where the record cannot be read.
    pub fn of_record(
        source: &Source,
        record: Record,
        sums: Sums,
        backend: &'static str,
        type_name: &'static str,
    ) -> Result<Self> {
        let shown = &source.shown;
        let store = Verified::new(Arc::clone(&source.store), source.prefix.clone(), sums);
        let store: Arc<dyn ObjectStore> = Arc::new(store.verify(source.verify));
        let schema = Arc::new(unreadable_record(unpack(&record.schema), shown)?);
        let partitions = record.partitions.as_ref().map(|partitions| partitions.values());
        let partitions = unreadable_record(partitions.transpose(), shown)?;
        let names = record.partitions.map(|partitions| partitions.columns).unwrap_or_default();
        let written = record.written.as_deref().map(unpack).transpose();
        let written = unreadable_record(written, shown)?.map(Arc::new);
        let plain = written.is_some();
        let carried = match written {
            Some(written) => Carried::new(Arc::clone(&schema), written),
            None => Ok(Carried::as_is(&schema)),
        };
        let carried = unreadable_record(carried, shown)?;
        let (columns, file_schema) = places(carried.written(), &names);
        let mut parts = Vec::new();
        for part in record.parts {
            let object = Object {
                store: Arc::clone(&store),
                path: objects::path(&source.prefix, &part.name)?,
                name: part.name,
                bytes: part.bytes,
                shown: shown.clone(),
                immediate: source.immediate,
            };
            parts.push(Part { object, rows: part.rows, decoder: OnceLock::new() });
        }
        let table = Stored {
            store,
            shown: shown.clone(),
            schema,
            carried,
            columns,
            file_schema,
            plain,
            rows: record.rows,
            parts,
            batches: record.batches,
            partitions,
            backend,
            type_name,
        };
        Ok(Self { table: Arc::new(table), selected: None })
    }

    /// The store that shows exactly the files of this table and checks what is read of them.
    #[must_use]
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.table.store)
    }

    /// The files, in the order of their rows.
    pub fn files(&self) -> impl Iterator<Item = ParquetFile> {
        self.table.parts.iter().map(|part| ParquetFile {
            path: part.object.path.clone(),
            bytes: part.object.bytes,
            rows: part.rows,
        })
    }

    /// The types that the columns were written as.
    #[must_use]
    pub fn carried(&self) -> &Carried {
        &self.table.carried
    }

    /// The schema of the files: the types that were written, without the columns that were
    /// partitioned by.
    #[must_use]
    pub fn file_schema(&self) -> SchemaRef {
        Arc::clone(&self.table.file_schema)
    }

    /// The columns that were partitioned by, a row for each file; none where there are none.
    #[must_use]
    pub fn partition_values(&self) -> Option<&RecordBatch> {
        self.table.partitions.as_ref()
    }
}

impl Scan for ParquetScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table.schema)
    }

    fn row_count(&self) -> Option<u64> {
        // Of some files that are read in part, the row groups are not known yet.
        self.selected.is_none().then_some(self.table.rows)
    }

    fn collect(&self) -> BoxFuture<'_, Result<Vec<RecordBatch>>> {
        Box::pin(async move {
            let table = &self.table;
            let selected = self.selected.as_ref();
            let chunks = table.chunks(&table.wanted(None)?, selected).await?;
            let batches = table.as_stored(chunks, selected)?;
            batches.iter().map(|batch| table.restored(batch, &table.schema)).collect()
        })
    }

    fn whole(&self) -> BoxFuture<'_, Result<RecordBatch>> {
        Box::pin(async move {
            let table = &self.table;
            let chunks = table.chunks(&table.wanted(None)?, self.selected.as_ref()).await?;
            if table.schema.fields().is_empty() {
                return batch(&table.schema, Vec::new(), table.row_count()?);
            }
            let whole = match chunks.as_slice() {
                [chunk] => chunk.clone(),
                chunks => concat_batches(&decoded_schema(table.carried.written()), chunks)
                    .map_err(|error| {
                        backend_error(table.backend, "decode", table.type_name, error)
                    })?,
            };
            table.restored(&whole, &table.schema)
        })
    }

    fn stream(&self, columns: Option<Vec<usize>>) -> BoxStream<'static, Result<RecordBatch>> {
        let table = Arc::clone(&self.table);
        let wanted = match table.wanted(columns) {
            Ok(wanted) => Arc::new(wanted),
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        if table.schema.fields().is_empty() {
            let scan = self.clone();
            return stream::once(async move { scan.whole().await }).boxed();
        }
        let most = rows_a_small_key_numbers(&wanted.schema).min(STREAMED);
        let selected = self.selected.clone();
        let files: Vec<_> =
            (0..table.parts.len()).filter(|file| !is_left_out(selected.as_ref(), *file)).collect();
        stream::iter(files)
            .then(move |index| {
                let (table, wanted) = (Arc::clone(&table), Arc::clone(&wanted));
                groups_of(table, wanted, selected.clone(), index, most)
            })
            .try_flatten()
            .boxed()
    }
}
