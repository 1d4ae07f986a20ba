//! Several processes on one lake: writers at once, readers beside them, and writers that are
//! killed. Whatever happens, an entry is the old value or the new one, whole.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use nuthatch::prelude::*;

use crate::child::{child, given};
use crate::crowd::crowd;
use crate::files;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicU64 = AtomicU64::new(0);

/// Words of a value that is too large to lie in its manifest.
const WORDS: usize = 6 * 1024;

#[cache(name = "processes_small")]
fn small(round: u64) -> nuthatch::Result<[u64; 4]> {
    let _ = round;
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok([VALUE.load(Ordering::SeqCst); 4])
}

#[cache(name = "processes_large")]
fn large(round: u64) -> nuthatch::Result<Vec<u64>> {
    let _ = round;
    RUNS.fetch_add(1, Ordering::SeqCst);
    // Random enough that no two values have a block in common.
    Ok(vec![VALUE.load(Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15); WORDS])
}

/// Every word is the same, or the value is a mix of two.
fn whole(words: &[u64], length: usize) -> u64 {
    assert_eq!(words.len(), length);
    assert!(words.iter().all(|word| *word == words[0]), "a mix of two values");
    words[0]
}

fn use_lake(folder: &Path) {
    nuthatch::set_parameter!("filesystem", folder.to_str().unwrap()).unwrap();
}

/// Recalls both entries of a round in a mode that never computes: an error is a lost entry.
fn recall(round: u64) -> (u64, u64) {
    let small = small::call(round).cache_mode(CacheMode::ReadOnlyStrict).run().unwrap();
    let large = large::call(round).cache_mode(CacheMode::ReadOnlyStrict).run().unwrap();
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
    let large = whole(&large, WORDS).wrapping_mul(0xf1de_83e1_9937_733d);
    (whole(&small, 4), large)
}

/// A child that does one thing a line.
struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
    }

    /// The next answer, past what the test program says of itself.
    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the child has ended");
            if let Some((_, answer)) = line.split_once('@') {
                return answer.trim_end().to_owned();
            }
        }
    }

    fn end(self) {
        let Self { mut process, input, .. } = self;
        drop(input);
        assert!(process.wait().unwrap().success());
    }
}

/// What a worker does: for each line `MODE ROUND VALUE` it stores that value.
#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_that_stores() {
    use_lake(&given());
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let [mode, round, value] = words[..] else { panic!("{line}") };
        let round = round.parse().unwrap();
        VALUE.store(value.parse().unwrap(), Ordering::SeqCst);
        let (small, large) = match mode {
            "write" => (small(round), large(round)),
            _ => (
                small::call(round).cache_mode(CacheMode::Overwrite).recompute(true).run(),
                large::call(round).cache_mode(CacheMode::Overwrite).recompute(true).run(),
            ),
        };
        let (small, large) = (whole(&small.unwrap(), 4), whole(&large.unwrap(), WORDS));
        let large = large.wrapping_mul(0xf1de_83e1_9937_733d);
        println!("@{small} {large} {}", nuthatch::stats().store_failures);
    }
}

/// Lets `writers` processes store into the same entries at once, `rounds` times, and gives how
/// many of their values could not be stored.
fn storing_at_once(mode: &str, writers: u64, rounds: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let command = || child("processes::child_that_stores", folder.path());
    let mut workers: Vec<Worker> = (0..writers).map(|_| Worker::start(command())).collect();
    use_lake(folder.path());
    let mut failures = 0;
    for round in 1..=rounds {
        for (number, worker) in workers.iter_mut().enumerate() {
            worker.tell(&format!("{mode} {round} {}", round * 100 + number as u64));
        }
        let written = round * 100..round * 100 + writers;
        failures = 0;
        for worker in &mut workers {
            let answer = worker.answer();
            let numbers: Vec<u64> = answer.split(' ').map(|word| word.parse().unwrap()).collect();
            let [small, large, failed] = numbers[..] else { panic!("{answer}") };
            assert!(written.contains(&small) && written.contains(&large), "{answer}");
            failures += failed;
        }
        let (small, large) = recall(round);
        assert!(written.contains(&small) && written.contains(&large), "{small} {large}");
    }
    workers.into_iter().for_each(Worker::end);
    assert_eq!(files::manifests(folder.path()).len() as u64, 2 * rounds, "one entry a call");
    let left = files::under(folder.path()).into_keys().filter(|path| path.contains(".tmp~"));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    failures
}

