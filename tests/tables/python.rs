//! What pyarrow, pandas, polars and DuckDB read of nuthatch's Parquet files, and nuthatch of theirs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch_tests::python;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn read(path: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?);
    let reader = reader.map_err(nuthatch::Error::other)?;
    let schema = std::sync::Arc::clone(reader.schema());
    let batches = reader.build().map_err(nuthatch::Error::other)?;
    let mut batches = batches.collect::<Result<Vec<_>, _>>().map_err(nuthatch::Error::other)?;
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}

#[cache(backend = "parquet")]
fn whole(path: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    read(path)
}

#[cache(backend = "parquet", backend_options(partition_by = ["part"]))]
fn partitioned(path: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    read(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn case(path: &Path, uri: &str, is_partitioned: bool) -> serde_json::Value {
    let folder = Path::new(uri.strip_prefix("file://").unwrap()).join("value.parquet");
    let writer = path.parent().unwrap().file_name().unwrap();
    json!({
        "read": path,
        "writer": writer.to_str().unwrap(),
        "folder": folder,
        "files": files(&folder),
        "partitioned": is_partitioned,
    })
}

#[test]
fn four_programs_and_nuthatch_read_what_the_others_wrote() {
    let _lake = Lake::new();
    let folder = tempfile::tempdir().unwrap();
    python("write_tables.py", &[folder.path()]);
    let mut cases = Vec::new();
    for path in files(folder.path()) {
        let name = path.to_str().unwrap();
        let table = whole(name).unwrap();
        assert_eq!(whole::call(name).strict(true).run().unwrap(), table, "{name}");
        let uri = whole::uri(name).run().unwrap().unwrap();
        cases.push(case(&path, &uri, false));
        let rows = table.iter().map(RecordBatch::num_rows).sum::<usize>();
        partitioned(name).unwrap();
        let parts = partitioned::call(name).strict(true).run().unwrap();
        assert_eq!(parts.iter().map(RecordBatch::num_rows).sum::<usize>(), rows, "{name}");
        assert_eq!(parts[0].schema(), table[0].schema(), "{name}");
        let uri = partitioned::uri(name).run().unwrap().unwrap();
        cases.push(case(&path, &uri, true));
    }
    assert_eq!(RUNS.load(Ordering::SeqCst) as usize, cases.len());
    let index = folder.path().join("index.json");
    std::fs::write(&index, serde_json::to_vec(&cases).unwrap()).unwrap();
    python("check_tables.py", &[&index]);
}
