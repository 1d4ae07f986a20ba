//! The table of modes, a test a cell: how often the body ran, and which requests each location
//! saw. The expectations are the design's table, written out here once more.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{Answer, confirm_with};

use crate::lake::{Counts, Lake};

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicI64 = AtomicI64::new(1);
static ASKED: AtomicU32 = AtomicU32::new(0);

#[cache]
fn measured(station: u32) -> nuthatch::Result<i64> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(i64::from(station) * 100 + VALUE.load(Ordering::SeqCst))
}

/// What a mode does where a new value meets a good entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meets {
    Asks,
    Replaces,
    Nothing,
}

/// One row of the table.
struct Row {
    mode: CacheMode,
    reads_local: bool,
    reads_root: bool,
    writes_root: bool,
    writes_local: bool,
    meets: Meets,
    computes: bool,
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn call(mode: CacheMode) -> nuthatch::Result<i64> {
    measured::call(7).cache_mode(mode).run()
}

/// An entry in one location alone, and nothing counted yet.
fn only_in(location: &str) -> Lake {
    let lake = Lake::new();
    match location {
        "local" => drop(call(CacheMode::Offline).unwrap()),
        "root" => drop(call(CacheMode::Write).unwrap()),
        "mirror" => {
            call(CacheMode::Write).unwrap();
            lake.publish_root();
            lake.empty("root");
        }
        other => panic!("no location {other}"),
    }
    assert_eq!(runs(), 1);
    lake.reset();
    lake
}

impl Row {
    /// A location that the mode reads serves it; one that it does not read sees no request.
    fn reads(&self, location: &str) {
        let (mode, lake) = (self.mode, only_in(location));
        let read = if location == "local" { self.reads_local } else { self.reads_root };
        let result = call(mode);
        let counts = lake.counts(location);
        if read {
            assert_eq!(result.unwrap(), 701);
            assert_eq!(runs(), 0, "{mode} reads {location}");
            assert_eq!(counts, Counts { gets: 1, ..Counts::default() });
            return;
        }
        if self.computes {
            assert_eq!(result.unwrap(), 701);
            assert_eq!(runs(), 1, "{mode} does not read {location}");
        } else {
            assert!(result.unwrap_err().is_not_cached());
            assert_eq!(runs(), 0);
        }
        let written = match location {
            "root" => self.writes_root,
            "local" => self.writes_local,
            _ => false,
        };
        if !written {
            assert_eq!(counts, Counts::default(), "{mode} leaves {location} alone");
        }
    }

    /// After a miss everywhere, the result is where the mode writes, and nowhere else.
    fn writes(&self, location: &str) {
        let mode = self.mode;
        let writes = if location == "root" { self.writes_root } else { self.writes_local };
        // A mode that never computes can only copy what it found elsewhere.
        let lake = if self.computes { Lake::new() } else { only_in("mirror") };
        assert_eq!(call(mode).unwrap(), 701);
        let puts = lake.counts(location).puts;
        assert_eq!(puts, u32::from(writes), "PUTs of {mode} in {location}");
        let entries = lake.path(location).join("_");
        assert_eq!(entries.exists(), writes, "{mode} and {location}");
        if writes {
            runs();
            lake.empty("mirror");
            let reader = if location == "root" { CacheMode::Write } else { CacheMode::Offline };
            assert_eq!(call(reader).unwrap(), 701);
            assert_eq!(runs(), 0, "what {mode} wrote to {location} is recalled");
        }
        if self.computes && self.writes_root == self.writes_local {
            assert!(!lake.path("root").exists() && !lake.path("local").exists());
        }
    }

