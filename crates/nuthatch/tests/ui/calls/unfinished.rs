#![deny(unused_must_use)]

use nuthatch::prelude::*;

#[cache]
fn measured(station: &str) -> usize {
    station.len()
}

fn main() {
    measured::call("a").cache_mode(CacheMode::Off);
    measured::forget("a");
}
