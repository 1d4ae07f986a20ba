//! `#[timeseries]` on a type of serde: what is clipped, and what is told of entries that have less
//! than is asked for.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::civil::Civil;
use nuthatch::prelude::*;
use nuthatch::{Error, TimeAxis, backend::Extent};
use serde::{Deserialize, Serialize};

use crate::events::Events;
use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// Year and month, along the dimension `month`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Months(Vec<(i32, u8)>);

impl Months {
    /// From January of a year.
    fn of(year: i32, count: usize) -> Self {
        let all = (year..).flat_map(|year| (1..=12).map(move |month| (year, month)));
        Self(all.take(count).collect())
    }

    fn axis(dims: &[&str]) -> nuthatch::Result<String> {
        match dims.contains(&"month") {
            true => Ok("month".to_owned()),
            false => Err(Error::other(format!("it has `month`, and none of {dims:?}"))),
        }
    }
}

impl TimeAxis for Months {
    fn time_extent(&self, dims: &[&str]) -> nuthatch::Result<Option<Extent>> {
        let dim = Self::axis(dims)?;
        let text = |at: Option<&(i32, u8)>| at.map(|at| Civil::date(at.0, at.1, 1).to_string());
        let (start, end) = (text(self.0.first()), text(self.0.last()));
        Ok(start.is_some().then_some(Extent { dim, start, end }))
    }

    fn clip_time(
        mut self,
        dims: &[&str],
        start: Option<Civil>,
        end: Option<Civil>,
    ) -> nuthatch::Result<Self> {
        Self::axis(dims)?;
        self.0.retain(|&(year, month)| {
            let at = Civil::date(year, month, 1);
            start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end)
        });
        Ok(self)
    }
}

#[timeseries(dim = ["time", "month"])]
#[cache]
fn months(
    year: i32,
    count: usize,
    start_time: Option<&str>,
    end_time: Option<&str>,
) -> nuthatch::Result<Months> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let _ = (start_time, end_time);
    Ok(Months::of(year, count))
}

#[test]
fn every_bound_is_served_by_one_whole_both_ends_included() {
    let _lake = Lake::new();
    let length = |start, end| months(2008, 24, start, end).unwrap().0.len();
    assert_eq!(length(Some("2008-03"), Some("2008-05")), 3);
    assert_eq!(length(Some("2008-03-02"), Some("2008-05-01")), 2);
    assert_eq!(length(Some("2009"), None), 12);
    assert_eq!(length(None, Some("2008-01")), 1);
    assert_eq!(length(None, None), 24);
    assert_eq!(length(Some("2008-03-02"), Some("2008-03-03")), 0);
    assert_eq!(runs(), 1);
    let entry = months::entry(2008, 24, None, None).run().unwrap().unwrap();
    let extent = entry.time_extent.unwrap();
    assert_eq!(extent.dim, "month");
    assert_eq!(extent.start.as_deref(), Some("2008-01-01T00:00:00"));
    assert_eq!(extent.end.as_deref(), Some("2009-12-01T00:00:00"));
}

#[test]
fn a_recall_beyond_what_there_is_and_was_asked_for_is_told_every_time() {
    let (_lake, events) = (Lake::new(), Events::listen());
    // Six months are stored.
    months(2008, 6, Some("2008-01"), Some("2008-06")).unwrap();
    assert!(events.warnings().is_empty(), "what was computed is what was asked for");
    // Twelve are asked for.
    let twelve = || months::call(2008, 6, Some("2008-01"), Some("2008-12")).memoize(true).run();
    for place in ["root", "memo", "memo"] {
        assert_eq!(twelve().unwrap().0.len(), 6);
        let warning = events.warning();
        for part in ["ends at 2008-06-01", "2008-12-31", "recompute", "months(", place] {
            assert!(warning.contains(part), "{warning}");
        }
    }
    // The beginning of the same kind.
    months(2008, 6, Some("2007"), Some("2008-02")).unwrap();
    assert!(events.warning().contains("begins at 2008-01-01"));
    // Within what there is, or what was asked for: no word.
    months(2008, 6, Some("2008-02"), Some("2008-06-30")).unwrap();
    assert!(events.warnings().is_empty());
    assert_eq!(runs(), 1);
    // Computed once more, it has what there is.
    let anew = months::call(2008, 6, Some("2007"), Some("2008-12"));
    anew.recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    months(2008, 6, Some("2007"), Some("2008-12")).unwrap();
    assert!(events.warnings().is_empty());
}

