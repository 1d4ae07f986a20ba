use nuthatch::prelude::*;

#[cache(cache_args = ["station", "year"], skip("progress"))]
fn measured(station: &str, year: i64, progress: bool) -> usize {
    station.len() + usize::from(progress) + year.count_ones() as usize
}

fn main() {
    measured("a", 2008, true);
}
