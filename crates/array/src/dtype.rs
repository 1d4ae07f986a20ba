//! The types of an array's elements.

use std::fmt;

use crate::calendar::Calendar;

/// What the elements of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DType {
    /// True or false.
    Bool,
    /// 8-bit signed integers.
    I8,
    /// 16-bit signed integers.
    I16,
    /// 32-bit signed integers.
    I32,
    /// 64-bit signed integers.
    I64,
    /// 8-bit unsigned integers.
    U8,
    /// 16-bit unsigned integers.
    U16,
    /// 32-bit unsigned integers.
    U32,
    /// 64-bit unsigned integers.
    U64,
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
    /// Text.
    String,
    /// Points in time: a count of units since 1970-01-01 in the calendar; the least integer is
    /// "not a time".
    Datetime {
        /// What is counted.
        unit: TimeUnit,
        /// The calendar that the days belong to.
        calendar: Calendar,
    },
    /// Spans of time: a count of units; the least integer is "not a time".
    Timedelta {
        /// What is counted.
        unit: TimeUnit,
    },
}

impl DType {
    /// The size of an element in bytes; text counts as 16.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Datetime { .. } | Self::Timedelta { .. } => 8,
            Self::String => 16,
        }
    }

    /// Whether the elements are integers or floats.
    #[must_use]
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Bool | Self::String | Self::Datetime { .. } | Self::Timedelta { .. })
    }

    /// Whether the elements are floats.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

impl fmt::Display for DType {
    /// As numpy names the type: `float32`, `datetime64[ns]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::String => "string",
            Self::Datetime { unit, calendar: Calendar::ProlepticGregorian } => {
                return write!(f, "datetime64[{unit}]");
            }
            Self::Datetime { unit, calendar } => return write!(f, "{calendar}[{unit}]"),
            Self::Timedelta { unit } => return write!(f, "timedelta64[{unit}]"),
        })
    }
}

/// What a count of time counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// 10⁻³ seconds.
    Millisecond,
    /// 10⁻⁶ seconds.
    Microsecond,
    /// 10⁻⁹ seconds.
    Nanosecond,
}

impl TimeUnit {
    /// From the coarsest to the finest.
    pub const ALL: [Self; 4] =
        [Self::Second, Self::Millisecond, Self::Microsecond, Self::Nanosecond];

    /// How many of this unit a second has.
    #[must_use]
    pub fn per_second(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Millisecond => 1_000,
            Self::Microsecond => 1_000_000,
            Self::Nanosecond => 1_000_000_000,
        }
    }

    /// How many nanoseconds the unit has.
    #[must_use]
    pub fn nanoseconds(self) -> i64 {
        1_000_000_000 / self.per_second()
    }
}

impl fmt::Display for TimeUnit {
    /// As numpy names the unit: `s`, `ms`, `us`, `ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Second => "s",
            Self::Millisecond => "ms",
            Self::Microsecond => "us",
            Self::Nanosecond => "ns",
        })
    }
}
