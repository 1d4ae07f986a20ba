use nuthatch::prelude::*;

#[cache]
struct Station(String);

#[cache]
impl Station {
    fn length(&self) -> usize {
        self.0.len()
    }
}

trait Named {
    #[cache]
    fn name(&self) -> String;
}

fn main() {
    Station(String::new()).length();
}
