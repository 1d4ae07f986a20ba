//! Real weather as tables: read with DataFusion, stored in Delta Lake, Parquet and SQLite, recalled
//! as Polars and as Arrow, clipped along time, and corrected by an upsert.
//!
//! `cargo run --example weather_table --features full`, from the root of the repository.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::arrow_schema::DataType;
use nuthatch::table::datafusion::arrow::array::{Array, AsArray, StringArray};
use nuthatch::table::datafusion::arrow::compute::cast;
use nuthatch::table::datafusion::error::Result as DataFusionResult;
use nuthatch::table::datafusion::functions_aggregate::expr_fn::{avg, max, min, sum};
use nuthatch::table::datafusion::logical_expr::{
    ColumnarValue, Expr, Volatility, cast as cast_to, create_udf,
};
use nuthatch::table::datafusion::prelude::{CsvReadOptions, DataFrame, col, lit};
use nuthatch::table::polars::prelude as pl;
use nuthatch::table::session;

const CSV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/seattle_weather.csv");

/// Whether the station reports its second week anew.
static CORRECTED: AtomicBool = AtomicBool::new(false);

/// Every day of four years, in Delta Lake: an upsert is one more version of the table.
#[timeseries(dim = "date")]
#[cache(backend = "delta", upsert_keys("date"))]
async fn daily(start_time: &str, end_time: &str) -> nuthatch::Result<DataFrame> {
    let _ = (start_time, end_time);
    let days = session().read_csv(CSV, CsvReadOptions::new()).await;
    let days = days.and_then(|days| days.with_column("date", first_day(col("date"), 10)));
    if !CORRECTED.load(Ordering::SeqCst) {
        return days.map_err(nuthatch::Error::other);
    }
    // It has rained half a millimetre more than was told.
    let week = first_day(lit("2012-01-08"), 10);
    let next = first_day(lit("2012-01-15"), 10);
    days.and_then(|days| days.filter(col("date").gt_eq(week).and(col("date").lt(next))))
        .and_then(|days| days.with_column("precipitation", col("precipitation") + lit(0.5)))
        .map_err(nuthatch::Error::other)
}

/// Months of the days that are stored: lazy, so in Parquet.
#[cache]
async fn monthly() -> nuthatch::Result<DataFrame> {
    summed(daily("2012", "2015").await?, 7)
}

/// Years, in a database that needs no set-up: one file of SQLite in the lake.
#[cache(backend = "sql")]
async fn yearly() -> nuthatch::Result<DataFrame> {
    summed(daily("2012", "2015").await?, 4)
}

/// Sums, means and extremes of periods that so many characters of a date name.
fn summed(days: DataFrame, characters: usize) -> nuthatch::Result<DataFrame> {
    days.aggregate(
        vec![first_day(cast_to(col("date"), DataType::Utf8), characters).alias("date")],
        vec![
            sum(col("precipitation")).alias("precipitation"),
            avg(col("wind")).alias("wind"),
            max(col("temp_max")).alias("temp_max"),
            min(col("temp_min")).alias("temp_min"),
        ],
    )
    .and_then(|periods| periods.sort_by(vec![col("date")]))
    .map_err(nuthatch::Error::other)
}

/// The first day of the period that so many characters of a date's text name.
fn first_day(date: Expr, characters: usize) -> Expr {
    let first = move |arguments: &[ColumnarValue]| -> DataFusionResult<ColumnarValue> {
        let texts = ColumnarValue::values_to_arrays(arguments)?;
        let texts = cast(&texts[0], &DataType::Utf8)?;
        let first = |text: &str| {
            let named = text.chars().map(|c| if c == '/' { '-' } else { c }).take(characters);
            named.chain("0000-01-01".chars().skip(characters)).collect::<String>()
        };
        let days: StringArray =
            texts.as_string::<i32>().iter().map(|text| text.map(first)).collect();
        Ok(ColumnarValue::Array(cast(&days, &DataType::Date32)?))
    };
    let name = format!("first_day_of_{characters}");
    let function = create_udf(
        &name,
        vec![DataType::Utf8],
        DataType::Date32,
        Volatility::Immutable,
        Arc::new(first),
    );
    function.call(vec![cast_to(date, DataType::Utf8)])
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> nuthatch::Result<()> {
    // Kept, for others to look into.
    let lake = tempfile::Builder::new().prefix("nuthatch-weather-").tempdir()?.keep();
    nuthatch::set_parameter!("filesystem", lake.to_string_lossy().into_owned())?;
    nuthatch_examples::show_outcomes();

    title("Days from a CSV by DataFusion: executed once, stored in Delta Lake, opened lazily");
    let days = daily("2012", "2015").await?;
    println!("  {} days", days.count().await.map_err(nuthatch::Error::other)?);
    title("Months and years of the days that are stored");
    monthly().await?;
    yearly().await?;

    title("One month of the days: a filter that reaches the file");
    let july = daily("2014-07", "2014-07").await?;
    println!("  {} days", july.count().await.map_err(nuthatch::Error::other)?);

    title("The months as Polars, and the years, out of SQLite, as Arrow");
    let months = monthly::call().engine::<pl::LazyFrame>().await?;
    let wet = months.filter(pl::col("precipitation").gt(pl::lit(150.0))).collect();
    let wet = wet.map_err(nuthatch::Error::other)?.height();
    let years = yearly::call().engine::<RecordBatch>().await?;
    println!("  {wet} months with over 150 mm, {} years", years.num_rows());
    assert_eq!(years.num_rows(), 4);

    title("A week is corrected: its rows are replaced, and no other");
    let before = rain(&years);
    CORRECTED.store(true, Ordering::SeqCst);
    let days = daily::call("2012", "2015").upsert(true).await?;
    assert_eq!(days.count().await.map_err(nuthatch::Error::other)?, 1461);
    CORRECTED.store(false, Ordering::SeqCst);
    let years = yearly::call().recompute(true).cache_mode(CacheMode::Overwrite);
    let years = years.engine::<RecordBatch>().await?;
    println!("  {:.1} mm more in 2012", rain(&years) - before);
    assert!((rain(&years) - before - 3.5).abs() < 1e-6);

    title("Where they lie, until you remove the folder");
    if let Some(uri) = daily::uri("2012", "2015").await? {
        println!("  deltalake: DeltaTable('{}/value.delta')", path(&uri));
    }
    if let Some(uri) = monthly::uri().await? {
        println!("  duckdb: SELECT * FROM '{}/value.parquet/*.parquet'", path(&uri));
        println!("  pandas: pandas.read_parquet('{}/value.parquet')", path(&uri));
    }
    if let Some(uri) = yearly::uri().await? {
        println!("  sqlite: {uri}");
    }
    Ok(())
}

/// What fell in the first year.
fn rain(years: &RecordBatch) -> f64 {
    let rain = years.column_by_name("precipitation");
    let rain = rain.and_then(|rain| {
        rain.as_primitive_opt::<nuthatch::table::arrow_array::types::Float64Type>()
    });
    rain.filter(|rain| !rain.is_empty()).map_or(f64::NAN, |rain| rain.value(0))
}

fn path(uri: &str) -> &str {
    uri.trim_start_matches("file://")
}

fn title(text: &str) {
    println!("\n# {text}");
}
