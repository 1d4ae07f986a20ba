//! A tour of what a call can ask for: memory, recomputing, modes, namespaces, versions, counts.
//!
//! It works in a temporary folder, with a root that a `nuthatch.toml` names there.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;

/// How often a body ran, to show what was computed.
static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache]
fn squares(n: u64) -> Vec<u64> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    (1..=n).map(|i| i * i).collect()
}

#[cache(version = "1")]
fn sum_of_squares(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    squares(n).iter().sum()
}

/// The same function after a correction: another version, so other entries.
#[cache(name = "sum_of_squares", version = "2")]
fn sum_of_squares_corrected(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    squares(n).iter().sum::<u64>() + 1
}

/// A function with room for an error.
#[cache]
fn cubes(n: u64) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok((1..=n).map(|i| i.pow(3)).collect())
}

fn main() -> nuthatch::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("nuthatch.toml"),
        "[nuthatch]\nfilesystem = \"lake\"\n\n[nuthatch.local]\nfilesystem = \"here\"\n",
    )?;
    std::env::set_current_dir(folder.path())?;
    nuthatch_examples::show_outcomes();

    title("With a root, the default mode is `write`: computed, and stored for the team");
    assert_eq!(sum_of_squares(10), 385);
    assert_eq!(sum_of_squares(10), 385);
    ran(2);

    title("memoize: from memory from the second call on");
    sum_of_squares::call(10).memoize(true).run();
    sum_of_squares::call(10).memoize(true).run();
    ran(2);

    title("recompute by name, however deep; `overwrite` replaces what is there");
    sum_of_squares::call(10)
        .recompute(["sum_of_squares", "squares"])
        .cache_mode(CacheMode::Overwrite)
        .run();
    ran(4);

    title("local: recalled from the root, kept on this machine, and recalled from there");
    sum_of_squares::call(10).cache_mode(CacheMode::Local).run();
    sum_of_squares::call(10).cache_mode(CacheMode::Local).run();
    sum_of_squares::call(10).cache_mode(CacheMode::Offline).run();
    ran(4);

    title("local_overwrite replaces this machine's copy, local_sync takes the root's again");
    sum_of_squares::call(10).recompute(true).cache_mode(CacheMode::LocalOverwrite).run();
    sum_of_squares::call(10).cache_mode(CacheMode::LocalSync).run();
    ran(5);

    title("local_api never computes: what is nowhere is an error");
    sum_of_squares::call(10).cache_mode(CacheMode::LocalApi).run();
    let missing = cubes::call(10).cache_mode(CacheMode::LocalApi).run();
    assert!(missing.is_err_and(|error| error.is_not_cached()));
    ran(5);

    title("a namespace keeps a scenario apart: for this call alone, so `squares` is recalled");
    sum_of_squares::call(10).namespace("experiment").run();
    ran(6);

    title("another version is another entry");
    assert_eq!(sum_of_squares_corrected(10), 386);
    ran(7);

    title("stats()");
    println!("{}", nuthatch::stats());
    Ok(())
}

fn title(text: &str) {
    println!("\n# {text}");
}

fn ran(expected: u32) {
    assert_eq!(RUNS.load(Ordering::Relaxed), expected, "bodies that ran so far");
}
