//! Bounds the time of tests that hang when they fail.

use std::process::abort;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Runs `test`; aborts the process, with a message, when that takes longer than `seconds`.
pub(crate) fn within<T>(seconds: u64, test: impl FnOnce() -> T) -> T {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (ended, watched) = channel::<()>();
    thread::spawn(move || {
        if watched.recv_timeout(Duration::from_secs(seconds)) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs: not finished after {seconds} s");
            abort();
        }
    });
    let result = test();
    drop(ended);
    result
}
