//! What pandas reads of a table in SQLite, by the view that its manifest names.

use std::sync::Arc;

use arrow::array::{
    BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use nuthatch::prelude::*;
use nuthatch_tests::python_says;

use crate::database::Database;

const NOON: i64 = 1_325_419_200_000_000;

#[cache(backend = "sql")]
fn weather(_town: &str) -> nuthatch::Result<RecordBatch> {
    let towns = StringArray::from(vec![Some("Köln 🌧"), None, Some("")]);
    let columns: [(&str, arrow::array::ArrayRef); 7] = [
        ("day", Arc::new(Date32Array::from(vec![Some(15_340), None, Some(-1)]))),
        ("noon", Arc::new(TimestampMicrosecondArray::from(vec![Some(NOON), None, Some(1)]))),
        ("rain", Arc::new(Float64Array::from(vec![Some(0.1), None, Some(1e300)]))),
        ("count", Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX]))),
        ("town", Arc::new(towns)),
        ("is \"wet\"", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("select", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    Ok(RecordBatch::try_from_iter(columns).unwrap())
}

#[test]
fn pandas_reads_the_view_of_a_table_in_sqlite() {
    let database = Database::sqlite();
    weather("Köln").unwrap();
    let manifest = weather::entry("Köln").run().unwrap().unwrap();
    let program = format!(
        r#"
import sqlite3, pandas as pd
file, view = {file:?}, '{view}'
frame = pd.read_sql_query(f"SELECT * FROM {{view}}", sqlite3.connect(file), parse_dates={{"day": "ISO8601", "noon": "ISO8601"}})
expected = pd.DataFrame({{
    "day": pd.to_datetime(["2012-01-01", None, "1969-12-31"]),
    "noon": pd.to_datetime(["2012-01-01 12:00:00", None, "1970-01-01 00:00:00.000001"], format="ISO8601"),
    "rain": [0.1, None, 1e300],
    "count": [-(2**63), 0, 2**63 - 1],
    "town": ["Köln 🌧", None, ""],
    'is "wet"': [1, 0, 1],
    "select": [1, 2, 3],
}})
pd.testing.assert_frame_equal(frame, expected, check_dtype=False)
assert frame.dtypes[["rain", "count"]].astype(str).tolist() == ["float64", "int64"], frame.dtypes
print(len(frame))
"#,
        file = database.folder.path().join(".sql/tables.sqlite").to_str().unwrap(),
        view = database.named(&manifest, "view"),
    );
    assert_eq!(python_says(&program).trim(), "3");
}
