//! A stored table.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use nuthatch_core::backend::{Shown, Source};
use nuthatch_core::store::Verified;
use nuthatch_core::{Error, Result};
use object_store::ObjectStore;
use object_store::path::Path;

use super::decode::{Decoder, Unit};
use super::fetch::{Fetched, Object};
use super::objects;
use super::partition::repeated;
use super::record::Record;
use super::select::{Selection, groups, is_left_out};
use crate::failure::{backend_error, column_error, unreadable_record};
use crate::schema::{decoded_as, retype, rows_a_small_key_numbers, schema_as, unpack};
use crate::table::Scan;

/// How many small files are opened at a time, where a store has to be waited for.
const OPENED: usize = 8;

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

pub(super) struct Stored {
    store: Arc<dyn ObjectStore>,
    shown: Shown,
    pub(super) schema: SchemaRef,
    /// Where each column of the schema is.
    pub(super) columns: Vec<Place>,
    /// The schema of the files.
    file_schema: SchemaRef,
    rows: u64,
    pub(super) parts: Vec<Part>,
    batches: Option<Vec<(u64, u64)>>,
    /// The partition columns, a row for each file.
    pub(super) partitions: Option<RecordBatch>,
    type_name: &'static str,
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

impl ParquetScan {
    /// The table that a manifest's record describes.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] where the record cannot be read or its checksums are gone.
    pub async fn open(source: &Source, type_name: &'static str) -> Result<Self> {
        let shown = &source.shown;
        let record = Record::read(source)?;
        let sums = record.sums.clone();
        let sums = sums.load(source.store.as_ref(), &source.prefix, &shown.to_string()).await?;
        let store: Arc<dyn ObjectStore> =
            Arc::new(Verified::new(Arc::clone(&source.store), source.prefix.clone(), sums));
        let schema = Arc::new(unreadable_record(unpack(&record.schema), shown)?);
        let partitions = record.partitions.as_ref().map(|partitions| partitions.values());
        let partitions = unreadable_record(partitions.transpose(), shown)?;
        let names = record.partitions.map(|partitions| partitions.columns).unwrap_or_default();
        let (columns, file_schema) = places(&schema, &names);
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
            columns,
            file_schema,
            rows: record.rows,
            parts,
            batches: record.batches,
            partitions,
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

    /// The schema of the files: without the columns that were partitioned by.
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

/// Which columns are in the files, and which in the names of their folders.
fn places(schema: &Schema, partition_by: &[String]) -> (Vec<Place>, SchemaRef) {
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
    /// All columns, or those that are named.
    pub(super) fn wanted(&self, columns: Option<Vec<usize>>) -> Result<Wanted> {
        let columns = columns.unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns).map_err(Error::other)?);
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
        Ok(Wanted { schema, places, in_files })
    }

    /// A file's decoder, and all its bytes where it is small.
    pub(super) async fn decoder(&self, part: &Part) -> Result<(Decoder, Option<Bytes>)> {
        if let Some(decoder) = part.decoder.get() {
            return Ok((decoder.clone(), None));
        }
        let (footer, bytes) = part.object.open().await?;
        let decoder = Decoder::new(Arc::new(footer), &self.file_schema)
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
                super::NAME,
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
            columns.and_then(|columns| batch(&decoded_schema(&wanted.schema), columns, unit.rows));
        batch.map_err(|error| object.no_table(&error.to_string()))
    }

    /// All rows in few chunks, with the types that columns are decoded as.
    async fn chunks(
        self: &Arc<Self>,
        wanted: &Wanted,
        selected: Option<&Selection>,
    ) -> Result<Vec<RecordBatch>> {
        // Those without rows as well: that one is gone is not to go unnoticed.
        let parts = (0..self.parts.len()).filter(|file| !is_left_out(selected, *file));
        let opening: Vec<_> = parts.map(|index| Arc::clone(self).opened(index)).collect();
        let mut opened = stream::iter(opening).buffered(OPENED);
        let mut chunks = Vec::new();
        while let Some((index, decoder, bytes)) = opened.try_next().await? {
            for unit in decoder.units(&groups(selected, index, &decoder)) {
                chunks.push(self.read(index, &decoder, bytes.as_ref(), &unit, wanted).await?);
            }
        }
        Ok(chunks)
    }

    async fn opened(self: Arc<Self>, index: usize) -> Result<(usize, Decoder, Option<Bytes>)> {
        let (decoder, bytes) = self.decoder(&self.parts[index]).await?;
        Ok((index, decoder, bytes))
    }

