//! Processors on values of serde: what each level holds, and how often each runs.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{Extent, Processor, TimeAxis, civil::Civil};
use serde::{Deserialize, Serialize};

static RUNS: AtomicU32 = AtomicU32::new(0);
static PROCESSED: AtomicU32 = AtomicU32::new(0);

fn counts() -> (u32, u32) {
    (RUNS.swap(0, Ordering::Relaxed), PROCESSED.swap(0, Ordering::Relaxed))
}

/// The first ones.
struct Head(usize);

impl Processor<Vec<u32>> for Head {
    fn name(&self) -> &str {
        "head"
    }
    fn options(&self) -> String {
        self.0.to_string()
    }
    fn process(&self, mut value: Vec<u32>) -> nuthatch::Result<Vec<u32>> {
        PROCESSED.fetch_add(1, Ordering::Relaxed);
        value.truncate(self.0);
        Ok(value)
    }
    fn validate(&self, value: &Vec<u32>) -> Result<(), String> {
        match value.len() < self.0 {
            true => Err(format!("{} of {} are there", value.len(), self.0)),
            false => Ok(()),
        }
    }
}

#[processor(Head(*count), takes(count))]
#[cache]
fn squares(n: u32, count: usize) -> Vec<u32> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    assert!(count < 100);
    (1..=n).map(|i| i * i).collect()
}

fn lake() {
    nuthatch::set_parameter!({
        "filesystem" => "memory://processed",
        "local.filesystem" => "memory://processed-local",
    })
    .unwrap();
}

#[test]
fn each_returned_value_is_processed_once() {
    lake();
    assert_eq!(squares(5, 2), [1, 4]);
    assert_eq!(counts(), (1, 1));
    assert_eq!(squares(5, 3), [1, 4, 9]);
    assert_eq!(counts(), (0, 1));
    // The memo has it as it was returned.
    for _ in 0..3 {
        assert_eq!(squares::call(5, 1).memoize(true).run(), [1]);
    }
    assert_eq!(counts(), (0, 1));
    assert_eq!(squares::call(5, 2).cache_mode(CacheMode::Off).run(), [1, 4]);
    assert_eq!(counts(), (1, 1));
}

#[test]
fn the_local_location_holds_what_was_made_of_it_and_says_so() {
    lake();
    squares(5, 2);
    let local = || squares::call(5, 2).cache_mode(CacheMode::Local);
    assert_eq!(local().run(), [1, 4]);
    assert_eq!(counts(), (1, 2));
    assert_eq!(local().run(), [1, 4]);
    assert_eq!(counts(), (0, 0));
    let entry = local().entry().run().unwrap().unwrap();
    assert_eq!(entry.processors.len(), 1);
    assert_eq!(
        (entry.processors[0].name.as_str(), entry.processors[0].options.as_str()),
        ("head", "2")
    );
    assert_eq!(entry.arguments["count"], "2");
    let root = squares::entry(5, 2).run().unwrap().unwrap();
    assert!(root.processors.is_empty() && !root.arguments.contains_key("count"));
}

#[test]
fn validation_is_asked_for() {
    lake();
    assert_eq!(squares(2, 9), [1, 4]);
    let asked = std::panic::catch_unwind(|| squares::call(2, 9).validate(true).run());
    let why = *asked.unwrap_err().downcast::<String>().unwrap();
    assert!(why.contains("2 of 9") && why.contains("Result"), "{why}");
}

#[processor(Head(1))]
#[cache]
async fn first(n: u32) -> nuthatch::Result<Option<Vec<u32>>> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok((n > 0).then(|| vec![n; 3]))
}

#[test]
fn async_functions_nulls_and_strict_calls_are_processed_alike() {
    lake();
    futures::executor::block_on(async {
        assert_eq!(first(7).await.unwrap(), Some(vec![7]));
        assert_eq!(first::call(7).strict(true).await.unwrap(), Some(vec![7]));
        assert_eq!(first(0).await.unwrap(), None);
        assert_eq!(first(0).await.unwrap(), None);
    });
    assert_eq!(counts(), (2, 2));
}

struct Table;

impl Table {
    #[processor(Head(*count), takes(count))]
    #[cache(in_impl, skip(self))]
    fn rows(&self, count: usize) -> Vec<u32> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        assert!(count < 100);
        vec![1, 2, 3]
    }
}

#[test]
fn methods_take_processors_too() {
    lake();
    assert_eq!(Table.rows(1), [1]);
    assert_eq!(Table.rows(2), [1, 2]);
    assert_eq!(counts(), (1, 2));
}

#[processor(Head(2))]
fn bare(n: u32) -> Vec<u32> {
    (0..n).collect()
}

#[test]
fn a_bare_function_is_processed() {
    assert_eq!(bare(9), [0, 1]);
}

/// A series of one's own: a year and a value each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Years(Vec<(i32, f64)>);

impl TimeAxis for Years {
    fn time_extent(&self, dims: &[&str]) -> nuthatch::Result<Option<Extent>> {
        let year = |at: Option<&(i32, f64)>| at.map(|(year, _)| format!("{year:04}"));
        let (start, end) = (year(self.0.first()), year(self.0.last()));
        Ok(start.is_some().then(|| Extent { dim: dims[0].to_owned(), start, end }))
    }
    fn clip_time(
        mut self,
        _: &[&str],
        start: Option<Civil>,
        end: Option<Civil>,
    ) -> nuthatch::Result<Self> {
        let at = |year: i32| Civil::date(year, 1, 1);
        self.0.retain(|(year, _)| {
            start.is_none_or(|start| start <= at(*year)) && end.is_none_or(|end| at(*year) <= end)
        });
        Ok(self)
    }
}

#[timeseries(dim = "year")]
#[cache]
fn levels(start_time: Option<&str>, end_time: Option<&str>) -> nuthatch::Result<Years> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let _ = (start_time, end_time);
    Ok(Years((2000..2020).map(|year| (year, f64::from(year))).collect()))
}

#[test]
fn a_type_of_ones_own_is_clipped_along_time() {
    lake();
    assert_eq!(levels(Some("2018"), None).unwrap().0.len(), 2);
    assert_eq!(levels(Some("2001"), Some("2003")).unwrap().0.len(), 3);
    assert_eq!(levels(None, None).unwrap().0.len(), 20);
    assert_eq!(counts().0, 1);
}
