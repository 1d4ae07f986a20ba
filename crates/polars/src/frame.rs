//! Frames as tables: an eager one as its chunks, a lazy one executed as a stream and opened over a
//! scan.

use std::fmt;
use std::sync::Arc;

use futures::future::{BoxFuture, ready};
use futures::{StreamExt, stream};
use nuthatch_core::Result;
use nuthatch_table::{Foreign, Of, Rows, Scan, Table};
use polars::prelude::{DataFrame, LazyFrame};

use crate::convert::{to_batches, to_frame, to_schema};
use crate::execute::execute;
use crate::scan::opened;

/// About what a plan takes in memory.
const WEIGHT: u64 = 16 << 10;

/// Polars, whose frames these are.
#[derive(Debug, Clone, Copy)]
pub struct Polars;

/// The backend `B`, which stores tables, for Polars's frames.
///
/// A lazy frame that was stored is read back at once, so that its plan is never executed twice.
pub type Frames<B> = Of<B, Polars>;

/// An eager frame, as nuthatch's tables are.
#[derive(Debug, Clone)]
pub struct Eager(pub DataFrame);

/// A lazy frame, as nuthatch's tables are.
#[derive(Clone)]
pub struct Lazy(pub LazyFrame);

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").finish_non_exhaustive()
    }
}

impl Table for Eager {
    /// The chunks are an accident, and do not come back as such.
    fn rows(&self) -> BoxFuture<'_, Result<Rows<'_>>> {
        let rows = to_schema(self.0.schema()).and_then(|schema| {
            let batches = to_batches(&self.0, &schema)?;
            let batches = stream::iter(batches.into_iter().map(Ok)).boxed();
            Ok(Rows { schema, batches, keep_batches: false, at_hand: true })
        });
        Box::pin(ready(rows))
    }

    fn from_scan(scan: Arc<dyn Scan>) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move {
            let batches = scan.collect().await?;
            to_frame(&scan.schema(), &batches).map(Eager)
        })
    }

    fn weigh(&self) -> u64 {
        self.0.estimated_size() as u64
    }
}

impl Table for Lazy {
    /// Executes the plan.
    fn rows(&self) -> BoxFuture<'_, Result<Rows<'_>>> {
        Box::pin(async move {
            let (schema, batches) = execute(self.0.clone()).await?;
            Ok(Rows { schema, batches, keep_batches: false, at_hand: false })
        })
    }

    fn from_scan(scan: Arc<dyn Scan>) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move { opened(scan).map(Lazy) })
    }

    fn weigh(&self) -> u64 {
        WEIGHT
    }
}

impl Foreign<Polars> for DataFrame {
    type Table = Eager;
    const IS_LAZY: bool = false;

    fn as_table(&self) -> Eager {
        Eager(self.clone())
    }

    fn of_table(table: Eager) -> Self {
        table.0
    }
}

impl Foreign<Polars> for LazyFrame {
    type Table = Lazy;
    const IS_LAZY: bool = true;

    fn as_table(&self) -> Lazy {
        Lazy(self.clone())
    }

    fn of_table(table: Lazy) -> Self {
        table.0
    }
}
