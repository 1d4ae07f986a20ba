//! What a column is in a database, whatever Arrow type it has: the table of types.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Decimal256Array, Float32Array,
    Float64Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray,
    UInt64Array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Int64Type, TimeUnit};
use arrow::error::ArrowError;

use nuthatch_table::schema::halves;

/// A kind of column. Several Arrow types share one; each database has one type for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nulls alone.
    Null,
    Bool,
    Int16,
    Int32,
    Int64,
    UInt64,
    Float32,
    Float64,
    /// `precision` digits, `scale` of them after the point.
    Decimal {
        precision: u8,
        scale: i8,
        /// Held in 256 bits.
        wide: bool,
    },
    Text,
    Bytes,
    /// Days since 1970-01-01.
    Date,
    /// Nanoseconds of the day.
    Time,
    /// Microseconds since 1970, or nanoseconds.
    Timestamp {
        nanos: bool,
        /// A moment, not a reading of some clock.
        zoned: bool,
    },
}

impl Kind {
    /// The kind of an Arrow type; `None` where a database has no column for it.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        let decimal = |precision: u8, scale: i8, wide| Self::Decimal { precision, scale, wide };
        Some(match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool,
            DataType::Int8 | DataType::Int16 | DataType::UInt8 => Self::Int16,
            DataType::Int32 | DataType::UInt16 => Self::Int32,
            DataType::Int64 | DataType::UInt32 | DataType::Duration(_) => Self::Int64,
            DataType::UInt64 => Self::UInt64,
            DataType::Float16 | DataType::Float32 => Self::Float32,
            DataType::Float64 => Self::Float64,
            DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
                decimal(*p, *s, false)
            }
            DataType::Decimal256(p, s) => decimal(*p, *s, true),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::Bytes,
            DataType::Date32 => Self::Date,
            DataType::Date64 => Self::Timestamp { nanos: false, zoned: false },
            DataType::Time32(_) | DataType::Time64(_) => Self::Time,
            DataType::Timestamp(unit, zone) => {
                Self::Timestamp { nanos: *unit == TimeUnit::Nanosecond, zoned: zone.is_some() }
            }
            DataType::Dictionary(_, values) => return Self::of(values),
            DataType::RunEndEncoded(_, values) => return Self::of(values.data_type()),
            _ => return None,
        })
    }

    /// How many digits of a decimal stand after the point.
    pub(crate) fn scale(self) -> Option<i8> {
        match self {
            Self::Decimal { scale, .. } => Some(scale),
            _ => None,
        }
    }

    /// The Arrow type that its values are carried in between a table and a database.
    pub(crate) fn carrier(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int16 => DataType::Int16,
            Self::Int32 | Self::Date => DataType::Int32,
            Self::Int64 | Self::Time | Self::Timestamp { .. } => DataType::Int64,
            Self::UInt64 => DataType::UInt64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Decimal { precision, scale, wide: false } => {
                DataType::Decimal128(precision, scale)
            }
            Self::Decimal { precision, scale, wide: true } => {
                DataType::Decimal256(precision, scale)
            }
            Self::Text => DataType::LargeUtf8,
            Self::Bytes => DataType::LargeBinary,
        }
    }
}

/// The values of one column, in the carrier of their kind.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Null,
    Bool(BooleanArray),
    Int16(Int16Array),
    Int32(Int32Array),
    Int64(Int64Array),
    UInt64(UInt64Array),
    Float32(Float32Array),
    Float64(Float64Array),
    Decimal128(Decimal128Array),
    Decimal256(Decimal256Array),
    Text(LargeStringArray),
    Bytes(LargeBinaryArray),
}

impl Values {
    /// Whether that row is null.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(values) => values.is_null(row),
            Self::Int16(values) => values.is_null(row),
            Self::Int32(values) => values.is_null(row),
            Self::Int64(values) => values.is_null(row),
            Self::UInt64(values) => values.is_null(row),
            Self::Float32(values) => values.is_null(row),
            Self::Float64(values) => values.is_null(row),
            Self::Decimal128(values) => values.is_null(row),
            Self::Decimal256(values) => values.is_null(row),
            Self::Text(values) => values.is_null(row),
            Self::Bytes(values) => values.is_null(row),
        }
    }
}

