use nuthatch::prelude::*;

mod daily {
    pub fn rows() -> usize {
        366
    }
}

#[cache]
fn daily() -> usize {
    daily::rows()
}

fn main() {
    daily();
}
