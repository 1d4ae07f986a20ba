//! What a function returns as a plan, and what is stored of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use polars::error::PolarsError;
use polars::prelude::{DataType, Field, col, lit};

use super::*;

#[test]
fn a_plan_is_executed_once_and_recalled_without_being_executed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let count = move |column| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(column)
    };
    let same = |_: &polars::prelude::Schema, field: &Field| Ok(field.clone());
    // A sum first, so that the function is called for all rows at once.
    let plan = rows(100).lazy().select([col("number").sum().map(count, same)]);
    let (_, source) = stored(&plan, "").expect("it is held");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(Backend::reopens(&FRAMES, &plan));
    for _ in 0..2 {
        let sum = collect(read(&source));
        assert_eq!(
            sum.column("number").expect("it is there").get(0).expect("one").extract(),
            Some(4950)
        );
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn rows_are_stored_in_the_order_of_the_plan() {
    let plan = rows(150_000).lazy().filter((col("number") % lit(2)).eq(lit(0)));
    let (_, source) = stored(&plan, "row_group_rows = 7000").expect("it is held");
    let recalled = collect(read(&source));
    assert_eq!(recalled.height(), 75_000);
    assert!(recalled.equals(&collect(plan)));
}

#[test]
fn a_plan_over_a_recalled_frame_is_stored() {
    let (_, source) = stored(&rows(1000), "").expect("it is held");
    let plan = read(&source).filter(col("number").gt(lit(900))).select([col("station")]);
    let (_, derived) = stored(&plan, "").expect("it is held");
    let recalled = collect(read(&derived));
    assert!(recalled.equals(&rows(1000).slice(901, 99).select(["station"]).expect("it has it")));
}

#[test]
fn a_plan_that_fails_stores_nothing_and_says_why() {
    let fail = |_| Err(PolarsError::ComputeError("no rain today".into()));
    let text = |_: &polars::prelude::Schema, field: &Field| {
        Ok(Field::new(field.name().clone(), DataType::String))
    };
    let plan = rows(10).lazy().select([col("rain").map(fail, text)]);
    let error = stored(&plan, "").expect_err("it fails").to_string();
    assert!(error.contains("no rain today"), "{error}");
    let error = stored(&rows(1).lazy().select([col("snow")]), "").expect_err("it has none");
    assert!(error.to_string().contains("snow"), "{error}");
}

#[test]
fn a_plan_that_panics_is_an_error() {
    let panic = |_| -> Result<_, PolarsError> { panic!("out of the blue") };
    let same = |_: &polars::prelude::Schema, field: &Field| Ok(field.clone());
    let error = stored(&rows(10).lazy().select([col("rain").map(panic, same)]), "");
    assert!(error.is_err());
}

#[test]
fn two_thousand_columns_and_odd_names_are_held() {
    let names = (0..2000).map(|column| match column % 3 {
        0 => format!("select {column}"),
        1 => format!("\"{column}\" 🌧"),
        _ => format!("c{column}"),
    });
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let wide = RecordBatch::try_from_iter(names.map(|name| (name, Arc::clone(&one))));
    let wide = frame(&wide.expect("they differ"));
    let (_, source) = stored(&wide, "").expect("it is held");
    assert!(read_whole(&source).equals(&wide));
    assert!(collect(read(&source)).equals(&wide));
}
