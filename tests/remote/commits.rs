//! Several writers of one entry in a bucket: one wins, and the others learn of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use nuthatch::prelude::*;
use nuthatch::store::{Fault, Faulty, Operation, Trigger, intercept};

use crate::bucket::{Bucket, Service};

/// Another value at every run.
#[cache]
fn drawn(_lot: u32) -> nuthatch::Result<u64> {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    Ok(RUNS.fetch_add(1, Ordering::SeqCst))
}

fn of_sixteen_writers_at_once_one_wins_and_all_readers_have_its_value(service: Service) {
    let bucket = Bucket::new(service);
    // Each has its own memo and flights, as another process would.
    let one = || {
        let made = nuthatch::Nuthatch::builder()
            .set("filesystem", bucket.url())
            .set("filesystem_options", bucket.options());
        made.build().unwrap()
    };
    let writers: Vec<_> = (0..16).map(|_| one()).collect();
    for lot in 0..4 {
        let together = Barrier::new(writers.len());
        let together = &together;
        let returned: Vec<u64> = thread::scope(|scope| {
            let call = |writer: &nuthatch::Nuthatch| {
                together.wait();
                writer.with(|| drawn(lot).unwrap())
            };
            let calls = writers.iter().map(|writer| scope.spawn(move || call(writer)));
            let calls: Vec<_> = calls.collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let asked = bucket.asked();
        let won = one().with(|| drawn(lot).unwrap());
        assert!(returned.contains(&won), "{won} of {returned:?}");
        for reader in &writers {
            assert_eq!(reader.with(|| drawn(lot).unwrap()), won);
        }
        let puts = asked.iter().filter(|request| request.starts_with("PUT manifest"));
        assert!(puts.clone().all(|put| put == "PUT manifest if absent"), "{asked:?}");
        assert!(puts.count() > 1, "several raced: {asked:?}");
    }
}

fn a_commit_whose_reply_is_lost_is_known_by_its_write_id(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    drawn(1).unwrap();
    let struck = Arc::new(Mutex::new(Vec::<Faulty>::new()));
    let faults = Arc::clone(&struck);
    intercept(move |_, store| {
        let faulty = Faulty::new(store);
        let commit = Trigger::any().on([Operation::Create]).containing("/entries/").nth(1);
        faulty.inject(commit, Fault::LoseReply);
        faults.lock().unwrap().push(faulty.clone());
        Arc::new(faulty)
    });
    nuthatch::set_parameter!("filesystem", format!("{}/", bucket.url())).unwrap();
    let value = drawn(2).unwrap();
    let struck: u64 = struck.lock().unwrap().iter().map(Faulty::struck).sum();
    assert_eq!(struck, 1, "a reply was lost");
    assert_eq!(drawn(2).unwrap(), value, "it was stored, and is recalled");
    let stats = nuthatch::stats();
    assert_eq!((stats.store_failures, stats.absent, stats.root_hits), (0, 2, 1), "{stats}");
}

tests! {
    of_sixteen_writers_at_once_one_wins_and_all_readers_have_its_value,
    a_commit_whose_reply_is_lost_is_known_by_its_write_id,
}
