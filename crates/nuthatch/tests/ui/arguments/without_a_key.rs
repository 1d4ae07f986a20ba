use nuthatch::prelude::*;

struct Pool;

#[cache]
fn measured(station: &str, pool: &Pool) -> usize {
    let _ = pool;
    station.len()
}

#[cache]
fn first<T>(values: &[T]) -> usize {
    values.len()
}

fn main() {
    measured("a", &Pool);
    first(&[1]);
}
