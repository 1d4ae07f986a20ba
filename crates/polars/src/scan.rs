//! A stored table as Polars sees it.

use std::any::Any;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::TryStreamExt;
use nuthatch_core::runtime::block_on;
use nuthatch_core::{Error, Result};
use nuthatch_table::Scan;
use nuthatch_table::parquet::ParquetScan;
use nuthatch_table::schema::distinct_names;
use polars::error::PolarsResult;
use polars::prelude::{
    AnonymousScan, AnonymousScanArgs, DataFrame, Expr, IntoLazy, LazyFrame, ScanArgsAnonymous,
    Schema as FrameSchema,
};

use crate::convert::{to_frame, to_frame_field};
use crate::pruning::Ranges;
use crate::{external, failed};

/// About how many rows are filtered at a time.
const FILTERED: usize = 1 << 17;

/// A stored table, opened as a plan that reads it. Every filter, and every choice of columns, is
/// applied here, so that it reaches the files.
pub(crate) fn opened(scan: Arc<dyn Scan>) -> Result<LazyFrame> {
    distinct_names(&scan.schema())?;
    let fields = scan
        .schema()
        .fields()
        .iter()
        .map(|field| to_frame_field(field))
        .collect::<Result<Vec<_>>>()?;
    let schema: FrameSchema = fields.into_iter().collect();
    let arguments = ScanArgsAnonymous {
        schema: Some(Arc::new(schema)),
        name: "nuthatch",
        ..ScanArgsAnonymous::default()
    };
    LazyFrame::anonymous_scan(Arc::new(StoredTable { scan }), arguments).map_err(failed)
}

struct StoredTable {
    scan: Arc<dyn Scan>,
}

impl AnonymousScan for StoredTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn scan(&self, asked: AnonymousScanArgs) -> PolarsResult<DataFrame> {
        block_on(self.read(asked)).map_err(|error| external(&error))
    }

    fn allows_predicate_pushdown(&self) -> bool {
        true
    }

    fn allows_projection_pushdown(&self) -> bool {
        true
    }
}

impl StoredTable {
    async fn read(&self, asked: AnonymousScanArgs) -> Result<DataFrame> {
        let schema = self.scan.schema();
        let columns = match &asked.with_columns {
            Some(names) => {
                names.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>()
            }
            None => Ok((0..schema.fields().len()).collect()),
        };
        let columns = columns.map_err(Error::other)?;
        let read = Arc::new(schema.project(&columns).map_err(Error::other)?);
        // A limit is of the rows before the filter.
        let mut left = asked.n_rows.unwrap_or(usize::MAX);
        let scan = match (&asked.predicate, left) {
            (Some(predicate), usize::MAX) => self.pruned(predicate).await?,
            _ => Arc::clone(&self.scan),
        };
        let mut rows = Gathered::new(read, asked.predicate);
        let mut batches = scan.stream(Some(columns));
        while left > 0
            && let Some(batch) = batches.try_next().await?
        {
            let batch = batch.slice(0, batch.num_rows().min(left));
            left -= batch.num_rows();
            rows.add(batch)?;
        }
        rows.into_frame()
    }

    async fn pruned(&self, predicate: &Expr) -> Result<Arc<dyn Scan>> {
        if let Some(parquet) = (self.scan.as_ref() as &dyn Any).downcast_ref::<ParquetScan>()
            && let Some(ranges) = Ranges::of(predicate)
        {
            return Ok(Arc::new(parquet.pruned(|bounds| ranges.keep(bounds)).await?));
        }
        Ok(Arc::clone(&self.scan))
    }
}

/// The rows that a filter lets through, as they are read.
struct Gathered {
    schema: SchemaRef,
    /// The filter, where it looks at one row at a time.
    by_row: Option<Expr>,
    /// Where it looks at all of them.
    at_last: Option<Expr>,
    batches: Vec<RecordBatch>,
    rows: usize,
    frame: Option<DataFrame>,
}

impl Gathered {
    fn new(schema: SchemaRef, predicate: Option<Expr>) -> Self {
        let (by_row, at_last) = match predicate {
            Some(predicate) if is_by_row(&predicate) => (Some(predicate), None),
            predicate => (None, predicate),
        };
        Self { schema, by_row, at_last, batches: Vec::new(), rows: 0, frame: None }
    }

    fn add(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        self.batches.push(batch);
        match &self.by_row {
            Some(_) if self.rows >= FILTERED => self.filter(),
            _ => Ok(()),
        }
    }

    fn filter(&mut self) -> Result<()> {
        let frame = to_frame(&self.schema, &self.batches)?;
        self.batches.clear();
        self.rows = 0;
        let frame = filtered(frame, self.by_row.as_ref())?;
        match &mut self.frame {
            Some(before) => before.vstack_mut(&frame).map(drop).map_err(failed),
            None => {
                self.frame = Some(frame);
                Ok(())
            }
        }
    }

    fn into_frame(mut self) -> Result<DataFrame> {
        if self.frame.is_none() || !self.batches.is_empty() {
            self.filter()?;
        }
        filtered(self.frame.unwrap_or_default(), self.at_last.as_ref())
    }
}

fn filtered(frame: DataFrame, predicate: Option<&Expr>) -> Result<DataFrame> {
    match predicate {
        Some(predicate) => frame.lazy().filter(predicate.clone()).collect().map_err(failed),
        None => Ok(frame),
    }
}

/// Whether an expression says of each row what it says of it among others, too.
fn is_by_row(predicate: &Expr) -> bool {
    predicate.into_iter().all(|part| {
        matches!(
            part,
            Expr::Column(_)
                | Expr::Literal(_)
                | Expr::BinaryExpr { .. }
                | Expr::Cast { .. }
                | Expr::Ternary { .. }
        )
    })
}
