//! A plan executed, a bounded number of its rows in memory at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::channel::{mpsc, oneshot};
use futures::stream::BoxStream;
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use nuthatch_core::{Error, Result};
use polars::prelude::{DataFrame, Engine, LazyFrame, PlanCallback};
use polars_plan::prelude::{ArenaLpIter, FileScanIR, IR};

use crate::convert::{panicked, to_batches, to_schema};
use crate::failed;

type Batches = BoxStream<'static, Result<RecordBatch>>;

/// Executes a plan on a thread of its own, which goes no further than a frame ahead of who takes
/// the batches, and ends when they are dropped.
///
/// # Errors
///
/// The plan is none, or what it makes is none of Arrow.
pub(crate) async fn execute(plan: LazyFrame) -> Result<(SchemaRef, Batches)> {
    let (told, schema) = oneshot::channel();
    let (sender, frames) = mpsc::channel(0);
    thread::Builder::new().name("nuthatch-polars".to_owned()).spawn(move || {
        let mut failing = sender.clone();
        let run = AssertUnwindSafe(|| run(plan, told, sender));
        let failure = match catch_unwind(run) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(panic) => panicked(&*panic),
        };
        // Who has gone does not want to know.
        let _ = pollster::block_on(failing.send(Err(failure)));
    })?;
    let mut frames = frames;
    let schema = match schema.await {
        Ok(schema) => schema,
        Err(_) => {
            let failure = frames.next().await.and_then(Result::err);
            return Err(failure.unwrap_or_else(|| Error::other("the plan was not executed")));
        }
    };
    let expected = Arc::clone(&schema);
    let batches = frames.map(move |frame| to_batches(&frame?, &expected));
    let batches = batches.map_ok(|batches| stream::iter(batches.into_iter().map(Ok)));
    Ok((schema, batches.try_flatten().boxed()))
}

fn run(
    mut plan: LazyFrame,
    told: oneshot::Sender<SchemaRef>,
    sender: mpsc::Sender<Result<DataFrame>>,
) -> Result<()> {
    let schema = to_schema(plan.collect_schema().map_err(failed)?.as_ref())?;
    if told.send(schema).is_err() {
        return Ok(());
    }
    let engine = if streams(&plan)? { Engine::Streaming } else { Engine::InMemory };
    let sender = Mutex::new(sender);
    let send = move |frame: DataFrame| {
        let mut sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = pollster::block_on(sender.send(Ok(frame))).is_ok();
        Ok(!is_wanted)
    };
    let plan = plan.sink_batches(PlanCallback::new(send), true, None).map_err(failed)?;
    plan.collect_with_engine(engine).map(drop).map_err(failed)
}

/// Whether Polars's streaming engine can execute a plan: it has no sources of others, and so none
/// of nuthatch's recalled frames, and panics at one (polars 0.55).
fn streams(plan: &LazyFrame) -> Result<bool> {
    let plan = plan.clone().to_alp_optimized().map_err(failed)?;
    let foreign = plan.lp_arena.iter(plan.lp_top).any(|(_, node)| match node {
        IR::Scan { scan_type, .. } => matches!(scan_type.as_ref(), FileScanIR::Anonymous { .. }),
        _ => false,
    });
    Ok(!foreign)
}
