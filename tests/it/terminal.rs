//! The question on a real terminal: a child runs under a pseudo-terminal made by `script`
//! (util-linux), which passes on what the test types.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

use nuthatch::prelude::*;

static VALUE: AtomicI64 = AtomicI64::new(1);

#[cache(name = "asked_on_a_terminal")]
fn asked() -> nuthatch::Result<i64> {
    Ok(VALUE.load(Ordering::SeqCst))
}

/// What the child does: recomputes a good entry in a mode that asks.
#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_replaces_an_entry() {
    let folder = std::env::var("TERMINAL_TEST_LAKE").unwrap();
    nuthatch::set_parameter!("filesystem", folder).unwrap();
    VALUE.store(2, Ordering::SeqCst);
    let returned = asked::call().cache_mode(CacheMode::Write).recompute(true).run();
    assert_eq!(returned.unwrap(), 2);
}

/// Types `answer`, and says what was asked and what the lake holds afterwards.
fn on_a_terminal(answer: &str, lake: &Path) -> (String, i64) {
    nuthatch::set_parameter!("filesystem", lake.to_str().unwrap()).unwrap();
    assert_eq!(asked::call().cache_mode(CacheMode::Write).run().unwrap(), 1);
    let program = std::env::current_exe().unwrap();
    let child = format!(
        "'{}' --ignored --exact terminal::child_replaces_an_entry --nocapture",
        program.to_str().unwrap()
    );
    let mut script = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command", &child, "/dev/null"])
        .env("TERMINAL_TEST_LAKE", lake)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` of util-linux is needed to make a terminal");
    script.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    VALUE.store(3, Ordering::SeqCst);
    (shown, asked::call().cache_mode(CacheMode::Write).run().unwrap())
}

#[test]
fn yes_on_a_terminal_replaces_the_entry() {
    let lake = tempfile::tempdir().unwrap();
    let (shown, value) = on_a_terminal("y\n", lake.path());
    assert!(shown.contains("replace asked()") && shown.contains("[y/N]"), "{shown}");
    assert_eq!(value, 2);
}

#[test]
fn anything_else_on_a_terminal_keeps_it() {
    let lake = tempfile::tempdir().unwrap();
    let (shown, value) = on_a_terminal("n\n", lake.path());
    assert!(shown.contains("replace asked()"), "{shown}");
    assert_eq!(value, 1);
}
