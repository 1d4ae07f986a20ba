//! `deltalake`: its own writer; and, as it reads nothing without an engine, `parquet` over the files
//! that its log names.

use std::fs::{create_dir_all, remove_dir_all};
use std::path::Path;

use arrow::array::RecordBatch;
use deltalake::DeltaTableBuilder;
use deltalake::kernel::StructType;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::operations::create::CreateBuilder;
use deltalake::writer::{DeltaWriter as _, RecordBatchWriter};
use tokio::runtime::Runtime;
use url::Url;

use super::parquet;
use crate::Result;

fn address(folder: &Path) -> Result<Url> {
    Url::from_directory_path(folder).map_err(|()| "no folder".into())
}

pub(crate) fn store(folder: &Path, batch: &RecordBatch) -> Result {
    if folder.exists() {
        remove_dir_all(folder)?;
    }
    create_dir_all(folder)?;
    let address = address(folder)?;
    let schema: StructType = batch.schema().as_ref().try_into_kernel()?;
    Runtime::new()?.block_on(async {
        let create = CreateBuilder::new().with_location(address);
        let mut table = create.with_columns(schema.fields().cloned()).await?;
        let writer = RecordBatchWriter::for_table(&table)?;
        let mut writer = writer.with_writer_properties(parquet::properties()?);
        writer.write(batch.clone()).await?;
        writer.flush_and_commit(&mut table).await?;
        Ok(())
    })
}

/// Reads all; says how many rows there were.
pub(crate) fn recall(folder: &Path) -> Result<usize> {
    let address = address(folder)?;
    let table =
        Runtime::new()?.block_on(async { DeltaTableBuilder::from_url(address)?.load().await })?;
    let mut rows = 0;
    for file in table.get_file_uris()? {
        let path = file.strip_prefix("file://").unwrap_or(&file);
        rows += parquet::recall(Path::new(path))?;
    }
    Ok(rows)
}
