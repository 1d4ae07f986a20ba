use arrow_array::RecordBatch;
use nuthatch::prelude::*;

#[cache]
fn table(year: i32) -> nuthatch::Result<RecordBatch> {
    Ok(empty(year))
}

#[cache]
async fn tables(year: i32) -> Option<Vec<RecordBatch>> {
    Some(vec![empty(year)])
}

/// These say where they are stored.
#[cache(backend = "parquet")]
fn said(year: i32) -> nuthatch::Result<RecordBatch> {
    Ok(empty(year))
}

#[cache(storage_backend = "parquet")]
fn said_for_storing(year: i32) -> Vec<RecordBatch> {
    vec![empty(year)]
}

fn empty(_: i32) -> RecordBatch {
    RecordBatch::new_empty(std::sync::Arc::new(arrow_schema::Schema::empty()))
}

fn main() {
    let _ = table(2012);
    let _ = tables(2012);
    let _ = said(2012);
    let _ = said_for_storing(2012);
}
