//! A backend that reads a range of time alone: what becomes another backend, or another location's
//! copy, is whole all the same.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use nuthatch::backend::{Backend, Backends, Extent, Source, Target, Written};
use nuthatch::civil::Civil;
use nuthatch::prelude::*;
use nuthatch::{Cacheable, Error, Result, TimeAxis, TimeRange};
use object_store::ObjectStoreExt;

use crate::lake::Lake;

/// The months of one year.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Year(Vec<u8>);

impl Year {
    fn between(mut self, start: Option<Civil>, end: Option<Civil>) -> Self {
        self.0.retain(|&month| {
            let at = Civil::date(2008, month, 1);
            start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end)
        });
        self
    }
}

impl TimeAxis for Year {
    fn time_extent(&self, _: &[&str]) -> Result<Option<Extent>> {
        let text = |month: Option<&u8>| month.map(|m| Civil::date(2008, *m, 1).to_string());
        let (start, end) = (text(self.0.first()), text(self.0.last()));
        Ok(start.is_some().then(|| Extent { dim: "month".to_owned(), start, end }))
    }

    fn clip_time(self, _: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        Ok(self.between(start, end))
    }
}

impl Cacheable for Year {
    fn backends() -> Backends<Self> {
        &[&Months("indexed"), &Months("other")]
    }
}

/// Reads no more months than are asked for.
#[derive(Debug)]
struct Months(&'static str);

/// How many months each read has given.
static READ: Mutex<Vec<usize>> = Mutex::new(Vec::new());

fn read() -> Vec<usize> {
    std::mem::take(&mut *READ.lock().unwrap())
}

impl Months {
    async fn get(source: &Source, within: Option<&TimeRange>) -> Result<Year> {
        let object = source.prefix.clone().join("months.json");
        let found = source.store.get(&object).await.map_err(Error::other)?;
        let bytes = found.bytes().await.map_err(Error::other)?;
        let year: Year = serde_json::from_slice(&bytes).map_err(Error::other)?;
        let year = match within {
            Some(within) => year.between(within.start, within.end),
            None => year,
        };
        READ.lock().unwrap().push(year.0.len());
        Ok(year)
    }
}

impl Backend<Year> for Months {
    fn name(&self) -> &'static str {
        self.0
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(&'a self, value: &'a Year, to: &'a Target) -> BoxFuture<'a, Result<Written>> {
        async move {
            let bytes = serde_json::to_vec(value).map_err(Error::other)?;
            let length = bytes.len() as u64;
            let object = to.prefix.clone().join("months.json");
            to.store.put(&object, bytes.into()).await.map_err(Error::other)?;
            Ok(Written { bytes: length, ..Written::default() })
        }
        .boxed()
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Year>> {
        Self::get(source, None).boxed()
    }
    fn read_within<'a>(
        &'a self,
        source: &'a Source,
        within: &'a TimeRange,
    ) -> BoxFuture<'a, Result<Year>> {
        Self::get(source, Some(within)).boxed()
    }
    fn weigh(&self, value: &Year) -> u64 {
        value.0.len() as u64
    }
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[timeseries(dim = "month")]
#[cache(name = "partial_year")]
fn year(start_time: Option<&str>, end_time: Option<&str>) -> Result<Year> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let _ = (start_time, end_time);
    Ok(Year((1..=12).collect()))
}

/// An entry in the root, in the default backend.
fn stored() -> Lake {
    let lake = Lake::new();
    assert_eq!(year(None, None).unwrap().0.len(), 12);
    assert_eq!((RUNS.swap(0, Ordering::SeqCst), read()), (1, vec![]));
    lake
}

fn backends() -> Vec<String> {
    let entry = year::entry(None, None).run().unwrap().unwrap();
    entry.backends.iter().map(|stored| stored.backend.clone()).collect()
}

#[test]
fn a_month_that_is_asked_for_is_all_that_is_read() {
    let _lake = stored();
    assert_eq!(year(Some("2008-03"), Some("2008-03")).unwrap(), Year(vec![3]));
    assert_eq!((RUNS.load(Ordering::SeqCst), read()), (0, vec![1]));
}

#[test]
fn a_backend_that_is_added_while_a_month_is_asked_for_holds_the_whole() {
    for storage in [false, true] {
        let _lake = stored();
        let march = || year::call(Some("2008-03"), Some("2008-03"));
        let march = match storage {
            false => march().backend("other"),
            true => march().storage_backend("other"),
        };
        assert_eq!(march.run().unwrap(), Year(vec![3]));
        assert_eq!(read()[0], 12, "what is converted was read whole");
        assert_eq!(backends(), ["indexed", "other"]);
        let whole = year::call(None, None).backend("other").run().unwrap();
        assert_eq!(whole.0.len(), 12, "the new backend holds the whole");
        assert_eq!(RUNS.load(Ordering::SeqCst), 0);
        // The next one finds it there, and reads no more than it needs.
        read();
        let march = year::call(Some("2008-03"), Some("2008-03")).backend("other").run().unwrap();
        assert_eq!((march, read()), (Year(vec![3]), vec![1]));
        year::forget(None, None).run().unwrap();
    }
}

#[test]
fn a_backend_that_may_not_be_added_is_no_reason_to_read_the_whole() {
    let _lake = stored();
    let march = year::call(Some("2008-03"), Some("2008-03")).backend("other");
    assert_eq!(march.cache_mode(CacheMode::ReadOnly).run().unwrap(), Year(vec![3]));
    assert_eq!((read(), backends()), (vec![1], vec!["indexed".to_owned()]));
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
}

#[test]
fn the_local_copy_of_a_month_serves_that_month_alone() {
    let _lake = stored();
    let local = |month| year::call(Some(month), Some(month)).cache_mode(CacheMode::Local).run();
    assert_eq!(local("2008-03").unwrap(), Year(vec![3]));
    assert_eq!(local("2008-04").unwrap(), Year(vec![4]));
    assert_eq!(local("2008-03").unwrap(), Year(vec![3]));
    assert_eq!(nuthatch::stats().local_hits, 1);
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
}
