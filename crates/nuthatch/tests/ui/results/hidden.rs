use nuthatch::prelude::*;

#[cache]
fn numbers() -> impl Iterator<Item = i64> {
    0..3
}

#[cache]
fn forever() -> ! {
    loop {}
}

fn main() {
    for _ in numbers() {}
    forever();
}