#[test]
fn so_it_is_by_calls_that_say_nothing_for_themselves() {
    #[timeseries(dim = "month")]
    #[cache(memoize)]
    fn remembered(start_time: &str, end_time: &str) -> nuthatch::Result<Months> {
        let _ = (start_time, end_time);
        Ok(Months::of(2008, 6))
    }
    let (_lake, events) = (Lake::new(), Events::listen());
    remembered("2008-01", "2008-06").unwrap();
    assert!(events.warnings().is_empty());
    for place in ["root", "memo", "memo"] {
        assert_eq!(remembered("2008-01", "2008-12").unwrap().0.len(), 6);
        let warning = events.warning();
        assert!(warning.contains("ends at 2008-06-01") && warning.contains(place), "{warning}");
    }
}

#[test]
fn an_open_end_that_was_computed_has_all_there_is() {
    let (_lake, events) = (Lake::new(), Events::listen());
    months(2008, 6, None, Some("2008-06")).unwrap();
    months(2008, 6, Some("1990"), None).unwrap();
    assert!(events.warnings().is_empty(), "an open end asks for what there is");
    months(2008, 6, Some("1990"), Some("2020")).unwrap();
    assert!(events.warning().contains("ends at"), "and each end counts for itself");
}

#[test]
fn what_a_copy_lacks_is_told_from_the_local_location_too() {
    let (_lake, events) = (Lake::new(), Events::listen());
    months(2008, 6, Some("2008-01"), Some("2008-06")).unwrap();
    for mode in [CacheMode::Local, CacheMode::Offline] {
        let call = months::call(2008, 6, Some("2008-01"), Some("2008-12")).cache_mode(mode);
        assert_eq!(call.run().unwrap().0.len(), 6);
        assert!(events.warning().contains("ends at 2008-06-01"), "{mode}");
    }
    assert_eq!(runs(), 1);
}

#[test]
fn what_is_computed_in_a_local_mode_notes_the_whole() {
    let _lake = Lake::new();
    let call = || months::call(2008, 6, Some("2008-03"), None).cache_mode(CacheMode::Offline);
    assert_eq!(call().run().unwrap().0.len(), 4);
    let entry = call().entry().run().unwrap().unwrap();
    assert_eq!(entry.time_extent.unwrap().start.as_deref(), Some("2008-01-01T00:00:00"));
    assert_eq!(entry.processors[0].name, "timeseries");
    assert_eq!(entry.processors[0].options, "time,month");
}

#[timeseries(dim = "month", tolerance = "40 days")]
#[cache]
fn tolerant(start_time: &str, end_time: String) -> nuthatch::Result<Months> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let _ = (start_time, end_time);
    Ok(Months::of(2008, 6))
}

#[test]
fn a_validated_call_refuses_what_is_beyond_the_tolerance() {
    let (_lake, events) = (Lake::new(), Events::listen());
    tolerant("2008-01", "2008-06".to_owned()).unwrap();
    let validated = |end: &str| tolerant::call("2008-01", end.to_owned()).validate(true).run();
    assert!(validated("2008-06-30").is_ok());
    assert!(events.warnings().is_empty());
    assert!(validated("2008-07-02").is_ok(), "a month is tolerated");
    assert!(events.warning().contains("ends at"), "and told");
    let error = validated("2008-09").unwrap_err().to_string();
    for part in ["tolerant(", "2008-06-01", "2008-09", "recompute(true)"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(runs(), 1, "it is not computed behind the caller's back");

    // The same call memoized without: it is refused all the same.
    let memoized = || tolerant::call("2008-01", "2008-09".to_owned()).memoize(true);
    assert!(memoized().run().is_ok() && memoized().validate(true).run().is_err());
}

#[test]
fn bounds_that_name_no_time_are_refused_before_the_body_runs() {
    let _lake = Lake::new();
    for (start, end, part) in [
        ("soon", "2008", "soon"),
        ("20080229", "2009", "20080229"),
        ("2009", "2008", "before it begins"),
    ] {
        let error = tolerant(start, end.to_owned()).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("tolerant("), "{error}");
    }
    assert_eq!(runs(), 0);
}

#[timeseries(dim = "depth")]
fn without_the_dimension(start_time: Option<String>, end_time: &str) -> nuthatch::Result<Months> {
    let _ = (start_time, end_time);
    Ok(Months::of(2008, 6))
}

#[timeseries(dim = "month", start = from, end = to)]
fn bare(from: chrono::NaiveDate, to: &str) -> nuthatch::Result<Months> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let _ = (from, to);
    Ok(Months::of(2008, 6))
}

#[test]
fn a_bare_function_is_clipped_and_tells_what_it_cannot() {
    let from = chrono::NaiveDate::from_ymd_opt(2008, 3, 1).unwrap();
    assert_eq!(bare(from, "2008-04").unwrap().0.len(), 2);
    assert_eq!(runs(), 1);
    let error = bare(from, "never").unwrap_err().to_string();
    assert!(error.contains("never") && error.contains("bare"), "{error}");
    assert_eq!(runs(), 0, "before the body runs");
    let error = without_the_dimension(None, "2009").unwrap_err().to_string();
    assert!(error.contains("depth") && error.contains("month"), "{error}");
}
