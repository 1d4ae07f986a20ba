//! Sixteen processes that call the same hundred keys, one of them killed every tenth of a second
//! and started anew: what one computes the others recall.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use nuthatch::prelude::*;

use crate::child::{child, given};

const PROCESSES: usize = 16;
const KEYS: usize = 100;
const CALLS: usize = 50;
/// What a crowd is too slow to reach, but for a machine that stands still.
const MOST_KILLS: usize = 150;
const LONGEST: Duration = Duration::from_secs(240);
const TTL: Duration = Duration::from_secs(4);

static RAN: AtomicBool = AtomicBool::new(false);

/// Begins with a line in the log.
#[cache(name = "crowd_work", lease, memoize)]
fn work(key: usize) -> nuthatch::Result<Vec<u64>> {
    RAN.store(true, Ordering::SeqCst);
    note(&given(), "begins", std::process::id(), key);
    std::thread::sleep(Duration::from_millis(50));
    Ok(right(key))
}

fn right(key: usize) -> Vec<u64> {
    (1..=64)
        .map(|factor| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(factor).wrapping_mul(key as u64 + 1))
        .collect()
}

/// Writes what happens into the log, at once, so that lines of several processes do not mix.
fn note(folder: &Path, what: &str, process: u32, key: usize) {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    append(&folder.join("log"), &format!("{what} {process} {key} {time}\n"));
}

fn append(file: &Path, text: &str) {
    let mut file = fs::File::options().append(true).create(true).open(file).unwrap();
    file.write_all(text.as_bytes()).unwrap();
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
            note(&folder, "ends", std::process::id(), key);
        }
        append(&done, ".");
    }
}

/// Runs a crowd whose root is said by these variables, and checks what it has done.
pub(crate) fn crowd(root: &[(&str, String)]) {
    let folder = tempfile::tempdir().unwrap();
    let start = |slot: usize| -> Child {
        let mut command: Command = child("crowd::child_that_calls", folder.path());
        command.env("CHILD_SLOT", slot.to_string());
        command.env("NUTHATCH_LEASE_TTL", format!("{}s", TTL.as_secs()));
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
            note(folder.path(), "killed", process.id(), 0);
            slots[next] = Some(start(next));
            kills += 1;
        }
    }
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let begun = judge(&log).unwrap_or_else(|why| panic!("{why}:\n{log}"));
    let runs: usize = begun.values().sum();
    println!("{kills} kills, {runs} runs of {} keys, {:?}", begun.len(), began.elapsed());
    assert_eq!(begun.len(), KEYS, "every key was computed");
    assert!(kills >= 10, "{kills} kills");
}

/// A run that has begun.
struct Begun {
    process: u32,
    at: Duration,
    has_ended: bool,
}

/// How often each key was begun. A run that ended was stored before, so that nobody computes its
/// key again; and one that did not holds its lease until its process is killed, or until its lease
/// expires because the process stands still. Whoever begins before that is not alone.
fn judge(log: &str) -> Result<BTreeMap<usize, usize>, String> {
    let mut runs: BTreeMap<usize, Vec<Begun>> = BTreeMap::new();
    let mut killed = Vec::new();
    for line in log.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, process, key, at] = words[..] else { panic!("{line:?}") };
        let (process, key) = (process.parse().unwrap(), key.parse().unwrap());
        let at = Duration::from_millis(at.parse().unwrap());
        let of_key = runs.entry(key);
        match what {
            "killed" => killed.push(process),
            "ends" => {
                let mut of_process = of_key.or_default().iter_mut();
                let own = of_process.find(|run| run.process == process);
                own.ok_or(format!("{line:?}: it has not begun"))?.has_ended = true;
            }
            _ => {
                let before = of_key.or_default();
                for run in &*before {
                    let has_expired = at.saturating_sub(run.at) >= TTL;
                    if run.has_ended || !(killed.contains(&run.process) || has_expired) {
                        let Begun { process, at, has_ended } = run;
                        return Err(format!(
                            "{line:?}, although {process} has begun at {} and was not killed \
                             (ended: {has_ended})",
                            at.as_millis(),
                        ));
                    }
                }
                before.push(Begun { process, at, has_ended: false });
            }
        }
    }
    Ok(runs.into_iter().map(|(key, runs)| (key, runs.len())).collect())
}

#[test]
fn two_owners_at_once_are_found_though_one_of_them_is_killed() {
    let runs = |log: &str| judge(log).map(|begun| begun.values().sum::<usize>());
    assert_eq!(runs("begins 1 7 1000\nkilled 1 0 1100\nbegins 2 7 5000\nends 2 7 5050"), Ok(2));
    assert_eq!(runs("begins 1 7 1000\nbegins 2 7 5000\nends 2 7 5050"), Ok(2), "it has expired");
    for wrong in [
        "begins 1 7 1000\nbegins 2 7 1010\nkilled 1 0 1020\nends 2 7 1060",
        "begins 1 7 1000\nbegins 2 7 1010\nends 1 7 1050\nends 2 7 1060",
        "begins 1 7 1000\nends 1 7 1050\nkilled 1 0 1100\nbegins 2 7 9000",
    ] {
        assert!(runs(wrong).is_err(), "{wrong}");
    }
}
