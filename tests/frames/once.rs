//! The plan of a frame is executed once, whoever else writes the entry meanwhile.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use arrow_select::concat::concat_batches;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{
    ArrayRef, DurationMillisecondArray, IntervalDayTimeArray, RecordBatch,
};
use nuthatch::table::arrow_schema::SchemaRef;
use nuthatch::table::datafusion::catalog::streaming::StreamingTable;
use nuthatch::table::datafusion::execution::{SendableRecordBatchStream, TaskContext};
use nuthatch::table::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use nuthatch::table::datafusion::physical_plan::streaming::PartitionStream;
use nuthatch::table::datafusion::prelude::DataFrame;
use nuthatch::table::session;

use crate::ambush::{before_the_next_commit, has_come, watch_commits};
use crate::lake::Lake;
use crate::weather;

/// How often the plans of this program were executed, and those of the other writer.
static OURS: AtomicU32 = AtomicU32::new(0);
static THEIRS: AtomicU32 = AtomicU32::new(0);

/// How often a body ran.
static BODIES: AtomicU32 = AtomicU32::new(0);

/// The rows of the next frame, and who counts how often they are computed.
static NEXT: Mutex<Option<Counted>> = Mutex::new(None);

/// Rows that are computed when they are asked for.
#[derive(Debug, Clone)]
struct Counted {
    rows: RecordBatch,
    schema: SchemaRef,
    executed: &'static AtomicU32,
}

impl PartitionStream for Counted {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        self.executed.fetch_add(1, Ordering::SeqCst);
        let rows = futures::stream::iter([Ok(self.rows.clone())]);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

/// The next frames have these rows.
fn next(rows: RecordBatch, executed: &'static AtomicU32) {
    let schema = rows.schema();
    *NEXT.lock().unwrap() = Some(Counted { rows, schema, executed });
}

#[cache(upsert_keys("date"), lease = false)]
async fn daily() -> nuthatch::Result<DataFrame> {
    BODIES.fetch_add(1, Ordering::SeqCst);
    let counted = NEXT.lock().unwrap().clone().unwrap();
    let schema = Arc::clone(&counted.schema);
    let table = StreamingTable::try_new(schema, vec![Arc::new(counted)]);
    session()
        .read_table(Arc::new(table.map_err(nuthatch::Error::other)?))
        .map_err(nuthatch::Error::other)
}

/// Days of 2012.
fn days(first: usize, count: usize) -> RecordBatch {
    weather::year(2012).slice(first, count)
}

/// These days, one after the other.
fn joined(parts: &[RecordBatch]) -> RecordBatch {
    concat_batches(&parts[0].schema(), parts).unwrap()
}

async fn rows(frame: &DataFrame) -> RecordBatch {
    joined(&frame.clone().collect().await.unwrap())
}

fn executions() -> [u32; 2] {
    [OURS.swap(0, Ordering::SeqCst), THEIRS.swap(0, Ordering::SeqCst)]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_that_loses_its_commit_merges_again_what_it_has_computed_once() {
    for backend in ["parquet", "delta"] {
        let root = format!("memory://{backend}");
        let _lake = Lake::in_memory();
        watch_commits();
        nuthatch::set_parameter!("filesystem", root.as_str()).unwrap();
        next(days(0, 10), &OURS);
        daily::call().storage_backend(backend).await.unwrap();
        assert_eq!(executions(), [1, 0], "{backend}");

        before_the_next_commit(&root, move || {
            let ours = NEXT.lock().unwrap().clone();
            next(days(5, 10), &THEIRS);
            daily::call().storage_backend(backend).upsert(true).run().unwrap();
            *NEXT.lock().unwrap() = ours;
        });
        next(days(12, 8), &OURS);
        let merged = daily::call().storage_backend(backend).upsert(true).await.unwrap();
        assert!(has_come());
        assert_eq!(executions(), [1, 1], "{backend}: each plan once");
        let whole = joined(&[days(0, 15), days(15, 5)]);
        assert_eq!(rows(&merged).await, whole, "{backend}");
        let recalled = daily::call().backend(backend).strict(true).await.unwrap();
        assert_eq!(rows(&recalled).await, whole, "{backend}");
        assert_eq!(executions(), [0, 0], "{backend}: what is returned is opened");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_lost_to_another_is_returned_opened_and_the_other_stands() {
    let _lake = Lake::in_memory();
    watch_commits();
    before_the_next_commit("memory://root", || {
        let ours = NEXT.lock().unwrap().clone();
        next(days(100, 3), &THEIRS);
        drop(daily::call().run().unwrap());
        *NEXT.lock().unwrap() = ours;
    });
    next(days(0, 10), &OURS);
    let computed = daily::call().memoize(true).await.unwrap();
    assert!(has_come());
    assert_eq!(executions(), [1, 1], "each plan once");
    // What this call has computed is what it returns; whoever recalls gets the one that stands.
    assert_eq!(rows(&computed).await, days(0, 10));
    assert_eq!(rows(&computed).await, days(0, 10));
    let recalled = daily::call().memoize(true).await.unwrap();
    assert_eq!(rows(&recalled).await, days(100, 3), "the memo does not hold what lost");
    assert_eq!(executions(), [0, 0], "both are opened");
    assert_eq!(BODIES.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_into_a_backend_that_the_entry_lacks_adds_it_by_conversion_and_merges() {
    let _lake = Lake::new();
    next(days(0, 10), &OURS);
    daily().await.unwrap();
    next(days(8, 4), &OURS);
    let merged = daily::call().storage_backend("delta").upsert(true).await.unwrap();
    assert_eq!(rows(&merged).await, days(0, 12));
    assert_eq!((BODIES.load(Ordering::SeqCst), executions()), (2, [2, 0]));
    let entry = daily::entry().await.unwrap().unwrap();
    let backends: Vec<_> = entry.backends.iter().map(|stored| stored.backend.as_str()).collect();
    assert_eq!(backends, ["delta"], "a new value drops the others");
    let recalled = daily::call().strict(true).await.unwrap();
    assert_eq!(rows(&recalled).await, days(0, 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_into_a_backend_that_cannot_hold_the_entry_is_an_error_before_the_body() {
    let _lake = Lake::new();
    let date = Arc::clone(days(0, 1).column(0));
    let interval: ArrayRef = Arc::new(IntervalDayTimeArray::new_null(1));
    let waited: ArrayRef = Arc::new(DurationMillisecondArray::from(vec![1]));
    let columns = [("date", date), ("waited", waited), ("every", interval)];
    next(
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap(),
        &OURS,
    );
    let stored = daily().await.unwrap();
    assert_eq!((BODIES.load(Ordering::SeqCst), executions()), (1, [1, 0]));
    let upsert = daily::call().storage_backend("delta").upsert(true);
    let error = upsert.await.unwrap_err().to_string();
    assert!(error.contains("\"every\"") && error.contains("backend = \"parquet\""), "{error}");
    assert_eq!((BODIES.load(Ordering::SeqCst), executions()), (1, [0, 0]));
    let entry = daily::entry().await.unwrap().unwrap();
    assert_eq!((entry.backends.len(), rows(&stored).await.num_rows()), (1, 1));
}
