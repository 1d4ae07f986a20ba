//! Rows into parts, in their order.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use futures::StreamExt;
use nuthatch_core::backend::{Target, Written};
use nuthatch_core::entry::Extent;
use nuthatch_core::store::{Recording, Sums, Upload};
use nuthatch_core::{Error, Result, runtime};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;

use super::encodings;
use super::groups::Groups;
use super::objects::{self, Naming};
use super::options::Options;
use super::part::Part;
use super::partition::Partitioner;
use super::record::{PartRecord, Partitions, Record, run_lengths};
use crate::failure::{backend_error, store_error};
use crate::schema::{Carried, check_held, check_values, pack, schema_as, written_as};
use crate::table::Rows;
use crate::time::{Extending, TimeColumn};

/// Sums of up to this many bytes lie in the manifest.
const INLINE_SUMS: usize = 16 << 10;

pub(super) async fn write(
    rows: Rows<'_>,
    target: &Target,
    type_name: &'static str,
) -> Result<Written> {
    let carried = Carried::as_is(&rows.schema);
    let destination = Destination {
        backend: super::NAME,
        type_name,
        target,
        store: Recording::new(Arc::clone(&target.store), target.prefix.clone()),
        naming: Naming::PARQUET,
        options: Options::read(&target.options)?,
    };
    let files = write_files(rows, carried, &destination).await?;
    let extent = files.extent.clone();
    let record = files.into_record(destination.store.sums(), target, None).await?;
    Ok(Written { time_extent: extent, ..record.into_written()? })
}

/// Where files are written, and how.
#[derive(Debug)]
pub struct Destination<'a> {
    /// The name of the backend, for errors.
    pub backend: &'static str,
    /// The Rust type that is stored, for errors.
    pub type_name: &'static str,
    /// The prefix below which they are written.
    pub target: &'a Target,
    /// What records their checksums.
    pub store: Recording,
    /// Their names.
    pub naming: Naming,
    /// Partitions, row groups and the like.
    pub options: Options,
}

/// Files that were written.
#[derive(Debug, Clone)]
pub struct Files {
    /// The columns, as they were stored and as they were written.
    pub carried: Carried,
    /// The files, in the order of the rows.
    pub parts: Vec<PartRecord>,
    /// Their footers, where these are at hand.
    pub footers: Vec<Option<Arc<ParquetMetaData>>>,
    /// How many rows there are.
    pub rows: u64,
    /// The rows of each batch, where that is kept.
    pub batches: Option<Vec<u64>>,
    /// What the files leave out: the columns that were partitioned by, and a row for each file.
    pub partitions: Option<(Vec<String>, RecordBatch)>,
    /// The time that the rows cover, where one column alone tells it.
    pub extent: Option<Extent>,
}

/// Writes rows as files, in their order, each column as `carried` says.
///
/// # Errors
///
/// A type, a name or a value that cannot be written, which names its column; or the store cannot
/// be written.
pub async fn write_files(
    mut rows: Rows<'_>,
    carried: Carried,
    destination: &Destination<'_>,
) -> Result<Files> {
    let cannot = |error| cannot_write(error, destination);
    let schema = Arc::clone(carried.written());
    check_held(&schema).map_err(cannot)?;
    let options = &destination.options;
    let partitioner =
        Partitioner::new(&schema, &options.partition_by, options.row_group_rows).map_err(cannot)?;
    let keep_batches = rows.keep_batches && partitioner.is_none();
    let mut writing = Writing::new(destination, carried, partitioner);
    let written = writing.write_all(&mut rows, keep_batches).await;
    match written {
        Ok(()) => writing.finish(),
        Err(error) => {
            writing.abort().await;
            Err(cannot(error))
        }
    }
}

impl Files {
    /// What a manifest says of them. Checksums that are many are written below the folder of that
    /// name, or below the prefix itself.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    pub async fn into_record(
        self,
        sums: Sums,
        target: &Target,
        sums_below: Option<String>,
    ) -> Result<Record> {
        let prefix = match &sums_below {
            Some(folder) => objects::path(&target.prefix, folder)?,
            None => target.prefix.clone(),
        };
        let shown = target.shown.to_string();
        let sums = sums.store(target.store.as_ref(), &prefix, INLINE_SUMS, &shown).await?;
        let Carried { stored, written, .. } = &self.carried;
        let partitions = self.partitions.map(|(columns, values)| Partitions::new(columns, &values));
        Ok(Record {
            format: Record::format(),
            schema: pack(stored)?,
            written: (!Arc::ptr_eq(stored, written)).then(|| pack(written)).transpose()?,
            rows: self.rows,
            parts: self.parts,
            batches: self.batches.as_deref().map(run_lengths),
            partitions: partitions.transpose()?,
            sums,
            sums_below,
        })
    }
}

/// Errors of the rows themselves are those of the value; a store's stay what they are.
fn cannot_write(error: Error, destination: &Destination<'_>) -> Error {
    match error {
        Error::Other(error) => {
            backend_error(destination.backend, "encode", destination.type_name, error)
        }
        error => error,
    }
}

/// A table on its way.
struct Writing<'a> {
    destination: &'a Destination<'a>,
    carried: Carried,
    properties: WriterProperties,
    /// The schema of the files: what is written, without the columns of the partitions.
    schema: SchemaRef,
    /// Whether files say nothing of Arrow: their types are those of another format.
    plain: bool,
    groups: Groups,
    partitioner: Option<Partitioner>,
    open: Option<Open>,
    done: Vec<PartRecord>,
    footers: Vec<Option<Arc<ParquetMetaData>>>,
    /// How many rows have come: files without columns count none.
    rows: u64,
    /// The rows of each batch, where that is to be kept.
    batches: Option<Vec<u64>>,
    /// The time that the rows cover, where one column alone tells it.
    extent: Option<Extending>,
}

