//! Cached functions that return arrays. Every test is a process of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::{DType, Region, Values, Variable};
use nuthatch::prelude::*;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn ran() -> u32 {
    RUNS.swap(0, Ordering::Relaxed)
}

fn root() {
    nuthatch::set_parameter!({
        "filesystem" => "memory://arrays",
        "local.filesystem" => "memory://arrays-local",
    })
    .unwrap();
}

/// A value a day since 2008-01-01: the day's number.
fn days(count: i64) -> Dataset {
    let day = 86_400_i64;
    let counts = ndarray::Array1::from_iter((0..count).map(|at| (13_879 + at) * day)).into_dyn();
    let (unit, calendar) =
        (nuthatch::array::TimeUnit::Second, nuthatch::array::Calendar::ProlepticGregorian);
    let values: Vec<f64> = (0..count).map(|at| at as f64).collect();
    Dataset::new()
        .with_variable("x", Variable::new(["time"], values))
        .and_then(|dataset| {
            dataset.with_coord("time", Values::Datetime(counts.into_shared(), unit, calendar))
        })
        .unwrap()
}

fn length(dataset: &Dataset) -> u64 {
    dataset.sizes()["time"]
}

#[timeseries(dim = ["date", "time"])]
#[cache]
fn series(start_time: &str, end_time: Option<&str>, count: i64) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    assert!(!start_time.is_empty() && end_time != Some(""));
    Ok(days(count))
}

#[test]
fn arrays_lie_where_the_table_of_their_backend_says_and_nothing_else_does() {
    root();
    nuthatch::set_parameter!("root.zarr.filesystem", "memory://cheaper").unwrap();
    assert_eq!(length(&series("2008-01", Some("2008-01"), 366).unwrap()), 31);
    assert_eq!(length(&series("2008-02", Some("2008-02"), 366).unwrap()), 29);
    assert_eq!(ran(), 1);
    let uri = series::uri("2008", None, 366).run().unwrap().unwrap();
    assert!(uri.starts_with("memory://cheaper/"), "{uri}");
    // The manifest is the location's: without the arrays, the entry is there and cannot be read.
    nuthatch::set_parameter!("root.zarr.filesystem", "memory://empty").unwrap();
    let error = series::call("2008", None, 366).strict(true).run().unwrap_err();
    assert!(error.is_damaged() && error.to_string().contains("memory://empty/"), "{error}");
    assert_eq!(ran(), 0);
}

#[test]
fn the_root_holds_the_whole_and_every_bound_is_served_by_it() {
    root();
    assert_eq!(length(&series("2008-01", Some("2008-01"), 366).unwrap()), 31);
    assert_eq!(ran(), 1);
    assert_eq!(length(&series("2008-02-01", Some("2008-02-29T12:00"), 366).unwrap()), 29);
    assert_eq!(length(&series("2008-12-31", None, 366).unwrap()), 1);
    assert_eq!(ran(), 0);
    let entry = series::entry("2008", None, 366).run().unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "zarr");
    assert!(entry.processors.is_empty());
    let extent = entry.time_extent.unwrap();
    assert_eq!(
        (extent.dim.as_str(), extent.start.as_deref()),
        ("time", Some("2008-01-01T00:00:00"))
    );
    assert_eq!(extent.end.as_deref(), Some("2008-12-31T00:00:00"));
    let asked = entry.asked_range.unwrap();
    assert_eq!(asked.start.as_deref(), Some("2008-01-01T00:00:00"));
    assert_eq!(asked.end.as_deref(), Some("2008-01-31T23:59:59.999999999"));
}

#[test]
fn the_local_location_holds_what_was_clipped() {
    root();
    let local =
        |start| series::call(start, Some("2008"), 366).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!(length(&local("2008-12")), 31);
    assert_eq!(ran(), 1);
    assert_eq!(length(&local("2008-12")), 31);
    assert_eq!(ran(), 0);
    // Another bound is another entry there.
    assert_eq!(length(&local("2008-11")), 61);
    assert_eq!(ran(), 1);
    let entry = series::entry("2008-12", Some("2008"), 366);
    assert!(entry.run().unwrap().is_none(), "the root has none");
}

