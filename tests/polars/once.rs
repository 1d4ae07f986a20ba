//! The plan of a lazy frame is executed once, whoever else writes the entry meanwhile.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::polars::prelude::{AllowedOptimizations, DataFrame, IntoLazy, LazyFrame};

use crate::ambush::{before_the_next_commit, has_come, watch_commits};
use crate::lake::Lake;
use crate::weather;

/// How often the plans of this program were executed, and those of the other writer.
static OURS: AtomicU32 = AtomicU32::new(0);
static THEIRS: AtomicU32 = AtomicU32::new(0);

/// The rows of the next frame, and who counts how often they are computed.
static NEXT: Mutex<Option<(DataFrame, &'static AtomicU32)>> = Mutex::new(None);

#[cache(backend = "parquet")]
fn batch() -> nuthatch::Result<RecordBatch> {
    Ok(weather::year(2012))
}

#[cache(upsert_keys("date"), lease = false)]
fn daily() -> nuthatch::Result<LazyFrame> {
    let (frame, executed) = NEXT.lock().unwrap().clone().unwrap();
    let count = move |frame| {
        executed.fetch_add(1, Ordering::SeqCst);
        Ok(frame)
    };
    Ok(frame.lazy().map(count, AllowedOptimizations::default(), None, Some("counted")))
}

/// Days of 2012.
fn days(first: usize, count: usize) -> DataFrame {
    let year = batch::call().engine::<DataFrame>().run().unwrap();
    year.slice(i64::try_from(first).unwrap(), count)
}

fn executions() -> [u32; 2] {
    [OURS.swap(0, Ordering::SeqCst), THEIRS.swap(0, Ordering::SeqCst)]
}

/// Another writer has the call write these rows, just before this one does.
fn before_us(rows: DataFrame, upsert: bool) {
    before_the_next_commit("memory://root", move || {
        let ours = NEXT.lock().unwrap().replace((rows, &THEIRS));
        drop(daily::call().upsert(upsert).run().unwrap());
        *NEXT.lock().unwrap() = ours;
    });
}

#[test]
fn an_upsert_that_loses_its_commit_merges_again_what_it_has_computed_once() {
    let _lake = Lake::in_memory();
    watch_commits();
    let (first, ours, theirs, whole) = (days(0, 10), days(12, 8), days(5, 10), days(0, 20));
    *NEXT.lock().unwrap() = Some((first, &OURS));
    drop(daily().unwrap());
    assert_eq!(executions(), [1, 0]);
    *NEXT.lock().unwrap() = Some((ours, &OURS));
    before_us(theirs, true);
    let merged = daily::call().upsert(true).run().unwrap();
    assert!(has_come());
    assert_eq!(executions(), [1, 1], "each plan once");
    assert!(merged.collect().unwrap().equals(&whole));
    assert!(daily::call().strict(true).run().unwrap().collect().unwrap().equals(&whole));
    assert_eq!(executions(), [0, 0], "what is returned is opened");
}

#[test]
fn a_frame_that_lost_to_another_is_returned_opened_and_the_other_stands() {
    let _lake = Lake::in_memory();
    watch_commits();
    let (ours, theirs) = (days(0, 10), days(100, 3));
    *NEXT.lock().unwrap() = Some((ours.clone(), &OURS));
    before_us(theirs.clone(), false);
    let computed = daily().unwrap();
    assert!(has_come());
    assert_eq!(executions(), [1, 1], "each plan once");
    assert!(computed.clone().collect().unwrap().equals(&ours));
    assert!(computed.collect().unwrap().equals(&ours));
    assert!(daily().unwrap().collect().unwrap().equals(&theirs));
    assert_eq!(executions(), [0, 0], "both are opened");
}
