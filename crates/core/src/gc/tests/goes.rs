//! What goes, and when.

use super::*;
use crate::store::Operation;

#[test]
fn replaced_data_goes_after_the_grace_time_and_off_the_manifest() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let old = stored(&root, &address(9), b"old");
    let new = stored(&root, &address(9), b"new");
    advance(GRACE - Duration::from_secs(1));
    assert!(sweep(&root).removed.tallies.is_empty());
    advance(Duration::from_secs(1));
    let swept = sweep(&root);
    let gone = swept.removed.of(Kind::Replaced);
    assert_eq!((gone.count, gone.objects, gone.bytes), (1, 2, 6), "{swept:?}");
    assert_eq!(swept.removed.listed[0].path, old.backends[0].path);
    assert!(paths(&lake, &old.backends[0].path).is_empty());
    assert_eq!(read(&lake, &root, &address(9)).unwrap(), b"new");

    let Lookup::Found { entry, .. } = block_on(root.look_up(&address(9))).unwrap() else {
        panic!()
    };
    let manifest = entry.manifest().unwrap();
    assert!(manifest.replaced.is_empty());
    assert_eq!(manifest.backends, new.backends);
    assert_ne!(manifest.write_id, new.write_id);
    lake.requests();
    assert!(sweep(&root).removed.tallies.is_empty());
    assert!(lake.requests().iter().all(|(operation, path)| {
        !operation.writes() || path.contains(".probe") || path.is_empty()
    }));
}

#[test]
fn an_abandoned_write_goes_once_nobody_has_written_to_it_for_the_grace_time() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let writing = block_on(begin(&root, &address(9)));
    block_on(data(&writing, b"in vain")).unwrap();
    advance(DAY);
    block_on(writing.beat()).unwrap();
    drop(writing);
    advance(GRACE - DAY);
    assert!(sweep(&root).removed.tallies.is_empty(), "its sign of life is younger");
    advance(DAY);
    let gone = sweep(&root).removed.of(Kind::Abandoned);
    assert_eq!((gone.count, gone.objects), (1, 3));
    assert!(paths(&lake, "/data/").is_empty());
}

#[test]
fn a_forgotten_entry_goes_with_its_data_and_can_be_written_again() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    stored(&root, &address(9), b"old");
    assert!(block_on(root.forget(&address(9))).unwrap().was_there);
    advance(GRACE - DAY);
    assert!(sweep(&root).removed.tallies.is_empty());
    advance(DAY);
    let swept = sweep(&root);
    assert_eq!(swept.removed.of(Kind::Replaced).count, 1, "{swept:?}");
    assert_eq!(swept.removed.of(Kind::Tombstone).count, 1);
    assert_eq!(block_on(lake.paths()), ["nuthatch.json"]);
    stored(&root, &address(9), b"new");
    assert_eq!(read(&lake, &root, &address(9)).unwrap(), b"new");
}

#[test]
fn leases_probes_and_records_of_finished_writes_go() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let entry = stored(&root, &address(9), b"value");
    let manifest = address(9).manifest().to_string();
    let lease = manifest.replace("/entries/", "/leases/");
    let probe = ".probe/01jfzxyzg1f3vq7kz0m2n4p6r8";
    let scratch = format!("{}/.regions/one.json", entry.backends[0].path);
    for path in [&lease, probe, &scratch] {
        block_on(lake.write(path, b"{}"));
    }
    advance(GRACE - Duration::from_secs(1));
    assert!(sweep(&root).removed.tallies.is_empty());
    advance(Duration::from_secs(1));
    let swept = sweep(&root);
    for kind in [Kind::Lease, Kind::Probe, Kind::Scratch] {
        assert_eq!(swept.removed.of(kind).count, 1, "{kind}: {swept:?}");
    }
    assert_eq!(read(&lake, &root, &address(9)).unwrap(), b"value");
    for path in [&lease, probe, &scratch] {
        assert!(paths(&lake, path).is_empty(), "{path}");
    }
}

