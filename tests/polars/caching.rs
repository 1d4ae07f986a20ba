//! A frame that a function returns is stored once; a lazy one is recalled as a plan over files.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::polars::prelude::{DataFrame, IntoLazy, LazyFrame, col, lit};

use crate::lake::Lake;
use crate::weather;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(backend = "parquet")]
fn batch(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

/// What Polars makes of Arrow's rows, by way of what is stored of them.
fn frame(year: i32) -> nuthatch::Result<DataFrame> {
    batch::call(year).engine::<DataFrame>().run()
}

#[cache(upsert_keys("date"))]
fn daily(year: i32) -> nuthatch::Result<LazyFrame> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(frame(year)?.lazy())
}

#[cache(backend = "parquet", upsert_keys("date"))]
fn eager(year: i32) -> nuthatch::Result<DataFrame> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    frame(year)
}

#[cache]
fn rainy(year: i32) -> nuthatch::Result<LazyFrame> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(daily(year)?
        .filter(col("weather").eq(lit("rain")))
        .select([col("date"), col("precipitation")]))
}

#[cache(backend = "parquet", engine = LazyFrame)]
fn planned(year: i32) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(year))
}

#[timeseries(dim = "date", start = start, end = end)]
#[cache]
fn series(start: &str, end: &str) -> nuthatch::Result<LazyFrame> {
    let _ = (start, end);
    daily(2012)
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[test]
fn a_lazy_frame_is_computed_once_and_recalled_as_a_plan_over_parquet() {
    let lake = Lake::new();
    let computed = daily(2012).unwrap();
    // What is returned is what was stored, opened.
    let plan = computed.explain(true).unwrap();
    assert!(plan.starts_with("Anonymous SCAN"), "{plan}");
    assert_eq!(runs(), 2, "the frame, and the batch that it is made of");
    lake.reset();
    let recalled = daily::call(2012).strict(true).run().unwrap();
    assert_eq!(lake.counts("root").gets, 1, "the manifest alone");
    let rows = recalled.collect().unwrap();
    assert!(rows.equals(&computed.collect().unwrap()));
    assert!(rows.equals(&frame(2012).unwrap()));
    assert_eq!((rows.height(), runs()), (366, 0));
    let entry = daily::entry(2012).run().unwrap().unwrap();
    assert_eq!(entry.backends[0].backend, "parquet");
    assert_eq!(entry.time_extent.unwrap().start.as_deref(), Some("2012-01-01T00:00:00"));
}

#[test]
fn what_one_engine_stored_is_read_by_the_others_with_the_type_that_was_stored() {
    let _lake = Lake::new();
    for _ in 0..2 {
        // Arrow's rows have been through Polars: texts are its views, and the values are the same.
        let read = eager::call(2013).engine::<RecordBatch>().run().unwrap();
        assert_eq!(read.column(0), weather::year(2013).column(0));
        assert_eq!(read.column(3).data_type().to_string(), "Utf8View");
        assert_eq!(eager(2013).unwrap().height(), 365);
        // And what Arrow has stored is still Arrow's.
        assert_eq!(batch(2013).unwrap(), weather::year(2013));
        let lazy = batch::call(2013).engine::<LazyFrame>().run().unwrap();
        assert!(lazy.collect().unwrap().equals(&eager(2013).unwrap()));
        let planned = planned::call(2013).run().unwrap().collect().unwrap();
        assert!(planned.equals(&eager(2013).unwrap()));
    }
    assert_eq!(runs(), 3);
}

#[test]
fn a_plan_over_a_recalled_frame_is_stored_and_keeps_its_lineage() {
    let _lake = Lake::in_memory();
    let rain = rainy(2012).unwrap().collect().unwrap();
    assert_eq!(rain.width(), 2);
    assert!(rain.height() > 0 && rain.height() < 366);
    runs();
    assert!(rainy(2012).unwrap().collect().unwrap().equals(&rain));
    assert_eq!(runs(), 0);
    let entry = rainy::entry(2012).run().unwrap().unwrap();
    assert!(entry.lineage[0].path.contains("daily"), "{:?}", entry.lineage);
}

#[test]
fn rows_are_upserted_by_both_kinds_of_frame() {
    let _lake = Lake::new();
    drop(daily(2014).unwrap());
    let merged = daily::call(2014).upsert(true).run().unwrap().collect().unwrap();
    assert!(merged.equals(&frame(2014).unwrap()));
    eager(2014).unwrap();
    let merged = eager::call(2014).upsert(true).run().unwrap();
    assert!(merged.equals(&frame(2014).unwrap()));
}

#[test]
fn a_month_of_a_series_is_a_filter_on_the_stored_whole() {
    let _lake = Lake::new();
    let february = series("2012-02", "2012-02").unwrap().collect().unwrap();
    assert!(february.equals(&frame(2012).unwrap().slice(31, 29)));
    runs();
    let march = series("2012-03", "2012-03").unwrap().filter(col("precipitation").gt(lit(0.0)));
    let plan = march.explain(true).unwrap();
    assert!(
        plan.contains("SELECTION") && !plan.contains("FILTER"),
        "both filters reach the files: {plan}"
    );
    assert!(march.collect().unwrap().height() < 31);
    assert_eq!(runs(), 0);
}

#[test]
fn a_damaged_file_is_told_when_the_frame_is_read() {
    let _lake = Lake::new();
    let lazy = daily(2015).unwrap();
    let uri = daily::uri(2015).run().unwrap().unwrap();
    let folder = std::path::Path::new(uri.strip_prefix("file://").unwrap());
    let file = folder.join("value.parquet/part-00000.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = lazy.collect().unwrap_err().to_string();
    assert!(error.contains("part-00000.parquet") && error.contains("block 0"), "{error}");
}
