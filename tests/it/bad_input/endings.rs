//! Calls by a thread that is ending, when what it kept for itself is gone.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use nuthatch::prelude::*;

use super::{plain, runs};
use crate::files;
use crate::lake::Lake;

#[cache(name = "bad_input_outer")]
fn outer(number: u32) -> nuthatch::Result<u32> {
    Ok(plain(number) + 1)
}

/// Calls what is cached when it is dropped, and sends what it gets.
struct Last {
    memoize: bool,
    sender: Sender<nuthatch::Result<u32>>,
}

impl Drop for Last {
    fn drop(&mut self) {
        let call = outer::call(7).memoize(self.memoize);
        self.sender.send(call.run()).unwrap();
    }
}

thread_local!(static LAST: std::cell::OnceCell<Last> = const { std::cell::OnceCell::new() });

#[test]
fn a_destructor_of_a_thread_computes_stores_and_recalls() {
    let lake = Lake::new();
    let expected = plain::call(7).cache_mode(CacheMode::Off).run() + 1;
    runs();
    let mut computed = 0;
    for memoize in [false, false, true, true] {
        let (sender, received) = channel();
        let ending = thread::spawn(move || {
            // Made first, dropped last: what nuthatch keeps of a thread is gone by then.
            LAST.with(|last| last.set(Last { memoize, sender }).ok());
            plain(7)
        });
        assert_eq!(ending.join().unwrap(), expected - 1);
        assert_eq!(received.recv().unwrap().unwrap(), expected);
        computed += runs();
    }
    assert_eq!(computed, 1, "all but the first are recalled");
    assert_eq!(files::manifests(&lake.path("root")).len(), 2);
}
