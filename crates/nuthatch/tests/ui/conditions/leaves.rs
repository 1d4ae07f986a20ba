use nuthatch::prelude::*;

#[cache(cache_disable_if = ready().await)]
async fn awaited(value: i64) -> i64 {
    value
}

#[cache(cache_disable_if = value.checked_add(1)? > 3 || return true)]
fn left(value: i64) -> i64 {
    value
}

fn main() {
    left(1);
    let _ = awaited(1);
}
