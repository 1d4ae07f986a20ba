use nuthatch::prelude::*;

#[cache]
const fn constant() -> i64 {
    1
}

#[cache]
unsafe fn careless() -> i64 {
    1
}

#[cache]
extern "C" fn foreign() -> i64 {
    1
}

fn main() {
    constant();
    unsafe { careless() };
    foreign();
}
