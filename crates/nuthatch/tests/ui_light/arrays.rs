use nuthatch::prelude::*;

/// In the place of nuthatch's, which a build without arrays has not.
struct Dataset;

#[cache]
async fn sst(year: i32) -> Option<Dataset> {
    let _ = year;
    None
}

fn main() {
    let _ = sst(2012);
}