/// The values of a column of a table.
///
/// # Errors
///
/// A value that does not fit its kind: a timestamp in seconds beyond what microseconds count.
pub(crate) fn carried(array: &ArrayRef, kind: Kind) -> Result<Values, ArrowError> {
    let array = &unpacked(array)?;
    Ok(match kind {
        Kind::Null => Values::Null,
        Kind::Time | Kind::Timestamp { .. } => Values::Int64(ticks(array)?),
        Kind::Date => Values::Int32(cast(array, &DataType::Int32)?.as_primitive().clone()),
        Kind::Float32 if *array.data_type() == DataType::Float16 => {
            Values::Float32(halves::widened(array.as_primitive()).as_primitive().clone())
        }
        _ => {
            let array = cast(array, &kind.carrier())?;
            match kind {
                Kind::Bool => Values::Bool(array.as_boolean().clone()),
                Kind::Int16 => Values::Int16(array.as_primitive().clone()),
                Kind::Int32 => Values::Int32(array.as_primitive().clone()),
                Kind::Int64 => Values::Int64(array.as_primitive().clone()),
                Kind::Float32 => Values::Float32(array.as_primitive().clone()),
                Kind::UInt64 => Values::UInt64(array.as_primitive().clone()),
                Kind::Float64 => Values::Float64(array.as_primitive().clone()),
                Kind::Decimal { wide: true, .. } => {
                    Values::Decimal256(array.as_primitive().clone())
                }
                Kind::Decimal { .. } => Values::Decimal128(array.as_primitive().clone()),
                Kind::Text => Values::Text(array.as_string().clone()),
                _ => Values::Bytes(array.as_binary().clone()),
            }
        }
    })
}

/// A column of a table from the values of its kind: the inverse of [`carried`].
///
/// # Errors
///
/// A value that the field's type does not hold, which this crate has not written.
pub(crate) fn restored(values: ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    restored_as(values, field.data_type())
}

fn restored_as(values: ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    match data_type {
        // The text of a dictionary comes back as one; which of equal ones it is, is not kept.
        DataType::Dictionary(_, inner) => {
            let plain = restored_as(values, inner)?;
            cast(&plain, data_type)
        }
        DataType::RunEndEncoded(_, inner) => {
            let plain = restored_as(values, inner.data_type())?;
            cast(&plain, data_type)
        }
        DataType::Float16 => Ok(halves::narrowed(values.as_primitive())),
        DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) | DataType::Timestamp(..) => {
            let counts = counts(values.as_primitive(), tick(data_type))?;
            if let DataType::Time32(_) = data_type {
                let counts = cast(&(Arc::new(counts) as ArrayRef), &DataType::Int32)?;
                return cast(&counts, data_type);
            }
            cast(&(Arc::new(counts) as ArrayRef), data_type)
        }
        _ => cast(&values, data_type),
    }
}

/// How many ticks of its carrier one unit of a type is: microseconds, or nanoseconds where the
/// type counts those, and nanoseconds of the day for times.
fn tick(data_type: &DataType) -> i64 {
    match data_type {
        DataType::Date64 => 1_000,
        DataType::Time32(TimeUnit::Second) => 1_000_000_000,
        DataType::Time32(_) => 1_000_000,
        DataType::Time64(TimeUnit::Microsecond) => 1_000,
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        _ => 1,
    }
}

/// Points in time as a count of ticks. A cast between the types would move zoned ones.
fn ticks(array: &ArrayRef) -> Result<Int64Array, ArrowError> {
    let tick = tick(array.data_type());
    let counts = cast(array, &DataType::Int64)?;
    let counts: &Int64Array = counts.as_primitive();
    if tick == 1 {
        return Ok(counts.clone());
    }
    counts.try_unary::<_, Int64Type, _>(|count| {
        let too_far = || ArrowError::ComputeError(format!("{count} counts beyond 64 bits"));
        count.checked_mul(tick).ok_or_else(too_far)
    })
}

fn counts(ticks: &Int64Array, tick: i64) -> Result<Int64Array, ArrowError> {
    ticks.try_unary::<_, Int64Type, _>(|ticks| match ticks % tick {
        0 => Ok(ticks / tick),
        _ => Err(ArrowError::ComputeError(format!("{ticks} lies between two units"))),
    })
}

/// A column whose values stand one for a row.
fn unpacked(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Dictionary(_, inner) => {
            let inner = inner.as_ref().clone();
            unpacked(&cast(array, &inner)?)
        }
        DataType::RunEndEncoded(_, inner) => {
            let inner = inner.data_type().clone();
            unpacked(&cast(array, &inner)?)
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    // A cast between integers and dates or durations keeps the bits; all else fails where a
    // value does not fit, and never makes a null of it.
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}
