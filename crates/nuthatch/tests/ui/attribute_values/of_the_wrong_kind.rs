use nuthatch::prelude::*;

#[cache(
    version = 1,
    namespace = "_",
    name = "",
    memoize = "yes",
    engine = "pandas",
    upsert_keys(time),
    backend_options(chunk = size(), codec = "zstd"),
    storage_backend_options(chunk = 1, chunk = 2),
)]
fn measured(station: &str) -> usize {
    station.len()
}

fn main() {
    measured("a");
}
