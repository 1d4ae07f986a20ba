use nuthatch::prelude::*;

/// In the place of `polars::prelude::DataFrame`, in a build without frames.
struct DataFrame;

/// In the place of `polars::prelude::LazyFrame`.
struct LazyFrame;

#[cache]
fn eager(year: i32) -> nuthatch::Result<DataFrame> {
    let _ = year;
    Ok(DataFrame)
}

#[cache]
fn lazy(year: i32) -> Option<LazyFrame> {
    let _ = year;
    Some(LazyFrame)
}

fn main() {
    let _ = eager(2012);
    let _ = lazy(2012);
}
