//! The backend: a value, the place that core gives it, and a table between the two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use nuthatch_core::Result;
use nuthatch_core::backend::{Backend, Elsewhere, Remover, Source, Target, Written};
use nuthatch_core::time::TimeRange;
use nuthatch_table::{Rows, Scan as _, Table, schema};
use object_store::path::Path;

use crate::announced;
use crate::failure::Failure;
use crate::frame::{self, Frame};
use crate::merge;
use crate::names::Names;
use crate::options::Options;
use crate::record::Record;
use crate::scan::SqlScan;
use crate::server::{self, Merge};
use crate::statements;
use crate::width;

/// Stores tables in a database.
///
/// ```
/// use nuthatch_core::backend::Backend;
/// use arrow::array::RecordBatch;
///
/// assert_eq!(Backend::<RecordBatch>::name(&nuthatch_sql::Sql), "sql");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sql;

impl Sql {
    /// The rows of a stored table, batch by batch and in order, of some columns of its schema where
    /// they are named: a few batches are in memory at a time. It can be polled on any executor.
    ///
    /// # Errors
    ///
    /// The manifest's record or the options cannot be used. What goes wrong later is an item of the
    /// stream.
    pub fn stream(
        source: &Source,
        columns: Option<Vec<usize>>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        Ok(scan::<RecordBatch>(source)?.stream(columns))
    }
}

impl<T: Table> Backend<T> for Sql {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    // The schema in the manifest says what the table is.
    fn type_shape(&self) -> Option<String> {
        None
    }

    fn write<'a>(&'a self, value: &'a T, target: &'a Target) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let options = Options::read(&target.options, target.folder.as_deref())?;
            write(value.rows().await?, target, &options)
                .await
                .map_err(|failure| failure.into_error::<T>("write", &shown(target), &options))
        })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move { T::from_scan(Arc::new(scan::<T>(source)?)).await })
    }

    /// Rows without a time within are left where they are, as far as the database can tell.
    fn read_within<'a>(
        &'a self,
        source: &'a Source,
        range: &'a TimeRange,
    ) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move { T::from_scan(Arc::new(scan::<T>(source)?.within(range))).await })
    }

    fn weigh(&self, value: &T) -> u64 {
        value.weigh()
    }

    fn can_upsert(&self) -> bool {
        true
    }

    fn upsert<'a>(
        &'a self,
        value: &'a T,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let options = Options::read(&target.options, target.folder.as_deref())?;
            upsert(value.rows().await?, keys, base, target, &options)
                .await
                .map_err(|failure| failure.into_error::<T>("write", &shown(target), &options))
        })
    }

    fn remover(&self) -> Option<&'static dyn Remover> {
        Some(&Self)
    }

    fn publishes(&self) -> bool {
        true
    }

    fn publish<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let options = Options::read(&source.options, source.folder.as_deref())?;
            let publish = async {
                let record = Record::read(&source.record, options.dialect)?;
                let server = server::connect(&options);
                let table = record.table(options.dialect);
                server.publish(&record.names.view, table, options.shows_index).await
            };
            let shown = source.shown.to_string();
            publish.await.map_err(|failure| failure.into_error::<T>("show", &shown, &options))
        })
    }
}

/// Drops the table of a generation, and the view where it still shows that table. Readers of the
/// table are waited for no longer than `lock_timeout`.
impl Remover for Sql {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    fn remove<'a>(&'a self, doomed: &'a Elsewhere) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let options = Options::read(&doomed.options, doomed.folder.as_deref())?;
            let shown = doomed.shown.to_string();
            let remove = async {
                let Names { schema, table: name, view } = &announced::read(doomed, &options)?;
                let (dialect, schema) = (options.dialect, schema.as_deref());
                let table =
                    statements::Table { dialect, schema, name, columns: &[], condition: None };
                server::connect(&options).remove(view, table).await
            };
            let removed = remove.await;
            removed.map_err(|failure| failure.into_error::<()>("remove", &shown, &options))
        })
    }
}

async fn write(rows: Rows<'_>, target: &Target, options: &Options) -> Result<Written, Failure> {
    let (schema, dialect) = (rows.schema, options.dialect);
    if rows.at_hand {
        // They are all there, so that all of them are looked at before anything is written.
        let batches = rows.batches.try_collect::<Vec<_>>().await.map_err(Failure::Rows)?;
        return write_batches(schema, &batches, rows.keep_batches, target, options).await;
    }
    let columns = frame::columns(&schema, dialect).map_err(Failure::Refused)?;
    announce(target, options).await?;
    let names = names(&target.prefix, options);
    let mut record = Record::new(names, columns, schema);
    let weight = AtomicU64::new(0);
    let arriving = rows.batches.map(|batch| {
        let batch = batch.map_err(Failure::Rows)?;
        weight.fetch_add(batch.get_array_memory_size() as u64, Ordering::Relaxed);
        frame::checked(&batch, &record.columns, dialect).map_err(Failure::Refused)
    });
    let created = server::connect(options).create(record.table(dialect), arriving.boxed()).await;
    let count = created.map_err(|error| width::told(error, dialect, record.columns.len()))?;
    record.rows = (!options.in_place).then_some(count);
    written(&record, weight.into_inner(), options)
}

async fn write_batches(
    schema: SchemaRef,
    batches: &[RecordBatch],
    keep_batches: bool,
    target: &Target,
    options: &Options,
) -> Result<Written, Failure> {
    let frame = Frame::new(&schema, batches, options.dialect).map_err(Failure::Refused)?;
    announce(target, options).await?;
    let (names, columns) = (names(&target.prefix, options), frame.columns.clone());
    let mut record = Record::new(names, columns, schema);
    let table = record.table(options.dialect);
    let rows = server::connect(options).create(table, frame.arriving()).await;
    let rows = rows.map_err(|error| width::told(error, options.dialect, table.columns.len()))?;
    if !options.in_place {
        record.rows = Some(rows);
        let lengths = batches.iter().map(|batch| batch.num_rows() as u64);
        let are_kept = keep_batches && batches.len() != 1;
        record.batches = are_kept.then(|| lengths.collect());
    }
    written(&record, weight(batches), options)
}

