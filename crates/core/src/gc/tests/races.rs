//! Readers, writers and other sweeps, at every point of what they do.

use super::*;
use crate::entry::BURIAL;
use crate::store::{Fault, Faulty, Operation, Trigger};

/// Sweeps in the name of another process, on this thread.
fn others_sweep(lake: &Arc<Clocked>) -> impl FnOnce() + Send + 'static {
    let root = root(lake);
    move || drop(sweep(&root))
}

/// The requests of a sweep for the marker, for the time (three) and for the listing.
const UNTIL_LISTED: usize = 5;

/// What goes on while somebody else acts before its n-th request.
type Story = fn(&Location) -> Result<Committed>;

fn overwrite(root: &Location) -> Result<Committed> {
    block_on(store(root, &address(9), b"new"))
}

/// Every way in which an entry lies before it is stored again.
fn before(name: &str, root: &Location) {
    match name {
        "nothing" => {}
        "an entry" => drop(stored(root, &address(9), b"old")),
        "a replaced one" => {
            stored(root, &address(9), b"older");
            stored(root, &address(9), b"old");
        }
        "a forgotten one" => {
            stored(root, &address(9), b"older");
            assert!(block_on(root.forget(&address(9))).unwrap().was_there);
        }
        _ => unreachable!(),
    }
}

/// At each of its requests a writer is interrupted by a sweep, as quick or as slow as it may be:
/// whatever is committed is whole, and the old value or the new one is read.
#[test]
fn a_sweep_at_any_point_of_a_store_harms_no_committed_entry() {
    let story: Story = overwrite;
    let mut interruptions = 0;
    for name in ["nothing", "an entry", "a replaced one", "a forgotten one"] {
        for slow in [Duration::ZERO, GRACE / 2 - DAY, GRACE / 2, GRACE, GRACE * 3] {
            for n in 0.. {
                clocked::set(std::time::SystemTime::UNIX_EPOCH);
                let lake = Arc::new(Clocked::default());
                before(name, &root(&lake));
                advance(GRACE);
                let others = others_sweep(&lake);
                lake.before(n, move || {
                    if !COMMITTING.get() || slow < GRACE / 2 {
                        advance(slow);
                    }
                    // The writer stands still meanwhile: what it is in the midst of is not.
                    let committing = COMMITTING.replace(false);
                    others();
                    COMMITTING.set(committing);
                });
                let writer = root(&lake);
                let committed = story(&writer);
                if !lake.was_interrupted() {
                    break;
                }
                interruptions += 1;
                let now = read(&lake, &root(&lake), &address(9));
                let told = format!("{name}, slow by {slow:?}, at {n}: {committed:?}");
                match &committed {
                    Ok(Committed::Done { .. }) => {
                        assert_eq!(now.as_deref(), Some(&b"new"[..]), "{told}")
                    }
                    Ok(Committed::Lost { .. }) | Err(_) => {
                        let old = if name == "nothing" || name == "a forgotten one" {
                            None
                        } else {
                            Some(&b"old"[..])
                        };
                        assert_eq!(now.as_deref(), old, "{told}");
                    }
                }
                // What was left in vain goes, and a second try succeeds.
                stored(&root(&lake), &address(9), b"again");
                assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"again", "{told}");
                advance(GRACE);
                sweep(&root(&lake));
                advance(GRACE);
                let swept = sweep(&root(&lake));
                assert!(swept.failed.tallies.is_empty(), "{swept:?}");
                assert_eq!(paths(&lake, "/data/").len(), 2, "{told}");
                assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"again", "{told}");
            }
        }
    }
    assert!(interruptions > 100, "{interruptions}");
}

/// The other way round: a writer stores at each point of a sweep.
#[test]
fn a_store_at_any_point_of_a_sweep_is_kept() {
    stores_at_any_point(Duration::ZERO, clock, root);
}

/// What `gc` says of a tombstone is as good after hours, and to a writer whose clock is off.
#[test]
fn a_store_at_any_point_of_a_sweep_that_takes_hours_is_kept() {
    stores_at_any_point(BURIAL * 2, || clock() + DAY, root);
}

/// A deletion that was done may not be done again to what has come in its place.
#[test]
fn a_store_at_any_point_of_a_sweep_that_hears_nothing_of_its_deletion_is_kept() {
    stores_at_any_point(Duration::ZERO, clock, |lake| {
        let faulty = Faulty::new(Arc::clone(lake) as _);
        let tombstones = Trigger::any().on([Operation::Delete]).containing("/entries/");
        faulty.inject(tombstones.nth(1), Fault::LoseReply);
        let filesystem = Filesystem { store: Arc::new(faulty), ..filesystem(lake, "lake") };
        let options = LocationOptions::new(LocationName::Root, filesystem);
        Location::with_clock(options, clock)
    });
}

