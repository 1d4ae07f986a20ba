//! `gc` as its users see it: beside calls, on local files whose age is set back.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use nuthatch::prelude::*;
use nuthatch::{Answer, Nuthatch, confirm_with};

use crate::files;
use crate::lake::Lake;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(name = "swept_large", version = "2")]
fn large(number: u32) -> nuthatch::Result<Vec<u32>> {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![number << 8 | run; 50_000])
}

/// Stores, overwrites and forgets, and has the grace time go by.
fn long_ago(lake: &Lake) {
    large(1).unwrap();
    large::call(1).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    large(2).unwrap();
    assert!(large::forget(2).run().unwrap());
    assert_eq!(files::data(&lake.path("root")).len(), 3);
    be_impatient();
}

/// From now on, what is older than a moment is old.
fn be_impatient() {
    nuthatch::set_parameter!("grace", "1ms").unwrap();
    std::thread::sleep(Duration::from_millis(20));
}

/// Sets the age of every file to a month.
fn age(folder: &Path) {
    let then = SystemTime::now() - Duration::from_secs(30 * 24 * 60 * 60);
    for path in files::under(folder).into_keys() {
        let file = File::options().append(true).open(folder.join(path)).unwrap();
        file.set_modified(then).unwrap();
    }
}

#[test]
fn what_was_replaced_and_forgotten_goes_and_what_is_needed_is_recalled() {
    let lake = Lake::new();
    long_ago(&lake);
    let root = lake.path("root");
    let now = large::call(1).strict(true).run().unwrap();
    assert_eq!(files::data(&root).len(), 3);

    let dry = nuthatch::gc().dry_run(true).run().unwrap();
    assert_eq!((dry.removed().count, files::data(&root).len()), (3, 3), "{dry}");
    let report = nuthatch::gc().run().unwrap();
    assert_eq!(report.removed(), dry.removed(), "{report}");
    assert_eq!((report.failed().count, report.left().count), (0, 0), "{report}");
    assert_eq!((files::data(&root).len(), files::manifests(&root).len()), (1, 1));
    assert_eq!(large::call(1).strict(true).run().unwrap(), now);
    assert!(large::entry(2).run().unwrap().is_none());
    assert_eq!(nuthatch::gc().run().unwrap().removed().count, 0);

    let shown = dry.to_string();
    assert!(shown.contains("would remove 2 × replaced data"), "{shown}");
    assert!(shown.contains("would remove 1 × forgotten entry"), "{shown}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["locations"][0]["removed"]["tallies"]["replaced"]["count"], 2, "{json}");
}

#[test]
fn files_that_killed_writers_left_half_written_go() {
    let lake = Lake::new();
    large(1).unwrap();
    let data = files::data(&lake.path("root")).pop().unwrap();
    let (young, old) = (data.with_file_name(".tmp~young"), data.with_file_name(".tmp~old"));
    fs::write(&old, b"half").unwrap();
    age(&lake.path("root"));
    fs::write(&young, b"half").unwrap();
    let report = nuthatch::gc().run().unwrap();
    assert_eq!(report.removed().count, 1, "{report}");
    assert!(young.exists() && !old.exists());
    large::call(1).strict(true).run().unwrap();
}

#[test]
fn a_mirror_is_not_touched_and_no_other_location_can_be_named() {
    let lake = Lake::new();
    long_ago(&lake);
    fs::rename(lake.path("root"), lake.path("mirror")).unwrap();
    lake.configure_all();
    let before = files::under(&lake.path("mirror"));
    assert_eq!(nuthatch::gc().run().unwrap().removed().count, 0);
    assert_eq!(files::under(&lake.path("mirror")), before);
    for (name, said) in [("mirror", "`root` and `local` alone"), ("rot", "\"rot\" cannot be swept")]
    {
        let error = nuthatch::gc().only(name).run().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_shorter_time_than_the_writers_know_is_refused_and_a_longer_one_keeps_more() {
    let lake = Lake::new();
    long_ago(&lake);
    let hour = Duration::from_secs(60 * 60);
    assert_eq!(nuthatch::gc().grace(hour).run().unwrap().removed().count, 0);
    nuthatch::set_parameter!("grace", "7d").unwrap();
    let error = nuthatch::gc().grace(hour).run().unwrap_err().to_string();
    assert!(error.contains("\"7d\"") && error.contains("parameter `grace`"), "{error}");
    assert_eq!(files::data(&lake.path("root")).len(), 3);
}

#[test]
fn it_sweeps_the_configuration_that_it_is_called_in() {
    let lake = Lake::new();
    long_ago(&lake);
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other").to_str().unwrap().to_owned();
    let home = folder.path().to_owned();
    let other = Nuthatch::builder().set("filesystem", other).home(home).build().unwrap();
    let report = other.with(|| nuthatch::gc().run()).unwrap();
    assert_eq!((report.removed().count, report.locations.len()), (0, 2));
    assert!(nuthatch::gc().run().unwrap().removed().count > 0);
}

#[tokio::test]
async fn it_is_awaited_too() {
    let lake = Lake::new();
    large(1).unwrap();
    let report = nuthatch::gc().await.unwrap();
    assert_eq!(report.removed().count, 0);
    assert_eq!(report.locations[0].objects, 3, "{report}");
    assert_eq!(files::data(&lake.path("root")).len(), 1);
}

#[test]
fn versions_that_are_not_kept_are_computed_anew() {
    let lake = Lake::new();
    let first = large(1).unwrap();
    nuthatch::gc().keep_versions("swept_large", ["2"]).run().unwrap();
    assert_eq!(large::call(1).strict(true).run().unwrap(), first);
    let report = nuthatch::gc().keep_versions("swept_large", ["3"]).run().unwrap();
    assert_eq!(report.removed().count, 1, "{report}");
    assert!(large::call(1).strict(true).run().unwrap_err().is_not_cached());
    assert_ne!(large(1).unwrap(), first);
    assert_eq!(files::data(&lake.path("root")).len(), 2, "whoever reads the first finishes");
}

/// What `gc` writes down anew is the same value: nobody has to be told of another writer.
#[test]
fn a_manifest_that_was_written_anew_meanwhile_is_replaced_all_the_same() {
    let _lake = Lake::new();
    large(1).unwrap();
    large::call(1).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    confirm_with(|_| {
        be_impatient();
        assert!(nuthatch::gc().run().unwrap().removed().count > 0);
        Answer::Replace
    });
    let told = Told::listen();
    let new = large::call(1).recompute(true).cache_mode(CacheMode::Write).run().unwrap();
    told.is_silent();
    assert_eq!(large::call(1).strict(true).run().unwrap(), new);
}
