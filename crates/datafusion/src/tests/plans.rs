//! What a function returns as a plan, and what is stored of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_schema::DataType;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::{col, lit};

use super::*;

#[test]
fn a_plan_is_executed_once_and_recalled_without_being_executed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let twice = create_udf(
        "twice",
        vec![DataType::Int64],
        DataType::Int64,
        Volatility::Volatile,
        Arc::new(move |arguments: &[ColumnarValue]| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(arguments[0].clone())
        }),
    );
    let plan = frame(vec![rows(100)]).select(vec![twice.call(vec![col("number")]).alias("n")]);
    let plan = plan.expect("it is a plan");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    let (_, source) = stored(&plan, "").expect("it is held");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(FRAMES.reopens(&plan));
    assert_eq!(collect(read(&source)).num_rows(), 100);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn rows_are_stored_in_the_order_of_the_plan_though_the_session_has_partitions() {
    let table = rows(60_000);
    let batches = (0..60).map(|batch| table.slice(batch * 1000, 1000)).collect();
    let even = (col("number") % lit(2)).eq(lit(0));
    let plan = frame(batches).filter(even).expect("it is a plan");
    let (_, source) = stored(&plan, "row_group_rows = 7000").expect("it is held");
    let numbers = collect(read(&source));
    let numbers: Vec<_> = numbers["number"].as_ref().to_data().buffers()[0]
        .typed_data::<i64>()
        .iter()
        .copied()
        .take(numbers.num_rows())
        .collect();
    assert_eq!(numbers, (0..30_000).map(|row| row * 2).collect::<Vec<_>>());
}

#[test]
fn groups_are_summed_in_parallel_and_all_of_them_are_stored() {
    let plan = frame(vec![rows(900), rows(900)])
        .aggregate(vec![col("station")], vec![sum(col("number")).alias("total")])
        .expect("it is a plan");
    let (_, source) = stored(&plan, "").expect("it is held");
    let sorted = |frame: DataFrame| collect(frame.sort_by(vec![col("station")]).expect("a plan"));
    let recalled = sorted(read(&source));
    assert_eq!(recalled.num_rows(), 3);
    assert_eq!(recalled, sorted(plan));
}

#[test]
fn a_plan_that_fails_stores_nothing_and_says_why() {
    let plan = frame(vec![rows(10)]).select(vec![(lit(1) / (col("number") * lit(0))).alias("x")]);
    let error = stored(&plan.expect("it is a plan"), "").expect_err("it divides by zero");
    assert!(error.to_string().to_lowercase().contains("zero"), "{error}");
}

#[test]
fn a_session_of_ones_own_reads_what_is_recalled() {
    let (_, source) = stored(&frame(vec![rows(10)]), "").expect("it is held");
    let session = SessionContext::new_with_config(SessionConfig::new().with_batch_size(17));
    let before = crate::session();
    crate::set_session(session.clone());
    let (state, _) = read(&source).into_parts();
    crate::set_session(before);
    assert_eq!(state.config().batch_size(), 17);
    assert_eq!(state.session_id(), session.session_id());
}

#[test]
fn the_session_reads_below_the_stores_that_nuthatch_has_opened() {
    use datafusion::prelude::CsvReadOptions;
    use object_store::ObjectStoreExt;

    let rows = |name: &str| {
        let opened = nuthatch_core::store::open(&format!("memory://{name}"), &toml::Table::new());
        let store = opened.expect("it is opened").store;
        let put = async { store.put(&Path::from("rain.csv"), "day,rain\n1,2.5\n".into()).await };
        block_on(put).expect("it is put");
        let url = format!("memory://{name}/rain.csv");
        let session = crate::session();
        let read = session.read_csv(url, CsvReadOptions::new());
        collect(block_on(within(read)).expect("the session knows the store")).num_rows()
    };
    let before = crate::session();
    assert_eq!(rows("opened-before"), 1);
    crate::set_session(SessionContext::new());
    assert_eq!(rows("opened-before"), 1);
    assert_eq!(rows("opened-after"), 1);
    crate::set_session(before);
}
