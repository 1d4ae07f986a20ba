//! Tables of Delta Lake that other programs write: nuthatch reads theirs, and its own stay what it
//! has stored, whatever they do to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use deltalake::arrow::compute::cast;
use deltalake::arrow::error::ArrowError;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Float64Array, RecordBatch};
use nuthatch::table::arrow_schema::SchemaRef;
use nuthatch_tests::{python, python_says};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// The rows of a table, as its log names their files.
async fn rows(path: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let url = deltalake::ensure_table_uri(path).map_err(nuthatch::Error::other)?;
    let table = deltalake::open_table(url).await.map_err(nuthatch::Error::other)?;
    let mut batches = Vec::new();
    for file in table.get_file_uris().map_err(nuthatch::Error::other)? {
        let file = std::fs::File::open(file.trim_start_matches("file://"))?;
        // Each file may say for itself which of Arrow's texts it was.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
        let reader = reader.and_then(|reader| reader.build()).map_err(nuthatch::Error::other)?;
        for batch in reader {
            let batch = batch.map_err(nuthatch::Error::other)?;
            let schema = batches.first().map_or(batch.schema(), RecordBatch::schema);
            batches.push(alike(&batch, schema).map_err(nuthatch::Error::other)?);
        }
    }
    Ok(batches)
}

/// The files of one table call the elements of lists by several names.
fn alike(batch: &RecordBatch, schema: SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns)
}

#[cache]
async fn in_delta(path: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    rows(path).await
}

#[cache(backend = "parquet")]
async fn in_parquet(path: &str) -> nuthatch::Result<Vec<RecordBatch>> {
    rows(path).await
}

fn folder(uri: Option<String>, name: &str) -> PathBuf {
    Path::new(uri.unwrap().strip_prefix("file://").unwrap()).join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_deltalake_wrote_is_stored_and_recalled_as_it_was() {
    let _lake = Lake::new();
    nuthatch::set_parameter!("on_store_failure", "error").unwrap();
    let written = tempfile::tempdir().unwrap();
    python("write_delta.py", &[written.path()]);
    let mut compared = Vec::new();
    for table in std::fs::read_dir(written.path()).unwrap() {
        let path = table.unwrap().path();
        let name = path.to_str().unwrap();
        let read = in_delta(name).await.unwrap();
        assert_eq!(in_parquet(name).await.unwrap(), read, "{name}");
        assert_eq!(in_delta::call(name).strict(true).await.unwrap(), read, "{name}");
        assert_eq!(in_parquet::call(name).strict(true).await.unwrap(), read, "{name}");
        compared.push(path.clone());
        compared.push(folder(in_delta::uri(name).await.unwrap(), "value.delta"));
        compared.push(folder(in_parquet::uri(name).await.unwrap(), "value.parquet"));
    }
    let tables = compared.len() / 3;
    assert!(tables >= 8, "{compared:?}");
    assert_eq!(RUNS.load(Ordering::SeqCst) as usize, 2 * tables);
    python("compare_delta.py", &compared);
}

/// What the station reports next.
static REPORT: Mutex<Option<RecordBatch>> = Mutex::new(None);

#[cache(upsert_keys("date"))]
fn station() -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(REPORT.lock().unwrap().clone().unwrap_or_else(|| weather::year(2012)))
}

/// A week, with rain that was measured anew.
fn corrected(week: &RecordBatch) -> RecordBatch {
    let mut columns = week.columns().to_vec();
    columns[1] = Arc::new(Float64Array::from(vec![99.5; week.num_rows()])) as ArrayRef;
    RecordBatch::try_new(week.schema(), columns).unwrap()
}

/// The rows that others see, and how many of these are of the corrected week.
fn seen(table: &Path) -> String {
    let table = table.to_str().unwrap();
    let program = format!(
        "from deltalake import DeltaTable\n\
         rows = DeltaTable({table:?}).to_pyarrow_table()\n\
         print(rows.num_rows, len(set(rows['date'].to_pylist())), \
         rows['precipitation'].to_pylist().count(99.5))"
    );
    python_says(&program).trim().to_owned()
}

#[test]
fn a_table_that_others_have_changed_is_recalled_as_it_was_and_merged_as_it_was() {
    let _lake = Lake::new();
    let year = station().unwrap();
    let table = folder(station::uri().run().unwrap(), "value.delta");
    python("change_delta.py", &[&table]);
    assert_ne!(seen(&table), "366 366 0", "they have changed it");
    assert_eq!(station::call().strict(true).run().unwrap(), year);

    let week = corrected(&year.slice(10, 7));
    *REPORT.lock().unwrap() = Some(week.clone());
    let merged = station::call().upsert(true).run().unwrap();
    assert_eq!(merged.num_rows(), 366);
    assert_eq!(folder(station::uri().run().unwrap(), "value.delta"), table, "a version of it");
    assert_eq!(seen(&table), "366 366 7", "what others have done is taken back");
    assert_eq!(station::call().strict(true).run().unwrap(), merged);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);

    // What no version of now uses is theirs to remove.
    let program = format!(
        "from deltalake import DeltaTable\n\
         files = DeltaTable({:?}).vacuum(0, dry_run=False, enforce_retention_duration=False)\n\
         print(len(files))",
        table.to_str().unwrap()
    );
    assert_ne!(python_says(&program).trim(), "0");
    assert_eq!(station::call().strict(true).run().unwrap(), merged);
}
