//! Tables of Delta Lake: what is stored where nobody says otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::cast::AsArray;
use nuthatch::table::arrow_array::types::Int64Type;
use nuthatch::table::arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};

use crate::child::{child, given};
use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// What the station reports next.
static REPORT: Mutex<Option<RecordBatch>> = Mutex::new(None);

#[cache(upsert_keys("date"))]
fn station() -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(REPORT.lock().unwrap().clone().unwrap_or_else(|| weather::year(2012)))
}

#[cache]
fn several() -> nuthatch::Result<Vec<RecordBatch>> {
    Ok(vec![weather::year(2012), weather::year(2013)])
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// A week, with rain that was measured anew.
fn corrected(week: &RecordBatch, rain: f64) -> RecordBatch {
    let mut columns = week.columns().to_vec();
    columns[1] = Arc::new(Float64Array::from(vec![rain; week.num_rows()])) as ArrayRef;
    RecordBatch::try_new(week.schema(), columns).unwrap()
}

fn table() -> PathBuf {
    let uri = station::uri().run().unwrap().unwrap();
    PathBuf::from(uri.strip_prefix("file://").unwrap()).join("value.delta")
}

#[test]
fn tables_in_memory_are_stored_in_delta() {
    let lake = Lake::new();
    let year = station().unwrap();
    let entry = station::entry().run().unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "delta");
    assert_eq!(entry.time_extent.unwrap().start.as_deref(), Some("2012-01-01T00:00:00"));
    assert!(table().join("_delta_log/00000000000000000000.json").is_file());
    lake.reset();
    assert_eq!(station::call().strict(true).run().unwrap(), year);
    assert_eq!(lake.counts("root").gets, 3, "the manifest, the log, the file");
    let batches = station::call().strict(true).engine::<Vec<RecordBatch>>().run().unwrap();
    assert_eq!(batches, [year]);
    assert_eq!(runs(), 1);
    assert_eq!(several().unwrap(), several::call().strict(true).run().unwrap());
}

#[test]
fn a_corrected_week_is_a_version_of_the_same_table() {
    let _lake = Lake::new();
    let year = station().unwrap();
    let before = table();
    let week = corrected(&year.slice(10, 7), 99.5);
    *REPORT.lock().unwrap() = Some(week.clone());
    let merged = station::call().upsert(true).run().unwrap();
    assert_eq!(merged.num_rows(), 366);
    assert_eq!(merged.slice(10, 7), week);
    assert_eq!(merged.slice(0, 10), year.slice(0, 10));
    assert_eq!(merged.slice(17, 349), year.slice(17, 349));
    assert_eq!(table(), before);
    assert!(before.join("_delta_log/00000000000000000001.json").is_file());
    assert_eq!(station::call().strict(true).run().unwrap(), merged, "it is what is stored");
    // A new value is a new table.
    *REPORT.lock().unwrap() = Some(weather::year(2013));
    let call = station::call().recompute(true).cache_mode(CacheMode::Overwrite);
    assert_eq!(call.run().unwrap(), weather::year(2013));
    assert_ne!(table(), before);
    assert!(!table().join("_delta_log/00000000000000000001.json").exists());
    assert_eq!(station::call().strict(true).run().unwrap(), weather::year(2013));
}

#[test]
fn a_log_without_a_version_is_computed_anew_and_an_error_in_strict_calls() {
    let _lake = Lake::new();
    let year = station().unwrap();
    std::fs::remove_file(table().join("_delta_log/00000000000000000000.json")).unwrap();
    let error = station::call().strict(true).run().unwrap_err();
    assert!(error.is_damaged(), "{error}");
    let said = error.to_string();
    assert!(said.contains("00000000000000000000.json"), "{said}");
    assert_eq!(runs(), 1);
    assert_eq!(station().unwrap(), year);
    assert_eq!(runs(), 1, "damage is a miss");
    assert_eq!(station::call().strict(true).run().unwrap(), year);
}

fn counted(number: i64) -> RecordBatch {
    let numbers = |numbers: Vec<i64>| Arc::new(Int64Array::from(numbers)) as ArrayRef;
    // One row is always replaced, so that the file is written anew; one is new.
    let columns = [("id", numbers(vec![0, number])), ("by", numbers(vec![number, number]))];
    RecordBatch::try_from_iter(columns).unwrap()
}

static NUMBER: Mutex<i64> = Mutex::new(1);

#[cache(upsert_keys("id"), name = "delta_counted")]
fn counting() -> nuthatch::Result<RecordBatch> {
    Ok(counted(*NUMBER.lock().unwrap()))
}

fn use_lake(folder: &Path) {
    nuthatch::set_parameter!("filesystem", folder.to_str().unwrap()).unwrap();
}

/// Upserts the numbers from the one that is asked for, until it is killed.
#[test]
#[ignore = "a child of the test below, which runs it"]
fn child_that_upserts() {
    let folder = given();
    use_lake(&folder);
    let first: i64 = std::fs::read_to_string(folder.join("first")).unwrap().parse().unwrap();
    for number in first.. {
        *NUMBER.lock().unwrap() = number;
        counting::call().upsert(true).run().unwrap();
        std::fs::write(folder.join("done"), number.to_string()).unwrap();
    }
}

#[test]
fn a_writer_killed_in_mid_upsert_leaves_whole_rows_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    use_lake(folder.path());
    counting().unwrap();
    let mut last = 1;
    for kill in 0..40_u64 {
        std::fs::write(folder.path().join("first"), (last + 1).to_string()).unwrap();
        let _ = std::fs::remove_file(folder.path().join("done"));
        let mut writer = child("delta::child_that_upserts", folder.path()).spawn().unwrap();
        while !folder.path().join("done").exists() {
            assert!(writer.try_wait().unwrap().is_none(), "the writer has failed");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(kill * 7_919 % 60_000));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let rows = counting::call().strict(true).run().unwrap();
        let now = rows.num_rows() as i64 - 1;
        assert!(now > last, "kill {kill}: {now} after {last}");
        let mut ids: Vec<i64> = rows.column(0).as_primitive::<Int64Type>().values().to_vec();
        ids.sort_unstable();
        assert_eq!(ids, (0..=now).collect::<Vec<_>>(), "each merge, whole and once");
        last = now;
    }
}
