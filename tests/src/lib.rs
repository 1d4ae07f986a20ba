//! The tests of nuthatch: every target is listed in Cargo.toml. Here is what several of them use.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};

/// The objects of generations that a store holds, by their names below their generation.
///
/// # Panics
///
/// Panics where they cannot be read.
pub async fn data(store: &dyn ObjectStore) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = store.list(None).try_collect().await.expect("a listing");
    let mut data = BTreeMap::new();
    for path in listed.into_iter().map(|object| object.location) {
        let below = path.as_ref().split_once("/data/").map(|(_, below)| below);
        if let Some(name) = below.and_then(|below| below.splitn(4, '/').nth(3)) {
            let read = async { store.get(&path).await?.bytes().await };
            data.insert(name.to_owned(), read.await.expect("an object").to_vec());
        }
    }
    data
}

/// What a program of Python prints, run by the interpreter that `cargo xtask test` has made ready.
///
/// # Panics
///
/// Panics where there is none, or where the program fails, with what it printed.
pub fn python_says(program: &str) -> String {
    run(&[OsStr::new("-c"), OsStr::new(program)])
}

/// Runs one of the scripts in `tests/python` by the same interpreter.
///
/// # Panics
///
/// As [`python_says`].
pub fn python(script: &str, arguments: &[impl AsRef<Path>]) {
    let script = scripts().join(script);
    let arguments = arguments.iter().map(|argument| argument.as_ref().as_os_str());
    run(&[script.as_os_str()].into_iter().chain(arguments).collect::<Vec<_>>());
}

fn run(arguments: &[&OsStr]) -> String {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| {
        panic!("TEST_PYTHON names no interpreter; run `cargo xtask test --only tests`")
    });
    let output = Command::new(python).arg(scripts().join("run.py")).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("TEST_PYTHON does not run: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}\n{error}", output.status);
    said
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// The most that this process has had in memory, in bytes. The kernel counts by the page and by the
/// processor: asked again at once, it may say a little less.
///
/// # Panics
///
/// Panics where the kernel is not Linux.
pub fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}
