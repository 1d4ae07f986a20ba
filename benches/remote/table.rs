//! A table in one file of Parquet.

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Rounds, Side, Table, compare};

use crate::{Far, Result, object};

const ROWS: usize = 100_000;

#[cache(backend = "parquet")]
fn rows() -> nuthatch::Result<RecordBatch> {
    let columns: [(&str, ArrayRef); 3] = [
        ("n", Arc::new(Int64Array::from_iter_values(0..ROWS as i64))),
        ("x", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|n| (n as f64).sin())))),
        ("y", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|n| n as f64 / 3.0)))),
    ];
    RecordBatch::try_from_iter(columns).map_err(nuthatch::Error::other)
}

pub(crate) fn table(far: &Far, peer: Option<&Peer>) -> Result<Table> {
    let rounds = Rounds { samples: 9, repeats: 1 };
    let mut table = Table::new(&format!("A table of {ROWS} rows in Parquet"));
    rows()?;
    // A folder, whose file is the table.
    let uri = rows::uri().run()?.ok_or("it was stored")?;
    let file = object(&format!("{uri}/value.parquet/part-00000.parquet"))?;
    let python = format!("table {file}");
    let mut sides = vec![
        Side::new("recall", || {
            black_box(rows::call().strict(true).run().expect("it is recalled"));
        }),
        Side::new("bare", || {
            black_box(far.get(&file).expect("it is read"));
        }),
    ];
    if let Some(peer) = peer {
        sides.push(Side::new("pandas", || peer.run(&python)));
    }
    let times = compare(rounds, &mut sides);
    table.goal("recall", times[0], ("bare GET of its file", times[1]), 3.0);
    if let Some(pandas) = times.get(2) {
        table.beside("recall", times[0], ("pandas with s3fs", *pandas));
    }
    Ok(table)
}
