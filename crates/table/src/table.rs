//! A Rust type that holds a table, and a stored table that is to be read.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use nuthatch_core::Result;

/// A Rust type that holds a table: an engine. Every tabular backend stores and reads it.
///
/// # Contract
///
/// - [`rows`](Table::rows) gives every row in order, and every batch has the schema that it names.
/// - [`from_scan`](Table::from_scan) makes of a stored table a value whose rows are those, in
///   their order. An eager type reads them all; a lazy one keeps the scan and reads when it is
///   read.
pub trait Table: Send + Sync + Sized + 'static {
    /// The rows, to be written.
    fn rows(&self) -> BoxFuture<'_, Result<Rows<'_>>>;

    /// The value, from a stored table.
    fn from_scan(scan: Arc<dyn Scan>) -> BoxFuture<'static, Result<Self>>;

    /// What the value weighs in memory, in bytes.
    fn weigh(&self) -> u64;
}

/// The rows of a table, on their way into a store.
pub struct Rows<'a> {
    /// The schema of every batch.
    pub schema: SchemaRef,
    /// The batches, in order.
    pub batches: BoxStream<'a, Result<RecordBatch>>,
    /// Whether the value is made of these batches, so that it is to come back in them: not where
    /// they are an accident of how a plan was run.
    pub keep_batches: bool,
    /// Whether all batches are in memory already, so that they may be looked at before they are
    /// written; else they are computed as they are taken.
    pub at_hand: bool,
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("schema", &self.schema)
            .field("keep_batches", &self.keep_batches)
            .field("at_hand", &self.at_hand)
            .finish_non_exhaustive()
    }
}

/// A stored table that is to be read. Whatever is read is checked.
///
/// Backends give their own; an engine that knows one of them may ask for it by `Any`, and read in
/// a way of its own.
pub trait Scan: Any + Send + Sync + fmt::Debug {
    /// The schema, as it was stored.
    fn schema(&self) -> SchemaRef;

    /// How many rows there are, where that is known without reading.
    fn row_count(&self) -> Option<u64>;

    /// All rows, in the batches that were stored where the value was made of them.
    fn collect(&self) -> BoxFuture<'_, Result<Vec<RecordBatch>>>;

    /// All rows as one batch.
    fn whole(&self) -> BoxFuture<'_, Result<RecordBatch>>;

    /// The rows in order, a bounded number of them in memory; of these columns of the schema, in
    /// this order, where they are named. It can be polled on any executor.
    fn stream(&self, columns: Option<Vec<usize>>) -> BoxStream<'static, Result<RecordBatch>>;
}
