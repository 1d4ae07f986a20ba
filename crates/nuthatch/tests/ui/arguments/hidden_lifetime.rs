use std::borrow::Cow;

use nuthatch::prelude::*;

#[cache]
fn length(text: Cow<str>) -> usize {
    text.len()
}

fn main() {
    length(Cow::Borrowed("a"));
}