#[test]
fn other_versions_are_forgotten_where_it_is_said_which_stay_and_never_otherwise() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    stored(&root, &address(9), b"version 1");
    advance(GRACE * 2);
    for asked in [
        Asked::default(),
        keep("daily", &["1", "2"]),
        keep("weather::daily", &["1"]),
        keep("hourly", &[]),
        keep("aily", &[]),
    ] {
        assert!(sweep_as(&root, asked).removed.tallies.is_empty());
    }
    let dry = Asked { dry_run: true, ..keep("weather::daily", &["2"]) };
    assert_eq!(sweep_as(&root, dry).removed.of(Kind::Version).count, 1);
    assert_eq!(read(&lake, &root, &address(9)).unwrap(), b"version 1");

    let swept = sweep_as(&root, keep("weather::daily", &["2"]));
    assert_eq!(swept.removed.of(Kind::Version).count, 1);
    let why = &swept.removed.listed[0].why;
    assert!(why.contains("version 1, and of weather::daily the versions 2 are kept"), "{why}");
    assert_eq!(read(&lake, &root, &address(9)), None);
    assert_eq!(paths(&lake, "/data/").len(), 2, "whoever reads it finishes");
    advance(GRACE);
    assert_eq!(sweep(&root).removed.of(Kind::Tombstone).count, 1);
    assert_eq!(block_on(lake.paths()), ["nuthatch.json"]);
}

#[test]
fn a_dry_run_says_the_same_and_removes_nothing() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    for (key, forget) in [(1, false), (2, true)] {
        stored(&root, &address(key), b"old");
        stored(&root, &address(key), b"new");
        if forget {
            assert!(block_on(root.forget(&address(key))).unwrap().was_there);
        }
    }
    let writing = block_on(begin(&root, &address(3)));
    block_on(data(&writing, b"in vain")).unwrap();
    advance(GRACE);
    let before = block_on(lake.paths());
    lake.requests();
    let dry = sweep_as(&root, Asked { dry_run: true, ..Asked::default() });
    assert_eq!(block_on(lake.paths()), before);
    let writes: Vec<_> =
        lake.requests().into_iter().filter(|(operation, _)| operation.writes()).collect();
    let [(Operation::Put, probe), (Operation::Delete, _)] = &writes[..] else {
        panic!("{writes:?}")
    };
    assert!(probe.starts_with(".probe/"));
    // Of the second entry one more generation was replaced, by forgetting it.
    let count = |kind| dry.removed.of(kind).count;
    let counts = [Kind::Replaced, Kind::Tombstone, Kind::Abandoned].map(count);
    let wet = sweep(&root);
    assert_eq!(wet.removed.tallies.get(&Kind::Replaced).unwrap().count, counts[0]);
    assert_eq!(wet.removed.of(Kind::Abandoned), dry.removed.of(Kind::Abandoned));
    assert_eq!(counts, [3, 1, 1], "{dry:?}");
    assert_eq!(wet.removed.of(Kind::Tombstone).count, 1);
}

#[test]
fn a_failing_delete_is_told_and_the_rest_goes() {
    use crate::store::{Fault, Faulty, Trigger};
    let lake = Arc::new(Clocked::default());
    let faulty = Faulty::new(Arc::clone(&lake) as _);
    let filesystem = Filesystem { store: Arc::new(faulty.clone()), ..filesystem(&lake, "lake") };
    let options = LocationOptions::new(LocationName::Root, filesystem);
    let root = Location::with_clock(options, clock);
    let stays = stored(&root, &address(1), b"old");
    stored(&root, &address(1), b"new");
    stored(&root, &address(2), b"old");
    stored(&root, &address(2), b"new");
    advance(GRACE);
    let path = format!("{}/value.bin", stays.backends[0].path);
    let strikes = Trigger::any().on([Operation::Delete]).containing(&path);
    faulty.inject(strikes, Fault::Fail);
    let swept = sweep(&root);
    assert_eq!(
        (swept.removed.of(Kind::Replaced).count, swept.failed.of(Kind::Replaced).count),
        (1, 1)
    );
    assert_eq!(paths(&lake, &stays.backends[0].path), [path], "all else of it went");
    let why = &swept.failed.listed[0].why;
    assert!(why.contains("injected") && why.contains("run again"), "{why}");
    faulty.heal();
    assert_eq!(sweep(&root).removed.of(Kind::Replaced).count, 1);
    assert!(paths(&lake, &stays.backends[0].path).is_empty());
}
