//! Frames along time: clipped by a filter, which reaches the files.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::BooleanArray;
use arrow_schema::{DataType, TimeUnit};
use datafusion::common::{Column, Result as DataFusionResult, ScalarValue};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use nuthatch_core::Result;
use nuthatch_core::civil::Civil;
use nuthatch_core::entry::Extent;
use nuthatch_core::time::TimeAxis;
use nuthatch_table::time::{TimeColumn, TimeKind};

use crate::{DataFusion, external, failed};

impl TimeAxis<DataFusion> for DataFrame {
    /// Not known without executing the plan; where one column alone says when, the backend that
    /// stores the rows notes it as they pass.
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        TimeColumn::find(self.schema().as_arrow(), dims).map(|_| None)
    }

    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        let column = TimeColumn::find(self.schema().as_arrow(), dims)?;
        let (qualifier, field) = self.schema().qualified_field(column.index);
        let named = Expr::Column(Column::from((qualifier, field)));
        let filter = match (column.bounds(start, end), &column.kind) {
            (Some(bounds), TimeKind::Counted(_)) => between(named, field.data_type(), bounds),
            _ => ScalarUDF::new_from_impl(Between::new(column, start, end)).call(vec![named]),
        };
        self.filter(filter).map_err(failed)
    }
}

fn between(column: Expr, data_type: &DataType, (least, greatest): (i64, i64)) -> Expr {
    match (value(data_type, least, i32::MIN), value(data_type, greatest, i32::MAX)) {
        (Some(least), Some(greatest)) => {
            column.clone().gt_eq(lit(least)).and(column.lt_eq(lit(greatest)))
        }
        // An end that no day can be.
        _ => lit(false),
    }
}

/// A count as a value of a column's type; where days cannot count it, the end that is open.
fn value(data_type: &DataType, count: i64, open: i32) -> Option<ScalarValue> {
    Some(match data_type {
        DataType::Date32 => {
            let beyond =
                (open < 0 && count < i64::from(open)) || (open > 0 && count > i64::from(open));
            let day = if beyond { Some(open) } else { i32::try_from(count).ok() };
            ScalarValue::Date32(Some(day?))
        }
        DataType::Date64 => ScalarValue::Date64(Some(count)),
        DataType::Timestamp(TimeUnit::Second, zone) => {
            ScalarValue::TimestampSecond(Some(count), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            ScalarValue::TimestampMillisecond(Some(count), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            ScalarValue::TimestampMicrosecond(Some(count), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            ScalarValue::TimestampNanosecond(Some(count), zone.clone())
        }
        _ => return None,
    })
}

/// Whether a text in ISO form lies between two points in time.
#[derive(Debug, PartialEq, Eq)]
struct Between {
    column: TimeColumn,
    start: Option<Civil>,
    end: Option<Civil>,
    signature: Signature,
}

impl Between {
    fn new(column: TimeColumn, start: Option<Civil>, end: Option<Civil>) -> Self {
        Self { column, start, end, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl Hash for Between {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.name.hash(state);
    }
}

impl ScalarUDFImpl for Between {
    fn name(&self) -> &'static str {
        "nuthatch_between"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(texts) = arrays.first() else {
            return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(None)));
        };
        let within = self.column.between(texts, self.start, self.end).map_err(external)?;
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(within, None))))
    }
}
