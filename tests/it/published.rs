//! Backends that show people what an entry holds, once it is committed.

use std::sync::Mutex;

use futures::future::BoxFuture;
use nuthatch::Cacheable;
use nuthatch::backend::{Backend, Backends, Source, Stored, Target, Written};
use nuthatch::prelude::*;

use crate::events::Events;
use crate::lake::Lake;

/// The generations that were shown, in order.
static SHOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static DOWN: Mutex<bool> = Mutex::new(false);

#[derive(Debug)]
struct Showing;

#[derive(Debug, Clone, PartialEq)]
struct Row(i64);

impl Backend<Row> for Showing {
    fn name(&self) -> &'static str {
        "showing"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(
        &'a self,
        value: &'a Row,
        _: &'a Target,
    ) -> BoxFuture<'a, nuthatch::Result<Written>> {
        let mut written = Written { bytes: 8, ..Written::default() };
        written.details.insert("row".to_owned(), value.0.into());
        written.details.insert("uri".to_owned(), "table://rows".into());
        Box::pin(async move { Ok(written) })
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, nuthatch::Result<Row>> {
        let row = source.record.details.get("row").and_then(|row| row.as_i64());
        Box::pin(async move { row.map(Row).ok_or_else(|| nuthatch::Error::other("no row")) })
    }
    fn weigh(&self, _: &Row) -> u64 {
        8
    }
    fn publishes(&self) -> bool {
        true
    }
    fn publish<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, nuthatch::Result<()>> {
        Box::pin(async move {
            if *DOWN.lock().unwrap() {
                return Err(nuthatch::Error::other("the database is down"));
            }
            let Stored { generation, .. } = &*source.record;
            SHOWN.lock().unwrap().push(generation.clone());
            Ok(())
        })
    }
}

impl Cacheable for Row {
    fn backends() -> Backends<Self> {
        &[&Showing]
    }
}

#[cache]
fn row(value: i64) -> nuthatch::Result<Row> {
    Ok(Row(value))
}

fn generation() -> String {
    row::entry(1).run().unwrap().unwrap().backends[0].generation.clone()
}

#[test]
fn a_value_is_shown_once_after_its_commit_and_not_when_it_is_recalled() {
    let (_lake, events) = (Lake::new(), Events::listen());
    assert_eq!(row(1).unwrap(), Row(1));
    assert_eq!(row(1).unwrap(), Row(1));
    assert_eq!(*SHOWN.lock().unwrap(), [generation()]);
    assert_eq!(row::uri(1).run().unwrap().as_deref(), Some("table://rows"));

    let again = || row::call(1).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    assert_eq!(again(), Row(1));
    let shown = SHOWN.lock().unwrap().clone();
    assert_eq!((shown.len(), shown.last()), (2, Some(&generation())));

    // What cannot be shown is stored all the same.
    events.take();
    *DOWN.lock().unwrap() = true;
    assert_eq!(again(), Row(1));
    assert!(events.warning().contains("the database is down"));
    assert_ne!(Some(&generation()), shown.last());
}

#[test]
fn options_are_shown_without_their_secrets() {
    let table = toml::toml! {
        host = "db.example.org"
        password = "hunter2"
        url = "postgresql://ann:hunter2@db.example.org/lake"
    };
    let options = Options::new().backend_options(table.clone()).storage_backend_options(table);
    let shown = format!("{options:?}");
    assert!(shown.contains("db.example.org") && !shown.contains("hunter2"), "{shown}");
}