    /// A new value meets a good entry where the mode writes.
    fn meets(&self, answer: Answer) {
        let location = if self.writes_local { "local" } else { "root" };
        let (mode, _lake) = (self.mode, only_in(location));
        confirm_with(move |_| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            answer
        });
        VALUE.store(2, Ordering::SeqCst);
        let result = measured::call(7).cache_mode(mode).recompute(true).run();
        if !self.computes {
            // A mode that never computes has no new value: the entry is what it returns.
            assert_eq!((result.unwrap(), runs()), (701, 0));
            return;
        }
        assert_eq!((result.unwrap(), runs()), (702, 1), "the new value is returned");
        let asked = ASKED.load(Ordering::SeqCst);
        assert_eq!(asked, u32::from(self.meets == Meets::Asks), "how often {mode} asks");

        VALUE.store(3, Ordering::SeqCst);
        let reader = if location == "root" { CacheMode::Write } else { CacheMode::Offline };
        let replaced = match self.meets {
            Meets::Replaces => true,
            Meets::Asks => answer == Answer::Replace,
            Meets::Nothing => false,
        };
        assert_eq!(call(reader).unwrap(), if replaced { 702 } else { 701 });
        assert_eq!(runs(), 0);
    }

    fn misses(&self) {
        let (mode, _lake) = (self.mode, Lake::new());
        let result = call(mode);
        if self.computes {
            assert_eq!((result.unwrap(), runs()), (701, 1), "{mode} computes on a miss");
        } else {
            let error = result.unwrap_err();
            assert!(error.is_not_cached(), "{mode}: {error}");
            assert!(error.to_string().contains("measured(station = 7)"), "{error}");
            assert_eq!(runs(), 0);
        }
    }
}

macro_rules! rows {
    ($($name:ident: $mode:ident, $local:literal, $root:literal, $to_root:literal, $to_local:literal, $meets:ident, $computes:literal;)*) => {$(
        mod $name {
            use super::*;

            const ROW: Row = Row {
                mode: CacheMode::$mode,
                reads_local: $local,
                reads_root: $root,
                writes_root: $to_root,
                writes_local: $to_local,
                meets: Meets::$meets,
                computes: $computes,
            };

            #[test]
            fn reads_local() {
                ROW.reads("local");
            }
            #[test]
            fn reads_root() {
                ROW.reads("root");
            }
            #[test]
            fn reads_mirrors() {
                ROW.reads("mirror");
            }
            #[test]
            fn writes_root() {
                ROW.writes("root");
            }
            #[test]
            fn writes_local() {
                ROW.writes("local");
            }
            #[test]
            fn meets_a_good_entry_and_the_answer_is_yes() {
                ROW.meets(Answer::Replace);
            }
            #[test]
            fn meets_a_good_entry_and_the_answer_is_no() {
                ROW.meets(Answer::Keep);
            }
            #[test]
            fn misses() {
                ROW.misses();
            }
        }
    )*};
}

rows! {
    // name: mode, reads local, reads root and mirrors, writes root, writes local, meets, computes
    write: Write, false, true, true, false, Asks, true;
    overwrite: Overwrite, false, true, true, false, Replaces, true;
    read_only: ReadOnly, true, true, false, false, Nothing, true;
    read_only_strict: ReadOnlyStrict, true, true, false, false, Nothing, false;
    local: Local, true, true, false, true, Asks, true;
    local_overwrite: LocalOverwrite, true, true, false, true, Replaces, true;
    local_sync: LocalSync, false, true, false, true, Replaces, true;
    local_api: LocalApi, true, true, false, true, Asks, false;
    offline: Offline, true, false, false, true, Asks, true;
    off: Off, false, false, false, false, Nothing, true;
}

#[test]
fn the_default_mode_writes_the_root_where_one_is_configured() {
    let lake = Lake::new();
    assert_eq!(measured(7).unwrap(), 701);
    assert_eq!(lake.counts("root").puts, 1);
    assert_eq!(lake.counts("local").puts, 0);
}

#[test]
fn the_default_mode_writes_nothing_where_no_root_is_configured() {
    let lake = Lake::local_only();
    assert_eq!(measured(7).unwrap(), 701);
    assert_eq!(measured(7).unwrap(), 701);
    assert_eq!(runs(), 2);
    assert!(!lake.path("local").exists());
}
