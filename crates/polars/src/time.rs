//! Frames along time: a lazy one is clipped by a filter, which reaches the files.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use nuthatch_core::civil::Civil;
use nuthatch_core::entry::Extent;
use nuthatch_core::time::TimeAxis;
use nuthatch_core::{Error, Result};
use nuthatch_table::time::{TimeColumn, TimeKind};
use polars::prelude::{
    AnyValue, BooleanChunked, Column, DataFrame, DataType as FrameType, Expr, Field, IntoColumn,
    LazyFrame, NewChunkedArray, Scalar, TimeUnit as FrameUnit, TimeZone, col, lit,
};

use crate::convert::{to_batches, to_schema};
use crate::frame::Polars;
use crate::{external, failed};

impl TimeAxis<Polars> for DataFrame {
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        let column = TimeColumn::find(to_schema(self.schema())?.as_ref(), dims)?;
        let times = self.select([column.name.as_str()]).map_err(failed)?;
        let schema = to_schema(times.schema())?;
        to_batches(&times, &schema)?.time_extent(dims)
    }

    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        let column = TimeColumn::find(to_schema(self.schema())?.as_ref(), dims)?;
        let times = self.column(&column.name).map_err(failed)?;
        let within = between(&column, times, start, end)?;
        self.filter(&within).map_err(failed)
    }
}

impl TimeAxis<Polars> for LazyFrame {
    /// Not known without executing the plan; where one column alone says when, the backend that
    /// stores the rows notes it as they pass.
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        let schema = self.clone().collect_schema().map_err(failed)?;
        TimeColumn::find(to_schema(&schema)?.as_ref(), dims).map(|_| None)
    }

    fn clip_time(
        mut self,
        dims: &[&str],
        start: Option<Civil>,
        end: Option<Civil>,
    ) -> Result<Self> {
        let schema = to_schema(self.collect_schema().map_err(failed)?.as_ref())?;
        let column = TimeColumn::find(&schema, dims)?;
        let named = col(column.name.as_str());
        let filter = match (column.bounds(start, end), &column.kind) {
            (Some(bounds), TimeKind::Counted(_)) => {
                counted(&named, schema.field(column.index).data_type(), bounds)?
            }
            _ => named.map(
                move |times| {
                    let within = between(&column, &times, start, end);
                    Ok(within.map_err(|error| external(&error))?.into_column())
                },
                |_, field| Ok(Field::new(field.name().clone(), FrameType::Boolean)),
            ),
        };
        Ok(self.filter(filter))
    }
}

/// Which rows lie between.
fn between(
    column: &TimeColumn,
    times: &Column,
    start: Option<Civil>,
    end: Option<Civil>,
) -> Result<BooleanChunked> {
    let times = DataFrame::new(times.len(), vec![times.clone()]).map_err(failed)?;
    let batches = to_batches(&times, &to_schema(times.schema())?)?;
    let mut within = Vec::with_capacity(times.height());
    for batch in batches {
        within.extend(column.between(batch.column(0), start, end)?.iter());
    }
    Ok(BooleanChunked::from_slice("within".into(), &within))
}

/// A filter on counts, as the column's own values.
fn counted(column: &Expr, data_type: &DataType, (least, greatest): (i64, i64)) -> Result<Expr> {
    let (least, greatest) = (value(data_type, least)?, value(data_type, greatest)?);
    Ok(column.clone().gt_eq(lit(least)).and(column.clone().lt_eq(lit(greatest))))
}

/// A count as a value of the column's type. Days that it cannot count lie beyond all others.
fn value(data_type: &DataType, count: i64) -> Result<Scalar> {
    let unit = match data_type {
        DataType::Date32 => {
            let far = if count < 0 { i32::MIN } else { i32::MAX };
            let day = i32::try_from(count).unwrap_or(far);
            return Ok(Scalar::new(FrameType::Date, AnyValue::Date(day)));
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => FrameUnit::Milliseconds,
        DataType::Timestamp(TimeUnit::Microsecond, _) => FrameUnit::Microseconds,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => FrameUnit::Nanoseconds,
        other => return Err(Error::other(format!("{other} counts no time in Polars"))),
    };
    let zone = match data_type {
        DataType::Timestamp(_, Some(zone)) => {
            TimeZone::opt_try_new(Some(zone.as_ref())).map_err(failed)?
        }
        _ => None,
    };
    let value = AnyValue::DatetimeOwned(count, unit, zone.clone().map(Arc::new));
    Ok(Scalar::new(FrameType::Datetime(unit, zone), value))
}
