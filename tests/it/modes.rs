//! The table of modes, a test a cell: how often the body ran, and every request that each location
//! saw. The expectations are the design's table, written out here once more.
//!
//! What a test finds was stored by another process, and its one call is the first of its own.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::{Answer, confirm_with};

use crate::asked::{CREATE, FIRST_WRITE, MANIFEST, MARKER, UPDATE, asked};
use crate::child::{child, given, must_pass};
use crate::lake::{LOCATIONS, Lake};

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicI64 = AtomicI64::new(1);
static ASKED: AtomicU32 = AtomicU32::new(0);

/// The locations in the order in which they are read.
const ORDER: [&str; 3] = ["local", "root", "mirror"];

#[cache(name = "modes_measured")]
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

/// What a location is expected to see.
type Requests = Vec<&'static str>;

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn call(mode: CacheMode) -> nuthatch::Result<i64> {
    measured::call(7).cache_mode(mode).run()
}

/// An entry in one location alone, which another process has stored.
fn only_in(location: &str) -> Lake {
    let lake = Lake::new();
    let writer = match location {
        "local" => "modes::child_fills_local",
        "root" | "mirror" => "modes::child_fills_root",
        other => panic!("no location {other}"),
    };
    must_pass(child(writer, lake.path("").as_path()));
    if location == "mirror" {
        lake.publish_root();
        lake.empty("root");
    }
    for other in LOCATIONS {
        assert_eq!(lake.path(other).join("_").exists(), other == location, "{other}");
    }
    lake
}

fn fill(location: &str, mode: CacheMode) {
    let folder = given().join(location);
    let parameter = format!("{location}.filesystem");
    nuthatch::set_parameter!(&parameter, folder.to_str().unwrap()).unwrap();
    assert_eq!(call(mode).unwrap(), 701);
}

#[test]
#[ignore = "a child of the tests below"]
fn child_fills_root() {
    fill("root", CacheMode::Write);
}

#[test]
#[ignore = "a child of the tests below"]
fn child_fills_local() {
    fill("local", CacheMode::Offline);
}

/// Each location saw these requests, in this order, and no other.
fn saw(lake: &Lake, mode: CacheMode, expected: impl Fn(&str) -> Requests) {
    for location in LOCATIONS {
        assert_eq!(asked(lake, location), expected(location), "{mode} and {location}");
    }
}

impl Row {
    fn is_read(&self, location: &str) -> bool {
        if location == "local" { self.reads_local } else { self.reads_root }
    }

    fn is_written(&self, location: &str) -> bool {
        match location {
            "root" => self.writes_root,
            "local" => self.writes_local,
            _ => false,
        }
    }

    /// What a plain call asks of `location`, where `holder` alone has an entry.
    fn requests(&self, holder: Option<&str>, location: &str) -> Requests {
        let found = ORDER.into_iter().find(|l| Some(*l) == holder && self.is_read(l));
        let asked_before = |other| ORDER.into_iter().take_while(|l| *l != other).count();
        let reached = found.is_none_or(|found| asked_before(location) <= asked_before(found));
        // The local modes keep a copy of what they find elsewhere.
        let written = match found {
            Some(found) => location == "local" && self.writes_local && found != "local",
            None => self.computes && self.is_written(location),
        };
        // Where it is written without being read, it is looked at first.
        let looked_at = (self.is_read(location) && reached) || written;
        let mut requests = Requests::new();
        if looked_at {
            requests.extend([MARKER, MANIFEST]);
        }
        if written && holder == Some(location) {
            requests.push(UPDATE);
        } else if written {
            requests.extend(FIRST_WRITE);
            requests.push(CREATE);
        }
        requests
    }

    /// A location that the mode reads serves it; one that it does not read sees no request.
    fn reads(&self, location: &str) {
        let (mode, lake) = (self.mode, only_in(location));
        let result = call(mode);
        if self.is_read(location) {
            assert_eq!((result.unwrap(), runs()), (701, 0), "{mode} reads {location}");
        } else if self.computes {
            assert_eq!((result.unwrap(), runs()), (701, 1), "{mode} does not read {location}");
        } else {
            assert!(result.unwrap_err().is_not_cached());
            assert_eq!(runs(), 0);
        }
        saw(&lake, mode, |of| self.requests(Some(location), of));
    }

    /// After a miss everywhere, the result is where the mode writes, and nowhere else.
    fn writes(&self, location: &str) {
        let mode = self.mode;
        let writes = self.is_written(location);
        // A mode that never computes can only copy what it found elsewhere.
        let holder = (!self.computes).then_some("mirror");
        let lake = holder.map_or_else(Lake::new, only_in);
        assert_eq!(call(mode).unwrap(), 701);
        assert_eq!(runs(), u32::from(self.computes));
        saw(&lake, mode, |of| self.requests(holder, of));
        for location in ["root", "local"] {
            let entries = lake.path(location).join("_");
            assert_eq!(entries.exists(), self.is_written(location), "{mode} and {location}");
        }
        if writes {
            lake.empty("mirror");
            let reader = if location == "root" { CacheMode::Write } else { CacheMode::Offline };
            assert_eq!(call(reader).unwrap(), 701);
            assert_eq!(runs(), 0, "what {mode} wrote to {location} is recalled");
        }
        if self.computes && !self.writes_root && !self.writes_local {
            assert!(!lake.path("root").exists() && !lake.path("local").exists());
        }
    }

