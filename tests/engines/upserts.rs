//! A week of a lazy frame, merged in a database into an entry that lies in files, while another
//! writer is faster.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::polars::prelude::{AllowedOptimizations, DataFrame, IntoLazy, LazyFrame};

use crate::ambush::{before_the_next_commit, has_come, watch_commits};
use crate::lake::Lake;
use crate::weather;

static BODIES: AtomicU32 = AtomicU32::new(0);
static EXECUTED: AtomicU32 = AtomicU32::new(0);

/// The rows of the next frame.
static NEXT: Mutex<Option<DataFrame>> = Mutex::new(None);

#[cache(upsert_keys("date"), lease = false)]
fn daily() -> nuthatch::Result<LazyFrame> {
    BODIES.fetch_add(1, Ordering::SeqCst);
    let count = |frame| {
        EXECUTED.fetch_add(1, Ordering::SeqCst);
        Ok(frame)
    };
    let frame = NEXT.lock().unwrap().clone().unwrap();
    Ok(frame.lazy().map(count, AllowedOptimizations::default(), None, Some("counted")))
}

/// Days of 2012.
fn days(first: i64, count: usize) -> DataFrame {
    #[cache(backend = "parquet")]
    fn batch() -> nuthatch::Result<RecordBatch> {
        Ok(weather::year(2012))
    }
    batch::call().engine::<DataFrame>().run().unwrap().slice(first, count)
}

fn next(rows: &DataFrame) {
    *NEXT.lock().unwrap() = Some(rows.clone());
}

#[test]
fn a_lazy_week_is_merged_in_a_database_once_for_each_that_was_computed() {
    let lake = Lake::new();
    let root = lake.path("root").to_str().unwrap().to_owned();
    watch_commits();
    nuthatch::set_parameter!("filesystem", root.as_str()).unwrap();
    let [first, week, theirs] = [days(0, 10), days(12, 7), days(8, 4)];
    next(&first);
    drop(daily().unwrap());
    let upsert = || daily::call().storage_backend("sql").backend("sql").upsert(true).run().unwrap();

    next(&week);
    let merged = upsert();
    let both = first.vstack(&week).unwrap();
    assert!(merged.collect().unwrap().equals(&both), "what lay in files was converted");
    assert_eq!((counted(&BODIES), counted(&EXECUTED)), (2, 2));

    let ours = days(17, 7);
    before_the_next_commit(&root, move || {
        next(&theirs);
        let call = daily::call().storage_backend("sql").backend("sql").upsert(true);
        drop(call.run().unwrap());
    });
    next(&ours);
    let merged = upsert().collect().unwrap();
    assert!(has_come());
    assert_eq!((counted(&BODIES), counted(&EXECUTED)), (2, 2), "each plan once");
    assert_eq!(merged.height(), 24, "the first days, theirs, and two weeks that share two days");
    let recalled = daily::call().strict(true).run().unwrap().collect().unwrap();
    assert!(recalled.equals(&merged));
    let entry = daily::entry().run().unwrap().unwrap();
    let backends: Vec<_> = entry.backends.iter().map(|stored| stored.backend.as_str()).collect();
    assert_eq!(backends, ["sql"]);
}

fn counted(counter: &AtomicU32) -> u32 {
    counter.swap(0, Ordering::SeqCst)
}
