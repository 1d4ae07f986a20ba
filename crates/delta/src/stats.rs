//! What the log says of a file's columns: how many values are missing, the least and the greatest.
//! Other programs leave files out by it, so what is not certain is not said.
//!
//! Floats have no extremes here: footers leave NaN out, and engines take it for the greatest of all.

use arrow_cast::cast;
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use chrono::{DateTime, Days, NaiveDate};
use nuthatch_table::arrow_array::cast::AsArray;
use nuthatch_table::arrow_array::types::Int64Type;
use nuthatch_table::arrow_array::{Array, ArrayRef};
use nuthatch_table::parquet::{Bounds, ParquetMetaData};
use serde_json::{Map, Value, json};

/// The columns that Delta's own writers look at.
const COLUMNS: usize = 32;

/// Longer texts are left out: Delta's own writers cut them, and footers do so at twice that.
const LONGEST: usize = 32;

/// As JSON. The columns of the file are read as those of `schema`.
pub(crate) fn stats(rows: u64, footer: Option<&ParquetMetaData>, schema: &SchemaRef) -> String {
    let mut said = Map::from_iter([("numRecords".to_owned(), Value::from(rows))]);
    if let Some(footer) = footer {
        let bounds = Bounds::of_groups(footer, schema);
        let (mut least, mut greatest, mut missing) = (Map::new(), Map::new(), Map::new());
        for field in schema.fields().iter().take(COLUMNS) {
            let name = field.name();
            let Some(groups) = bounds.missing(name) else { continue };
            let count: u64 = groups.iter().map(|(missing, _)| missing).sum();
            missing.insert(name.clone(), count.into());
            let all_known = |ends: &ArrayRef| {
                let mut groups = groups.iter().enumerate();
                groups.all(|(group, (missing, rows))| missing == rows || ends.is_valid(group))
            };
            let ends = bounds.least(name).zip(bounds.greatest(name));
            let ends = ends.filter(|(least, greatest)| all_known(least) && all_known(greatest));
            if let Some((one, other)) = ends.and_then(|ends| extremes(&ends.0, &ends.1)) {
                least.insert(name.clone(), one);
                greatest.insert(name.clone(), other);
            }
        }
        for (name, values) in
            [("minValues", least), ("maxValues", greatest), ("nullCount", missing)]
        {
            said.insert(name.to_owned(), Value::Object(values));
        }
    }
    Value::Object(said).to_string()
}

/// The least of the one and the greatest of the other, as Delta writes values of their type.
fn extremes(least: &ArrayRef, greatest: &ArrayRef) -> Option<(Value, Value)> {
    let data_type = least.data_type();
    if matches!(data_type, DataType::Utf8) {
        let least = least.as_string::<i32>().iter().flatten().min()?;
        let greatest = greatest.as_string::<i32>().iter().flatten().max()?;
        let is_short = least.len() <= LONGEST && greatest.len() <= LONGEST;
        return is_short.then(|| (least.into(), greatest.into()));
    }
    let shown: fn(i64) -> Option<Value> = match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            |number| Some(number.into())
        }
        DataType::Date32 => |days| Some(day(days)?.to_string().into()),
        DataType::Timestamp(TimeUnit::Microsecond, None) => |time| moment(time, ""),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => |time| moment(time, "Z"),
        _ => return None,
    };
    let counts = |ends: &ArrayRef| cast(ends, &DataType::Int64).ok();
    let (least, greatest) = (counts(least)?, counts(greatest)?);
    let least = least.as_primitive::<Int64Type>().iter().flatten().min()?;
    let greatest = greatest.as_primitive::<Int64Type>().iter().flatten().max()?;
    Some((shown(least)?, shown(greatest)?))
}

/// None before the year 0 and after 9999, of which not all readers know.
fn day(days: i64) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(0, 1, 1)?;
    let since = days.checked_add(719_528)?;
    let day = first.checked_add_days(Days::new(since.try_into().ok()?))?;
    (day <= NaiveDate::from_ymd_opt(9999, 12, 31)?).then_some(day)
}

/// A number of microseconds since 1970; none where its day is none.
fn moment(time: i64, zone: &str) -> Option<Value> {
    let moment = DateTime::from_timestamp_micros(time)?;
    day(time.div_euclid(86_400_000_000))?;
    Some(json!(format!("{}{zone}", moment.format("%Y-%m-%dT%H:%M:%S%.6f"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_written_as_delta_does() {
        let day = |days| day(days).map(|day| day.to_string());
        assert_eq!(day(15_340).as_deref(), Some("2012-01-01"));
        assert_eq!(day(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(day(-719_528).as_deref(), Some("0000-01-01"));
        assert_eq!(day(-719_529), None);
        assert_eq!(day(2_932_896).as_deref(), Some("9999-12-31"));
        assert_eq!(day(2_932_897), None);
        assert_eq!(moment(-1, "Z"), Some(json!("1969-12-31T23:59:59.999999Z")));
        let moment = |time| moment(time, "");
        assert_eq!(moment(1_325_376_000_000_001), Some(json!("2012-01-01T00:00:00.000001")));
        assert_eq!(moment(i64::MAX), None);
    }
}
