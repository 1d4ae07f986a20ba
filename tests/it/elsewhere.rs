//! A backend whose data lies in another filesystem than its location's manifests.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;

use crate::files;
use crate::lake::Lake;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// In an object of its own.
#[cache(name = "elsewhere_words")]
fn words(first: u64) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((first..first + 10_000).collect())
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[test]
fn data_lies_where_the_backends_own_table_says_and_manifests_in_the_location() {
    let (lake, told) = (Lake::new(), Told::listen());
    let (cheap, moved) = (lake.path("cheap"), lake.path("moved"));
    nuthatch::set_parameter!("root.basic.filesystem", cheap.to_str().unwrap()).unwrap();
    let stored = words(1).unwrap();
    assert_eq!((words(1).unwrap(), runs()), (stored.clone(), 1));
    let manifests = [&lake.path("root"), &cheap].map(|folder| files::manifests(folder).len());
    let data = [&lake.path("root"), &cheap].map(|folder| files::data(folder).len());
    assert_eq!((manifests, data), ([1, 0], [0, 1]));
    assert!(words::uri(1).run().unwrap().unwrap().contains("/cheap/"));
    told.is_silent();

    // What a manifest names is relative: the data moves, and the configuration with it.
    fs::rename(&cheap, &moved).unwrap();
    let read = || words::call(1).cache_mode(CacheMode::ReadOnly).run().unwrap();
    assert_eq!((read(), runs()), (stored.clone(), 1));
    told.says(&["an entry cannot be used", "/cheap/", "it is gone"]);
    nuthatch::set_parameter!("root.basic.filesystem", moved.to_str().unwrap()).unwrap();
    assert_eq!((read(), runs()), (stored, 0));
    told.is_silent();
}
