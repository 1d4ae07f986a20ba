use nuthatch::Stored;
use nuthatch::prelude::*;

#[cache(engine = Stored<Vec<f64>>)]
fn read(station: &str) -> Vec<f64> {
    vec![station.len() as f64]
}

#[cache]
fn measured(station: &str) -> Vec<f64> {
    vec![station.len() as f64]
}

fn main() {
    let _ = read("a");
    let _ = measured::call("a").engine::<Stored<Vec<f64>>>();
}
