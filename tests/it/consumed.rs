//! A value that writing uses up, as a producer of chunks is: it is read back from its entry, and
//! its backend learns what the entry is of.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use nuthatch::backend::{Backend, Backends, Extent, Source, Target, Written};
use nuthatch::prelude::*;
use nuthatch::{Cacheable, Error, Result, stats};
use object_store::ObjectStoreExt;

use crate::events::Events;
use crate::lake::Lake;

static PRODUCED: AtomicU32 = AtomicU32::new(0);
static REFUSES: Mutex<bool> = Mutex::new(false);
/// The arguments and options that the last write was given.
static TOLD: Mutex<String> = Mutex::new(String::new());

#[derive(Debug, PartialEq, Eq)]
enum Series {
    /// What makes the values when it is written, or asked.
    Producer(i64),
    Stored(Vec<i64>),
}

impl Series {
    fn values(&self) -> Vec<i64> {
        match self {
            Self::Producer(count) => {
                PRODUCED.fetch_add(1, Ordering::SeqCst);
                (0..*count).collect()
            }
            Self::Stored(values) => values.clone(),
        }
    }
}

impl Cacheable for Series {
    fn backends() -> Backends<Self> {
        &[&InChunks]
    }
}

#[derive(Debug)]
struct InChunks;

impl Backend<Series> for InChunks {
    fn name(&self) -> &'static str {
        "in_chunks"
    }

    fn type_shape(&self) -> Option<String> {
        None
    }

    fn write<'a>(
        &'a self,
        value: &'a Series,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        async move {
            *TOLD.lock().unwrap() = format!("{:?} {}", target.arguments, target.options);
            if *REFUSES.lock().unwrap() {
                return Err(Error::other("no room"));
            }
            let values = value.values();
            let bytes = serde_json::to_vec(&values).map_err(Error::other)?;
            let (length, path) = (bytes.len() as u64, target.prefix.clone().join("values"));
            target.store.put(&path, bytes.into()).await.map_err(Error::other)?;
            let time_extent = Extent {
                dim: "time".to_owned(),
                start: values.first().map(ToString::to_string),
                end: values.last().map(ToString::to_string),
            };
            Ok(Written { bytes: length, time_extent: Some(time_extent), ..Written::default() })
        }
        .boxed()
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Series>> {
        async move {
            let path = source.prefix.clone().join("values");
            let found = source.store.get(&path).await.map_err(Error::other)?;
            let bytes = found.bytes().await.map_err(Error::other)?;
            serde_json::from_slice(&bytes).map(Series::Stored).map_err(Error::other)
        }
        .boxed()
    }

    fn weigh(&self, _: &Series) -> u64 {
        8
    }

    fn reopens(&self, value: &Series) -> bool {
        matches!(value, Series::Producer(_))
    }
}

#[cache(backend_options(chunking(time = 365, lat = 50), level = 3))]
fn produced(count: i64) -> Result<Series> {
    Ok(Series::Producer(count))
}

fn produced_times() -> u32 {
    PRODUCED.swap(0, Ordering::SeqCst)
}

#[test]
fn what_is_written_is_read_back_and_not_produced_twice() {
    let lake = Lake::new();
    assert_eq!(produced(3).unwrap(), Series::Stored(vec![0, 1, 2]));
    assert_eq!((produced_times(), stats().computed()), (1, 1));
    assert!(lake.path("root").join("_").exists());

    assert_eq!(produced(3).unwrap(), Series::Stored(vec![0, 1, 2]));
    // A copy for the local location is one of what was read.
    let local = produced::call(3).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(local, Series::Stored(vec![0, 1, 2]));
    assert_eq!((produced_times(), stats().computed(), stats().hits()), (0, 1, 2));
}

#[test]
fn what_is_stored_nowhere_is_returned_as_it_is() {
    let (_lake, events) = (Lake::new(), Events::listen());
    let off = produced::call(2).cache_mode(CacheMode::Off).run().unwrap();
    assert_eq!(off, Series::Producer(2));
    *REFUSES.lock().unwrap() = true;
    assert_eq!(produced(2).unwrap(), Series::Producer(2));
    assert!(events.warning().contains("no room"));
    assert_eq!(produced_times(), 0);
}

#[test]
fn the_writer_learns_arguments_and_nested_options_and_tells_the_extent() {
    let _lake = Lake::new();
    produced(4).unwrap();
    let told = TOLD.lock().unwrap().clone();
    assert!(told.starts_with(r#"{"count": "4"}"#), "{told}");
    let options: toml::Table = told.split_once("} ").unwrap().1.parse().unwrap();
    assert_eq!(options["level"], 3.into());
    assert_eq!(options["chunking"]["time"], 365.into());
    assert_eq!(options["chunking"]["lat"], 50.into());

    let extent = produced::entry(4).run().unwrap().unwrap().time_extent.unwrap();
    assert_eq!((extent.start.as_deref(), extent.end.as_deref()), (Some("0"), Some("3")));
}
