//! Calls that come at the same time: the first ones of a process, and commits that lose to another
//! writer, in the middle of a call.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use nuthatch::prelude::*;
use nuthatch::store::{Fault, Faulty, Operation, Trigger, intercept};
use object_store::ObjectStore;

use crate::files;
use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);
static IS_THERE: AtomicBool = AtomicBool::new(false);

#[cache]
fn maybe() -> nuthatch::Result<Option<Vec<u64>>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(IS_THERE.load(Ordering::SeqCst).then(|| (0..20_000).collect()))
}

/// The next manifest that is created, and the next that is updated, arrive late.
fn put_manifests_late(by: Duration) {
    intercept(move |_: &str, store: Arc<dyn ObjectStore>| {
        let faulty = Faulty::new(store);
        for operation in [Operation::Create, Operation::Update] {
            let first = Trigger::any().on([operation]).containing("/entries/").nth(1);
            faulty.inject(first, Fault::Delay(by));
        }
        Arc::new(faulty) as Arc<dyn ObjectStore>
    });
}

fn use_root(root: &Path) {
    nuthatch::set_parameter!("filesystem", root.to_str().unwrap()).unwrap();
}

#[test]
fn a_value_that_lost_to_a_null_keeps_its_data_when_it_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    use_root(&folder.path().join("before"));
    assert_eq!(maybe().unwrap(), None);
    let null = files::only_manifest(&folder.path().join("before"));
    let null = null.strip_prefix(folder.path().join("before")).unwrap();

    put_manifests_late(Duration::from_secs(2));
    let root = folder.path().join("root");
    use_root(&root);
    IS_THERE.store(true, Ordering::SeqCst);
    let storing = std::thread::spawn(|| maybe().unwrap().unwrap());
    while files::data(&root).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Another writer, of another opinion, is faster.
    fs::create_dir_all(root.join(null).parent().unwrap()).unwrap();
    fs::copy(folder.path().join("before").join(null), root.join(null)).unwrap();

    assert_eq!(storing.join().unwrap().len(), 20_000);
    assert_eq!(RUNS.swap(0, Ordering::SeqCst), 2);
    assert_eq!(maybe().unwrap().unwrap().len(), 20_000);
    assert_eq!(RUNS.load(Ordering::SeqCst), 0, "the null was replaced, by a whole entry");
}

static CURRENT: AtomicU32 = AtomicU32::new(1);

/// A value that lies in an object of its own.
#[cache]
fn current() -> nuthatch::Result<Vec<u32>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![CURRENT.load(Ordering::SeqCst); 20_000])
}

/// A root that holds this value of [`current`], and nothing else.
fn stored(value: u32, root: &Path) {
    use_root(root);
    CURRENT.store(value, Ordering::SeqCst);
    assert_eq!(current().unwrap()[0], value);
}

/// A call computes 2, and another writer commits 1 before it does: what the call returns, what
/// stands in the end, and where.
fn beaten_by_a_value(mode: CacheMode, folder: &Path) -> (u32, u32) {
    std::env::set_current_dir(folder).unwrap();
    let (before, root) = (folder.join("before"), folder.join("root"));
    stored(1, &before);
    put_manifests_late(Duration::from_secs(2));
    use_root(&root);
    CURRENT.store(2, Ordering::SeqCst);
    let storing = std::thread::spawn(move || current::call().cache_mode(mode).run().unwrap());
    while files::data(&root).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    files::copy(&before, &root);
    let returned = storing.join().unwrap()[0];
    CURRENT.store(3, Ordering::SeqCst);
    (returned, current().unwrap()[0])
}

