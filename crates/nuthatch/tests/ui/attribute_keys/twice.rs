use nuthatch::prelude::*;

#[cache(version = "1", memoize, version = "2")]
#[cache]
fn measured(station: &str) -> usize {
    station.len()
}

fn main() {
    measured("a");
}
