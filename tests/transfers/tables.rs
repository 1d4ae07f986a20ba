//! Tables, which go in row groups and come in ranges.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::builder::FixedSizeBinaryBuilder;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, RecordBatch};

use crate::gauge::Gauge;
use crate::{MB, configure, noise, peak_of};

static RUNS: AtomicU32 = AtomicU32::new(0);

/// 256 MB that no codec makes smaller: rows of 4 KiB in batches of 8 MB.
fn batches() -> Vec<RecordBatch> {
    let batch = |number: i64| {
        let rows = number * 2000..(number + 1) * 2000;
        let mut content = FixedSizeBinaryBuilder::with_capacity(2000, 4096);
        for row in rows.clone() {
            let words = (0..512).flat_map(|word| noise((row * 512 + word) as u64).to_le_bytes());
            content.append_value(words.collect::<Vec<u8>>()).unwrap();
        }
        let columns: [(&str, ArrayRef); 2] = [
            ("row", Arc::new(Int64Array::from_iter_values(rows))),
            ("content", Arc::new(content.finish())),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    (0..32).map(batch).collect()
}

const BYTES: usize = 256 * 1024 * 1000;

#[cache(backend = "parquet", backend_options(row_group_rows = 4000))]
fn table() -> nuthatch::Result<Vec<RecordBatch>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(batches())
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[test]
fn a_large_table_goes_up_and_comes_down_in_a_few_ranges_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let gauge = Gauge::before(folder.path());
    configure(folder.path());
    let (stored, value) = peak_of(|| table().unwrap());
    let beside = stored.saturating_sub(BYTES);
    let (most, requests) = gauge.take();
    assert_eq!(rows(&value), 64_000);
    assert!(requests > BYTES / (8 << 20), "{requests}");
    assert!((2..=5).contains(&most), "{most} requests at once to store");
    assert!(beside < 128 * MB, "{beside} bytes beside the value to store it");

    configure(folder.path());
    let (recalled, again) = peak_of(|| table().unwrap());
    let beside = recalled.saturating_sub(BYTES);
    let (most, _) = gauge.take();
    assert_eq!((rows(&again), RUNS.load(Ordering::SeqCst)), (64_000, 1));
    assert!((2..=8).contains(&most), "{most} requests at once to recall");
    // What has come is decoded into one array of each column.
    assert!(beside < BYTES + 32 * MB, "{beside} bytes beside the value to recall it");
}
