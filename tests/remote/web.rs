//! A lake behind a web server, to be read by everyone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::array::Variable;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampSecondArray};

use crate::front::Front;
use crate::told::Told;
use crate::weather;

const LARGE: usize = 64 * 1024;

#[cache]
fn small(number: u32) -> nuthatch::Result<u32> {
    Ok(2 * number)
}

#[cache]
fn large(number: u8) -> nuthatch::Result<Vec<u8>> {
    Ok(vec![number; LARGE])
}

/// A lake that holds `small(1)` and `large(1)`, behind a server, as this process's mirror.
fn mirror() -> (tempfile::TempDir, Front) {
    mirror_of(|| {
        small(1).unwrap();
        large(1).unwrap();
    })
}

/// What is stored by some calls, behind a server.
fn mirror_of(calls: impl FnOnce()) -> (tempfile::TempDir, Front) {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    calls();
    let front = Front::of_folder(folder.path().to_owned());
    nuthatch::set_parameter!({
        "filesystem" => "memory://own",
        "mirror-public.filesystem" => front.url.as_str(),
    })
    .unwrap();
    nuthatch::reset_stats();
    (folder, front)
}

#[test]
fn results_are_recalled_from_it_and_nothing_is_written_there() {
    let (_folder, front) = mirror();
    assert_eq!(small(1).unwrap(), 2);
    assert_eq!(large(1).unwrap(), vec![1; LARGE]);
    assert_eq!(small(2).unwrap(), 4, "what is absent is computed, and stored in the root");
    let stats = nuthatch::stats();
    assert_eq!((stats.mirror_hits, stats.absent, stats.stored), (2, 1, 1), "{stats}");
    let asked = front.asked();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    // nuthatch.json once, two manifests and one value, and a manifest that is absent.
    assert_eq!(asked.len(), 5, "{asked:?}");
}

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Numbers that no codec makes much smaller.
fn noise(at: u64) -> u64 {
    (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// 8 MB in one object, of which about 2 MB are read at once.
#[cache(backend_options(chunking(row = 1000)))]
fn field() -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let values = |(i, j)| noise((i * 1000 + j) as u64);
    let field = ndarray::Array2::from_shape_fn((1000, 1000), values);
    let few = ndarray::Array1::from_iter(0..1000_u64);
    Dataset::new()
        .with_variable("field", Variable::new(["row", "column"], field))?
        .with_variable("few", Variable::new(["row"], few))
}

#[test]
fn a_slice_of_an_array_asks_for_its_part_of_an_object() {
    let (_folder, front) = mirror_of(|| drop(field().unwrap()));
    let recalled = field().unwrap();
    let (opening, opened) = (front.asked(), front.served());
    assert!(opened < 100_000, "{opened} bytes to open: {opening:?}");
    let row = recalled.array("field").unwrap().isel("row", 700).unwrap();
    let values = row.values::<u64>().unwrap();
    assert!(values.iter().enumerate().all(|(j, x)| *x == noise((700_000 + j) as u64)));
    let (reading, read) = (front.asked(), front.served());
    assert!(reading.iter().all(|request| request.ends_with("/field/c/0/0")), "{reading:?}");
    assert_eq!(reading.len(), 2, "the index, and one part: {reading:?}");
    assert!((8_000..2_100_000).contains(&read), "{read} bytes");
    // All of it is one request more.
    let whole = recalled.array("field").unwrap().values::<u64>().unwrap();
    assert_eq!((whole.len(), front.asked().len()), (1_000_000, 1));
    assert!(front.served() > 7_900_000);
    let stats = nuthatch::stats();
    assert_eq!((stats.mirror_hits, stats.stored, RUNS.load(Ordering::SeqCst)), (1, 0, 1));
}

/// Twenty years, a row every hour, in a row group a year.
#[timeseries(dim = "date", start = start, end = end)]
#[cache(backend = "parquet", backend_options(row_group_rows = 8760))]
fn hourly(start: &str, end: &str) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    assert!(start <= end);
    let rows = 0..175_200_i64;
    let times = TimestampSecondArray::from_iter_values(rows.clone().map(|hour| hour * 3600));
    let noise = Int64Array::from_iter_values(rows.map(|row| noise(row as u64) as i64));
    let columns: [(&str, ArrayRef); 2] = [("date", Arc::new(times)), ("noise", Arc::new(noise))];
    Ok(RecordBatch::try_from_iter(columns).unwrap())
}

#[test]
fn a_month_of_a_table_asks_for_its_row_groups() {
    let (_folder, front) = mirror_of(|| drop(hourly("1970", "1990").unwrap()));
    let month = hourly("1975-03", "1975-03").unwrap();
    assert_eq!(month.num_rows(), 31 * 24);
    let (asked, served) = (front.asked(), front.served());
    let files: Vec<&String> = asked.iter().filter(|path| path.ends_with(".parquet")).collect();
    assert!(!files.is_empty() && files.iter().all(|request| request.starts_with("GET ")));
    assert!((8760..500_000).contains(&served), "{served} bytes for {asked:?}");
    // The whole is more than 1.4 MB.
    assert_eq!(hourly("1970", "1990").unwrap().num_rows(), 175_200);
    assert!(front.served() > 1_400_000);
    let stats = nuthatch::stats();
    assert_eq!((stats.mirror_hits, stats.stored, RUNS.load(Ordering::SeqCst)), (2, 0, 1));
}

#[cache(upsert_keys("date"))]
fn upserted(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[cache(backend = "parquet", backend_options(partition_by = ["weather"]))]
fn partitioned(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

/// Its log has several versions, and nothing can be listed there.
#[test]
fn tables_of_several_files_are_recalled_from_it() {
    let (_folder, front) = mirror_of(|| {
        upserted(2012).unwrap();
        upserted::call(2012).upsert(true).run().unwrap();
        partitioned(2013).unwrap();
    });
    let runs = RUNS.load(Ordering::SeqCst);
    let rows = |table: RecordBatch| table.num_rows();
    assert_eq!(rows(upserted(2012).unwrap()), 366);
    assert_eq!(rows(partitioned(2013).unwrap()), 365);
    let stats = nuthatch::stats();
    assert_eq!((stats.mirror_hits, stats.stored, stats.unusable), (2, 0, 0), "{stats}");
    assert_eq!(RUNS.load(Ordering::SeqCst), runs);
    let asked = front.asked();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
}

#[test]
fn it_cannot_be_the_root() {
    let front = Front::saying(200, "");
    nuthatch::set_parameter!("filesystem", front.url.as_str()).unwrap();
    let told = Told::listen();
    assert_eq!(small(1).unwrap(), 2, "a cache that cannot be used costs no result");
    told.says(&["can only be read", "mirror.filesystem", &front.url]);
    assert_eq!(front.asked(), [""; 0]);
}

#[test]
fn one_full_of_garbage_costs_a_warning() {
    let front = Front::saying(200, "<html>welcome</html>");
    nuthatch::set_parameter!({
        "filesystem" => "memory://own",
        "mirror.filesystem" => front.url.as_str(),
    })
    .unwrap();
    let told = Told::listen();
    assert_eq!(small(1).unwrap(), 2);
    told.says(&["mirror", &front.url]);
    assert_eq!(small(1).unwrap(), 2);
    let stats = nuthatch::stats();
    assert_eq!((stats.absent, stats.root_hits), (1, 1), "{stats}");
}
