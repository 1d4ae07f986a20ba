//! A range of time, as a condition that the database checks.

use arrow::datatypes::Schema;
use chrono::{Days, NaiveDate};
use nuthatch_core::civil::Civil;
use nuthatch_core::time::TimeRange;
use nuthatch_table::time::TimeColumn;

use crate::dialect::Dialect;
use crate::frame::Column;
use crate::kind::Kind;

/// The years that every database has.
const YEARS: std::ops::RangeInclusive<i32> = 1_001..=9_998;

/// What holds for all rows within, and for few others: whole days, and some days on either side, for
/// a database may show a time that is finer than its own as its neighbour, and a calendar may have a
/// day that its month has not. `None` where the database cannot tell, so that all rows are read.
pub(crate) fn condition(
    schema: &Schema,
    columns: &[Column],
    dialect: Dialect,
    range: &TimeRange,
) -> Option<String> {
    let dims: Vec<&str> = range.dims.iter().map(String::as_str).collect();
    // Whoever clips the table will say what is wrong with the column.
    let time = TimeColumn::find(schema, &dims).ok()?;
    let column = columns.get(time.index)?;
    // In PostgreSQL times with a zone are compared in that of the session, unless it is said.
    let zone = match (column.kind, dialect) {
        (Kind::Timestamp { .. }, Dialect::Postgres) => " 00:00:00+00",
        (Kind::Timestamp { .. } | Kind::Date, _) => "",
        _ => return None,
    };
    let name = dialect.quoted(&column.name);
    let day = |civil: Civil| {
        let month =
            NaiveDate::from_ymd_opt(civil.year, civil.month.into(), civil.day.min(28).into());
        month.filter(|_| YEARS.contains(&civil.year))
    };
    let start = range.start.and_then(day).and_then(|day| day.checked_sub_days(Days::new(1)));
    let end = range.end.and_then(day).and_then(|day| day.checked_add_days(Days::new(5)));
    let start = start.map(|start| format!("{name} >= '{start}{zone}'"));
    let end = end.map(|end| format!("{name} < '{end}{zone}'"));
    let both: Vec<String> = start.into_iter().chain(end).collect();
    (!both.is_empty()).then(|| both.join(" AND "))
}
