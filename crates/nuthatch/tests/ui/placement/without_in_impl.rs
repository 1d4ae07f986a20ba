use nuthatch::prelude::*;

struct Station(String);

impl Station {
    #[cache]
    fn length(&self) -> usize {
        self.0.len()
    }

    #[cache]
    fn default_name() -> String {
        Self::NAME.to_owned()
    }

    const NAME: &'static str = "a";
}

fn main() {
    Station(Station::default_name()).length();
}
