//! PostgreSQL, beside a bare `COPY` of the same rows and pandas' `to_sql`.

use arrow::array::RecordBatch;
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Side, Table, compare};
use tokio::runtime::Runtime;

use crate::peer::SERVER;
use crate::{ROUNDS, Result, bare, batch};

/// Of these alone, as pandas takes many minutes for the others.
const FEW: usize = 200_000;

#[cache(backend = "sql")]
fn in_sql() -> nuthatch::Result<RecordBatch> {
    batch()
}

#[cache(backend = "sql")]
fn few_in_sql() -> nuthatch::Result<RecordBatch> {
    let all = batch()?;
    Ok(all.slice(0, FEW.min(all.num_rows())))
}

pub(crate) fn print(peer: Option<&Peer>) -> Result {
    let Ok(url) = std::env::var(SERVER) else {
        println!("\nPostgreSQL is not measured: {SERVER} names no server");
        return Ok(());
    };
    nuthatch::set_parameter!("root.sql.url", url.as_str())?;
    let (rows, runtime) = (batch()?, Runtime::new()?);
    let mut table = Table::new(&format!("PostgreSQL, {} rows of 5 columns", rows.num_rows()));
    let times = compare(
        ROUNDS,
        &mut [
            Side::new("nuthatch", || {
                let call = in_sql::call().recompute(true).cache_mode(CacheMode::Overwrite);
                drop(call.run().expect("it is stored"));
            }),
            Side::new("bare", || {
                runtime.block_on(bare::postgres::store(&url, &rows)).expect("it is stored");
            }),
        ],
    );
    table.goal("store", times[0], ("bare COPY IN", times[1]), 1.0 / 0.7);
    let times = compare(
        ROUNDS,
        &mut [
            Side::new("nuthatch", || {
                let recalled = in_sql::call().strict(true).run().expect("it is recalled");
                assert_eq!(recalled.num_rows(), rows.num_rows());
            }),
            Side::new("bare", || {
                let read = runtime.block_on(bare::postgres::recall(&url)).expect("it is read");
                assert_eq!(read, rows.num_rows());
            }),
        ],
    );
    table.beside("recall", times[0], ("bare COPY OUT", times[1]));
    if let Some(peer) = peer {
        let few = FEW.min(rows.num_rows());
        let asked = format!("sql {few}");
        let times = compare(
            ROUNDS,
            &mut [
                Side::new("nuthatch", || {
                    let call = few_in_sql::call().recompute(true).cache_mode(CacheMode::Overwrite);
                    drop(call.run().expect("it is stored"));
                }),
                Side::new("pandas", || peer.run(&asked)),
            ],
        );
        let what = format!("store {few} rows");
        table.goal(&what, times[0], ("pandas to_sql", times[1]), 0.1);
    }
    print!("{table}");
    Ok(())
}
