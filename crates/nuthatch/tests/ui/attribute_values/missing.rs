use nuthatch::prelude::*;

#[cache(version, backend = , cache_disable_if)]
fn measured(station: &str) -> usize {
    station.len()
}

#[cache(version = "1" memoize)]
fn without_a_comma() -> usize {
    1
}

fn main() {
    measured("a");
    without_a_comma();
}
