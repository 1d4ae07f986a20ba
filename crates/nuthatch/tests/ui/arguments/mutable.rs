use nuthatch::prelude::*;

struct Counter(i64);

impl Counter {
    #[cache(in_impl)]
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

#[cache]
fn filled(buffer: &mut Vec<u8>, size: usize) -> usize {
    buffer.resize(size, 0);
    size
}

fn main() {
    Counter(0).next();
    filled(&mut Vec::new(), 3);
}
