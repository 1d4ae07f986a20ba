//! Which Arrow types Parquet holds: those that come back as they were.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, IntervalUnit, Schema};
use nuthatch_core::Result;

use crate::failure::column_error;

/// Refuses a schema with a type that Parquet does not hold, and names the column.
pub(crate) fn check(schema: &Schema) -> Result<()> {
    for field in schema.fields() {
        if let Some(why) = not_held(field.data_type()) {
            return Err(column_error(
                field.name(),
                &format!(
                    "Parquet does not hold its type {}: {why}; cast the column before it is \
                     returned",
                    field.data_type()
                ),
            ));
        }
    }
    Ok(())
}

/// Refuses values that their own type does not allow and that Parquet would cut.
pub(crate) fn check_values(batch: &RecordBatch) -> Result<()> {
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        check_decimals(field, column.as_ref())?;
    }
    Ok(())
}

fn check_decimals(field: &Field, column: &dyn Array) -> Result<()> {
    let checked = match column.data_type() {
        DataType::Decimal32(precision, _) => {
            column.as_primitive::<Decimal32Type>().validate_decimal_precision(*precision)
        }
        DataType::Decimal64(precision, _) => {
            column.as_primitive::<Decimal64Type>().validate_decimal_precision(*precision)
        }
        DataType::Decimal128(precision, _) => {
            column.as_primitive::<Decimal128Type>().validate_decimal_precision(*precision)
        }
        DataType::Decimal256(precision, _) => {
            column.as_primitive::<Decimal256Type>().validate_decimal_precision(*precision)
        }
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            return check_decimals(field, dictionary.values().as_ref());
        }
        DataType::RunEndEncoded(..) => return Ok(()),
        _ => {
            let data = column.to_data();
            for child in data.child_data().iter().filter(|child| has_decimals(child.data_type())) {
                check_decimals(field, arrow_array::make_array(child.clone()).as_ref())?;
            }
            return Ok(());
        }
    };
    checked.map_err(|error| column_error(field.name(), &error.to_string()))
}

fn has_decimals(data_type: &DataType) -> bool {
    data_type.is_decimal() || data_type.is_nested()
}

/// Why Parquet does not hold a type.
fn not_held(data_type: &DataType) -> Option<&'static str> {
    use DataType as D;
    match data_type {
        D::Union(..) => Some("it has no unions"),
        D::Timestamp(_, Some(zone)) if zone.is_empty() => {
            Some("an empty text is no zone, and comes back as none")
        }
        D::Interval(IntervalUnit::MonthDayNano) => {
            Some("its intervals have milliseconds, and these have nanoseconds")
        }
        D::Struct(fields) if fields.is_empty() => Some("it has no structs without fields"),
        D::Struct(fields) => fields.iter().find_map(|field| not_held(field.data_type())),
        D::FixedSizeBinary(..=0) => Some("it has no values of zero bytes"),
        D::FixedSizeList(_, ..=0) => Some("it has no lists of zero elements each"),
        D::Decimal32(_, ..=-1)
        | D::Decimal64(_, ..=-1)
        | D::Decimal128(_, ..=-1)
        | D::Decimal256(_, ..=-1) => Some("it has no decimals with a negative scale"),
        D::List(field)
        | D::LargeList(field)
        | D::ListView(field)
        | D::LargeListView(field)
        | D::FixedSizeList(field, _) => in_list(field),
        D::Map(field, _) => match field.data_type() {
            D::Struct(entries) if entries.len() == 2 => in_list(field),
            _ => Some("its entries are no keys and values"),
        },
        D::Dictionary(_, value) => in_dictionary(value),
        D::RunEndEncoded(_, value) if value.data_type().is_nested() => {
            Some("runs of nested values come back as nested values")
        }
        D::RunEndEncoded(_, value) => in_dictionary(value.data_type()),
        _ => None,
    }
}

/// Runs, and dictionaries of small keys, are restored where they are columns of their own.
fn in_list(field: &Field) -> Option<&'static str> {
    match field.data_type() {
        DataType::RunEndEncoded(..) => Some("runs within lists come back as plain values"),
        other => not_held(other),
    }
}

fn in_dictionary(value: &DataType) -> Option<&'static str> {
    use DataType as D;
    match value {
        D::Dictionary(..) | D::RunEndEncoded(..) => Some("it has one dictionary a column"),
        value if value.is_nested() => Some("it has no dictionaries of nested values"),
        D::Boolean | D::Null | D::Interval(_) => Some("it has no dictionaries of such values"),
        value => not_held(value),
    }
}
