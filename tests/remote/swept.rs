//! `gc` in a bucket: what nobody needs goes, by the clock of the service, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::TryStreamExt;
use nuthatch::GcReport;
use nuthatch::prelude::*;
use nuthatch::store::{Fault, Faulty, Operation, Trigger, intercept};
use nuthatch::table::arrow_array::RecordBatch;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::bucket::{Bucket, Service, block_on};
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(name = "swept_large")]
fn large(number: u32) -> nuthatch::Result<Vec<u32>> {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![number << 8 | run; 50_000])
}

#[cache(name = "swept_table", backend = "parquet")]
fn table(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(name = "swept_version", version = "1")]
fn versioned(number: u32) -> nuthatch::Result<Vec<u32>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![number; 50_000])
}

/// What lies in a bucket.
fn objects(bucket: &Bucket) -> BTreeSet<String> {
    let store = nuthatch::store::open(&bucket.url(), &bucket.options()).unwrap().store;
    let listed = block_on(store.list(None).try_collect::<Vec<_>>()).unwrap();
    listed.into_iter().map(|object| object.location.to_string()).collect()
}

fn sweep(dry: bool) -> GcReport {
    nuthatch::gc().only("root").dry_run(dry).run().unwrap()
}

/// What a report says of its one location: how many of each kind were removed, and the paths.
fn removed(report: &GcReport) -> (Vec<(String, u64)>, BTreeSet<String>) {
    let items = &report.locations[0].removed;
    let kinds = items.tallies.iter().map(|(kind, tally)| (kind.to_string(), tally.count));
    (kinds.collect(), items.listed.iter().map(|item| item.path.clone()).collect())
}

/// Writes as a process does that is killed before its commit.
fn abandon(bucket: &Bucket, write: impl FnOnce()) {
    intercept(|_: &str, store: Arc<dyn ObjectStore>| {
        let faulty = Faulty::new(store);
        let commits = Trigger::any().on([Operation::Create]).containing("/entries/");
        faulty.inject(commits, Fault::Fail);
        faulty.inject(Trigger::any().on([Operation::Delete]).containing("/data/"), Fault::Fail);
        Arc::new(faulty)
    });
    bucket.configure();
    write();
    intercept(|_: &str, store| store);
    bucket.configure();
}

fn what_nobody_needs_goes_and_nothing_else(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    large(1).unwrap();
    table(2012).unwrap();
    let needed_later = objects(&bucket);
    let again = CacheMode::Overwrite;
    let new = large::call(1).recompute(true).cache_mode(again).run().unwrap();
    let rows = table::call(2012).recompute(true).cache_mode(again).run().unwrap();
    large(2).unwrap();
    assert!(large::forget(2).run().unwrap());
    abandon(&bucket, || drop(large(3).unwrap()));
    let before = objects(&bucket);
    // A marker, three manifests, two objects of data each in two generations, and one of each of
    // what was forgotten and abandoned.
    assert_eq!((needed_later.len(), before.len()), (5, 10), "{before:?}");
    assert_eq!(sweep(false).removed().count, 0, "all of it is younger than the grace time");

    // Services tell times in seconds.
    nuthatch::set_parameter!("grace", "1s").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let dry = sweep(true);
    assert_eq!(objects(&bucket), before);
    let wet = sweep(false);
    assert_eq!((wet.failed().count, wet.left().count), (0, 0), "{wet}");
    assert_eq!(wet.removed(), dry.removed(), "{dry}, then {wet}");
    let (kinds, paths) = removed(&wet);
    assert_eq!((&kinds, &paths), (&removed(&dry).0, &removed(&dry).1), "{dry}, then {wet}");
    let expected = [("replaced data", 3), ("abandoned write", 1), ("forgotten entry", 1)];
    assert_eq!(kinds, expected.map(|(kind, count)| (kind.to_owned(), count)), "{wet}");
    let is_said = |object: &String| paths.iter().any(|path| object.starts_with(path.as_str()));
    let left: BTreeSet<String> = before.into_iter().filter(|object| !is_said(object)).collect();
    assert_eq!(objects(&bucket), left, "what it said, and nothing else");
    assert_eq!(left.len(), 5, "{left:?}");

    let runs = RUNS.load(Ordering::SeqCst);
    bucket.configure();
    assert_eq!(large::call(1).strict(true).run().unwrap(), new);
    assert_eq!(table::call(2012).strict(true).run().unwrap(), rows);
    assert!(large::call(2).strict(true).run().unwrap_err().is_not_cached());
    assert!(large::call(3).strict(true).run().unwrap_err().is_not_cached());
    assert_eq!(RUNS.load(Ordering::SeqCst), runs);
    assert_eq!(sweep(false).removed().count, 0);
    nuthatch::set_parameter!("grace", "7d").unwrap();
    let stored = large(2).unwrap();
    assert_eq!(large::call(2).strict(true).run().unwrap(), stored, "it can be stored again");
}

/// As a process leaves it that is killed while it computes.
fn leave_lease(bucket: &Bucket) -> String {
    let manifest = objects(bucket).into_iter().find(|object| object.contains("/entries/")).unwrap();
    let lease = manifest.replace("/entries/", "/leases/");
    let store = nuthatch::store::open(&bucket.url(), &bucket.options()).unwrap().store;
    block_on(store.put(&Path::parse(&lease).unwrap(), "{}".into())).unwrap();
    lease
}

/// What a sweep would remove and what it removes, which is the same.
fn dry_and_wet(bucket: &Bucket) -> Vec<(String, u64)> {
    let sweep = |dry| {
        let gc = nuthatch::gc().only("root").keep_versions("swept_version", ["2"]);
        gc.dry_run(dry).run().unwrap()
    };
    std::thread::sleep(Duration::from_secs(3));
    let before = objects(bucket);
    let dry = sweep(true);
    assert_eq!(objects(bucket), before);
    let wet = sweep(false);
    assert_eq!((wet.failed().count, wet.left().count), (0, 0), "{wet}");
    assert_eq!(removed(&dry), removed(&wet), "{dry}, then {wet}");
    removed(&wet).0
}

fn leases_and_entries_of_other_versions_go(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    table(2012).unwrap();
    let needed = objects(&bucket);
    versioned(1).unwrap();
    let with_version = objects(&bucket);
    let lease = leave_lease(&bucket);
    assert_eq!(with_version.len(), needed.len() + 2, "a manifest and a value");
    nuthatch::set_parameter!("grace", "1s").unwrap();
    let expected = |kinds: &[(&str, u64)]| {
        kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect::<Vec<_>>()
    };
    assert_eq!(
        dry_and_wet(&bucket),
        expected(&[("entry of another version", 1), ("expired lease", 1)])
    );
    assert!(!objects(&bucket).contains(&lease));
    assert_eq!(objects(&bucket), with_version, "whoever reads it finishes");
    assert!(versioned::call(1).strict(true).run().unwrap_err().is_not_cached());
    assert_eq!(dry_and_wet(&bucket), expected(&[("replaced data", 1), ("forgotten entry", 1)]));
    assert_eq!(objects(&bucket), needed);
    let runs = RUNS.load(Ordering::SeqCst);
    assert_eq!(table::call(2012).strict(true).run().unwrap(), weather::year(2012));
    versioned(1).unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), runs + 1);
}

tests! {
    what_nobody_needs_goes_and_nothing_else,
    leases_and_entries_of_other_versions_go,
}
