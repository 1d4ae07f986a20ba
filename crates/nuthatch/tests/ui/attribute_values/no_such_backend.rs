use nuthatch::prelude::*;

#[cache(backend = "basik", storage_backend = "parqeut")]
fn measured(station: &str) -> usize {
    station.len()
}

#[cache(backend = "Basic")]
fn upper() -> usize {
    1
}

#[cache(storage_backend = "deltalake")]
fn other_word() -> usize {
    1
}

fn main() {
    measured("a");
    upper();
    other_word();
}
