use nuthatch::prelude::*;

#[cache]
fn measured(station: &str) -> Option<Vec<f64>> {
    Some(vec![station.len() as f64])
}

fn main() {
    let _ = measured::call("a").engine::<Vec<f64>>();
}
