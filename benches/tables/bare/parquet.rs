//! The `parquet` crate.

use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;

use crate::{GROUP, LEVEL, Result};

/// February 2008, in microseconds since 1970.
pub(crate) const FEBRUARY: RangeInclusive<i64> = 1_201_824_000_000_000..=1_204_329_599_999_999;

pub(crate) fn properties() -> Result<WriterProperties> {
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_max_row_group_row_count(Some(GROUP));
    Ok(builder.build())
}

pub(crate) fn store(file: &Path, batch: &RecordBatch) -> Result {
    let file = File::create(file)?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties()?))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

/// Reads all as one batch; says how many rows there were.
pub(crate) fn recall(file: &Path) -> Result<usize> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file)?)?;
    let rows = usize::try_from(reader.metadata().file_metadata().num_rows())?;
    let batches = reader.with_batch_size(rows.max(1)).build()?;
    let batches = batches.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(batches.iter().map(RecordBatch::num_rows).sum())
}

/// The bytes of the row groups of all files below a folder that have one of these times in their
/// last column.
pub(crate) fn groups_within(folder: &Path, times: RangeInclusive<i64>) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            bytes += groups_within(&path, times.clone())?;
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            bytes += groups_of(&path, &times)?;
        }
    }
    Ok(bytes)
}

fn groups_of(file: &Path, times: &RangeInclusive<i64>) -> Result<u64> {
    let reader = SerializedFileReader::new(File::open(file)?)?;
    let mut bytes = 0;
    for group in reader.metadata().row_groups() {
        let column = group.columns().last().and_then(|column| column.statistics());
        if let Some(Statistics::Int64(ends)) = column
            && let Some((least, greatest)) = ends.min_opt().zip(ends.max_opt())
            && least <= times.end()
            && times.start() <= greatest
        {
            bytes += u64::try_from(group.compressed_size())?;
        }
    }
    Ok(bytes)
}
