//! A stored table as DataFusion sees it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use nuthatch_table::Scan;
use nuthatch_table::parquet::ParquetScan;

use crate::exec::ScanExec;
use crate::{external, pruning};

/// A stored table. Every filter is applied here, so that its rows stay in order: a plan with a
/// filter of its own above would deal them out to several threads.
pub(crate) struct StoredTable {
    scan: Arc<dyn Scan>,
}

impl fmt::Debug for StoredTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoredTable").field(&self.scan).finish()
    }
}

impl StoredTable {
    pub(crate) fn new(scan: Arc<dyn Scan>) -> Self {
        Self { scan }
    }
}

#[async_trait]
impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        self.scan.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.scan.schema();
        let all = || (0..schema.fields().len()).collect();
        let mut columns: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let returned = columns.len();
        for column in filters.iter().flat_map(Expr::column_refs) {
            let index = schema.index_of(column.name())?;
            if !columns.contains(&index) {
                columns.push(index);
            }
        }
        let read = Arc::new(schema.project(&columns)?);
        let predicate = filters.iter().cloned().reduce(Expr::and);
        let predicate = match predicate {
            Some(filter) => {
                let described = DFSchema::try_from(Arc::clone(&read))?;
                Some(state.create_physical_expr(filter, &described)?)
            }
            None => None,
        };
        let mut scan = Arc::clone(&self.scan);
        if let Some(parquet) = (scan.as_ref() as &dyn Any).downcast_ref::<ParquetScan>()
            && let Some(predicate) = &predicate
        {
            scan = Arc::new(pruning::prune(parquet, predicate, &read).await.map_err(external)?);
        }
        Ok(Arc::new(ScanExec::new(scan, columns, returned, predicate, limit)?))
    }
}
