use nuthatch::prelude::*;

struct Station;

impl Station {
    #[cache]
    fn total(of: usize) -> usize {
        of
    }
}

fn main() {
    Station::total(1);
}
