use nuthatch::prelude::*;

#[cache(cache_disable_if = *value + 1)]
fn counted(value: i64) -> i64 {
    value
}

fn main() {
    counted(1);
}
