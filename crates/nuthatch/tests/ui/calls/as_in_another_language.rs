use nuthatch::prelude::*;

#[cache]
fn measured(station: &str) -> nuthatch::Result<usize> {
    Ok(station.len())
}

fn main() {
    measured::call("a").cache_mode("overwrite").run().unwrap();
    measured::call("a").recompute(1).run().unwrap();
    measured::call().run().unwrap();
}
