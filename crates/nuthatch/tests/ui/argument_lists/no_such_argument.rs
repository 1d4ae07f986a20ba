use nuthatch::prelude::*;

#[cache(cache_args(statoin, year, year), skip(self, year, bar))]
fn measured(station: &str, year: i64) -> usize {
    station.len() + year.count_ones() as usize
}

#[cache(cache_args(station))]
fn nothing() -> usize {
    1
}

fn main() {
    measured("a", 2008);
    nothing();
}