/// `slow` is how much later it is once the sweep has begun to list.
fn stores_at_any_point(
    slow: Duration,
    writers: fn() -> SystemTime,
    sweeper: fn(&Arc<Clocked>) -> Location,
) {
    let mut interruptions = 0;
    for name in ["nothing", "an entry", "a replaced one", "a forgotten one"] {
        for n in 0.. {
            clocked::set(std::time::SystemTime::UNIX_EPOCH);
            let lake = Arc::new(Clocked::default());
            before(name, &root(&lake));
            let abandoned = block_on(begin(&root(&lake), &address(9)));
            block_on(data(&abandoned, b"in vain")).unwrap();
            advance(GRACE);
            let writer = root_by(&lake, writers);
            let answer = Arc::new(std::sync::Mutex::new(None));
            let told = Arc::clone(&answer);
            let interrupted = move || *told.lock().unwrap() = Some(overwrite(&writer));
            if slow.is_zero() {
                lake.before(n, interrupted);
            } else {
                let goes_on = Arc::clone(&lake);
                lake.before(UNTIL_LISTED, move || {
                    advance(slow);
                    goes_on.before(n, interrupted);
                });
            }
            sweep(&sweeper(&lake));
            if !lake.was_interrupted() {
                break;
            }
            interruptions += 1;
            let committed = answer.lock().unwrap().take().unwrap();
            let now = read(&lake, &root(&lake), &address(9));
            let shown = format!("{name}, at {n}: {committed:?}");
            match committed {
                Ok(Committed::Done { .. }) => assert_eq!(now.unwrap(), b"new", "{shown}"),
                // The tombstone is about to go, and the sweep that does it stands still here.
                Err(error) => {
                    assert_eq!(name, "a forgotten one", "{shown}");
                    assert!(error.to_string().contains("`gc` has said that it removes"), "{error}");
                    assert_eq!(now, None);
                }
                Ok(Committed::Lost { .. }) => panic!("{shown}"),
            }
            stored(&root(&lake), &address(9), b"again");
            assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"again", "{shown}");
        }
    }
    assert!(interruptions > 30, "{interruptions}");
}

/// A `gc` that stands still in the midst of a burial has no claim to the tombstone any more.
#[test]
fn a_tombstone_whose_burial_takes_long_is_left_and_can_be_written_over() {
    let mut left = 0;
    for n in 0.. {
        clocked::set(SystemTime::UNIX_EPOCH);
        let lake = Arc::new(Clocked::default());
        before("a forgotten one", &root(&lake));
        advance(GRACE);
        lake.before(n, || advance(BURIAL));
        let swept = sweep(&root(&lake));
        if !lake.was_interrupted() {
            break;
        }
        let failed = swept.failed.of(Kind::Tombstone).count;
        assert_eq!(failed + swept.removed.of(Kind::Tombstone).count, 1, "at {n}: {swept:?}");
        left += failed;
        if failed == 1 {
            let why = &swept.failed.listed[0].why;
            assert!(why.contains("took so long") && why.contains("run again"), "{why}");
            assert_eq!(paths(&lake, address(9).manifest().as_ref()).len(), 1);
            advance(BURIAL);
        }
        stored(&root(&lake), &address(9), b"again");
        assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"again");
    }
    assert!(left > 0);
}

/// A sweep whose process dies before its n-th request is finished by the next.
#[test]
fn a_sweep_that_was_interrupted_is_finished_by_the_next() {
    use crate::store::{Fault, Faulty, Trigger};
    let build = |lake: &Arc<Clocked>| {
        let root = root(lake);
        before("a replaced one", &root);
        stored(&root, &address(1), b"forgotten");
        assert!(block_on(root.forget(&address(1))).unwrap().was_there);
        let abandoned = block_on(begin(&root, &address(2)));
        block_on(data(&abandoned, b"in vain")).unwrap();
        advance(GRACE);
    };
    let whole = {
        let lake = Arc::new(Clocked::default());
        build(&lake);
        sweep(&root(&lake));
        block_on(lake.paths()).len()
    };
    for n in 1.. {
        clocked::set(std::time::SystemTime::UNIX_EPOCH);
        let lake = Arc::new(Clocked::default());
        build(&lake);
        let faulty = Faulty::new(Arc::clone(&lake) as _);
        // From the n-th request on nothing gets through any more.
        let mut dying = 0;
        for later in n..n + 200 {
            faulty.inject(Trigger::any().nth(later), Fault::Fail);
            dying += 1;
        }
        assert_eq!(dying, 200);
        let filesystem =
            Filesystem { store: Arc::new(faulty.clone()), ..filesystem(&lake, "lake") };
        let options = LocationOptions::new(LocationName::Root, filesystem);
        sweep(&Location::with_clock(options, clock));
        assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"old");
        if faulty.struck() == 0 {
            assert!(n > 20, "{n}");
            break;
        }
        // A tombstone that says that it goes is left for an hour.
        advance(DAY);
        let swept = sweep(&root(&lake));
        assert!(swept.failed.tallies.is_empty(), "{swept:?}");
        advance(GRACE);
        sweep(&root(&lake));
        assert_eq!(
            block_on(lake.paths()).len(),
            whole,
            "died at {n}: {:?}",
            block_on(lake.paths())
        );
        assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"old");
    }
}

#[test]
fn two_sweeps_at_once_are_harmless() {
    for n in 0..60 {
        clocked::set(std::time::SystemTime::UNIX_EPOCH);
        let lake = Arc::new(Clocked::default());
        before("a replaced one", &root(&lake));
        let abandoned = block_on(begin(&root(&lake), &address(2)));
        block_on(data(&abandoned, b"in vain")).unwrap();
        advance(GRACE);
        lake.before(n, others_sweep(&lake));
        let swept = sweep(&root(&lake));
        assert!(swept.failed.tallies.is_empty(), "{swept:?}");
        lake.was_interrupted();
        assert_eq!(paths(&lake, "/data/").len(), 2);
        assert_eq!(read(&lake, &root(&lake), &address(9)).unwrap(), b"old");
    }
}

#[test]
fn a_writer_that_was_too_slow_is_told_and_its_commit_fails() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let writing = block_on(begin(&root, &address(9)));
    block_on(data(&writing, b"slow")).unwrap();
    advance(GRACE);
    assert_eq!(sweep(&root).removed.of(Kind::Abandoned).count, 1);
    let error = block_on(finish(&writing, b"slow")).unwrap_err().to_string();
    assert!(error.contains("may have been removed as abandoned"), "{error}");
    assert!(error.contains("raise the location's grace time"), "{error}");
}
