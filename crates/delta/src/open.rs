//! A stored table, with its log checked.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use nuthatch_core::backend::Source;
use nuthatch_core::config::Verify;
use nuthatch_core::store::{Sums, Verified};
use nuthatch_core::{Error, Result, runtime};
use nuthatch_table::failure::{store_error, unreadable_record};
use nuthatch_table::parquet::{ParquetScan, Record};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;

use crate::NAME;
use crate::log::is_log;
use crate::write::Pinned;

/// How many versions are read at a time.
const READ: usize = 8;

/// A stored table.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) record: Record,
    pub(crate) pinned: Pinned,
    pub(crate) sums: Sums,
    pub(crate) scan: ParquetScan,
}

/// What a manifest describes. The files are named there, so that the log is read for one reason
/// alone: a table that other programs can no longer open is not whole.
pub(crate) async fn open(source: &Source, type_name: &'static str) -> Result<Opened> {
    let record = Record::read(source)?;
    let details = Value::Object(source.record.details.clone());
    let pinned = unreadable_record(serde_json::from_value(details), &source.shown)?;
    let reading = {
        let (source, record) = (source.clone(), record.clone());
        async move { checked_log(&source, &record).await }
    };
    let sums = match source.immediate {
        true => reading.await,
        false => runtime::spawn(reading).await?,
    }?;
    let scan = ParquetScan::of_record(source, record.clone(), sums.clone(), NAME, type_name)?;
    Ok(Opened { record, pinned, sums, scan })
}

async fn checked_log(source: &Source, record: &Record) -> Result<Sums> {
    let sums = record.load_sums(source).await?;
    let store = Verified::new(Arc::clone(&source.store), source.prefix.clone(), sums.clone());
    let store: Arc<dyn ObjectStore> = Arc::new(store);
    if source.verify == Verify::Off {
        return Ok(sums);
    }
    let names: Vec<String> =
        sums.objects().map(|(name, _)| name.to_owned()).filter(|name| is_log(name)).collect();
    if names.is_empty() {
        let why = "its manifest names no version of its log".to_owned();
        return Err(Error::Damaged { object: source.shown.to_string(), why });
    }
    let reads = names.into_iter().map(|name| {
        let store = Arc::clone(&store);
        async move {
            let path = Path::parse(format!("{}/{name}", source.prefix)).map_err(Error::other)?;
            let read = async { store.get(&path).await?.bytes().await };
            let read = read.await;
            read.map_err(|error| store_error("read", &name, &source.shown, error)).map(drop)
        }
    });
    stream::iter(reads).buffer_unordered(READ).try_collect::<()>().await?;
    Ok(sums)
}
