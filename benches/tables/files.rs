//! Parquet and Delta Lake, stored and recalled.

use std::path::Path;
use std::time::Duration;

use arrow::array::RecordBatch;
use nuthatch::prelude::*;
use nuthatch_benches::{Peer, Side, Table, compare};

use crate::{ROUNDS, bare, batch};

/// Bare speed is reached by nine tenths.
const BARE: f64 = 1.0 / 0.9;

/// Others that do less for the same are passed by a quarter.
const OTHERS: f64 = 1.0 / 1.25;

#[cache(backend = "parquet")]
fn in_parquet() -> nuthatch::Result<RecordBatch> {
    batch()
}

#[cache(backend = "delta")]
fn in_delta() -> nuthatch::Result<RecordBatch> {
    batch()
}

pub(crate) fn parquet(folder: &Path, peer: Option<&Peer>) -> Table {
    let file = folder.join("bare.parquet");
    let goals = [("pyarrow", 1.0), ("pandas + pyarrow", OTHERS)];
    let asked = ["parquet {} pyarrow", "parquet {} pandas"];
    let mut table = titled("Parquet");
    let store = Side::new("nuthatch", || {
        let call = in_parquet::call().recompute(true).cache_mode(CacheMode::Overwrite);
        drop(call.run().expect("it is stored"));
    });
    let bare_store = Side::new("bare", || {
        bare::parquet::store(&file, &rows()).expect("it is written");
    });
    let times = sides("store", [store, bare_store], peer, &asked);
    told(&mut table, "store", &times, "bare parquet", &goals);
    let recall = Side::new("nuthatch", || {
        let recalled = in_parquet::call().strict(true).run().expect("it is recalled");
        assert_eq!(recalled.num_rows(), rows().num_rows());
    });
    let bare_recall = Side::new("bare", || {
        assert_eq!(bare::parquet::recall(&file).expect("it is read"), rows().num_rows());
    });
    let times = sides("recall", [recall, bare_recall], peer, &asked);
    told(&mut table, "recall", &times, "bare parquet", &goals);
    table
}

pub(crate) fn delta(folder: &Path, peer: Option<&Peer>) -> Table {
    let place = folder.join("bare.delta");
    let goals = [("Python's deltalake", OTHERS)];
    let asked = ["delta {}"];
    let mut table = titled("Delta Lake");
    let store = Side::new("nuthatch", || {
        let call = in_delta::call().recompute(true).cache_mode(CacheMode::Overwrite);
        drop(call.run().expect("it is stored"));
    });
    let bare_store = Side::new("bare", || {
        bare::delta::store(&place, &rows()).expect("it is written");
    });
    let times = sides("store", [store, bare_store], peer, &asked);
    told(&mut table, "store", &times, "bare deltalake", &goals);
    let recall = Side::new("nuthatch", || {
        let recalled = in_delta::call().strict(true).run().expect("it is recalled");
        assert_eq!(recalled.num_rows(), rows().num_rows());
    });
    let bare_recall = Side::new("bare", || {
        assert_eq!(bare::delta::recall(&place).expect("it is read"), rows().num_rows());
    });
    let times = sides("recall", [recall, bare_recall], peer, &asked);
    told(&mut table, "recall", &times, "bare deltalake with parquet", &goals);
    table
}

fn titled(format: &str) -> Table {
    Table::new(&format!("{format}, {} rows of 5 columns", rows().num_rows()))
}

fn rows() -> RecordBatch {
    batch().expect("they were made")
}

/// How long these take, and what is asked in Python to do the same.
fn sides(
    what: &str,
    own: [Side<'_>; 2],
    peer: Option<&Peer>,
    asked: &[&'static str],
) -> Vec<Duration> {
    let mut sides = Vec::from(own);
    if let Some(peer) = peer {
        for asked in asked {
            let line = asked.replace("{}", what);
            sides.push(Side::new(asked, move || peer.run(&line)));
        }
    }
    compare(ROUNDS, &mut sides)
}

fn told(
    table: &mut Table,
    what: &str,
    times: &[Duration],
    bare: &str,
    goals: &[(&'static str, f64)],
) {
    table.goal(what, times[0], (bare, times[1]), BARE);
    for ((name, at_most), took) in goals.iter().zip(&times[2..]) {
        table.goal(what, times[0], (name, *took), *at_most);
    }
}