    /// A new value meets a good entry where the mode writes.
    fn meets(&self, answer: Answer) {
        let location = if self.writes_local { "local" } else { "root" };
        let (mode, lake) = (self.mode, only_in(location));
        confirm_with(move |_| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            answer
        });
        VALUE.store(2, Ordering::SeqCst);
        let result = measured::call(7).cache_mode(mode).recompute(true).run();
        if !self.computes {
            // A mode that never computes has no new value: the entry is what it returns.
            assert_eq!((result.unwrap(), runs()), (701, 0));
            saw(&lake, mode, |of| self.requests(Some(location), of));
            return;
        }
        assert_eq!((result.unwrap(), runs()), (702, 1), "the new value is returned");
        let asks = ASKED.load(Ordering::SeqCst);
        assert_eq!(asks, u32::from(self.meets == Meets::Asks), "how often {mode} asks");
        let replaced = match self.meets {
            Meets::Replaces => true,
            Meets::Asks => answer == Answer::Replace,
            Meets::Nothing => false,
        };
        saw(&lake, mode, |of| match (self.is_written(of), replaced) {
            (false, _) => vec![],
            (true, false) => vec![MARKER, MANIFEST],
            (true, true) => vec![MARKER, MANIFEST, UPDATE],
        });

        VALUE.store(3, Ordering::SeqCst);
        let reader = if location == "root" { CacheMode::Write } else { CacheMode::Offline };
        assert_eq!(call(reader).unwrap(), if replaced { 702 } else { 701 });
        assert_eq!(runs(), 0);
    }

    fn as_the_readme_says(&self) -> [&'static str; 4] {
        let looks_in = match (self.reads_local, self.reads_root) {
            (true, true) => "local, root, mirrors",
            (true, false) => "local",
            (false, true) => "root, mirrors",
            (false, false) => "–",
        };
        let on_a_miss = if self.computes { "computes" } else { "error `NotCached`" };
        let stores_in = match (self.writes_root, self.writes_local) {
            (true, _) => "root",
            (_, true) => "local",
            (false, false) => "–",
        };
        let meets = match self.meets {
            Meets::Asks => "asks",
            Meets::Replaces => "replaces it",
            Meets::Nothing => "–",
        };
        [looks_in, on_a_miss, stores_in, meets]
    }

    fn misses(&self) {
        let (mode, lake) = (self.mode, Lake::new());
        let result = call(mode);
        if self.computes {
            assert_eq!((result.unwrap(), runs()), (701, 1), "{mode} computes on a miss");
        } else {
            let error = result.unwrap_err();
            assert!(error.is_not_cached(), "{mode}: {error}");
            assert!(error.to_string().contains("measured(station = 7)"), "{error}");
            assert_eq!(runs(), 0);
        }
        saw(&lake, mode, |of| self.requests(None, of));
    }
}

macro_rules! rows {
    ($($name:ident: $mode:ident, $local:literal, $root:literal, $to_root:literal, $to_local:literal, $meets:ident, $computes:literal;)*) => {
        $(mod $name {
            use super::*;

            pub(super) const ROW: Row = Row {
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
        )*

        const ROWS: &[&Row] = &[$(&$name::ROW),*];
    };
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
fn the_default_mode_is_write_where_a_root_is_configured() {
    let lake = Lake::new();
    assert_eq!((measured(7).unwrap(), runs()), (701, 1));
    saw(&lake, CacheMode::Write, |of| write::ROW.requests(None, of));
}

#[test]
fn the_default_mode_is_read_only_where_no_root_is() {
    let lake = Lake::local_only();
    assert_eq!((measured(7).unwrap(), measured(7).unwrap()), (701, 701));
    assert_eq!(
        (asked(&lake, "local"), runs()),
        (vec![MARKER.into(), MANIFEST.into(), MANIFEST.into()], 2)
    );
    assert!(!lake.path("local").exists());
}

#[test]
fn every_mode_has_its_row() {
    let modes: Vec<CacheMode> = ROWS.iter().map(|row| row.mode).collect();
    assert_eq!(modes, CacheMode::ALL);
}

#[test]
fn the_readme_has_the_same_table() {
    let readme = include_str!("../../README.md");
    for row in ROWS {
        let begins = format!("| `{}`", row.mode);
        let line = readme.lines().find(|line| line.starts_with(&begins)).expect("a row");
        let cells: Vec<&str> = line.split('|').skip(2).take(4).map(str::trim).collect();
        assert_eq!(cells, row.as_the_readme_says(), "{}", row.mode);
    }
}
