//! What the manifest says of a table, beside what it says of any value.

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use data_encoding::BASE64;
use nuthatch_core::backend::{Source, Written};
use nuthatch_core::store::{StoredSums, Sums};
use nuthatch_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::objects;
use crate::failure::unreadable_record;

/// The format of the record.
const FORMAT: u64 = 1;

/// The largest list of partition values that a reader takes into memory.
const LARGEST: usize = 256 << 20;

/// The record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub(super) format: u64,
    /// The Arrow schema, packed.
    pub(super) schema: String,
    /// The types that were written in place of those of the schema, packed; none where they are
    /// the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<String>,
    pub(super) rows: u64,
    /// The files in the order of the rows.
    pub(super) parts: Vec<PartRecord>,
    /// How many rows each batch had: pairs of rows and how many such batches follow each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) batches: Option<Vec<(u64, u64)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) partitions: Option<Partitions>,
    pub(super) sums: StoredSums,
    /// The folder of the object with the checksums, where it is not the generation's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sums_below: Option<String>,
}

/// One file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartRecord {
    /// Its name below the prefix of the generation.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
}

/// What the files of a partitioned table leave out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Partitions {
    pub(super) columns: Vec<String>,
    /// These columns, a row for each file: a stream of Arrow's IPC, compressed, in base64.
    pub(super) values: String,
}

impl Record {
    pub(super) const fn format() -> u64 {
        FORMAT
    }

    /// What the manifest will say.
    ///
    /// # Errors
    ///
    /// It is no JSON.
    pub fn into_written(self) -> Result<Written> {
        let bytes = self.parts.iter().map(|part| part.bytes).sum();
        match serde_json::to_value(self).map_err(Error::other)? {
            Value::Object(details) => Ok(Written { bytes, details, ..Written::default() }),
            _ => Err(Error::other("a record is an object")),
        }
    }

    /// The columns that the table is partitioned by.
    #[must_use]
    pub fn partition_by(&self) -> &[String] {
        self.partitions.as_ref().map(|partitions| partitions.columns.as_slice()).unwrap_or_default()
    }

    /// The files, in the order of the rows.
    #[must_use]
    pub fn parts(&self) -> &[PartRecord] {
        &self.parts
    }

    /// What was written below the generation's prefix, with checksums.
    ///
    /// # Errors
    ///
    /// As of [`StoredSums::load`].
    pub async fn load_sums(&self, source: &Source) -> Result<Sums> {
        let prefix = match &self.sums_below {
            Some(folder) => objects::path(&source.prefix, folder)?,
            None => source.prefix.clone(),
        };
        self.sums.clone().load(source.store.as_ref(), &prefix, &source.shown.to_string()).await
    }

    /// What a manifest says.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] where it cannot be read, [`Error::NewerLayout`] where a newer release
    /// has written it.
    pub fn read(source: &Source) -> Result<Self> {
        let details = Value::Object(source.record.details.clone());
        let format = details.get("format").and_then(Value::as_u64);
        if let Some(found) = format.filter(|format| *format > FORMAT) {
            let object = source.shown.to_string();
            return Err(Error::NewerLayout { object, found, known: FORMAT });
        }
        unreadable_record(serde_json::from_value(details), &source.shown)
    }
}

impl Partitions {
    pub(super) fn new(columns: Vec<String>, values: &RecordBatch) -> Result<Self> {
        let mut stream = Vec::new();
        let mut writer =
            StreamWriter::try_new(&mut stream, values.schema_ref()).map_err(Error::other)?;
        writer.write(values).and_then(|()| writer.finish()).map_err(Error::other)?;
        let values = BASE64.encode(&zstd::bulk::compress(&stream, 3)?);
        Ok(Self { columns, values })
    }

    /// The columns, a row for each file.
    pub(super) fn values(&self) -> Result<RecordBatch> {
        let compressed = BASE64.decode(self.values.as_bytes()).map_err(Error::other)?;
        let stream = zstd::bulk::decompress(&compressed, LARGEST)?;
        let mut reader = StreamReader::try_new(stream.as_slice(), None).map_err(Error::other)?;
        match reader.next() {
            Some(values) => values.map_err(Error::other),
            None => Ok(RecordBatch::new_empty(reader.schema())),
        }
    }
}

/// Lengths, one after the other, as pairs of a length and how often it stands there.
pub(super) fn run_lengths(lengths: &[u64]) -> Vec<(u64, u64)> {
    let runs = lengths.chunk_by(|a, b| a == b);
    runs.filter_map(|run| Some((*run.first()?, run.len() as u64))).collect()
}
