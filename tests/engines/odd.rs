//! Tables that are not like others, as lazy frames, over each tabular backend: what it holds comes
//! back, and what it does not hold is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use nuthatch::table::arrow_schema::Schema;
use nuthatch::table::datafusion::prelude::{DataFrame as Plan, JoinType, col};
use nuthatch::table::polars::prelude::{DataFrame, LazyFrame};
use nuthatch::table::session;

use crate::lake::Lake;

const BACKENDS: [&str; 3] = ["parquet", "delta", "sql"];

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Columns of so many numbers each.
fn named(names: impl Iterator<Item = String>, rows: i64) -> RecordBatch {
    let column = |(index, name): (i64, String)| {
        let numbers = Int64Array::from_iter_values((0..rows).map(|row| row * 10_000 + index));
        (name, Arc::new(numbers) as ArrayRef)
    };
    RecordBatch::try_from_iter((0..).zip(names).map(column)).unwrap()
}

/// The tables that are not like others.
fn table(what: &str) -> RecordBatch {
    let odd = ["select", "order by", "a\"b'`", "🌧️ rain", "a.b", " ", "x\ny", "A b;--", "é"];
    match what {
        "odd names" => named(odd.map(str::to_owned).into_iter(), 3),
        "no rows" => named(odd.map(str::to_owned).into_iter(), 0),
        "no columns" => {
            let three = RecordBatchOptions::new().with_row_count(Some(3));
            let schema = Arc::new(Schema::empty());
            RecordBatch::try_new_with_options(schema, vec![], &three).unwrap()
        }
        "many columns" => named((0..2000).map(|column| format!("column {column}")), 2),
        other => panic!("there is no table of {other}"),
    }
}

#[cache]
async fn plan(what: &str, _backend: &str) -> nuthatch::Result<Plan> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    session().read_batch(table(what)).map_err(nuthatch::Error::other)
}

/// The same rows in Polars, by way of a file.
fn frame(what: &str) -> DataFrame {
    #[cache(backend = "parquet")]
    fn given(what: &str) -> nuthatch::Result<RecordBatch> {
        Ok(table(what))
    }
    given::call(what).engine::<DataFrame>().run().unwrap()
}

#[cache]
fn lazy(what: &str, _backend: &str) -> nuthatch::Result<LazyFrame> {
    use nuthatch::table::polars::prelude::IntoLazy;
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(frame(what).lazy())
}

/// Whether SQLite has no room for it.
fn is_too_wide(what: &str, backend: &str) -> bool {
    what == "many columns" && backend == "sql"
}

fn failures() -> u64 {
    nuthatch::stats().store_failures
}

async fn rows(plan: Plan) -> RecordBatch {
    let schema = Arc::clone(plan.schema().inner());
    let batches = plan.collect().await.unwrap();
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_of_odd_tables_are_recalled() {
    let _lake = Lake::new();
    for backend in BACKENDS {
        for what in ["odd names", "no rows", "no columns", "many columns"] {
            let (before, runs) = (failures(), RUNS.load(Ordering::SeqCst));
            let computed = plan::call(what, backend).backend(backend).await.unwrap();
            let expected = table(what);
            assert_eq!(rows(computed).await, expected, "{what} in {backend}");
            let is_lost = is_too_wide(what, backend);
            assert_eq!(failures() - before, u64::from(is_lost), "{what} in {backend}");
            if !is_lost {
                let recalled = plan::call(what, backend).backend(backend).strict(true);
                assert_eq!(rows(recalled.await.unwrap()).await, expected, "{what} in {backend}");
            }
            assert_eq!(RUNS.load(Ordering::SeqCst) - runs, 1, "{what} in {backend}");
        }
    }
}

#[test]
fn lazy_frames_of_odd_tables_are_recalled() {
    let _lake = Lake::new();
    for backend in BACKENDS {
        for what in ["odd names", "no rows", "no columns", "many columns"] {
            let expected = frame(what);
            let (before, runs) = (failures(), RUNS.load(Ordering::SeqCst));
            let computed = lazy::call(what, backend).backend(backend).run().unwrap();
            let collected = computed.collect().unwrap();
            assert!(collected.equals(&expected), "{what} in {backend}: {collected}");
            let is_lost = is_too_wide(what, backend);
            assert_eq!(failures() - before, u64::from(is_lost), "{what} in {backend}");
            if !is_lost {
                let recalled = lazy::call(what, backend).backend(backend).strict(true).run();
                let collected = recalled.unwrap().collect().unwrap();
                assert!(collected.equals(&expected), "{what} in {backend}: {collected}");
            }
            assert_eq!(RUNS.load(Ordering::SeqCst) - runs, 1, "{what} in {backend}");
        }
    }
}

/// Two tables side by side, which have a column of one name: in a plan these are told apart by the
/// tables that they are of.
#[cache]
async fn joined(_backend: &str) -> nuthatch::Result<Plan> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let side = |name: &str, other: &str| {
        let columns = ["id", other].map(str::to_owned).into_iter();
        session().read_batch(named(columns, 3)).and_then(|frame| frame.alias(name))
    };
    let joined = side("one", "rain").and_then(|one| {
        let two = side("two", "wind")?;
        one.join(two, JoinType::Inner, &["id"], &["id"], None)
    });
    let sorted = joined.and_then(|joined| joined.sort_by(vec![col("one.id")]));
    sorted.map_err(nuthatch::Error::other)
}

/// The same rows in Arrow, where columns of one name are told apart by their places.
#[cache(backend = "parquet")]
async fn joined_rows() -> nuthatch::Result<RecordBatch> {
    Ok(rows(joined::original("nowhere").await?).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_two_columns_of_one_name_is_returned_and_told() {
    let _lake = Lake::new();
    let expected = rows(joined::original("nowhere").await.unwrap()).await;
    let names: Vec<_> = expected.schema_ref().fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["id", "rain", "id", "wind"]);
    for backend in BACKENDS {
        let before = failures();
        let computed = joined::call(backend).backend(backend).await.unwrap();
        assert_eq!(rows(computed).await, expected, "{backend}");
        assert_eq!(failures() - before, 1, "{backend}");
        assert_eq!(joined::entry(backend).await.unwrap(), None, "{backend}");
    }
    nuthatch::set_parameter!("on_store_failure", "error").unwrap();
    let error = joined("parquet").await.unwrap_err().to_string();
    assert!(error.contains("column \"id\"") && error.contains("rename it"), "{error}");

    // Arrow and Parquet have such tables.
    assert_eq!(joined_rows().await.unwrap(), expected);
    assert_eq!(joined_rows::call().strict(true).await.unwrap(), expected);
    let call = || joined_rows::call().strict(true);
    for error in [
        call().engine::<Plan>().await.err(),
        call().engine::<LazyFrame>().await.err(),
        call().engine::<DataFrame>().await.err(),
    ] {
        let error = error.unwrap().to_string();
        assert!(error.contains("column \"id\"") && error.contains("Vec<RecordBatch>"), "{error}");
    }
}