#[test]
fn what_a_local_mode_finds_in_the_root_is_clipped_and_kept() {
    root();
    series("2008", None, 366).unwrap();
    assert_eq!(ran(), 1);
    let local = |mode| series::call("2008-12", None, 366).cache_mode(mode).run();
    assert_eq!(length(&local(CacheMode::Local).unwrap()), 31);
    assert_eq!(length(&local(CacheMode::Offline).unwrap()), 31);
    assert_eq!(ran(), 0);
    assert_eq!(nuthatch::stats().local_hits, 1);
}

#[test]
fn the_memo_keeps_bounds_apart() {
    root();
    let memoized = |start| series::call(start, None, 366).memoize(true).run().unwrap();
    assert_eq!(length(&memoized("2008-12")), 31);
    assert_eq!(length(&memoized("2008-11")), 61);
    assert_eq!(length(&memoized("2008-12")), 31);
    assert_eq!(ran(), 1);
    assert_eq!(nuthatch::stats().memo_hits, 1);
}

#[test]
fn threads_with_other_bounds_never_see_each_others() {
    root();
    series("2008", None, 366).unwrap();
    std::thread::scope(|scope| {
        for month in 1..=12_u64 {
            scope.spawn(move || {
                let lengths = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
                let name = format!("2008-{month:02}");
                for _ in 0..20 {
                    let clipped = series(&name, Some(&name), 366).unwrap();
                    assert_eq!(length(&clipped), lengths[month as usize]);
                }
            });
        }
    });
    assert_eq!(ran(), 1);
}

#[test]
fn what_an_entry_does_not_have_is_an_error_where_it_is_validated() {
    root();
    series("2008-01", Some("2008-06"), 366).unwrap();
    let far = |end| series::call("2008", Some(end), 366).validate(true).run();
    assert!(far("2009-06").is_ok(), "within a year of what there is");
    let error = far("2015").unwrap_err().to_string();
    assert!(
        error.contains("2008-12-31") && error.contains("2015") && error.contains("recompute"),
        "{error}"
    );
    assert!(series("2008", Some("2015"), 366).is_ok(), "else it is a warning");
    // What was asked for when it was computed counts too.
    series("2000", Some("2030"), 7).unwrap();
    assert!(series::call("2001", Some("2029"), 7).validate(true).run().is_ok());
}

#[test]
fn bounds_that_mean_nothing_are_errors_before_the_body_runs() {
    root();
    for (start, end) in [("soon", None), ("2009", Some("2008"))] {
        let error = series(start, end, 366).unwrap_err().to_string();
        assert!(error.contains(start), "{error}");
    }
    assert_eq!(ran(), 0);
}

#[timeseries(dim = "depth")]
#[cache]
fn without_the_dimension(start_time: &str, end_time: &str) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    assert!(start_time <= end_time);
    Ok(days(3))
}

#[test]
fn a_value_without_the_dimension_is_told_and_stored_all_the_same() {
    root();
    let error = without_the_dimension("2008", "2009").unwrap_err().to_string();
    assert!(error.contains("depth") && error.contains("time"), "{error}");
    assert!(without_the_dimension::entry("2008", "2009").run().unwrap().is_some());
}

#[timeseries(dim = "time", start = from, end = to)]
async fn bare(from: chrono::NaiveDate, to: Option<String>) -> nuthatch::Result<Dataset> {
    tokio::task::yield_now().await;
    assert!(to.is_none());
    let _ = from;
    Ok(days(366))
}

#[test]
fn a_function_that_is_not_cached_is_clipped_too() {
    let from = chrono::NaiveDate::from_ymd_opt(2008, 12, 1).unwrap();
    let clipped = futures::executor::block_on(bare(from, None)).unwrap();
    assert_eq!(length(&clipped), 31);
}

/// Every `step`-th.
struct Every(u64);

impl Processor<Dataset> for Every {
    fn name(&self) -> &str {
        "every"
    }
    fn options(&self) -> String {
        self.0.to_string()
    }
    fn process(&self, value: Dataset) -> nuthatch::Result<Dataset> {
        value.isel("time", nuthatch::array::Index::every(self.0))
    }
}

use nuthatch::Processor;

#[processor(Every(*step), takes(step))]
#[timeseries(dim = "time")]
#[cache]
fn thinned(start_time: &str, end_time: &str, step: u64) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    assert!(start_time <= end_time && step > 0);
    Ok(days(366))
}

#[cache]
#[timeseries(dim = "time")]
#[processor(Every(*step), takes(step))]
fn thinned_first(start_time: &str, end_time: &str, step: u64) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    assert!(start_time <= end_time && step > 0);
    Ok(days(366))
}

