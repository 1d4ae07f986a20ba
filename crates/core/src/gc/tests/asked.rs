//! What is asked for, and what a location's rules make of it.

use super::*;
use crate::config::CommitPolicy;

#[test]
fn a_version_that_any_call_keeps_stays() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    stored(&root, &address(9), b"version 1");
    let both = |one: &[&str], other: &[&str]| Asked {
        kept: [keep("daily", one).kept, keep("weather::daily", other).kept].concat(),
        ..Asked::default()
    };
    for asked in [both(&["1"], &["2"]), both(&["2"], &["1"])] {
        let swept = sweep_as(&root, asked);
        assert!(swept.removed.tallies.is_empty(), "{swept:?}");
    }
    let swept = sweep_as(&root, both(&["2"], &["3"]));
    assert_eq!(swept.removed.of(Kind::Version).count, 1, "{swept:?}");
    let why = &swept.removed.listed[0].why;
    assert!(why.contains("of daily the versions 2 are kept"), "{why}");
    assert!(why.contains("of weather::daily the versions 3 are kept"), "{why}");
    assert_eq!(read(&lake, &root, &address(9)), None);
}

/// Another's entry could be overwritten by a manifest that is put without a condition.
#[test]
fn where_the_last_writer_wins_no_manifest_is_written_or_removed() {
    let lake = Arc::new(Clocked::default());
    let options = LocationOptions::new(LocationName::Root, filesystem(&lake, "lake"));
    let options = LocationOptions { commit: CommitPolicy::LastWriterWins, ..options };
    let root = Location::with_clock(options, clock);
    let old = stored(&root, &address(1), b"old");
    stored(&root, &address(1), b"new");
    stored(&root, &address(2), b"forgotten");
    assert!(block_on(root.forget(&address(2))).unwrap().was_there);
    advance(GRACE);
    lake.requests();
    let swept = sweep_as(&root, keep("daily", &["2"]));
    assert_eq!(swept.removed.of(Kind::Replaced).count, 2, "{swept:?}");
    assert!(paths(&lake, &old.backends[0].path).is_empty());
    let left =
        [Kind::Replaced, Kind::Tombstone, Kind::Version].map(|kind| swept.left.of(kind).count);
    assert_eq!(left, [1, 1, 1], "{swept:?}");
    for item in &swept.left.listed {
        assert!(item.why.contains("last-writer-wins"), "{item:?}");
    }
    assert_eq!(swept.failed.tallies.len(), 0, "{swept:?}");
    let put = |(operation, path): &(crate::store::Operation, String)| {
        operation.writes() && path.contains("/entries/")
    };
    assert!(!lake.requests().iter().any(put));
    assert_eq!(paths(&lake, "/entries/").len(), 2);
    assert_eq!(read(&lake, &root, &address(1)).unwrap(), b"new");
}
