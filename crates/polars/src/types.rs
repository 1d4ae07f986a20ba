//! The Arrow type that a column crosses as: what Polars holds, and what others become on the way.
//!
//! | Arrow | in Polars |
//! |---|---|
//! | numbers, booleans, dates, µs and ns timestamps, views of texts and bytes | the same, the same buffers |
//! | other texts and bytes | `String`, `Binary`: views of the same bytes |
//! | seconds; `Date64`, `Time32` | milliseconds; `Datetime`, `Time` |
//! | a zone that Polars does not know, such as `+02:30` | the same instants in UTC |
//! | decimals of other widths | `Decimal` of 128 bits, where all values fit |
//! | dictionaries of texts | `Categorical`, or the `Enum` that the field's metadata names |
//! | other dictionaries, runs | plain values |
//! | list views, maps | `List` |

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use nuthatch_core::{Error, Result};
use nuthatch_table::schema::with_children;
use polars::prelude::TimeZone;

/// The most digits that Polars holds.
const DIGITS: u8 = 38;

/// The field as it crosses to Polars.
///
/// # Errors
///
/// Polars holds no such values.
pub(crate) fn crossing(field: &Field) -> Result<Field> {
    if let Some(why) = not_held(field.data_type()) {
        return Err(Error::other(format!(
            "column {:?}: Polars does not hold its type {}: {why}; read it as `RecordBatch`, or \
             cast the column before it is returned",
            field.name(),
            field.data_type(),
        )));
    }
    Ok(field.clone().with_data_type(crossing_type(field.data_type())))
}

fn crossing_type(data_type: &DataType) -> DataType {
    use DataType as D;
    let changed = |field: &FieldRef| {
        FieldRef::new(field.as_ref().clone().with_data_type(crossing_type(field.data_type())))
    };
    match data_type {
        D::Timestamp(unit, zone) => {
            let zone =
                zone.as_ref().map(|zone| if is_known(zone) { zone.clone() } else { "UTC".into() });
            D::Timestamp(subsecond(*unit), zone)
        }
        D::Duration(unit) => D::Duration(subsecond(*unit)),
        D::Date64 => D::Timestamp(TimeUnit::Millisecond, None),
        D::Time32(_) | D::Time64(_) => D::Time64(TimeUnit::Nanosecond),
        D::Decimal32(digits, scale) | D::Decimal64(digits, scale) => D::Decimal128(*digits, *scale),
        D::Decimal256(digits, scale) => D::Decimal128((*digits).min(DIGITS), *scale),
        D::Dictionary(_, value) if !is_text(value) => crossing_type(value),
        D::RunEndEncoded(_, value) => crossing_type(value.data_type()),
        D::ListView(field) => D::List(changed(field)),
        D::LargeListView(field) => D::LargeList(changed(field)),
        other => with_children(other, &changed),
    }
}

fn subsecond(unit: TimeUnit) -> TimeUnit {
    match unit {
        TimeUnit::Second => TimeUnit::Millisecond,
        other => other,
    }
}

fn is_known(zone: &str) -> bool {
    zone != "*" && TimeZone::opt_try_new(Some(zone)).is_ok_and(|known| known.is_some())
}

fn is_text(value: &DataType) -> bool {
    matches!(value, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn not_held(data_type: &DataType) -> Option<&'static str> {
    use DataType as D;
    match data_type {
        D::Union(..) => Some("it has no unions"),
        D::Interval(_) => Some("it has no intervals of the calendar"),
        D::Decimal32(_, ..=-1)
        | D::Decimal64(_, ..=-1)
        | D::Decimal128(_, ..=-1)
        | D::Decimal256(_, ..=-1) => Some("it has no decimals with a negative scale"),
        D::Struct(fields) => fields.iter().find_map(|field| not_held(field.data_type())),
        D::List(field)
        | D::LargeList(field)
        | D::ListView(field)
        | D::LargeListView(field)
        | D::FixedSizeList(field, _)
        | D::Map(field, _)
        | D::RunEndEncoded(_, field) => not_held(field.data_type()),
        D::Dictionary(_, value) => not_held(value),
        _ => None,
    }
}