    /// The batches that were stored, out of the rows of `chunks`.
    fn as_stored(
        &self,
        chunks: Vec<RecordBatch>,
        selected: Option<&Selection>,
    ) -> Result<Vec<RecordBatch>> {
        let Some(runs) = &self.batches else { return Ok(chunks) };
        let lengths = runs.iter().flat_map(|(rows, count)| (0..*count).map(|_| *rows));
        let mut lengths: Vec<_> = lengths.collect();
        if let Some(selected) = selected {
            lengths = self.kept_lengths(&lengths, selected)?;
        }
        let mut batches = Vec::new();
        let mut rest = Chunks { chunks: chunks.into_iter(), current: None };
        let schema = decoded_schema(&self.schema);
        for length in lengths {
            let length = usize::try_from(length).map_err(Error::other)?;
            batches.push(if self.schema.fields().is_empty() {
                batch(&self.schema, Vec::new(), length)?
            } else {
                rest.take(&schema, length)?
            });
        }
        Ok(batches)
    }

    /// A batch with the types that were stored.
    fn restored(&self, decoded: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        let columns = schema.fields().iter().zip(decoded.columns());
        let columns = columns.map(|(field, column)| {
            retype(column, field.data_type()).map_err(|error| {
                let message = format!(
                    "{error} (as {} of {} rows; a `Vec<RecordBatch>` comes back in the batches \
                     that were stored)",
                    field.data_type(),
                    column.len()
                );
                let error = column_error(field.name(), &message);
                backend_error(super::NAME, "decode", self.type_name, error)
            })
        });
        batch(schema, columns.collect::<Result<_>>()?, decoded.num_rows())
    }
}

/// Which columns are read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    schema: SchemaRef,
    places: Vec<Place>,
    /// The columns of the files, in their order.
    in_files: Vec<usize>,
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
                let rows = usize::try_from(table.rows).map_err(Error::other)?;
                return batch(&table.schema, Vec::new(), rows);
            }
            let whole = match chunks.as_slice() {
                [chunk] => chunk.clone(),
                chunks => {
                    concat_batches(&decoded_schema(&table.schema), chunks).map_err(|error| {
                        backend_error(super::NAME, "decode", table.type_name, error)
                    })?
                }
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

/// The rows of one file, a row group in memory at a time.
async fn groups_of(
    table: Arc<Stored>,
    wanted: Arc<Wanted>,
    selected: Option<Selection>,
    index: usize,
    most: usize,
) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let (decoder, bytes) = table.decoder(&table.parts[index]).await?;
    let groups = groups(selected.as_ref(), index, &decoder);
    let units: Vec<_> = groups.into_iter().flat_map(|group| decoder.units(&[group])).collect();
    let read = move |unit: Unit| {
        let (table, wanted) = (Arc::clone(&table), Arc::clone(&wanted));
        let (decoder, bytes) = (decoder.clone(), bytes.clone());
        async move {
            let group = table.read(index, &decoder, bytes.as_ref(), &unit, &wanted).await?;
            let starts = (0..group.num_rows()).step_by(most);
            let slices = starts.map(move |start| {
                let rows = group.slice(start, most.min(group.num_rows() - start));
                table.restored(&rows, &wanted.schema)
            });
            Ok::<_, Error>(stream::iter(slices))
        }
    };
    Ok(stream::iter(units).then(read).try_flatten().boxed())
}

/// Rows that are taken off the front of some chunks.
struct Chunks {
    chunks: std::vec::IntoIter<RecordBatch>,
    current: Option<RecordBatch>,
}

impl Chunks {
    /// The next rows. Within one chunk they are not copied.
    fn take(&mut self, schema: &SchemaRef, rows: usize) -> Result<RecordBatch> {
        let mut taken = Vec::new();
        let mut left = rows;
        while left > 0 {
            let Some(chunk) = self.current.take().or_else(|| self.chunks.next()) else {
                return Err(Error::other("the files have fewer rows than the manifest says"));
            };
            let now = left.min(chunk.num_rows());
            taken.push(chunk.slice(0, now));
            left -= now;
            if now < chunk.num_rows() {
                self.current = Some(chunk.slice(now, chunk.num_rows() - now));
            }
        }
        match taken.as_slice() {
            [one] => Ok(one.clone()),
            several => concat_batches(schema, several).map_err(Error::other),
        }
    }
}

/// The schema with the types that columns are decoded as.
fn decoded_schema(schema: &SchemaRef) -> SchemaRef {
    schema_as(schema, decoded_as)
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(Error::other)
}

fn missing() -> Error {
    Error::other("a column is not where the manifest says")
}
