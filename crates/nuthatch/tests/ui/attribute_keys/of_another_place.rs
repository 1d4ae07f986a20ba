use nuthatch::prelude::*;

#[cache(recompute = true, cache_mode = "overwrite", timeseries = "time", ttl = 60, backend_kwargs = 3)]
fn measured(station: &str) -> usize {
    station.len()
}

fn main() {
    measured("a");
}
