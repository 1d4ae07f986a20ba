//! Values on their way out of a database, gathered into columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Builder, Decimal256Builder, Float32Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, LargeBinaryBuilder, LargeStringBuilder, NullArray,
    UInt64Builder,
};

use crate::kind::Kind;

/// The values of one column so far, in the carrier of its kind.
#[derive(Debug)]
pub(crate) enum Builder {
    Null(usize),
    Bool(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt64(UInt64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal128(Decimal128Builder),
    Decimal256(Decimal256Builder),
    Text(LargeStringBuilder),
    Bytes(LargeBinaryBuilder),
}

impl Builder {
    /// A column of that kind, with no values yet.
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Null => Self::Null(0),
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::Int16 => Self::Int16(Int16Builder::new()),
            Kind::Int32 | Kind::Date => Self::Int32(Int32Builder::new()),
            Kind::Int64 | Kind::Time | Kind::Timestamp { .. } => Self::Int64(Int64Builder::new()),
            Kind::UInt64 => Self::UInt64(UInt64Builder::new()),
            Kind::Float32 => Self::Float32(Float32Builder::new()),
            Kind::Float64 => Self::Float64(Float64Builder::new()),
            Kind::Decimal { wide: false, .. } => {
                Self::Decimal128(Decimal128Builder::new().with_data_type(kind.carrier()))
            }
            Kind::Decimal { .. } => {
                Self::Decimal256(Decimal256Builder::new().with_data_type(kind.carrier()))
            }
            Kind::Text => Self::Text(LargeStringBuilder::new()),
            Kind::Bytes => Self::Bytes(LargeBinaryBuilder::new()),
        }
    }

    pub(crate) fn append_null(&mut self) {
        match self {
            Self::Null(count) => *count += 1,
            Self::Bool(values) => values.append_null(),
            Self::Int16(values) => values.append_null(),
            Self::Int32(values) => values.append_null(),
            Self::Int64(values) => values.append_null(),
            Self::UInt64(values) => values.append_null(),
            Self::Float32(values) => values.append_null(),
            Self::Float64(values) => values.append_null(),
            Self::Decimal128(values) => values.append_null(),
            Self::Decimal256(values) => values.append_null(),
            Self::Text(values) => values.append_null(),
            Self::Bytes(values) => values.append_null(),
        }
    }

    /// The values so far; the next ones begin anew.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Null(count) => Arc::new(NullArray::new(std::mem::take(count))),
            Self::Bool(values) => Arc::new(values.finish()),
            Self::Int16(values) => Arc::new(values.finish()),
            Self::Int32(values) => Arc::new(values.finish()),
            Self::Int64(values) => Arc::new(values.finish()),
            Self::UInt64(values) => Arc::new(values.finish()),
            Self::Float32(values) => Arc::new(values.finish()),
            Self::Float64(values) => Arc::new(values.finish()),
            Self::Decimal128(values) => Arc::new(values.finish()),
            Self::Decimal256(values) => Arc::new(values.finish()),
            Self::Text(values) => Arc::new(values.finish()),
            Self::Bytes(values) => Arc::new(values.finish()),
        }
    }
}
