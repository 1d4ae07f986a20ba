use nuthatch::prelude::*;

#[cache("weather")]
fn measured(station: &str) -> usize {
    station.len()
}

#[cache(skip = verbose)]
fn loud(verbose: bool) -> usize {
    usize::from(verbose)
}

#[cache(version = env!("CARGO_PKG_VERSION"))]
fn versioned() -> usize {
    1
}

fn main() {
    measured("a");
    loud(true);
    versioned();
}
