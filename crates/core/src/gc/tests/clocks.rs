//! Clocks that are off, and grace times that differ.

use super::*;

#[test]
fn what_a_writer_whose_clock_is_behind_has_replaced_just_now_stays() {
    let lake = Arc::new(Clocked::default());
    let behind = root_by(&lake, || clock() - GRACE - DAY);
    let old = stored(&behind, &address(9), b"old");
    stored(&behind, &address(9), b"new");
    let asked = keep("daily", &["1"]);
    let swept = sweep_as(&root(&lake), asked.clone());
    assert!(swept.removed.tallies.is_empty(), "{swept:?}");
    assert_eq!(paths(&lake, &old.backends[0].path).len(), 2, "whoever reads it finishes");
    advance(GRACE);
    assert_eq!(sweep_as(&root(&lake), asked).removed.of(Kind::Replaced).count, 1);
    assert!(paths(&lake, &old.backends[0].path).is_empty());
}

#[test]
fn forgetting_a_version_removes_no_data_whatever_was_replaced_before() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    stored(&root, &address(9), b"older");
    stored(&root, &address(9), b"old");
    advance(GRACE);
    let (asked, longer) = (keep("daily", &["2"]), GRACE * 2);
    let dry = sweep_within(&root, Asked { dry_run: true, ..asked.clone() }, longer);
    let swept = sweep_within(&root, asked, longer);
    assert_eq!(swept.removed.tallies, dry.removed.tallies);
    assert_eq!(swept.removed.of(Kind::Version).count, 1, "{swept:?}");
    assert_eq!(read(&lake, &root, &address(9)), None);
    assert_eq!(paths(&lake, "/data/").len(), 4);
    for _ in 0..2 {
        let swept = sweep_within(&root, Asked::default(), longer);
        assert!(swept.removed.tallies.is_empty(), "{swept:?}");
        advance(GRACE);
    }
    let swept = sweep_within(&root, Asked::default(), longer);
    assert_eq!(swept.removed.of(Kind::Replaced).count, 2, "{swept:?}");
    assert_eq!(block_on(lake.paths()), ["nuthatch.json"]);
}

#[test]
fn a_grace_time_of_zero_is_refused() {
    let lake = Arc::new(Clocked::default());
    let filesystem = filesystem(&lake, "lake");
    let options = LocationOptions::new(LocationName::Root, filesystem);
    let options = LocationOptions { grace: Duration::ZERO, ..options };
    let root = Location::with_clock(options, clock);
    let writing = block_on(begin(&root, &address(9)));
    block_on(data(&writing, b"under way")).unwrap();
    for gc in [crate::gc(), crate::gc().grace(GRACE)] {
        let place = Arc::new(Place::bare(root.clone()));
        let error = block_on(gc.sweep(vec![Ok(place)])).unwrap_err().to_string();
        assert!(error.contains("`grace` is 0 in root (memory://lake)"), "{error}");
        assert!(error.contains("set it above what a write takes"), "{error}");
    }
    assert_eq!(paths(&lake, "/data/").len(), 2);
}
