use nuthatch::prelude::*;

#[cache(cache_arg(station), verison = "1", memoise, colour = 3)]
fn measured(station: &str) -> usize {
    station.len()
}

fn main() {
    measured("a");
}
