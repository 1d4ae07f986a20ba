//! A frame that a function returns is stored once, and recalled as a plan over files.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::datafusion::functions_aggregate::expr_fn::max;
use nuthatch::table::datafusion::physical_plan::displayable;
use nuthatch::table::datafusion::prelude::{DataFrame, col, lit};
use nuthatch::table::session;

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

fn frame(year: i32) -> nuthatch::Result<DataFrame> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    session().read_batch(weather::year(year)).map_err(nuthatch::Error::other)
}

#[cache(upsert_keys("date"))]
async fn daily(year: i32) -> nuthatch::Result<DataFrame> {
    frame(year)
}

#[cache]
async fn hottest(year: i32) -> nuthatch::Result<DataFrame> {
    let daily = daily(year).await?;
    daily
        .aggregate(vec![col("weather")], vec![max(col("temp_max")).alias("hottest")])
        .and_then(|frame| frame.sort_by(vec![col("weather")]))
        .map_err(nuthatch::Error::other)
}

#[cache(backend = "parquet", engine = DataFrame)]
async fn batch(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[timeseries(dim = "date", start = start, end = end)]
#[cache]
async fn series(start: &str, end: &str) -> nuthatch::Result<DataFrame> {
    let _ = (start, end);
    frame(2012)
}

async fn shown(frame: &DataFrame) -> String {
    let plan = frame.clone().create_physical_plan().await.unwrap();
    displayable(plan.as_ref()).indent(false).to_string()
}

async fn rows(frame: DataFrame) -> RecordBatch {
    let batches = frame.collect().await.unwrap();
    assert_eq!(batches.len(), 1);
    batches[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_computed_once_and_recalled_lazily_in_parquet() {
    let lake = Lake::new();
    let computed = daily(2012).await.unwrap();
    // What is returned is what was stored, opened: its plan reads files.
    let plan = shown(&computed).await;
    assert!(plan.contains("ScanExec") && !plan.contains("DataSourceExec"), "{plan}");
    lake.reset();
    let recalled = daily::call(2012).strict(true).await.unwrap();
    assert_eq!(lake.counts("root").gets, 1, "the manifest alone");
    assert_eq!(rows(recalled).await, weather::year(2012));
    assert_eq!(rows(computed).await, weather::year(2012));
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let entry = daily::entry(2012).await.unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "parquet");
    assert_eq!(entry.time_extent.unwrap().start.as_deref(), Some("2012-01-01T00:00:00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_made_of_another_function_s_stored_rows() {
    let _lake = Lake::in_memory();
    let frame = rows(hottest(2012).await.unwrap()).await;
    assert_eq!(frame.num_rows(), 5);
    assert_eq!(rows(hottest(2012).await.unwrap()).await, frame);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let entry = hottest::entry(2012).await.unwrap().unwrap();
    assert!(entry.lineage[0].path.contains("daily"), "{:?}", entry.lineage);
}

#[tokio::test(flavor = "multi_thread")]
async fn arrow_and_datafusion_read_what_the_other_stored() {
    let _lake = Lake::new();
    for _ in 0..2 {
        let read = daily::call(2013).engine::<RecordBatch>().await.unwrap();
        assert_eq!(read, weather::year(2013));
        assert_eq!(rows(batch::call(2013).await.unwrap()).await, read);
        assert_eq!(batch(2013).await.unwrap(), read);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_upserted_into_the_rows_that_are_stored() {
    let _lake = Lake::new();
    daily(2014).await.unwrap();
    let merged = daily::call(2014).upsert(true).await.unwrap();
    assert_eq!(rows(merged).await, weather::year(2014));
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_a_series_is_a_filter_on_the_stored_whole() {
    let _lake = Lake::new();
    let february = series("2012-02", "2012-02").await.unwrap();
    assert_eq!(rows(february).await, weather::year(2012).slice(31, 29));
    let march = series("2012-03", "2012-03").await.unwrap();
    let wet = march.filter(col("precipitation").gt(lit(0.0))).unwrap();
    let plan = shown(&wet).await;
    let pushed = plan.contains("precipitation") && !plan.contains("FilterExec");
    assert!(pushed, "both filters reach the files: {plan}");
    assert!(rows(wet).await.num_rows() < 31);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_told_when_the_frame_is_read() {
    let lake = Lake::new();
    let frame = daily(2015).await.unwrap();
    let root = lake.path("root");
    let mut damaged = 0;
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                let mut bytes = std::fs::read(&path).unwrap();
                bytes[100] ^= 1;
                std::fs::write(&path, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert_eq!(damaged, 1);
    let error = frame.collect().await.unwrap_err().to_string();
    assert!(error.contains("part-00000.parquet") && error.contains("block 0"), "{error}");
}
