//! Inputs that are not as they should be: told, and nothing lost. Every test is a process of its
//! own.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::{Calendar, NAT, TimeUnit, Values, Variable};
use nuthatch::prelude::*;
use object_store::ObjectStoreExt as _;

use crate::listen::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn ran() -> u32 {
    RUNS.swap(0, Ordering::Relaxed)
}

fn root() {
    nuthatch::set_parameter!("filesystem", "memory://bad").unwrap();
}

/// Values at these days of 2008; `None` is not a time.
fn at(days: &[Option<i64>]) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let counts = days.iter().map(|day| day.map_or(NAT, |day| (13_878 + day) * 86_400));
    let counts = ndarray::Array1::from_iter(counts).into_dyn().into_shared();
    let values: Vec<f64> = days.iter().map(|day| day.unwrap_or_default() as f64).collect();
    let time = Values::Datetime(counts, TimeUnit::Second, Calendar::ProlepticGregorian);
    Dataset::new().with_variable("x", Variable::new(["time"], values))?.with_coord("time", time)
}

fn read(dataset: &Dataset) -> Vec<f64> {
    dataset.array("x").unwrap().values::<f64>().unwrap().iter().copied().collect()
}

#[timeseries(dim = "time")]
#[cache]
fn unsorted(start_time: &str, end_time: &str) -> nuthatch::Result<Dataset> {
    assert!(start_time < end_time);
    at(&[Some(40), Some(3), None, Some(20), Some(3), Some(50)])
}

#[test]
fn unsorted_and_doubled_times_are_clipped_by_what_they_are() {
    root();
    for _ in 0..2 {
        assert_eq!(read(&unsorted("2008-01", "2008-01-31").unwrap()), [3.0, 20.0, 3.0]);
        assert_eq!(read(&unsorted("2008-02", "2008-02-29").unwrap()), [40.0, 50.0]);
    }
    assert_eq!(ran(), 1);
    let entry = unsorted::entry("2008-01", "2008-02").run().unwrap().unwrap();
    let extent = entry.time_extent.unwrap();
    assert_eq!(extent.start.as_deref(), Some("2008-01-03T00:00:00"));
    assert_eq!(extent.end.as_deref(), Some("2008-02-19T00:00:00"));
}

#[timeseries(dim = "time")]
#[cache]
fn empty(start_time: &str, end_time: &str) -> nuthatch::Result<Dataset> {
    assert!(start_time < end_time);
    at(&[])
}

#[test]
fn a_dimension_without_elements_is_stored_and_recalled() {
    root();
    for _ in 0..2 {
        assert_eq!(read(&empty("2008-01", "2008-02").unwrap()), [0.0; 0]);
    }
    assert_eq!(ran(), 1);
    let entry = empty::entry("2008-01", "2008-02").run().unwrap().unwrap();
    assert!(entry.time_extent.is_none());
}

#[cache]
fn bare(size: usize) -> nuthatch::Result<ndarray::Array2<f32>> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok(ndarray::Array2::from_elem((size, size), 1.5))
}

/// Changes the only chunk of an entry.
fn damage(manifest: &str, change: impl Fn(&mut Vec<u8>)) {
    let store = nuthatch_core::store::open("memory://bad", &toml::Table::new()).unwrap().store;
    let path = format!("{manifest}/value.zarr/__xarray_dataarray_variable__/c/0/0");
    let path = object_store::path::Path::parse(path).unwrap();
    futures::executor::block_on(async {
        let mut bytes = store.get(&path).await.unwrap().bytes().await.unwrap().to_vec();
        change(&mut bytes);
        store.put(&path, bytes.into()).await.unwrap();
    });
}

#[test]
fn a_damaged_value_that_is_read_at_recall_is_a_miss_and_is_replaced() {
    root();
    let first = bare(3).unwrap();
    assert_eq!(ran(), 1);
    let told = Told::listen();
    let changes: [fn(&mut Vec<u8>); 3] =
        [|bytes| bytes[5] ^= 1, |bytes| bytes.truncate(4), Vec::clear];
    for change in changes {
        let entry = bare::entry(3).run().unwrap().unwrap();
        damage(&entry.backends[0].path, change);
        let strict = bare::call(3).strict(true).run().unwrap_err();
        assert!(strict.to_string().contains("c/0/0"), "{strict}");
        told.take();
        assert_eq!((bare(3).unwrap(), ran()), (first.clone(), 1));
        told.says(&["WARN", "bare", "variable__/c/0/0", "damaged"]);
        assert_eq!((bare(3).unwrap(), ran()), (first.clone(), 0));
        told.is_silent();
    }
}
