//! Sixteen processes that call the same hundred keys, one of them killed every tenth of a second
//! and started anew: what one computes the others recall.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nuthatch::prelude::*;

use crate::child::{child, given};

const PROCESSES: usize = 16;
const KEYS: usize = 100;
const CALLS: usize = 50;
/// What a crowd is too slow to reach, but for a machine that stands still.
const MOST_KILLS: usize = 150;
const LONGEST: Duration = Duration::from_secs(240);

static RAN: AtomicBool = AtomicBool::new(false);

/// Begins with a line in the file of runs.
#[cache(name = "crowd_work", lease, memoize)]
fn work(key: usize) -> nuthatch::Result<Vec<u64>> {
    RAN.store(true, Ordering::SeqCst);
    note(&given().join("runs"), &format!("begins {key}\n"));
    std::thread::sleep(Duration::from_millis(50));
    Ok(right(key))
}

fn right(key: usize) -> Vec<u64> {
    (1..=64)
        .map(|factor| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(factor).wrapping_mul(key as u64 + 1))
        .collect()
}

/// Appends at once, so that lines of several processes do not mix.
fn note(file: &Path, line: &str) {
    let mut file = fs::File::options().append(true).create(true).open(file).unwrap();
    file.write_all(line.as_bytes()).unwrap();
}

/// Calls every key, from where the process before has come to.
#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_that_calls() {
    let (folder, slot) = (given(), std::env::var("CHILD_SLOT").unwrap());
    let done = folder.join(format!("done-{slot}"));
    let before = fs::metadata(&done).map_or(0, |done| done.len() as usize);
    // Four at a time meet at the same keys.
    let first = slot.parse::<usize>().unwrap() / 4 * (KEYS / 4);
    for at in before..KEYS {
        let key = (first + at) % KEYS;
        for _ in 0..CALLS {
            assert_eq!(work(key).unwrap(), right(key), "the value of {key}");
        }
        if RAN.swap(false, Ordering::SeqCst) {
            note(&folder.join("runs"), &format!("ends {key}\n"));
        }
        note(&done, ".");
    }
}

/// Runs a crowd whose root is said by these variables, and checks what it has done.
pub(crate) fn crowd(root: &[(&str, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let start = |slot: usize| -> Child {
        let mut command: Command = child("crowd::child_that_calls", folder.path());
        command.env("CHILD_SLOT", slot.to_string()).env("NUTHATCH_LEASE_TTL", "4s");
        command.envs(root.iter().map(|(name, value)| (name, value)));
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let mut slots: Vec<Option<Child>> = (0..PROCESSES).map(|slot| Some(start(slot))).collect();
    let (began, mut kills) = (Instant::now(), 0);
    let mut next = 0;
    while slots.iter().any(Option::is_some) {
        assert!(began.elapsed() < LONGEST, "after {kills} kills the crowd has not come to an end");
        std::thread::sleep(Duration::from_millis(100));
        for slot in &mut slots {
            let Some(process) = slot else { continue };
            if let Some(status) = process.try_wait().unwrap() {
                assert!(status.success(), "a value was wrong, or could not be had: {status}");
                *slot = None;
            }
        }
        // Each in its turn, in an order that goes through all and follows no other.
        next = (next + 5) % PROCESSES;
        if kills < MOST_KILLS
            && let Some(process) = &mut slots[next]
        {
            process.kill().unwrap();
            process.wait().unwrap();
            slots[next] = Some(start(next));
            kills += 1;
        }
    }
    let runs = fs::read_to_string(folder.path().join("runs")).unwrap();
    println!("{kills} kills, {} lines of runs, {:?}", runs.lines().count(), began.elapsed());
    let count = |word: &str| {
        let mut counts = BTreeMap::new();
        for key in runs.lines().filter_map(|line| line.strip_prefix(word)) {
            *counts.entry(key.to_owned()).or_insert(0) += 1;
        }
        counts
    };
    let (begun, ended) = (count("begins "), count("ends "));
    assert_eq!(begun.len(), KEYS, "every key was computed");
    // A run that ended was stored before: nobody computes its key again. So of the runs of a
    // key all but one were killed, and each that follows a kill waited for the lease to expire.
    for (key, times) in ended {
        assert_eq!(times, 1, "{key} was computed again although nobody was killed:\n{runs}");
    }
    assert!(kills >= 10, "{kills} kills");
}
