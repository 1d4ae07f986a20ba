//! Merges that keep the generation (of Delta, and in place in a database) beside others who read
//! the entry, or convert it, as the value that it was.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::polars::prelude::{DataFrame, LazyFrame};

use crate::ambush::{before_the_next_commit, has_come, watch_commits};
use crate::lake::Lake;
use crate::weather;

static BODIES: AtomicU32 = AtomicU32::new(0);
static NEXT: Mutex<Option<RecordBatch>> = Mutex::new(None);

#[cache(upsert_keys("date"), cache_args(backend), lease = false)]
fn daily(backend: &str) -> nuthatch::Result<RecordBatch> {
    let _ = backend;
    BODIES.fetch_add(1, Ordering::SeqCst);
    Ok(NEXT.lock().unwrap().clone().unwrap())
}

/// Merges these days by a backend, in place where that is a choice.
fn merge(backend: &str, days: &RecordBatch) -> RecordBatch {
    *NEXT.lock().unwrap() = Some(days.clone());
    let mut options = toml::Table::new();
    if backend == "sql" {
        options.insert("upsert_in_place".to_owned(), true.into());
    }
    let call = daily::call(backend).backend(backend).backend_options(options);
    call.upsert(true).run().unwrap()
}

/// What is stored, as Parquet; no body runs for it.
macro_rules! parquet {
    ($backend:ident) => {
        daily::call($backend).backend("parquet").strict(true)
    };
}

fn backends(backend: &str) -> Vec<String> {
    let entry = daily::entry(backend).run().unwrap().unwrap();
    entry.backends.iter().map(|stored| stored.backend.clone()).collect()
}

#[test]
fn rows_that_were_converted_while_others_were_merged_are_not_kept() {
    let lake = Lake::new();
    let root = lake.path("root").to_str().unwrap().to_owned();
    watch_commits();
    nuthatch::set_parameter!("filesystem", root.as_str()).unwrap();
    let year = weather::year(2012);
    for backend in ["delta", "sql"] {
        let first = merge(backend, &year.slice(0, 10));
        before_the_next_commit(&root, {
            let week = year.slice(10, 7);
            move || drop(merge(backend, &week))
        });
        // It is read, and the week is merged before the files made of it are committed.
        assert_eq!(parquet!(backend).run().unwrap(), first, "{backend}");
        assert!(has_come(), "{backend}");
        assert_eq!(backends(backend), [backend], "the files hold the rows of before");
        assert_eq!(parquet!(backend).run().unwrap(), year.slice(0, 17), "{backend}");
        assert_eq!(backends(backend), [backend, "parquet"]);
    }
    assert_eq!(BODIES.load(Ordering::SeqCst), 4);
}

#[test]
fn readers_of_files_go_on_while_rows_are_merged_beside_them() {
    let _lake = Lake::new();
    let year = weather::year(2012);
    for backend in ["delta", "sql"] {
        merge(backend, &year.slice(0, 10));
        let lazy = parquet!(backend).engine::<LazyFrame>().run().unwrap();
        let of_base = daily::call(backend).backend(backend).strict(true);
        let of_base = of_base.engine::<LazyFrame>().run().unwrap();
        let before: DataFrame = lazy.clone().collect().unwrap();
        assert_eq!((before.height(), backends(backend).len()), (10, 2), "{backend}");
        // Days that are known, and others.
        let merged = merge(backend, &year.slice(5, 10));
        assert_eq!(merged.num_rows(), 15, "{backend}");
        assert_eq!(backends(backend), [backend], "{backend}");
        // Both were opened before, and are what they were, whole.
        assert!(lazy.collect().unwrap().equals(&before), "{backend}");
        assert!(of_base.collect().unwrap().equals(&before), "{backend}");
        let now = parquet!(backend).engine::<DataFrame>().run().unwrap();
        assert_eq!(now.height(), 15, "{backend}");
    }
}
