use nuthatch::prelude::*;

#[cache]
fn applied(change: impl Fn(i64) -> i64, number: i64) -> i64 {
    change(number)
}

#[cache]
fn pointed(change: fn(i64) -> i64, number: i64) -> i64 {
    change(number)
}

fn main() {
    applied(|number| number + 1, 1);
    pointed(|number| number + 1, 1);
}
