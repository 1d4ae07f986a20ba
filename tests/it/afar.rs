//! Locations on other machines: one that does not answer costs one time-out a process, and what is
//! known to be out of reach is not asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nuthatch::prelude::*;
use nuthatch::store::{Counting, Fault, Faulty, Operation, Trigger, answer_from_afar, intercept};
use object_store::ObjectStore;

use crate::told::Told;

#[cache]
fn doubled(number: u32) -> nuthatch::Result<u32> {
    Ok(2 * number)
}

/// A root that holds `doubled(1)` and `doubled(2)`, and the same as a mirror on another machine, whose
/// requests can go wrong.
struct Afar {
    counting: Arc<Mutex<Vec<Counting>>>,
    faults: Arc<Mutex<Vec<Faulty>>>,
    told: Told,
    folder: tempfile::TempDir,
}

impl Afar {
    fn new() -> Self {
        let (counting, faults) = (Arc::default(), Arc::default());
        let folder = tempfile::tempdir().unwrap();
        std::env::set_current_dir(folder.path()).unwrap();
        let afar = Self { counting, faults, folder, told: Told::listen() };
        nuthatch::set_parameter!("filesystem", "memory://lake").unwrap();
        nuthatch::set_parameter!("local.filesystem", afar.folder.path().to_str().unwrap()).unwrap();
        doubled(1).unwrap();
        doubled(2).unwrap();
        nuthatch::set_parameter!("filesystem", "memory://own").unwrap();
        let (counters, faulty) = (Arc::clone(&afar.counting), Arc::clone(&afar.faults));
        intercept(move |url: &str, store: Arc<dyn ObjectStore>| match url {
            "memory://lake" => {
                let counting = Counting::new(store);
                counters.lock().unwrap().push(counting.clone());
                let store = Faulty::new(Arc::new(counting));
                faulty.lock().unwrap().push(store.clone());
                Arc::new(store)
            }
            _ => store,
        });
        answer_from_afar("memory://lake");
        nuthatch::set_parameter!("mirror-afar.filesystem", "memory://lake").unwrap();
        nuthatch::set_parameter!("cache_mode", "read_only").unwrap();
        afar
    }

    /// Opens the mirror, and has it go wrong.
    fn inject(&self, trigger: Trigger, fault: Fault) {
        doubled(7).unwrap();
        self.faulty().inject(trigger, fault);
        nuthatch::reset_stats();
        self.told.is_silent();
    }

    fn faulty(&self) -> Faulty {
        self.faults.lock().unwrap().last().unwrap().clone()
    }
}

#[test]
fn a_mirror_afar_is_recalled_from() {
    let afar = Afar::new();
    assert_eq!(doubled(1).unwrap(), 2);
    assert_eq!((nuthatch::stats().mirror_hits, nuthatch::stats().unreachable), (1, 0));
    assert_eq!(afar.counting.lock().unwrap().len(), 1);
}

#[test]
fn one_that_does_not_answer_costs_one_time_out_and_one_warning_a_process() {
    let afar = Afar::new();
    nuthatch::set_parameter!("timeout", "50ms").unwrap();
    afar.inject(Trigger::any(), Fault::Delay(Duration::from_secs(3600)));
    for number in 1..4 {
        assert_eq!(doubled(number).unwrap(), 2 * number);
    }
    assert_eq!(afar.faulty().struck(), 1, "it was asked once");
    assert_eq!((nuthatch::stats().mirror_hits, nuthatch::stats().unreachable), (0, 1));
    let told = afar.told.take();
    assert_eq!(told.matches("out of reach").count(), 1, "{told}");
    for words in
        ["mirror-afar (memory://lake", "no answer within", "`timeout`", "`skipped_filesystems`"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    // What code sets has the locations opened anew.
    afar.faulty().heal();
    nuthatch::set_parameter!("timeout", "20s").unwrap();
    assert_eq!(doubled(1).unwrap(), 2);
    assert_eq!(nuthatch::stats().mirror_hits, 1);
}

#[test]
fn one_that_cannot_be_reached_is_asked_once() {
    let afar = Afar::new();
    afar.inject(Trigger::any(), Fault::Fail);
    for number in 1..4 {
        assert_eq!(doubled(number).unwrap(), 2 * number);
    }
    assert_eq!((afar.faulty().struck(), nuthatch::stats().unreachable), (1, 1));
}

#[test]
fn a_403_on_one_entry_says_nothing_of_the_others() {
    let afar = Afar::new();
    afar.inject(Trigger::any().on([Operation::Get]).nth(1), Fault::Deny);
    assert_eq!(doubled(1).unwrap(), 2);
    assert_eq!((afar.faulty().struck(), nuthatch::stats().mirror_hits), (1, 0));
    assert_eq!((doubled(1).unwrap(), doubled(2).unwrap()), (2, 4));
    assert_eq!((nuthatch::stats().mirror_hits, nuthatch::stats().unreachable), (2, 0));
    afar.told.is_silent();
}

#[test]
fn a_skipped_one_is_never_asked() {
    let afar = Afar::new();
    nuthatch::set_parameter!("skipped_filesystems", vec!["memory://lake"]).unwrap();
    assert_eq!(doubled(1).unwrap(), 2);
    assert_eq!((nuthatch::stats().mirror_hits, afar.counting.lock().unwrap().len()), (0, 0));
    nuthatch::set_parameter!("skipped_filesystems", Vec::<String>::new()).unwrap();
    assert_eq!(doubled(1).unwrap(), 2);
    assert_eq!((nuthatch::stats().mirror_hits, afar.counting.lock().unwrap().len()), (1, 1));
}
