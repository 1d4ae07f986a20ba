use nuthatch::prelude::*;

/// In the place of `arrow::array::RecordBatch`, in a build without tables.
struct RecordBatch;

#[cache]
fn table(year: i32) -> nuthatch::Result<Vec<RecordBatch>> {
    let _ = year;
    Ok(vec![RecordBatch])
}

fn main() {
    let _ = table(2012);
}
