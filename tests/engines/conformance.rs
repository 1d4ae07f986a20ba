//! The suite that every backend runs, of the frames of DataFusion and Polars, over each tabular
//! backend that the face ties them to.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use nuthatch::Cacheable;
use nuthatch::backend::conformance::Suite;
use nuthatch::backend::{Backend, block_on};
use nuthatch::table::datafusion::prelude::DataFrame as Plan;
use nuthatch::table::polars::prelude::{Column, DataFrame, IntoLazy, LazyFrame, NamedFrom, Series};
use nuthatch::table::session;
use nuthatch_core::runtime::within;

/// What a table holds, row by row.
type Rows = Vec<(i64, f64, String)>;

fn rows(numbers: std::ops::Range<i64>) -> Rows {
    numbers.map(|n| (n, n as f64 / 7.0, format!("station {}", n % 3))).collect()
}

fn batch(rows: &Rows) -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("number", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)))),
        ("rain", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.1)))),
        ("station", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.2)))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn plan(rows: Rows) -> Plan {
    session().read_batch(batch(&rows)).unwrap()
}

fn eager(rows: Rows) -> DataFrame {
    let columns: [Column; 3] = [
        Series::new("number".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()).into(),
        Series::new("rain".into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()).into(),
        Series::new("station".into(), rows.iter().map(|row| row.2.as_str()).collect::<Vec<_>>())
            .into(),
    ];
    DataFrame::new(rows.len(), columns.into()).unwrap()
}

fn lazy(rows: Rows) -> LazyFrame {
    eager(rows).lazy()
}

/// The rows of a plan; none where it cannot be executed.
fn of_plan(plan: &Plan) -> Option<Rows> {
    let schema = Arc::clone(plan.schema().inner());
    let batches = block_on(within(plan.clone().collect())).ok()?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    let whole = concat_batches(&schema, &batches).unwrap();
    let numbers = whole.column(0).as_primitive::<Int64Type>().values();
    let rain = whole.column(1).as_primitive::<Float64Type>().values();
    let stations = cast(whole.column(2), &DataType::Utf8).unwrap();
    let stations = stations.as_string::<i32>();
    let row = |at: usize| (numbers[at], rain[at], stations.value(at).to_owned());
    Some((0..whole.num_rows()).map(row).collect())
}

fn of_eager(frame: &DataFrame) -> Option<Rows> {
    let numbers = frame.column("number").unwrap().i64().unwrap().into_no_null_iter();
    let rain = frame.column("rain").unwrap().f64().unwrap().into_no_null_iter();
    let stations = frame.column("station").unwrap().str().unwrap().iter().flatten();
    let rows = numbers.zip(rain).zip(stations);
    Some(rows.map(|((number, rain), station)| (number, rain, station.to_owned())).collect())
}

fn of_lazy(frame: &LazyFrame) -> Option<Rows> {
    of_eager(&frame.clone().collect().ok()?)
}

/// Runs the suite over the backend of that name.
fn behave<T: Cacheable>(
    name: &str,
    frame: fn(Rows) -> T,
    rows_of: fn(&T) -> Option<Rows>,
    is_lazy: bool,
) {
    let backend: &dyn Backend<T> =
        *T::backends().iter().find(|backend| backend.name() == name).unwrap();
    // The order of rows is not promised after a merge.
    let sorted = |value: &T| {
        let mut rows = rows_of(value)?;
        rows.sort_by_key(|row| row.0);
        Some(rows)
    };
    let values = || {
        let same = |one: &T, other: &T| {
            rows_of(one).zip(rows_of(other)).is_some_and(|(one, other)| one == other)
        };
        Suite::new(backend, same).value(frame(rows(0..0))).value(frame(rows(0..300)))
    };
    let merges = || {
        let same = |one: &T, other: &T| sorted(one).zip(sorted(other)).is_some_and(|(a, b)| a == b);
        let (stored, new) = (frame(rows(0..30)), frame(rows(20..40)));
        let suite = Suite::new(backend, same).value(frame(rows(0..3)));
        suite.upsert(&["number"], stored, new, frame(rows(0..40)))
    };
    for suite in [values(), merges()] {
        let folder = tempfile::tempdir().unwrap();
        let suite = if is_lazy { suite.lazy() } else { suite };
        let suite = match name {
            // The suite's locations have no folder that SQLite's file could lie in.
            "sql" => {
                let mut options = toml::Table::new();
                let file = folder.path().join("suite.sqlite");
                options.insert("driver".to_owned(), "sqlite".into());
                options.insert("database".to_owned(), file.to_str().unwrap().into());
                let said =
                    |path: &object_store::path::Path| path.filename() == Some("elsewhere.json");
                suite.options(options).elsewhere().unread(said)
            }
            _ => suite,
        };
        block_on(within(suite.run()));
    }
}

macro_rules! over {
    ($($backend:ident),*) => {$(
        mod $backend {
            #[test]
            fn plans_of_datafusion_behave_as_every_backend_does() {
                super::behave(stringify!($backend), super::plan, super::of_plan, true);
            }

            #[test]
            fn frames_of_polars_behave_as_every_backend_does() {
                super::behave(stringify!($backend), super::eager, super::of_eager, false);
            }

            #[test]
            fn lazy_frames_of_polars_behave_as_every_backend_does() {
                super::behave(stringify!($backend), super::lazy, super::of_lazy, true);
            }
        }
    )*};
}

over!(parquet, delta, sql);