#[test]
fn a_value_that_lost_to_another_is_returned_and_the_other_stands() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(beaten_by_a_value(CacheMode::Write, folder.path()), (2, 1));
    // What was written in vain goes, off the call's path.
    for _ in 0..2_000 {
        if files::data(&folder.path().join("root")).len() == 1 {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{:?}", files::data(&folder.path().join("root")));
}

#[test]
fn a_value_that_lost_to_another_replaces_it_in_a_mode_that_replaces() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(beaten_by_a_value(CacheMode::Overwrite, folder.path()), (2, 2));
}

/// The next value that lies in an object of its own arrives late; the store that does so, once it
/// is opened.
fn read_data_late(by: Duration) -> Arc<OnceLock<Faulty>> {
    let faulty: Arc<OnceLock<Faulty>> = Arc::default();
    let opened = Arc::clone(&faulty);
    intercept(move |_: &str, store: Arc<dyn ObjectStore>| {
        let faulty = opened.get_or_init(|| {
            let faulty = Faulty::new(store);
            let first = Trigger::any().on([Operation::Get]).containing("/data/").nth(1);
            faulty.inject(first, Fault::Delay(by));
            faulty
        });
        Arc::new(faulty.clone()) as Arc<dyn ObjectStore>
    });
    faulty
}

#[test]
fn a_value_that_is_replaced_and_removed_between_its_manifest_and_its_data_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let [root, after] = ["root", "after"].map(|name| folder.path().join(name));
    stored(1, &root);
    stored(2, &after);
    let faulty = read_data_late(Duration::from_secs(2));
    use_root(&root);
    CURRENT.store(3, Ordering::SeqCst);
    RUNS.store(0, Ordering::SeqCst);
    let reading = std::thread::spawn(|| current().unwrap()[0]);
    while faulty.get().is_none_or(|faulty| faulty.struck() == 0) {
        std::thread::sleep(Duration::from_millis(5));
    }
    files::data(&root).iter().for_each(|file| fs::remove_file(file).unwrap());
    files::copy(&after, &root);
    assert_eq!((reading.join().unwrap(), RUNS.load(Ordering::SeqCst)), (2, 0));
    assert_eq!(nuthatch::stats().root_hits, 1);
}

#[test]
fn a_value_that_is_replaced_while_it_is_read_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let root = folder.path().join("root");
    stored(1, &root);
    let faulty = read_data_late(Duration::from_secs(2));
    use_root(&root);
    let reading = std::thread::spawn(|| current::call().memoize(true).run().unwrap()[0]);
    while faulty.get().is_none_or(|faulty| faulty.struck() == 0) {
        std::thread::sleep(Duration::from_millis(5));
    }
    CURRENT.store(2, Ordering::SeqCst);
    let anew = current::call().cache_mode(CacheMode::Overwrite).recompute(true);
    assert_eq!(anew.run().unwrap()[0], 2);
    assert_eq!(reading.join().unwrap(), 1, "as it was when it was asked for");
    assert_eq!(current::call().memoize(true).run().unwrap()[0], 2);
    assert_eq!(current::call().memoize(true).run().unwrap()[0], 2);
    assert_eq!(nuthatch::stats().memo_hits, 1);
}

#[cache]
fn numbered(number: u32) -> nuthatch::Result<u32> {
    Ok(number)
}

#[test]
fn first_calls_at_the_same_time_open_each_location_once() {
    const THREADS: u32 = 8;
    let lake = Lake::in_memory();
    let barrier = Barrier::new(THREADS as usize);
    // Each round is a first call: what was opened for another configuration is not used.
    for round in 1..=200 {
        lake.configure_all();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let number = round * THREADS + thread;
                    let call = numbered::call(number).cache_mode(CacheMode::ReadOnly);
                    assert_eq!(call.run().unwrap(), number);
                });
            }
        });
        for location in ["root", "local", "mirror"] {
            assert_eq!(lake.opened(location), round as usize, "{location}");
            let requests = lake.requests(location);
            let asked = requests.iter().filter(|request| *request == "get nuthatch.json");
            assert_eq!(asked.count(), 1, "{location}: {requests:?}");
        }
    }
}
