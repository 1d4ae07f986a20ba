//! Rows into parts, in their order.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use futures::StreamExt;
use nuthatch_core::backend::{Target, Written};
use nuthatch_core::store::Recording;
use nuthatch_core::{Error, Result, runtime};
use parquet::file::properties::WriterProperties;

use super::groups::Groups;
use super::objects;
use super::options::Options;
use super::part::Part;
use super::partition::Partitioner;
use super::record::{PartRecord, Partitions, Record, run_lengths};
use super::upload::Upload;
use crate::failure::{backend_error, store_error};
use crate::schema::{check_held, check_values, pack, schema_as, written_as};
use crate::table::Rows;
use crate::time::{Extending, TimeColumn};

/// Sums of up to this many bytes lie in the manifest.
const INLINE_SUMS: usize = 16 << 10;

pub(super) async fn write(
    mut rows: Rows<'_>,
    target: &Target,
    type_name: &'static str,
) -> Result<Written> {
    let options = Options::read(&target.options)?;
    let cannot = |error| backend_error(super::NAME, "encode", type_name, error);
    check_held(&rows.schema).map_err(cannot)?;
    let partitioner = Partitioner::new(&rows.schema, &options.partition_by, options.row_group_rows)
        .map_err(cannot)?;
    let keep_batches = rows.keep_batches && partitioner.is_none();
    let mut writing = Writing::new(target, &options, &rows.schema, partitioner);
    let written = writing.write_all(&mut rows, keep_batches).await;
    match written {
        Ok(()) => writing.finish(rows.schema).await,
        Err(error) => {
            writing.abort().await;
            Err(cannot_write(error, type_name))
        }
    }
}

/// Errors of the rows themselves are those of the value; a store's stay what they are.
fn cannot_write(error: Error, type_name: &'static str) -> Error {
    match error {
        Error::Other(error) => backend_error(super::NAME, "encode", type_name, error),
        error => error,
    }
}

/// A table on its way.
struct Writing<'a> {
    target: &'a Target,
    store: Recording,
    options: &'a Options,
    properties: WriterProperties,
    /// The schema of the files: what is written, without the columns of the partitions.
    schema: SchemaRef,
    groups: Groups,
    partitioner: Option<Partitioner>,
    open: Option<Open>,
    done: Vec<PartRecord>,
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
        target: &'a Target,
        options: &'a Options,
        schema: &SchemaRef,
        partitioner: Option<Partitioner>,
    ) -> Self {
        let extent = TimeColumn::only(schema).map(Extending::new);
        let schema = match &partitioner {
            Some(partitioner) => partitioner.file_schema(),
            None => Arc::clone(schema),
        };
        let schema = schema_as(&schema, written_as);
        Self {
            target,
            store: Recording::new(Arc::clone(&target.store), target.prefix.clone()),
            properties: options.properties(),
            groups: Groups::new(options.row_group_rows),
            options,
            schema,
            partitioner,
            open: None,
            done: Vec::new(),
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
            self.begin(&[])?;
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
            self.begin(folders)?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        // Encoding takes the thread for long: where the store waits for a network, this may be one
        // of the few threads that drive it, which gives its place to another one meanwhile.
        match self.target.immediate {
            true => open.part.add(group)?,
            false => runtime::block_on(async { open.part.add(group) })?,
        }
        let bytes = open.part.take();
        self.send(bytes).await?;
        if self.open.as_ref().is_some_and(|open| open.bytes >= self.options.part_bytes) {
            self.close().await?;
        }
        Ok(())
    }

    fn begin(&mut self, folders: &[String]) -> Result<()> {
        let name = objects::part(folders, self.done.len());
        let path = objects::path(&self.target.prefix, &name)?;
        let part = Part::new(&self.schema, &self.properties)?;
        let upload = Upload::new(Arc::new(self.store.clone()), path);
        self.open = Some(Open { name, part, upload, bytes: 0 });
        Ok(())
    }

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.bytes += bytes.len() as u64;
        let sent = open.upload.push(bytes).await;
        sent.map_err(|error| store_error("write", &open.name, &self.target.shown, error))
    }

    async fn close(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let Open { name, part, mut upload, bytes } = open;
        let rows = part.rows;
        let last = part.finish()?;
        let record = PartRecord { rows, bytes: bytes + last.len() as u64, name };
        let sent = match upload.push(last).await {
            Ok(()) => upload.finish().await,
            Err(error) => Err(error),
        };
        sent.map_err(|error| store_error("write", &record.name, &self.target.shown, error))?;
        self.done.push(record);
        Ok(())
    }

    async fn abort(self) {
        if let Some(open) = self.open {
            open.upload.abort().await;
        }
    }

    async fn finish(self, schema: SchemaRef) -> Result<Written> {
        let Self { target, store, partitioner, done, rows, batches, extent, .. } = self;
        let shown = target.shown.to_string();
        let sums = store.sums();
        let sums = sums.store(target.store.as_ref(), &target.prefix, INLINE_SUMS, &shown).await?;
        let partitions = match partitioner {
            Some(partitioner) => {
                let values = partitioner.values()?;
                Some(Partitions::new(partitioner.into_columns(), &values)?)
            }
            None => None,
        };
        let record = Record {
            format: Record::format(),
            schema: pack(&schema)?,
            rows,
            parts: done,
            batches: batches.as_deref().map(run_lengths),
            partitions,
            sums,
        };
        let time_extent = extent.and_then(Extending::into_extent);
        Ok(Written { time_extent, ..record.into_written()? })
    }
}
