//! Mirrors: read in order, after the root; never written; a broken one costs a warning.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{Answer, confirm_with};

use crate::files;
use crate::lake::Lake;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicU32 = AtomicU32::new(1);

#[cache(name = "mirrors_small")]
fn small(number: u32) -> nuthatch::Result<Option<u32>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((number > 0).then(|| VALUE.load(Ordering::SeqCst)))
}

#[cache(name = "mirrors_large")]
fn large(number: u32) -> nuthatch::Result<Vec<u32>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![number << 8 | VALUE.load(Ordering::SeqCst); 50_000])
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// Makes an entry of that value in the root, and moves it to another location.
fn publish_as(lake: &Lake, location: &str, value: u32) {
    VALUE.store(value, Ordering::SeqCst);
    lake.configure_all();
    let anew = CacheMode::Overwrite;
    small::call(1).cache_mode(anew).recompute(true).run().unwrap();
    large::call(1).cache_mode(anew).recompute(true).run().unwrap();
    small::call(0).cache_mode(anew).recompute(true).run().unwrap();
    fs::rename(lake.path("root"), lake.path(location)).unwrap();
    lake.configure_all();
}

#[test]
fn a_mirror_is_not_written_in_any_mode_by_any_call() {
    let lake = Lake::new();
    confirm_with(|_| Answer::Replace);
    publish_as(&lake, "mirror", 1);
    // One of its entries is damaged, one is null: what other locations would mend.
    let mirror = lake.path("mirror");
    let damaged = files::data(&mirror).pop().unwrap();
    fs::write(&damaged, b"damaged").unwrap();
    let before = files::under(&mirror);
    VALUE.store(2, Ordering::SeqCst);
    for mode in CacheMode::ALL {
        for number in 0..3 {
            for recompute in [false, true] {
                let _ = small::call(number).cache_mode(mode).recompute(recompute).run();
                let _ = large::call(number).cache_mode(mode).recompute(recompute).run();
                let _ = small::call(number).cache_mode(mode).retry_null(true).run();
            }
            let _ = small::call(number).cache_mode(mode).forget().run();
            let _ = large::call(number).cache_mode(mode).ensure_uri().run();
        }
        assert_eq!(files::under(&mirror), before, "{mode}");
        let writing = lake.requests("mirror").into_iter().filter(|r| !r.starts_with("get "));
        assert_eq!(writing.collect::<Vec<_>>(), [""; 0], "{mode}");
        lake.empty("root");
        lake.empty("local");
        lake.configure_all();
    }
    assert!(runs() > 0);
}

#[test]
fn the_root_comes_before_the_mirrors_and_these_in_the_order_of_configuration() {
    let lake = Lake::new();
    // Named against the alphabet.
    lake.configure("mirror-west");
    lake.configure("mirror-east");
    for (value, location) in [(1, "mirror"), (2, "mirror-west"), (3, "mirror-east")] {
        publish_as(&lake, location, value);
    }
    VALUE.store(9, Ordering::SeqCst);
    runs();
    assert_eq!(small(1).unwrap(), Some(1));
    assert_eq!(lake.counts("mirror").gets, 1);
    assert_eq!(lake.counts("mirror-west").gets + lake.counts("mirror-east").gets, 0);
    lake.empty("mirror");
    assert_eq!(small(1).unwrap(), Some(2));
    assert_eq!(lake.counts("root").gets, 2, "the root was asked before");
    lake.empty("mirror-west");
    assert_eq!(small(1).unwrap(), Some(3));
    assert_eq!(large(1).unwrap()[0], 1 << 8 | 3);
    assert_eq!(runs(), 0);
    small::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
    assert_eq!(small(1).unwrap(), Some(9), "the root first");
    assert_eq!(runs(), 1);
    assert_eq!(nuthatch::stats().mirror_hits, 4);
}

#[test]
fn broken_mirrors_cost_a_warning_each_and_the_next_is_asked() {
    let lake = Lake::new();
    let told = Told::listen();
    lake.configure("mirror-west");
    lake.configure("mirror-east");
    publish_as(&lake, "mirror-east", 1);
    let _ = told.take();
    // One is no lake, and one cannot be opened at all.
    fs::create_dir_all(lake.path("mirror")).unwrap();
    fs::write(lake.path("mirror").join("nuthatch.json"), b"{\"scripts\": {}}").unwrap();
    nuthatch::set_parameter!("mirror-west.filesystem", "gopher://lake").unwrap();
    VALUE.store(9, Ordering::SeqCst);
    runs();
    let unreachable = nuthatch::stats().unreachable;
    assert_eq!(small(1).unwrap(), Some(1));
    assert_eq!(runs(), 0);
    assert_eq!(nuthatch::stats().unreachable - unreachable, 2);
    told.says(&["mirror", "nuthatch.json", "damaged, or not nuthatch's", "gopher", "memory://"]);
    let error = small::call(5).strict(true).run().unwrap_err();
    assert!(error.is_not_cached(), "{error}");
}

#[test]
fn a_damaged_entry_in_a_mirror_is_told_and_the_next_mirror_serves() {
    let lake = Lake::new();
    let told = Told::listen();
    lake.configure("mirror-west");
    publish_as(&lake, "mirror", 1);
    publish_as(&lake, "mirror-west", 2);
    for data in files::data(&lake.path("mirror")) {
        fs::write(data, b"damaged").unwrap();
    }
    VALUE.store(9, Ordering::SeqCst);
    runs();
    assert_eq!(large(1).unwrap()[0], 1 << 8 | 2);
    told.says(&["an entry cannot be used", "location=mirror ", "damaged"]);
    assert_eq!(runs(), 0);
    fs::remove_dir_all(lake.path("mirror-west")).unwrap();
    assert!(large::call(1).strict(true).run().unwrap_err().is_damaged());
    assert_eq!(large(1).unwrap()[0], 1 << 8 | 9);
    assert_eq!(runs(), 1);
}

#[test]
fn a_mirror_on_a_read_only_folder_serves() {
    let lake = Lake::new();
    publish_as(&lake, "mirror", 1);
    let locks = lake.path("mirror").join(".locks");
    fs::remove_dir_all(&locks).unwrap();
    let folder = lake.path("mirror");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    VALUE.store(9, Ordering::SeqCst);
    runs();
    assert_eq!(small(1).unwrap(), Some(1));
    assert_eq!(large(1).unwrap()[0], 1 << 8 | 1);
    assert_eq!(small(0).unwrap(), None);
    assert_eq!(runs(), 0);
    assert!(!locks.exists(), "reading takes no lock");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}
