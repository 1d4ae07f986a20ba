//! The rows of a stored table on their way.

use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::filter::batch_filter;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
};
use futures::{StreamExt, TryStreamExt, future, stream};
use nuthatch_table::Scan;

use crate::external;

/// Reads some columns of a stored table, in one partition and in order, and gives those rows that
/// a predicate lets through.
#[derive(Debug)]
pub(crate) struct ScanExec {
    scan: Arc<dyn Scan>,
    /// The columns that are read: those that are returned, and then those that only the predicate
    /// needs.
    columns: Vec<usize>,
    returned: usize,
    predicate: Option<Arc<dyn PhysicalExpr>>,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl ScanExec {
    pub(crate) fn new(
        scan: Arc<dyn Scan>,
        columns: Vec<usize>,
        returned: usize,
        predicate: Option<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
    ) -> Result<Self> {
        let schema = Arc::new(scan.schema().project(&columns[..returned])?);
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Ok(Self { scan, columns, returned, predicate, limit, properties })
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanExec: {:?}, columns={:?}", self.scan, &self.columns[..self.returned])?;
        if let Some(predicate) = &self.predicate {
            write!(f, ", predicate={predicate}")?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "ScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.predicate.as_ref().map_or(Ok(TreeNodeRecursion::Continue), visit)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a stored table has one partition, and {partition} is asked for");
        }
        let (predicate, returned) = (self.predicate.clone(), self.returned);
        let batches = self.scan.stream(Some(self.columns.clone())).map_err(external);
        let batches = batches.map(move |batch| {
            let batch = batch?;
            let kept = match &predicate {
                Some(predicate) => batch_filter(&batch, predicate)?,
                None => batch,
            };
            if kept.num_columns() == returned {
                return Ok(kept);
            }
            let columns: Vec<usize> = (0..returned).collect();
            Ok(kept.project(&columns)?)
        });
        let schema = self.schema();
        let batches = match self.limit {
            Some(limit) => first(batches, limit).boxed(),
            None => batches.boxed(),
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(self.properties.eq_properties.schema())
    }
}

/// The first rows, and nothing is read beyond the batch that has the last of them.
fn first(
    batches: impl stream::Stream<Item = Result<RecordBatch>> + Send,
    limit: usize,
) -> impl stream::Stream<Item = Result<RecordBatch>> + Send {
    let mut left = limit;
    let taken = batches.map_ok(move |batch| {
        let rows = batch.num_rows().min(left);
        left -= rows;
        (batch.slice(0, rows), left == 0)
    });
    let mut done = limit == 0;
    taken
        .take_while(move |taken| {
            let go_on = !done;
            done |= taken.as_ref().is_ok_and(|(_, last)| *last);
            future::ready(go_on)
        })
        .map_ok(|(batch, _)| batch)
}
