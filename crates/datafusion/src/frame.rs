//! A frame as a table: executed as a stream, opened over a scan.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties, Partitioning, execute_stream,
};
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use nuthatch_core::{Error, Result};
use nuthatch_table::schema::distinct_names;
use nuthatch_table::{Foreign, Of, Rows, Scan, Table};

use crate::failed;
use crate::provider::StoredTable;
use crate::session::session;

/// About what a plan and its session's state take in memory.
const WEIGHT: u64 = 64 << 10;

/// DataFusion, whose frames these are.
#[derive(Debug, Clone, Copy)]
pub struct DataFusion;

/// The backend `B`, which stores tables, for DataFusion's frames.
///
/// A frame that was stored is read back at once, so that its plan is never executed twice.
pub type Frames<B> = Of<B, DataFusion>;

impl Foreign<DataFusion> for DataFrame {
    type Table = Frame;
    const IS_LAZY: bool = true;

    fn as_table(&self) -> Frame {
        Frame(self.clone())
    }

    fn of_table(frame: Frame) -> Self {
        frame.0
    }
}

/// A frame, as nuthatch's tables are.
#[derive(Debug, Clone)]
pub struct Frame(pub DataFrame);

impl Table for Frame {
    /// Executes the plan. The batches are an accident of that, and do not come back as such.
    fn rows(&self) -> BoxFuture<'_, Result<Rows<'_>>> {
        Box::pin(async move {
            let (plan, context) = self.physical().await.map_err(failed)?;
            let schema = plan.schema();
            // A plan tells them apart by the tables that were joined, and a stored table is one.
            distinct_names(&schema)?;
            let stream = execute_stream(plan, context).map_err(failed)?;
            let expected = Arc::clone(&schema);
            let batches = stream.map_err(failed).map(move |batch| {
                let batch = batch?;
                // Plans tell the nullability of some columns otherwise than their batches do.
                match batch.schema_ref() == &expected {
                    true => Ok(batch),
                    false => batch.with_schema(Arc::clone(&expected)).map_err(Error::other),
                }
            });
            let batches = batches.boxed();
            Ok(Rows { schema, batches, keep_batches: false, at_hand: false })
        })
    }

    fn from_scan(scan: Arc<dyn Scan>) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move {
            distinct_names(&scan.schema())?;
            let frame = session().read_table(Arc::new(StoredTable::new(scan)));
            frame.map(Frame).map_err(failed)
        })
    }

    fn weigh(&self) -> u64 {
        WEIGHT
    }
}

impl Frame {
    /// The plan to be executed. Where its partitions would be stored in the order in which they
    /// happen to be ready, although rows have an order that the plan keeps within them, it is made
    /// for one partition. Hashing has given up the order already, and stays parallel.
    async fn physical(
        &self,
    ) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>), DataFusionError> {
        let (mut state, logical) = self.0.clone().into_parts();
        let plan = state.create_physical_plan(&logical).await?;
        if plan.output_partitioning().partition_count() <= 1 || is_hashed(&plan)? {
            return Ok((plan, Arc::new(TaskContext::from(&state))));
        }
        state.config_mut().options_mut().execution.target_partitions = 1;
        let plan = state.create_physical_plan(&logical).await?;
        Ok((plan, Arc::new(TaskContext::from(&state))))
    }
}

/// Whether rows are dealt out by a hash, somewhere in the plan.
fn is_hashed(plan: &Arc<dyn ExecutionPlan>) -> Result<bool, DataFusionError> {
    let mut found = false;
    plan.apply(|node| {
        let repartition = (node.as_ref() as &dyn std::any::Any).downcast_ref::<RepartitionExec>();
        found |=
            repartition.is_some_and(|node| matches!(node.partitioning(), Partitioning::Hash(..)));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
