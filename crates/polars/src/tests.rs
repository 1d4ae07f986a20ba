//! Frames in and frames out, and what is read of the files meanwhile.

mod conformance;
mod plans;
mod pushed;
mod shared;
mod times;
mod types;

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use nuthatch_core::Result;
use nuthatch_core::backend::conformance::{source, target};
use nuthatch_core::backend::{Backend, Source};
use nuthatch_core::runtime::{block_on, within};
use nuthatch_core::store::Counting;
use nuthatch_table::Parquet;
use nuthatch_table::test_util::mixed;
use object_store::memory::InMemory;
use object_store::path::Path;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use crate::Frames;
use crate::convert::{to_batches, to_frame, to_schema};

const FRAMES: Frames<Parquet> = Frames::new(Parquet);

fn rows(count: i64) -> DataFrame {
    frame(&mixed(count))
}

fn frame(batch: &RecordBatch) -> DataFrame {
    to_frame(batch.schema_ref(), std::slice::from_ref(batch)).expect("Polars holds it")
}

fn batches(frame: &DataFrame) -> Vec<RecordBatch> {
    let schema = to_schema(frame.schema()).expect("Arrow holds it");
    to_batches(frame, &schema).expect("Arrow holds it")
}

fn collect(frame: LazyFrame) -> DataFrame {
    frame.collect().expect("the plan is executed")
}

/// Stores a value with options in TOML; what is read of it is counted.
fn stored<T: 'static>(value: &T, options: &str) -> Result<(Counting, Source)>
where
    Frames<Parquet>: Backend<T>,
{
    let counting = Counting::new(Arc::new(InMemory::new()));
    let options = options.parse().expect("the options are TOML");
    let target =
        target(&(Arc::new(counting.clone()) as _), &Path::from("data/generation"), options);
    let written = block_on(within(FRAMES.write(value, &target)))?;
    Ok((counting, source::<T>(&FRAMES, &target, written)))
}

fn read(source: &Source) -> LazyFrame {
    block_on(FRAMES.read(source)).expect("it is opened")
}

fn read_whole(source: &Source) -> DataFrame {
    block_on(FRAMES.read(source)).expect("it is read")
}
