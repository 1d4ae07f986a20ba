//! One file: its row groups encoded column by column, on all cores.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use nuthatch_core::{Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::parallel;
use crate::schema::retype;

/// A file that is being written. It gives its bytes away as it goes.
pub(super) struct Part {
    schema: SchemaRef,
    writer: SerializedFileWriter<Sink>,
    columns: ArrowRowGroupWriterFactory,
    sink: Sink,
    groups: usize,
    pub(super) rows: u64,
}

impl Part {
    /// Where it is `plain`, the file says nothing of Arrow.
    pub(super) fn new(
        schema: &SchemaRef,
        properties: WriterProperties,
        plain: bool,
    ) -> Result<Self> {
        let sink = Sink::default();
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(plain);
        let writer = ArrowWriter::try_new_with_options(sink.clone(), Arc::clone(schema), options);
        let (writer, columns) =
            writer.and_then(ArrowWriter::into_serialized_writer).map_err(Error::other)?;
        Ok(Self { schema: Arc::clone(schema), writer, columns, sink, groups: 0, rows: 0 })
    }

    /// Encodes one row group, of batches whose columns may have to be written as others.
    pub(super) fn add(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if self.schema.fields().is_empty() || rows == 0 {
            return Ok(());
        }
        let threads = parallel::threads_for(rows.saturating_mul(self.schema.fields().len()));
        let columns = parallel::map(self.column_writers()?, threads, |(index, writers)| {
            encode(&self.schema, index, writers, batches).map_err(Error::other)
        })?;
        let mut group = self.writer.next_row_group().map_err(Error::other)?;
        for chunk in columns.into_iter().flatten() {
            chunk.append_to_row_group(&mut group).map_err(Error::other)?;
        }
        group.close().map_err(Error::other)?;
        self.writer.flush().map_err(Error::other)?;
        self.groups += 1;
        self.rows += rows as u64;
        Ok(())
    }

    /// The writers of each column's leaves.
    fn column_writers(&self) -> Result<Vec<(usize, Vec<ArrowColumnWriter>)>> {
        let leaves = self.columns.create_column_writers(self.groups).map_err(Error::other)?;
        let described = self.writer.schema_descr();
        let mut columns: Vec<_> =
            (0..self.schema.fields().len()).map(|index| (index, Vec::new())).collect();
        for (leaf, writer) in leaves.into_iter().enumerate() {
            if let Some((_, writers)) = columns.get_mut(described.get_column_root_idx(leaf)) {
                writers.push(writer);
            }
        }
        Ok(columns)
    }

    /// The bytes that were encoded since the last time.
    pub(super) fn take(&self) -> Bytes {
        self.sink.take()
    }

    /// The last bytes, and what they say.
    pub(super) fn finish(self) -> Result<(Bytes, ParquetMetaData)> {
        let footer = self.writer.close().map_err(Error::other)?;
        Ok((self.sink.take(), footer))
    }
}

fn encode(
    schema: &SchemaRef,
    index: usize,
    mut writers: Vec<ArrowColumnWriter>,
    batches: &[RecordBatch],
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    for batch in batches {
        let field = schema.field(index);
        let column = retype(batch.column(index), field.data_type())?;
        let leaves = compute_leaves(field, &column)?;
        for (writer, leaf) in writers.iter_mut().zip(&leaves) {
            writer.write(leaf)?;
        }
    }
    writers.into_iter().map(ArrowColumnWriter::close).collect()
}

/// What a file's writer writes to.
#[derive(Debug, Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
