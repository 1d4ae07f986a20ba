//! Bad places and bad input: nothing is lost, and who reads the warning knows what to do.
//!
//! Entries that are damaged, of a newer layout or foreign are in `damage`.

mod clocks;
mod denied;
mod disks;
mod endings;
mod homes;
mod names;
mod not_utf8;
mod panics;
mod roots;
mod unkeyable;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;

use crate::child::open_folder;
use crate::files;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicU32 = AtomicU32::new(1);

fn value() -> u32 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    VALUE.load(Ordering::SeqCst)
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[cache(name = "bad_input_small")]
fn small(number: u32) -> nuthatch::Result<u32> {
    Ok(number * 1_000 + value())
}

#[cache(name = "bad_input_large")]
fn large(number: u32) -> nuthatch::Result<Vec<u32>> {
    let first = number * 1_000 + value();
    Ok((0..20_000).map(|index| first ^ (index << 8)).collect())
}

#[cache(name = "bad_input_plain")]
fn plain(number: u32) -> u32 {
    number + value()
}

fn use_root(root: &Path) {
    nuthatch::set_parameter!("filesystem", root.to_str().unwrap()).unwrap();
}

/// Both sizes are computed and returned, and the warning has these words; nothing is stored.
fn cannot_be_stored(told: &Told, number: u32, words: &[&str]) {
    let failures = nuthatch::stats().store_failures;
    runs();
    let expected = number * 1_000 + VALUE.load(Ordering::SeqCst);
    assert_eq!(small(number).unwrap(), expected);
    told.says(&[&["WARN", "the value is returned, and could not be stored"], words].concat());
    assert_eq!(large(number).unwrap()[0], expected);
    told.says(&[&["WARN", "the value is returned, and could not be stored"], words].concat());
    assert_eq!(plain(number), number + VALUE.load(Ordering::SeqCst));
    told.says(words);
    assert_eq!(runs(), 3);
    assert_eq!(nuthatch::stats().store_failures - failures, 3);
    nuthatch::set_parameter!("on_store_failure", "error").unwrap();
    let error = small(number).unwrap_err().to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is not in {error:?}");
    }
    nuthatch::set_parameter!("on_store_failure", "warn").unwrap();
    let _ = told.take();
    runs();
}

/// What was stored before is there and whole, and an overwrite that fails loses nothing.
fn serves_what_is_there(told: &Told, number: u32, words: &[&str]) {
    VALUE.store(2, Ordering::SeqCst);
    let _ = told.take();
    runs();
    assert_eq!(small(number).unwrap(), number * 1_000 + 1);
    assert_eq!(large(number).unwrap()[0], number * 1_000 + 1);
    assert_eq!(runs(), 0);
    told.is_silent();
    let anew = CacheMode::Overwrite;
    let new = small::call(number).cache_mode(anew).recompute(true).run().unwrap();
    assert_eq!(new, number * 1_000 + 2, "the new value is not lost");
    told.says(words);
    let new = large::call(number).cache_mode(anew).recompute(true).run().unwrap();
    assert_eq!(new[0], number * 1_000 + 2, "the new value is not lost");
    told.says(words);
    let error = small::call(number).cache_mode(anew).forget().run().unwrap_err().to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
    assert_eq!(small(number).unwrap(), number * 1_000 + 1, "nor is the old one");
    assert_eq!(large(number).unwrap()[0], number * 1_000 + 1);
    assert_eq!(runs(), 2);
}

/// A folder that all may enter, with a root that has the entries of number 1.
fn with_a_root() -> (tempfile::TempDir, PathBuf) {
    let folder = open_folder();
    let root = folder.path().join("root");
    use_root(&root);
    small(1).unwrap();
    large(1).unwrap();
    assert_eq!(files::manifests(&root).len(), 2);
    (folder, root)
}
