//! Files and row groups of which a filter lets no row through.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};
use arrow_schema::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::PhysicalExpr;
use nuthatch_core::Result;
use nuthatch_table::parquet::{Bounds, ParquetScan};

/// What is left of a scan. A predicate that says nothing of ranges leaves all of it.
pub(crate) async fn prune(
    scan: &ParquetScan,
    predicate: &Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
) -> Result<ParquetScan> {
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
    let Ok(pruning) = builder.try_build(Arc::clone(predicate)) else { return Ok(scan.clone()) };
    if pruning.always_true() {
        return Ok(scan.clone());
    }
    // What cannot be evaluated leaves nothing out.
    scan.pruned(|bounds| pruning.prune(&Statistics(bounds)).unwrap_or_default()).await
}

struct Statistics<'a>(&'a Bounds<'a>);

impl PruningStatistics for Statistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.0.least(column.name())
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.0.greatest(column.name())
    }

    fn num_containers(&self) -> usize {
        self.0.count()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
