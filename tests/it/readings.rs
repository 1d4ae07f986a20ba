//! A user's own type with two backends of the user's own: `lines`, which is the default, and
//! `ledger`, which can upsert. Both write JSON, and note the options they were given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use nuthatch::backend::{Backend, Backends, Source, Target, Written};
use nuthatch::{Cacheable, Error, Result};
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

/// Readings by station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Readings(pub(crate) BTreeMap<String, i64>);

impl Readings {
    pub(crate) fn of<const N: usize>(rows: [(&str, i64); N]) -> Self {
        Self(rows.into_iter().map(|(station, value)| (station.to_owned(), value)).collect())
    }
}

impl Cacheable for Readings {
    fn backends() -> Backends<Self> {
        &[&Lines, &Ledger]
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// The same readings as another type, which only `ledger` holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Total(pub(crate) i64);

impl Cacheable for Total {
    fn backends() -> Backends<Self> {
        &[&Ledger]
    }
}

#[derive(Debug)]
pub(crate) struct Lines;

#[derive(Debug)]
pub(crate) struct Ledger;

/// How often values were written and read by `lines` and by `ledger`.
pub(crate) static WRITTEN: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// What was written by `lines` and by `ledger` since the last call.
pub(crate) fn written() -> [u32; 2] {
    [WRITTEN[0].swap(0, Ordering::SeqCst), WRITTEN[1].swap(0, Ordering::SeqCst)]
}

async fn put(readings: &Readings, target: &Target) -> Result<Written> {
    let bytes = serde_json::to_vec(readings).map_err(Error::other)?;
    let object = target.prefix.clone().join("readings.json");
    let length = bytes.len() as u64;
    target.store.put(&object, bytes.into()).await.map_err(Error::other)?;
    let options = serde_json::to_value(&target.options).map_err(Error::other)?;
    let details = serde_json::Map::from_iter([("options".to_owned(), options)]);
    Ok(Written { bytes: length, details, ..Written::default() })
}

async fn get(source: &Source) -> Result<Readings> {
    let object = source.prefix.clone().join("readings.json");
    let found = source.store.get(&object).await.map_err(Error::other)?;
    let bytes = found.bytes().await.map_err(Error::other)?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
        object: format!("{} ({object})", source.shown),
        why: error.to_string(),
    })
}

impl Backend<Readings> for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(&'a self, value: &'a Readings, to: &'a Target) -> BoxFuture<'a, Result<Written>> {
        WRITTEN[0].fetch_add(1, Ordering::SeqCst);
        put(value, to).boxed()
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Readings>> {
        get(source).boxed()
    }
    fn weigh(&self, value: &Readings) -> u64 {
        value.0.len() as u64 * 32
    }
}

impl Backend<Readings> for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(&'a self, value: &'a Readings, to: &'a Target) -> BoxFuture<'a, Result<Written>> {
        WRITTEN[1].fetch_add(1, Ordering::SeqCst);
        put(value, to).boxed()
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Readings>> {
        get(source).boxed()
    }
    fn weigh(&self, value: &Readings) -> u64 {
        value.0.len() as u64 * 32
    }
    fn can_upsert(&self) -> bool {
        true
    }
    fn upsert<'a>(
        &'a self,
        value: &'a Readings,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        assert_eq!(keys, ["station"]);
        async move {
            let mut merged = match base {
                Some(base) => get(base).await?,
                None => Readings::of([]),
            };
            merged.0.extend(value.0.clone());
            put(&merged, target).await
        }
        .boxed()
    }
}

impl Backend<Total> for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(&'a self, _: &'a Total, _: &'a Target) -> BoxFuture<'a, Result<Written>> {
        async { Err(Error::other("a total cannot be written")) }.boxed()
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Total>> {
        async { Ok(Total(get(source).await?.0.values().sum())) }.boxed()
    }
    fn weigh(&self, _: &Total) -> u64 {
        8
    }
}

/// Every manifest below a location, relative to it.
pub(crate) fn manifests(location: &Path) -> Vec<PathBuf> {
    files(location)
        .into_iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "entries"))
        .map(|path| path.strip_prefix(location).unwrap().to_owned())
        .collect()
}

/// Every file below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}
