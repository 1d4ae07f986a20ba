//! Clocks that go backwards: here, files have the times that such a clock leaves behind.
//!
//! The clock itself is turned in the unit tests of `nuthatch_core::entry`
//! (`a_clock_that_goes_backwards_removes_nothing`, `a_clock_that_goes_backwards_ends_no_write`).

use std::fs;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use nuthatch::prelude::*;

use super::{VALUE, large, runs, small};
use crate::files;
use crate::lake::Lake;
use crate::told::Told;

#[test]
fn files_of_another_time_are_what_they_are() {
    let lake = Lake::new();
    let told = Told::listen();
    nuthatch::set_parameter!("grace", "0s").unwrap();
    let root = lake.path("root");
    small(1).unwrap();
    large(1).unwrap();
    let century = Duration::from_secs(100 * 365 * 86_400);
    let times = [SystemTime::UNIX_EPOCH, SystemTime::now() + century, SystemTime::now()];
    for (number, time) in (2..).zip(times) {
        for path in files::under(&root).keys() {
            // What was replaced is removed meanwhile: there is no grace.
            match fs::File::options().write(true).open(root.join(path)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                file => file.unwrap().set_modified(time).unwrap(),
            }
        }
        let old = 1_000 + VALUE.load(Ordering::SeqCst);
        runs();
        assert_eq!(small(1).unwrap(), old);
        assert_eq!(large(1).unwrap()[0], old);
        assert_eq!(runs(), 0);
        VALUE.store(number, Ordering::SeqCst);
        small::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        large::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        assert_eq!(small(1).unwrap(), 1_000 + number);
        assert_eq!(large(1).unwrap()[0], 1_000 + number);
        assert_eq!(runs(), 2);
    }
    told.is_silent();
}
