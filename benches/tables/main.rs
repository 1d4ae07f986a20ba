//! Tables in Parquet, Delta Lake and PostgreSQL, beside the bare crates with the same options, and
//! pyarrow, pandas, deltalake and `to_sql` in Python. All sides of a row take turns in one run.
//!
//! `cargo xtask with-servers cargo bench --bench tables --features frames`, which starts PostgreSQL
//! and makes the interpreter ready that `TEST_PYTHON` names. `TABLES_BENCH_ROWS` says how many rows
//! there are, and `TABLES_BENCH_ONLY=delta` runs one part: `parquet`, `delta`, `sql`, `month` or
//! `memory`; all but the last are built with `--features tables`, without DataFusion.

mod bare;
mod files;
#[cfg(feature = "frames")]
mod memory;
mod month;
mod peer;
mod rows;
mod sql;

use std::sync::OnceLock;

use arrow::array::RecordBatch;
use nuthatch_benches::Rounds;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const ROWS: usize = 10_000_000;
const ROUNDS: Rounds = Rounds { samples: 3, repeats: 1 };

/// The options of all files: zstd's first level, and row groups of so many rows.
const LEVEL: i32 = 1;
const GROUP: usize = 262_144;

static BATCH: OnceLock<RecordBatch> = OnceLock::new();

fn main() -> Result {
    #[cfg(feature = "frames")]
    if let Some(folder) = std::env::var_os(memory::CHILD) {
        return memory::child(folder.to_str().ok_or("a folder that is no text")?);
    }
    let only = std::env::var("TABLES_BENCH_ONLY").ok();
    let is_run = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let count = match std::env::var("TABLES_BENCH_ROWS") {
        Ok(count) => count.parse()?,
        Err(_) => ROWS,
    };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let lake = folder.path().join("lake");
    nuthatch::set_parameter!("filesystem", lake.to_str().ok_or("a folder that is no text")?)?;
    if is_run("parquet") || is_run("delta") || is_run("sql") || is_run("month") {
        BATCH.get_or_init(|| rows::batch(count));
    }
    let peer = peer::start(folder.path(), count)?;
    if is_run("parquet") {
        print!("{}", files::parquet(folder.path(), peer.as_ref()));
    }
    if is_run("delta") {
        print!("{}", files::delta(folder.path(), peer.as_ref()));
    }
    if is_run("sql") {
        sql::print(peer.as_ref())?;
    }
    if is_run("month") {
        month::print()?;
    }
    #[cfg(feature = "frames")]
    if is_run("memory") {
        memory::print()?;
    }
    Ok(())
}

/// The rows of all parts.
fn batch() -> nuthatch::Result<RecordBatch> {
    BATCH.get().cloned().ok_or_else(|| nuthatch::Error::other("there are no rows"))
}