/// The file that is being written.
struct Open {
    name: String,
    part: Part,
    upload: Upload,
    bytes: u64,
}

impl<'a> Writing<'a> {
    fn new(
        destination: &'a Destination<'a>,
        carried: Carried,
        partitioner: Option<Partitioner>,
    ) -> Self {
        let extent = TimeColumn::only(&carried.stored).map(Extending::new);
        let schema = match &partitioner {
            Some(partitioner) => partitioner.file_schema(),
            None => Arc::clone(&carried.written),
        };
        let schema = schema_as(&schema, written_as);
        Self {
            destination,
            properties: destination.options.properties(),
            groups: Groups::new(destination.options.row_group_rows),
            plain: !Arc::ptr_eq(&carried.stored, &carried.written),
            carried,
            schema,
            partitioner,
            open: None,
            done: Vec::new(),
            footers: Vec::new(),
            rows: 0,
            batches: None,
            extent,
        }
    }

    async fn write_all(&mut self, rows: &mut Rows<'_>, keep_batches: bool) -> Result<()> {
        self.batches = keep_batches.then(Vec::new);
        while let Some(batch) = rows.batches.next().await {
            let batch = batch?;
            if **batch.schema_ref() != *rows.schema {
                return Err(Error::other("a batch has another schema than its table"));
            }
            check_values(&batch)?;
            if let Some(extent) = &mut self.extent {
                extent.add(&batch)?;
            }
            self.rows += batch.num_rows() as u64;
            if let Some(batches) = &mut self.batches {
                batches.push(batch.num_rows() as u64);
            }
            let batch = self.carried.carry(&batch)?;
            if self.partitioner.is_some() {
                self.add_partitioned(&batch).await?;
            } else {
                for group in self.groups.push(batch) {
                    self.add(&[], &group).await?;
                }
            }
        }
        if let Some(partitioner) = &mut self.partitioner {
            for (folders, group) in partitioner.rest() {
                self.add(&folders, &group).await?;
                self.close().await?;
            }
        }
        if let Some(group) = self.groups.take() {
            self.add(&[], &group).await?;
        }
        if self.done.is_empty() && self.open.is_none() {
            self.begin(&[], &[])?;
        }
        self.close().await
    }

    async fn add_partitioned(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some(partitioner) = &mut self.partitioner else { return Ok(()) };
        let full = partitioner.push(batch)?;
        for (folders, group) in full {
            self.add(&folders, &group).await?;
            self.close().await?;
        }
        Ok(())
    }

    /// Encodes a row group, in the file that is open or a new one.
    async fn add(&mut self, folders: &[String], group: &[RecordBatch]) -> Result<()> {
        if self.open.is_none() {
            self.begin(folders, group)?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        // Encoding takes the thread for long: where the store waits for a network, this may be one
        // of the few threads that drive it, which gives its place to another one meanwhile.
        match self.destination.target.immediate {
            true => open.part.add(group)?,
            false => runtime::block_on(async { open.part.add(group) })?,
        }
        let bytes = open.part.take();
        self.send(bytes).await?;
        if self.open.as_ref().is_some_and(|open| open.bytes >= self.destination.options.part_bytes)
        {
            self.close().await?;
        }
        Ok(())
    }

    /// Opens the file that begins with this row group.
    fn begin(&mut self, folders: &[String], group: &[RecordBatch]) -> Result<()> {
        let Destination { target, store, naming, .. } = self.destination;
        let name = objects::part(naming, folders, self.done.len());
        let path = objects::path(&target.prefix, &name)?;
        let properties = encodings::suited(&self.properties, &self.schema, group);
        let part = Part::new(&self.schema, properties, self.plain)?;
        let upload = Upload::new(Arc::new(store.clone()), path);
        self.open = Some(Open { name, part, upload, bytes: 0 });
        Ok(())
    }

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.bytes += bytes.len() as u64;
        let sent = open.upload.push(bytes).await;
        let shown = &self.destination.target.shown;
        sent.map_err(|error| store_error("write", &open.name, shown, error))
    }

    async fn close(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let Open { name, part, mut upload, bytes } = open;
        let rows = part.rows;
        let (last, footer) = part.finish()?;
        let record = PartRecord { rows, bytes: bytes + last.len() as u64, name };
        let sent = match upload.push(last).await {
            Ok(()) => upload.finish().await,
            Err(error) => Err(error),
        };
        let shown = &self.destination.target.shown;
        sent.map_err(|error| store_error("write", &record.name, shown, error))?;
        self.done.push(record);
        self.footers.push(Some(Arc::new(footer)));
        Ok(())
    }

    async fn abort(self) {
        if let Some(open) = self.open {
            open.upload.abort().await;
        }
    }

    fn finish(self) -> Result<Files> {
        let Self { carried, partitioner, done, footers, rows, batches, extent, .. } = self;
        let partitions = match partitioner {
            Some(partitioner) => {
                let values = partitioner.values()?;
                Some((partitioner.into_columns(), values))
            }
            None => None,
        };
        let extent = extent.and_then(Extending::into_extent);
        Ok(Files { carried, parts: done, footers, rows, batches, partitions, extent })
    }
}
