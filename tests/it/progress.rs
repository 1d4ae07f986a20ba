//! Long transfers tell how far they have come: to the program's hook, to a terminal, in lines, or to
//! nobody, as `progress` says.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use nuthatch::prelude::*;
use nuthatch::{Direction, Transfer, on_progress};

use crate::child::{child, given, must_pass};
use crate::lake::Lake;
use crate::told::Told;

/// 16 MB.
#[cache(name = "long_words")]
fn words() -> nuthatch::Result<Vec<u64>> {
    Ok((0..2_000_000_u64).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect())
}

#[cache(name = "short_words")]
fn few() -> nuthatch::Result<Vec<u64>> {
    Ok((0..500_000).collect())
}

/// What a hook is told.
fn listen() -> Arc<Mutex<Vec<Transfer>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    on_progress(move |transfer| hears.lock().unwrap().push(transfer.clone()));
    told
}

fn read() {
    let read = words::call().cache_mode(CacheMode::ReadOnlyStrict).run().unwrap();
    assert_eq!(read.len(), 2_000_000);
}

#[test]
fn a_hook_hears_of_what_is_written_and_read_and_of_nothing_short() {
    let (_lake, told) = (Lake::in_memory(), listen());
    few().unwrap();
    few().unwrap();
    assert_eq!(told.lock().unwrap().len(), 0);

    words().unwrap();
    let written = std::mem::take(&mut *told.lock().unwrap());
    read();
    let read = std::mem::take(&mut *told.lock().unwrap());
    for (transfers, direction) in [(&written, Direction::Write), (&read, Direction::Read)] {
        assert!(transfers.len() >= 2, "{transfers:?}");
        let last = transfers.last().unwrap();
        assert!(last.is_over && last.bytes >= 16_000_000, "{last:?}");
        for pair in transfers.windows(2) {
            assert!(pair[0].bytes <= pair[1].bytes && !pair[0].is_over, "{pair:?}");
        }
        for transfer in transfers {
            assert_eq!((transfer.id, transfer.direction), (last.id, direction));
            assert!(transfer.function.contains("long_words"), "{transfer:?}");
            assert_eq!(transfer.location, "root");
        }
    }
    assert!(written.len() > 4, "in parts: {written:?}");
    assert_eq!(read[0].total, Some(read.last().unwrap().bytes));
    assert_ne!(read[0].id, written[0].id);
}

#[test]
fn nobody_hears_where_it_is_off() {
    let (_lake, told) = (Lake::in_memory(), listen());
    nuthatch::set_parameter!("progress", "off").unwrap();
    words().unwrap();
    read();
    assert_eq!(told.lock().unwrap().len(), 0);
    nuthatch::set_parameter!("progress", "auto").unwrap();
    read();
    assert_ne!(told.lock().unwrap().len(), 0);
    assert!(nuthatch::set_parameter!("progress", "yes").is_err());
}

#[test]
fn a_hook_that_panics_is_warned_about_once_and_takes_no_value_away() {
    let (_lake, warnings) = (Lake::in_memory(), Told::listen());
    on_progress(|_| panic!("the hook is broken"));
    words().unwrap();
    read();
    assert_eq!(warnings.take().matches("the hook of `on_progress` panicked").count(), 1);
}

#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_reads_a_long_value() {
    nuthatch::set_parameter!("filesystem", given().to_str().unwrap()).unwrap();
    read();
}

const CHILD: &str = "progress::child_reads_a_long_value";

fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    words().unwrap();
    folder
}

#[test]
fn without_a_terminal_lines_are_written_where_they_are_asked_for() {
    let folder = filled();
    assert!(!must_pass(child(CHILD, folder.path())).contains("reading"));
    let mut command = child(CHILD, folder.path());
    command.env("NUTHATCH_PROGRESS", "on");
    let said = must_pass(command);
    assert!(
        said.contains("nuthatch: reading nuthatch-tests.long_words from root: 16 of 16 MB"),
        "{said}"
    );
}

/// What is shown on a pseudo-terminal.
fn on_a_terminal(folder: &Path, progress: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let command = format!("'{}' --ignored --exact {CHILD} --nocapture", program.to_str().unwrap());
    let output = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command", &command, "/dev/null"])
        .env("CHILD_FOLDER", folder)
        .env("NUTHATCH_PROGRESS", progress)
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("`script` of util-linux is needed to make a terminal");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    shown
}

#[test]
fn on_a_terminal_a_bar_is_drawn_unless_it_is_off() {
    let folder = filled();
    let shown = on_a_terminal(folder.path(), "auto");
    assert!(shown.contains("reading nuthatch-tests.long_words from root ["), "{shown}");
    assert!(!on_a_terminal(folder.path(), "off").contains("reading"));
}