fn scan<T>(source: &Source) -> Result<SqlScan> {
    let options = Options::read(&source.options, source.folder.as_deref())?;
    let shown = source.shown.to_string();
    match Record::read(&source.record, options.dialect) {
        Ok(record) => Ok(SqlScan { record, options, condition: None, shown }),
        Err(why) => Err(why.into_error::<T>("read", &shown, &options)),
    }
}

async fn upsert(
    rows: Rows<'_>,
    keys: &[&str],
    base: Option<&Source>,
    target: &Target,
    options: &Options,
) -> Result<Written, Failure> {
    let dialect = options.dialect;
    let (new, keep_batches) = (rows.schema, rows.keep_batches);
    let batches = rows.batches.try_collect::<Vec<_>>().await.map_err(Failure::Rows)?;
    let is_alone = base.is_none_or(|base| base.is_alone);
    let base = match base {
        Some(base) => Some(Record::read(&base.record, dialect)?),
        None => None,
    };
    let (schema, conformed) = match &base {
        None => (new, batches),
        Some(base) => {
            let aligned = schema::align(&base.schema, &new).map_err(Failure::Rows)?;
            let conformed = batches.iter().map(|batch| aligned.new_rows(batch));
            let conformed = conformed.collect::<Result<_>>().map_err(Failure::Rows)?;
            (aligned.schema, conformed)
        }
    };
    let keys = merge::keys(&schema, keys).map_err(Failure::Refused)?;
    merge::check(&conformed, &keys).map_err(Failure::Refused)?;
    let mut frame = Frame::new(&schema, &conformed, dialect).map_err(Failure::Refused)?;
    merge::check_exact(&frame, dialect, &keys).map_err(Failure::Refused)?;
    let Some(base) = base else {
        return write_batches(schema, &conformed, keep_batches, target, options).await;
    };

    // The names that the columns have in the database stay.
    for (column, known) in frame.columns.iter_mut().zip(&base.columns) {
        column.name.clone_from(&known.name);
    }
    if merge::may_be_inexact(&base.columns, dialect, &keys) {
        check_stored_keys(&base, options, &keys).await?;
    }
    let key_names: Vec<String> = keys.iter().map(|key| schema.field(*key).name().clone()).collect();
    // A table that was written to be changed in place has no count of rows in its manifest. One
    // whose rows were told apart by other keys is not changed: it would keep those, too. Nor is one
    // beside which the entry has the value elsewhere, where it stays old until the commit.
    let in_place = options.in_place
        && is_alone
        && base.rows.is_none()
        && schema == base.schema
        && base.keys.as_ref().is_none_or(|known| *known == key_names);
    let names = if in_place { base.names.clone() } else { names(&target.prefix, options) };
    let columns = frame.columns.clone();
    let mut record = Record::new(names, columns, schema);
    if !in_place {
        announce(target, options).await?;
    }
    let index = index_name(&record, &keys);
    let rows = server::connect(options)
        .merge(Merge {
            base: base.table(dialect),
            into: record.table(dialect),
            frame: &frame,
            keys: &keys,
            index: &index,
        })
        .await
        .map_err(|error| width::told(error, dialect, record.columns.len()))?;
    record.rows = (!options.in_place).then_some(rows);
    record.keys = Some(key_names);
    record.merged = in_place.then(|| target.prefix.filename().unwrap_or_default().to_owned());
    let mut written = written(&record, weight(&conformed), options)?;
    written.in_base = in_place;
    Ok(written)
}

/// A stored key that says less than it is would be taken for another.
async fn check_stored_keys(
    base: &Record,
    options: &Options,
    keys: &[usize],
) -> Result<(), Failure> {
    let (record, options) = (base.clone(), options.clone());
    let scan = SqlScan { record, options, condition: None, shown: String::new() };
    let stored = scan.collect().await.map_err(Failure::Rows)?;
    let frame = Frame::new(&base.schema, &stored, scan.options.dialect);
    let frame = frame.map_err(Failure::Damaged)?;
    merge::check_exact(&frame, scan.options.dialect, keys).map_err(Failure::Refused)
}

/// Says in the location that a table of this generation may be in the database, before it is.
async fn announce(target: &Target, options: &Options) -> Result<(), Failure> {
    let said = announced::said(&names(&target.prefix, options), options);
    target.announce(crate::NAME, said).await.map_err(Failure::Rows)
}

fn names(prefix: &Path, options: &Options) -> Names {
    Names::of(prefix, options.dialect, &options.schema, options.hashed_names)
}

/// One for each table and set of keys: in PostgreSQL and SQLite the names of indexes are one
/// another's neighbours, whatever table they are of.
fn index_name(record: &Record, keys: &[usize]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(record.names.table.as_bytes());
    keys.iter().for_each(|key| {
        hasher.update(&(*key as u64).to_le_bytes());
    });
    format!("keys_{}", &hasher.finalize().to_hex()[..32])
}

fn written(record: &Record, bytes: u64, options: &Options) -> Result<Written, Failure> {
    Ok(Written { bytes, details: record.details(options)?, ..Written::default() })
}

fn weight(batches: &[RecordBatch]) -> u64 {
    batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum()
}

fn shown(target: &Target) -> String {
    target.shown.to_string()
}
