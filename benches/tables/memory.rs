//! Ten gigabytes of rows through a lazy frame, in a process of its own, whose peak memory Linux
//! counts.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use nuthatch::prelude::*;
use nuthatch::table::datafusion::catalog::streaming::StreamingTable;
use nuthatch::table::datafusion::execution::{SendableRecordBatchStream, TaskContext};
use nuthatch::table::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use nuthatch::table::datafusion::physical_plan::streaming::PartitionStream;
use nuthatch::table::datafusion::prelude::DataFrame;
use nuthatch::table::session;

use crate::{Result, rows};

/// Tells a process of this program that it is one, and its folder.
pub(crate) const CHILD: &str = "TABLES_BENCH_MEMORY";

/// Gigabytes that are to go through, at the least.
const GIGABYTES: f64 = 10.0;
/// Gigabytes at the peak.
const MOST: f64 = 1.5;
const BATCH: usize = 1 << 16;

/// The bytes and rows that were asked of the frame.
static BYTES: AtomicU64 = AtomicU64::new(0);
static ROWS: AtomicU64 = AtomicU64::new(0);

/// Prints how much a process took at its peak that stored them.
pub(crate) fn print() -> Result {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let child = Command::new(std::env::current_exe()?).env(CHILD, folder.path()).output()?;
    if !child.status.success() {
        return Err(String::from_utf8_lossy(&child.stderr).into());
    }
    let told = String::from_utf8(child.stdout)?;
    let mut numbers = told.split_whitespace().map(str::parse::<f64>);
    let mut next = || Ok::<_, Box<dyn std::error::Error>>(numbers.next().ok_or("no figure")??);
    let (through, stored, peak) = (next()?, next()?, next()?);
    let verdict = if through >= GIGABYTES && peak <= MOST { "met" } else { "MISSED" };
    println!("\nA lazy frame that is stored as it is computed\n");
    println!(
        "  {through:.1} GB of rows, {stored:.1} GB in Parquet  {peak:.2} GB at the peak, goal {MOST}: {verdict}"
    );
    Ok(())
}

/// The rows of the bench, again and again.
#[derive(Debug)]
struct Repeated {
    batch: RecordBatch,
    times: usize,
}

impl PartitionStream for Repeated {
    fn schema(&self) -> &SchemaRef {
        self.batch.schema_ref()
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = std::iter::repeat_n(self.batch.clone(), self.times).map(|batch| {
            BYTES.fetch_add(batch.get_array_memory_size() as u64, Ordering::Relaxed);
            ROWS.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
            Ok(batch)
        });
        let batches = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(self.batch.schema(), batches))
    }
}

#[cache]
fn streamed() -> nuthatch::Result<DataFrame> {
    let batch = rows::repetitive(BATCH);
    let times = (GIGABYTES * 1e9 / batch.get_array_memory_size() as f64).ceil() as usize;
    let repeated = Arc::new(Repeated { batch, times });
    let schema = Arc::clone(repeated.schema());
    let table = StreamingTable::try_new(schema, vec![repeated]).map_err(nuthatch::Error::other)?;
    session().read_table(Arc::new(table)).map_err(nuthatch::Error::other)
}

/// Stores the rows, and prints how many gigabytes they were, how many were stored, and how many the
/// process took.
pub(crate) fn child(folder: &str) -> Result {
    nuthatch::set_parameter!("filesystem", folder)?;
    drop(streamed()?);
    let entry = streamed::entry().run()?.ok_or("nothing was stored")?;
    assert_eq!(entry.backends[0].backend, "parquet");
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()).ok_or("no peak is known")?;
    // Each row that went in is there, once.
    let counted = streamed::call().strict(true).run()?;
    let counted = tokio::runtime::Runtime::new()?.block_on(counted.count())?;
    assert_eq!(counted as u64, ROWS.load(Ordering::Relaxed));
    let stored = entry.backends[0].bytes as f64 / 1e9;
    let through = BYTES.load(Ordering::Relaxed) as f64 / 1e9;
    println!("{through} {stored} {}", peak.parse::<f64>()? * 1024.0 / 1e9);
    Ok(())
}
