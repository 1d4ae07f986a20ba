use std::borrow::Cow;

use nuthatch::prelude::*;

#[cache]
fn text(from: &str) -> &str {
    from
}

#[cache]
fn constants() -> Option<&'static [i64]> {
    Some(&[1])
}

#[cache]
fn lower(from: &str) -> Cow<'_, str> {
    Cow::Borrowed(from)
}

fn main() {
    text("a");
    constants();
    lower("a");
}
