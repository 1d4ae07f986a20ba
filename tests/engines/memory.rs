//! A frame on its way into a database is in memory a few batches at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use nuthatch::table::arrow_schema::SchemaRef;
use nuthatch::table::datafusion::catalog::streaming::StreamingTable;
use nuthatch::table::datafusion::execution::{SendableRecordBatchStream, TaskContext};
use nuthatch::table::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use nuthatch::table::datafusion::physical_plan::streaming::PartitionStream;
use nuthatch::table::datafusion::prelude::DataFrame;
use nuthatch::table::session;
use nuthatch_tests::peak_memory;

use crate::lake::Lake;

/// Rows of a batch, and the length of the text of each.
const ROWS: usize = 512;
const TEXT: usize = 4096;

/// How many batches were made.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Batches that are made when they are asked for.
#[derive(Debug)]
struct Made {
    schema: SchemaRef,
    count: usize,
}

fn batch(number: usize) -> RecordBatch {
    let first = (number * ROWS) as i64;
    let numbers = Int64Array::from_iter_values(first..first + ROWS as i64);
    let texts = (0..ROWS).map(|row| format!("{:TEXT$}", number * ROWS + row));
    let columns: [(&str, ArrayRef); 2] =
        [("number", Arc::new(numbers)), ("text", Arc::new(StringArray::from_iter_values(texts)))];
    RecordBatch::try_from_iter(columns).unwrap()
}

impl PartitionStream for Made {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = futures::stream::iter(0..self.count).map(|number| {
            MADE.fetch_add(1, Ordering::SeqCst);
            Ok(batch(number))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

#[cache(backend = "sql")]
async fn streamed(count: usize) -> nuthatch::Result<DataFrame> {
    let made = Made { schema: batch(0).schema(), count };
    let schema = Arc::clone(&made.schema);
    let table = StreamingTable::try_new(schema, vec![Arc::new(made)]);
    session()
        .read_table(Arc::new(table.map_err(nuthatch::Error::other)?))
        .map_err(nuthatch::Error::other)
}

/// Stores a long frame in the database that a variable names, or in SQLite.
async fn takes_the_memory_of_a_few_batches(variable: Option<&str>) {
    let _lake = Lake::new();
    if let Some(variable) = variable {
        let url = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} names no server: run the test by `cargo xtask with-servers`")
        });
        nuthatch::set_parameter!("root.sql.url", url).unwrap();
    }
    // Warm: threads, buffers, and as many rows as may be on their way at a time.
    drop(streamed(16).await.unwrap());
    let before = peak_memory();
    let count = 96;
    let frame = streamed(count).await.unwrap();
    let (more, bytes) = (peak_memory().saturating_sub(before), count * ROWS * TEXT);
    assert!(more < bytes / 3, "{more} bytes more at the peak for {bytes} bytes of rows");
    assert_eq!(MADE.load(Ordering::SeqCst), 16 + count);
    assert_eq!(frame.count().await.unwrap(), count * ROWS);
    let entry = streamed::entry(count).await.unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "sql");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_any_length_takes_the_memory_of_a_few_batches_on_its_way_into_sqlite() {
    takes_the_memory_of_a_few_batches(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_any_length_takes_the_memory_of_a_few_batches_on_its_way_into_postgres() {
    takes_the_memory_of_a_few_batches(Some("TEST_POSTGRES_URL")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_any_length_takes_the_memory_of_a_few_batches_on_its_way_into_mysql() {
    takes_the_memory_of_a_few_batches(Some("TEST_MYSQL_URL")).await;
}
