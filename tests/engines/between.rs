//! Polars, DataFusion and Arrow read what another of them has stored, with the types that were
//! stored, and nothing is computed for it.

use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::cast::AsArray;
use nuthatch::table::arrow_array::{Array, RecordBatch};
use nuthatch::table::arrow_schema::DataType;
use nuthatch::table::datafusion::prelude::DataFrame as Plan;
use nuthatch::table::polars::prelude::{DataFrame, IntoLazy, LazyFrame};
use nuthatch::table::session;

use crate::lake::Lake;
use crate::weather;

/// Each holds all of the types of these rows; `sql` is SQLite, in the lake's folder.
const BACKENDS: [&str; 3] = ["parquet", "delta", "sql"];

static RUNS: AtomicU32 = AtomicU32::new(0);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// A function for each backend, by its argument.
#[cache]
fn of_arrow(_backend: &str) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(weather::year(2012))
}

#[cache]
async fn of_datafusion(_backend: &str) -> nuthatch::Result<Plan> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    session().read_batch(weather::year(2012)).map_err(nuthatch::Error::other)
}

#[cache]
fn of_polars(_backend: &str) -> nuthatch::Result<DataFrame> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    polars()
}

#[cache]
fn of_lazy_polars(_backend: &str) -> nuthatch::Result<LazyFrame> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(polars()?.lazy())
}

/// The rows as Polars has them, by way of a file.
fn polars() -> nuthatch::Result<DataFrame> {
    of_arrow::call("given").backend("parquet").engine::<DataFrame>().run()
}

/// The rows of all batches, and the type of the text in them.
fn checked(batches: &[RecordBatch]) -> DataType {
    let schema = batches[0].schema();
    let rows = arrow_select::concat::concat_batches(&schema, batches).unwrap();
    let expected = weather::year(2012);
    for column in 0..3 {
        assert_eq!(rows.column(column), expected.column(column));
    }
    let text = rows.column(3);
    let texts: Vec<_> = match text.data_type() {
        DataType::Utf8View => text.as_string_view().iter().collect(),
        _ => text.as_string::<i32>().iter().collect(),
    };
    assert_eq!(texts, expected.column(3).as_string::<i32>().iter().collect::<Vec<_>>());
    text.data_type().clone()
}

async fn collected(plan: Plan) -> Vec<RecordBatch> {
    let of_plan = plan.schema().field(3).data_type().clone();
    let batches = plan.collect().await.unwrap();
    assert_eq!(batches[0].column(3).data_type(), &of_plan);
    batches
}

#[tokio::test(flavor = "multi_thread")]
async fn polars_and_arrow_read_what_datafusion_stored() {
    let _lake = Lake::new();
    let polars = tokio::task::spawn_blocking(polars).await.unwrap().unwrap();
    for backend in BACKENDS {
        of_datafusion::call(backend).backend(backend).await.unwrap();
        assert_eq!(of_datafusion::entry(backend).await.unwrap().unwrap().backends.len(), 1);
        runs();
        let call = || of_datafusion::call(backend).backend(backend).strict(true);
        let eager = call().engine::<DataFrame>().await.unwrap();
        assert!(eager.equals(&polars), "{backend}");
        let lazy = call().engine::<LazyFrame>().await.unwrap();
        let collected = tokio::task::spawn_blocking(|| lazy.collect()).await.unwrap().unwrap();
        assert!(collected.equals(&polars), "{backend}");
        let batch = call().engine::<RecordBatch>().await.unwrap();
        assert_eq!(batch, weather::year(2012), "{backend}");
        let batches = call().engine::<Vec<RecordBatch>>().await.unwrap();
        assert_eq!(checked(&batches), DataType::Utf8, "{backend}");
        assert_eq!(runs(), 0, "{backend}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn datafusion_and_arrow_read_what_polars_stored() {
    let _lake = Lake::new();
    for backend in BACKENDS {
        let store = move || {
            of_polars::call(backend).backend(backend).run().unwrap();
            drop(of_lazy_polars::call(backend).backend(backend).run().unwrap());
        };
        tokio::task::spawn_blocking(store).await.unwrap();
        runs();
        let eager = of_polars::call(backend).backend(backend).strict(true);
        let plan = eager.engine::<Plan>().await.unwrap();
        // Text was views in Polars, and that is the type that is recalled.
        assert_eq!(checked(&collected(plan).await), DataType::Utf8View, "{backend}");
        let lazy = || of_lazy_polars::call(backend).backend(backend).strict(true);
        let plan = lazy().engine::<Plan>().await.unwrap();
        assert_eq!(checked(&collected(plan).await), DataType::Utf8View, "{backend}");
        let batch = lazy().engine::<RecordBatch>().await.unwrap();
        assert_eq!(checked(&[batch]), DataType::Utf8View, "{backend}");
        assert_eq!(runs(), 0, "{backend}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_read_what_arrow_stored() {
    let _lake = Lake::new();
    let polars = tokio::task::spawn_blocking(polars).await.unwrap().unwrap();
    for backend in BACKENDS {
        of_arrow::call(backend).backend(backend).await.unwrap();
        runs();
        let call = || of_arrow::call(backend).backend(backend).strict(true);
        let plan = call().engine::<Plan>().await.unwrap();
        assert_eq!(checked(&collected(plan).await), DataType::Utf8, "{backend}");
        let lazy = call().engine::<LazyFrame>().await.unwrap();
        let collected = tokio::task::spawn_blocking(|| lazy.collect()).await.unwrap().unwrap();
        assert!(collected.equals(&polars), "{backend}");
        assert!(call().engine::<DataFrame>().await.unwrap().equals(&polars), "{backend}");
        assert_eq!(runs(), 0, "{backend}");
    }
}
