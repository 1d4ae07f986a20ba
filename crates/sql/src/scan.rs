//! A stored table that is to be read: all at once, or batch by batch.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use nuthatch_core::time::TimeRange;
use nuthatch_core::{Error, Result, runtime};
use nuthatch_table::Scan;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::gather::Gather;
use crate::options::Options;
use crate::record::Record;
use crate::server;
use crate::statements::Table;
use crate::within::condition;

/// How many batches wait for whoever reads them.
const WAITING: usize = 2;

/// Where the table lies, and what it is.
#[derive(Debug, Clone)]
pub(crate) struct SqlScan {
    pub(crate) record: Record,
    pub(crate) options: Options,
    /// What holds for the rows that are read; all of them, where nothing is said.
    pub(crate) condition: Option<Arc<str>>,
    /// The entry, for errors.
    pub(crate) shown: String,
}

impl Scan for SqlScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.record.schema)
    }

    fn row_count(&self) -> Option<u64> {
        self.record.rows.filter(|_| self.condition.is_none())
    }

    fn collect(&self) -> BoxFuture<'_, Result<Vec<RecordBatch>>> {
        Box::pin(async move {
            let read = async {
                let batches = self.load(None, None).await?;
                match self.condition {
                    Some(_) => Ok(vec![one(&self.record.schema, batches)?]),
                    None => rebatched(&self.record, batches),
                }
            };
            read.await.map_err(|failure| self.failed(failure))
        })
    }

    fn whole(&self) -> BoxFuture<'_, Result<RecordBatch>> {
        Box::pin(async move {
            let read = async { one(&self.record.schema, self.load(None, None).await?) };
            read.await.map_err(|failure| self.failed(failure))
        })
    }

    fn stream(&self, columns: Option<Vec<usize>>) -> BoxStream<'static, Result<RecordBatch>> {
        let (taker, taken) = mpsc::channel(WAITING);
        let scan = self.clone();
        // The connection is driven by nuthatch's runtime, whoever polls the stream.
        let reading = runtime::spawn(async move {
            let read = scan.load(columns, Some(taker)).await;
            read.map_err(|failure| scan.failed(failure))
        });
        let batches = stream::unfold(taken, |mut taken| async move {
            let batch: RecordBatch = taken.recv().await?;
            Some((Ok(batch), taken))
        });
        let end = stream::once(reading).filter_map(|read| async move {
            match read {
                Ok(Ok(_)) => None,
                Ok(Err(error)) | Err(error) => Some(Err(error)),
            }
        });
        batches.chain(end).boxed()
    }
}

impl SqlScan {
    /// Without the rows that lie outside of a range of time, or with some of them.
    pub(crate) fn within(self, range: &TimeRange) -> Self {
        let Record { schema, columns, .. } = &self.record;
        let condition = condition(schema, columns, self.options.dialect, range);
        Self { condition: condition.map(Into::into), ..self }
    }

    async fn load(
        &self,
        columns: Option<Vec<usize>>,
        taker: Option<mpsc::Sender<RecordBatch>>,
    ) -> Result<Vec<RecordBatch>, Failure> {
        let Record { schema, columns: all, .. } = &self.record;
        let (schema, chosen) = match &columns {
            None => (Arc::clone(schema), all.clone()),
            Some(indices) => {
                let missing = |error| Failure::Rows(Error::other(error));
                let schema = schema.project(indices).map_err(missing)?;
                (Arc::new(schema), indices.iter().map(|index| all[*index].clone()).collect())
            }
        };
        let table = self.record.table_of(self.options.dialect, &chosen);
        let table = Table { condition: self.condition.as_deref(), ..table };
        let mut gather = Gather::new(schema, chosen.clone(), self.options.chunk);
        if let Some(taker) = taker {
            gather = gather.handing_to(taker);
        }
        let gathered = server::connect(&self.options).load(table, gather).await?;
        match self.row_count() {
            Some(rows) if rows != gathered.rows => Err(Failure::Damaged(format!(
                "its table has {} rows, and {rows} were written",
                gathered.rows
            ))),
            _ => Ok(gathered.batches),
        }
    }

    fn failed(&self, failure: Failure) -> Error {
        failure.into_error::<RecordBatch>("read", &self.shown, &self.options)
    }
}

/// The rows in one batch.
fn one(schema: &SchemaRef, mut batches: Vec<RecordBatch>) -> Result<RecordBatch, Failure> {
    if batches.len() == 1 {
        return Ok(batches.remove(0));
    }
    concat_batches(schema, &batches).map_err(|error| Failure::Damaged(error.to_string()))
}

/// The rows in the batches that were stored.
fn rebatched(record: &Record, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, Failure> {
    let Some(lengths) = &record.batches else { return Ok(vec![one(&record.schema, batches)?]) };
    let whole = one(&record.schema, batches)?;
    let mut start = 0;
    let mut parts = Vec::with_capacity(lengths.len());
    for length in lengths {
        let length = usize::try_from(*length).unwrap_or(usize::MAX);
        if length > whole.num_rows() - start {
            return Err(Failure::Damaged("its manifest names more rows than there are".to_owned()));
        }
        parts.push(whole.slice(start, length));
        start += length;
    }
    Ok(parts)
}