#[test]
fn processors_chain_nearest_first_wherever_the_cache_stands() {
    root();
    // Clipped to January, then every tenth of it: the 1st, 11th, 21st and 31st.
    assert_eq!(length(&thinned("2008-01", "2008-01", 10).unwrap()), 4);
    // Every 31st of the year, then clipped to February: the 1st.
    assert_eq!(length(&thinned_first("2008-02", "2008-02", 31).unwrap()), 1);
    assert_eq!(ran(), 2);
    thinned("2008-05", "2008-06", 2).unwrap();
    thinned_first("2008-05", "2008-06", 2).unwrap();
    assert_eq!(ran(), 0, "no argument is in the key");
}

#[cache]
fn grid(size: usize) -> nuthatch::Result<ndarray::Array2<f32>> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok(ndarray::Array2::from_elem((size, size), 1.5))
}

#[test]
fn a_bare_array_is_stored_as_zarr() {
    root();
    let first = grid(3).unwrap();
    assert_eq!((grid(3).unwrap(), ran()), (first, 1));
    let entry = grid::entry(3).run().unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "zarr");
}

#[cache]
fn produced() -> nuthatch::Result<DataArray> {
    let make = |region: Region| async move {
        RUNS.fetch_add(1, Ordering::Relaxed);
        Ok(Values::from(ndarray::Array1::from_elem(
            region.shape()[0],
            region.ranges()[0].start as f64,
        )))
    };
    DataArray::from_chunks("steps", ["t"], &[10], &[4], DType::F64, make)
}

#[test]
fn a_producer_runs_once_a_chunk_and_never_again() {
    root();
    let first = produced().unwrap();
    assert_eq!(ran(), 3);
    assert_eq!(first.values::<f64>().unwrap()[9], 8.0);
    assert_eq!(produced().unwrap().values::<f64>().unwrap()[0], 0.0);
    assert_eq!(ran(), 0);
}

#[cache(upsert_keys("time"))]
fn growing(count: i64) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let length = LENGTH.load(Ordering::Relaxed) as usize + usize::try_from(count).unwrap();
    days(366).isel("time", 0..length)
}

static LENGTH: AtomicU32 = AtomicU32::new(10);

#[test]
fn an_upsert_adds_labels_and_returns_the_whole() {
    root();
    assert_eq!(length(&growing(0).unwrap()), 10);
    LENGTH.store(12, Ordering::Relaxed);
    assert_eq!(length(&growing::call(0).upsert(true).run().unwrap()), 12);
    assert_eq!(length(&growing(0).unwrap()), 12);
    assert_eq!(ran(), 2);
}

#[test]
fn an_upsert_of_what_a_processor_made_is_refused_before_the_body_runs() {
    #[timeseries(dim = "time")]
    #[cache(upsert_keys("time"))]
    fn clipped(start_time: &str, end_time: &str) -> nuthatch::Result<Dataset> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        assert!(start_time <= end_time);
        Ok(days(3))
    }
    root();
    let error = clipped::call("2008", "2009").upsert(true).cache_mode(CacheMode::Local).run();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("processors"), "{error}");
    assert_eq!(ran(), 0);
    assert_eq!(length(&clipped::call("2008", "2009").upsert(true).run().unwrap()), 3);
}

#[test]
fn a_chunk_that_is_lost_is_told_when_it_is_read_and_can_be_recomputed() {
    use object_store::ObjectStoreExt as _;
    root();
    series("2008", None, 366).unwrap();
    let store = nuthatch_core::store::open("memory://arrays", &toml::Table::new()).unwrap().store;
    let lost = futures::executor::block_on(async {
        use futures::TryStreamExt as _;
        let all: Vec<_> =
            store.list(None).map_ok(|meta| meta.location).try_collect().await.unwrap();
        let chunk = all.into_iter().find(|path| path.as_ref().contains("/x/c/")).unwrap();
        store.delete(&chunk).await.unwrap();
        chunk
    });
    let read = series("2008", None, 366).unwrap().array("x").unwrap().values::<f64>();
    let error = read.unwrap_err().to_string();
    assert!(error.contains(lost.filename().unwrap()) && error.contains("gone"), "{error}");
    let again =
        series::call("2008", None, 366).recompute(true).cache_mode(CacheMode::Overwrite).run();
    assert_eq!(again.unwrap().array("x").unwrap().values::<f64>().unwrap().len(), 366);
}
