use nuthatch::prelude::*;

#[cache]
fn area((width, height): (i64, i64), _: bool) -> i64 {
    width * height
}

fn main() {
    area((1, 2), true);
}
