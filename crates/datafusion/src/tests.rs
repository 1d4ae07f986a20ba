//! Frames in and frames out, and what is read of the files meanwhile.

mod conformance;
mod plans;
mod pushed;
mod times;

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{SessionConfig, SessionContext};
use nuthatch_core::Result;
use nuthatch_core::backend::conformance::{source, target};
use nuthatch_core::backend::{Backend, Source};
use nuthatch_core::runtime::{block_on, within};
use nuthatch_core::store::Counting;
use nuthatch_table::Parquet;
use nuthatch_table::test_util::mixed as rows;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::Frames;

const FRAMES: Frames<Parquet> = Frames::new(Parquet);

/// A frame of a session with several partitions.
fn frame(batches: Vec<RecordBatch>) -> DataFrame {
    let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4));
    session.read_batches(batches).expect("they are of one schema")
}

fn collect(frame: DataFrame) -> RecordBatch {
    try_collect(frame).expect("the frame is executed")
}

fn try_collect(frame: DataFrame) -> Result<RecordBatch> {
    let schema: SchemaRef = Arc::clone(frame.schema().inner());
    let batches = block_on(within(frame.collect())).map_err(crate::failed)?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    concat_batches(&schema, &batches).map_err(nuthatch_core::Error::other)
}

/// Stores a frame with options in TOML; what is read of it is counted.
fn stored(frame: &DataFrame, options: &str) -> Result<(Counting, Source)> {
    let counting = Counting::new(Arc::new(InMemory::new()));
    let options = options.parse().expect("the options are TOML");
    let target =
        target(&(Arc::new(counting.clone()) as _), &Path::from("data/generation"), options);
    let written = block_on(within(FRAMES.write(frame, &target)))?;
    Ok((counting, source::<DataFrame>(&FRAMES, &target, written)))
}

fn read(source: &Source) -> DataFrame {
    block_on(FRAMES.read(source)).expect("it is opened")
}