#[test]
fn two_processes_that_store_one_new_entry_make_one() {
    assert_eq!(storing_at_once("write", 2, 100), 0);
}

#[test]
fn two_processes_that_overwrite_one_entry_leave_one_of_their_values() {
    assert_eq!(storing_at_once("overwrite", 2, 100), 0);
}

#[test]
fn eight_processes_that_store_one_new_entry_make_one() {
    assert_eq!(storing_at_once("write", 8, 20), 0);
}

#[test]
fn eight_processes_that_overwrite_one_entry_leave_one_of_their_values() {
    assert_eq!(storing_at_once("overwrite", 8, 20), 0);
}

/// Overwrites both entries of round 0 until it is killed, with a value that grows by one each
/// time.
#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_that_overwrites_for_ever() {
    use_lake(&given());
    nuthatch::set_parameter!("grace", std::env::var("CHILD_GRACE").unwrap()).unwrap();
    let first = std::env::var("CHILD_FIRST").unwrap().parse().unwrap();
    for value in first.. {
        VALUE.store(value, Ordering::SeqCst);
        small::call(0).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        large::call(0).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        if value == first {
            println!("@overwriting");
        }
    }
}

fn start_overwriting(folder: &Path, first: u64, grace: &str) -> Worker {
    let mut command = child("processes::child_that_overwrites_for_ever", folder);
    command.env("CHILD_FIRST", first.to_string()).env("CHILD_GRACE", grace);
    let mut worker = Worker::start(command);
    assert_eq!(worker.answer(), "overwriting");
    worker
}

impl Worker {
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_writer_killed_at_any_moment_leaves_the_old_value_or_the_new() {
    const KILLS: u32 = 200;
    let seed: u64 = std::env::var("CHILD_SEED").map_or(20_260_101, |seed| seed.parse().unwrap());
    println!("CHILD_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    use_lake(folder.path());
    let mut last = (1, 1);
    let mut overwritten = 0;
    for kill in 0..KILLS {
        let first = last.0.max(last.1) + 1;
        // Replaced data goes at once, so that the kill may also meet a removal.
        let writer = start_overwriting(folder.path(), first, "0s");
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
        writer.kill();
        let now = recall(0);
        // The first value was stored before the writer said so, and each is new.
        assert!(now.0 >= first && now.1 >= first, "kill {kill}: {now:?} after {last:?}");
        assert!(now.0 == now.1 || now.0 == now.1 + 1, "kill {kill}: {now:?}");
        overwritten += now.0 - first;
        last = now;
    }
    assert!(overwritten > u64::from(KILLS) / 2, "killed while it overwrote: {overwritten}");
    // The entry is not only readable: the next writer goes on.
    let writer = start_overwriting(folder.path(), last.0 + 1, "0s");
    writer.kill();
}

#[test]
fn a_reader_beside_a_writer_reads_whole_values_that_never_go_back() {
    let folder = tempfile::tempdir().unwrap();
    use_lake(folder.path());
    // Longer than any pause of the reader between a manifest and its data.
    let writer = start_overwriting(folder.path(), 1, "30s");
    let mut last = (0, 0);
    for _ in 0..300 {
        let now = recall(0);
        assert!(now.0 >= last.0 && now.1 >= last.1, "{now:?} after {last:?}");
        last = now;
    }
    writer.kill();
    assert!(last.0 > 1, "the writer went on meanwhile");
}

#[test]
fn sixteen_processes_compute_each_key_once_but_for_those_that_are_killed() {
    let lake = tempfile::tempdir().unwrap();
    crowd(&[("NUTHATCH_FILESYSTEM", lake.path().to_str().unwrap().to_owned())]);
}

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
