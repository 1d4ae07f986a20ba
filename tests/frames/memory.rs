//! A frame on its way into the store is in memory a few row groups at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use nuthatch::table::arrow_schema::SchemaRef;
use nuthatch::table::datafusion::catalog::streaming::StreamingTable;
use nuthatch::table::datafusion::execution::{SendableRecordBatchStream, TaskContext};
use nuthatch::table::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use nuthatch::table::datafusion::physical_plan::streaming::PartitionStream;
use nuthatch::table::datafusion::prelude::DataFrame;
use nuthatch::table::session;
use nuthatch_tests::peak_memory;

use crate::lake::Lake;

const ROWS: usize = 32_768;

/// How many batches were made.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Batches that are made when they are asked for.
#[derive(Debug)]
struct Made {
    schema: SchemaRef,
    count: usize,
}

/// Five columns of eight bytes.
fn batch(number: usize) -> RecordBatch {
    let first = (number * ROWS) as i64;
    let numbers = Int64Array::from_iter_values(first..first + ROWS as i64);
    let mut columns = vec![("number".to_owned(), Arc::new(numbers) as ArrayRef)];
    for column in 0..4 {
        let values = Float64Array::from(vec![(number + column) as f64; ROWS]);
        columns.push((format!("value {column}"), Arc::new(values)));
    }
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

#[cache]
async fn streamed(count: usize) -> nuthatch::Result<DataFrame> {
    let made = Made { schema: batch(0).schema(), count };
    let schema = Arc::clone(&made.schema);
    let table = StreamingTable::try_new(schema, vec![Arc::new(made)]);
    session()
        .read_table(Arc::new(table.map_err(nuthatch::Error::other)?))
        .map_err(nuthatch::Error::other)
}

/// Stores a long frame in a backend of files.
async fn takes_the_memory_of_a_few_row_groups(backend: &str) {
    let _lake = Lake::new();
    // Warm: threads, buffers, and as many rows as may be on their way at a time.
    drop(streamed::call(24).storage_backend(backend).await.unwrap());
    let before = peak_memory();
    let count = 144;
    let frame = streamed::call(count).storage_backend(backend).await.unwrap();
    let (more, bytes) = (peak_memory().saturating_sub(before), count * ROWS * 40);
    assert!(more < bytes / 3, "{more} bytes more at the peak for {bytes} bytes of rows");
    assert_eq!(MADE.load(Ordering::SeqCst), 24 + count);
    assert_eq!(frame.count().await.unwrap(), count * ROWS);
    let entry = streamed::entry(count).await.unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, backend);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_any_length_takes_the_memory_of_a_few_row_groups() {
    takes_the_memory_of_a_few_row_groups("parquet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_any_length_takes_no_more_on_its_way_into_delta() {
    takes_the_memory_of_a_few_row_groups("delta").await;
}
