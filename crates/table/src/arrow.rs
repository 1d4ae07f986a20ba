//! Arrow's own types as tables.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use futures::StreamExt;
use futures::future::{BoxFuture, ready};
use futures::stream;
use nuthatch_core::{Error, Result};

use crate::failure::column_error;
use crate::table::{Rows, Scan, Table};

impl Table for RecordBatch {
    fn rows(&self) -> BoxFuture<'_, Result<Rows<'_>>> {
        let batches = stream::iter([Ok(self.clone())]).boxed();
        let schema = self.schema();
        Box::pin(ready(Ok(Rows { schema, batches, keep_batches: true, at_hand: true })))
    }

    fn from_scan(scan: Arc<dyn Scan>) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move { scan.whole().await })
    }

    fn weigh(&self) -> u64 {
        self.get_array_memory_size() as u64
    }
}

impl Table for Vec<RecordBatch> {
    fn rows(&self) -> BoxFuture<'_, Result<Rows<'_>>> {
        let rows = one_schema(self).map(|schema| {
            let batches = stream::iter(self.iter().cloned().map(Ok)).boxed();
            Rows { schema, batches, keep_batches: true, at_hand: true }
        });
        Box::pin(ready(rows))
    }

    fn from_scan(scan: Arc<dyn Scan>) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move { scan.collect().await })
    }

    fn weigh(&self) -> u64 {
        self.iter().map(Table::weigh).sum()
    }
}

/// The schema of all batches; without any there are no columns.
fn one_schema(batches: &[RecordBatch]) -> Result<SchemaRef> {
    let Some(first) = batches.first() else { return Ok(Arc::new(Schema::empty())) };
    let schema = first.schema();
    for (index, batch) in batches.iter().enumerate().skip(1) {
        let other = batch.schema_ref();
        if Arc::ptr_eq(other, &schema) || **other == *schema {
            continue;
        }
        let fields = schema.fields().iter().zip(other.fields());
        return Err(match fields.into_iter().find(|(one, other)| one != other) {
            Some((one, other)) => column_error(
                one.name(),
                &format!(
                    "batch 0 has {one:?}, and batch {index} has {other:?}; all batches of a table \
                     have one schema"
                ),
            ),
            None => Error::other(format!(
                "batch 0 has {} columns with metadata {:?}, and batch {index} has {} with {:?}; \
                 all batches of a table have one schema",
                schema.fields().len(),
                schema.metadata(),
                other.fields().len(),
                other.metadata(),
            )),
        });
    }
    Ok(schema)
}
