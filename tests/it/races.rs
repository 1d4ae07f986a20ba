//! Calls that come at the same time: the first ones of a process, and commits that lose to another
//! writer, in the middle of a call.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
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
