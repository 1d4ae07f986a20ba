//! Rows in memory, to be read as a stored table is.

use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use futures::future::{BoxFuture, ready};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use nuthatch_core::{Error, Result};

use crate::table::{Rows, Scan};

/// All rows of a table.
pub(crate) struct Held {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("rows", &self.rows()).finish_non_exhaustive()
    }
}

impl Held {
    /// Takes the rows, as one batch where one can hold them: whoever wants one makes no copy then.
    ///
    /// # Errors
    ///
    /// They cannot be computed.
    pub(crate) async fn of(rows: Rows<'_>) -> Result<Self> {
        let schema = rows.schema;
        let batches: Vec<_> = rows.batches.try_collect().await?;
        let batches = match concat_batches(&schema, &batches) {
            Ok(whole) => vec![whole],
            Err(_) => batches,
        };
        Ok(Self { schema, batches })
    }

    fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

impl Scan for Held {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn row_count(&self) -> Option<u64> {
        u64::try_from(self.rows()).ok()
    }

    fn collect(&self) -> BoxFuture<'_, Result<Vec<RecordBatch>>> {
        Box::pin(ready(Ok(self.batches.clone())))
    }

    fn whole(&self) -> BoxFuture<'_, Result<RecordBatch>> {
        Box::pin(ready(concat_batches(&self.schema, &self.batches).map_err(Error::other)))
    }

    fn stream(&self, columns: Option<Vec<usize>>) -> BoxStream<'static, Result<RecordBatch>> {
        let batches = self.batches.clone().into_iter().map(move |batch| match &columns {
            None => Ok(batch),
            Some(columns) => batch.project(columns).map_err(Error::other),
        });
        stream::iter(batches).boxed()
    }
}
