//! Files and row groups of which a filter lets no row through: the filter, said of the least and
//! the greatest values of columns.

use std::collections::BTreeSet;

use arrow_array::Array;
use arrow_schema::Field;
use nuthatch_core::Result;
use nuthatch_table::parquet::Bounds;
use polars::prelude::{Column, DataFrame, Expr, IntoLazy, LiteralValue, Operator, col, lit};

use crate::convert::to_series;
use crate::failed;

/// What a filter demands of ranges.
pub(crate) struct Ranges {
    /// Over the columns of [`least`] and [`greatest`] names.
    demanded: Expr,
    columns: BTreeSet<String>,
}

fn least(column: &str) -> String {
    format!("least {column}")
}

fn greatest(column: &str) -> String {
    format!("greatest {column}")
}

impl Ranges {
    /// None where it demands nothing.
    pub(crate) fn of(filter: &Expr) -> Option<Self> {
        let mut columns = BTreeSet::new();
        let demanded = demanded(filter, &mut columns)?;
        Some(Self { demanded, columns })
    }

    /// Which files or row groups may have a row. What cannot be evaluated leaves nothing out.
    pub(crate) fn keep(&self, bounds: &Bounds<'_>) -> Vec<bool> {
        self.evaluated(bounds).unwrap_or_default()
    }

    fn evaluated(&self, bounds: &Bounds<'_>) -> Result<Vec<bool>> {
        let mut series = Vec::new();
        for column in &self.columns {
            for (name, values) in
                [(least(column), bounds.least(column)), (greatest(column), bounds.greatest(column))]
            {
                series.push(match values {
                    Some(values) => {
                        let field = Field::new(name, values.data_type().clone(), true);
                        to_series(&field, vec![values])?.into()
                    }
                    None => Column::full_null(
                        name.into(),
                        bounds.count(),
                        &polars::prelude::DataType::Null,
                    ),
                });
            }
        }
        let frame = DataFrame::new(bounds.count(), series).map_err(failed)?;
        let kept = self.demanded.clone().fill_null(lit(true)).alias("kept");
        let kept = frame.lazy().select([kept]).collect().map_err(failed)?;
        let kept = kept.column("kept").and_then(|kept| kept.bool()).map_err(failed)?;
        Ok(kept.iter().map(|kept| kept != Some(false)).collect())
    }
}

/// What must hold of a range, so that a row in it can pass; none where all can.
fn demanded(filter: &Expr, columns: &mut BTreeSet<String>) -> Option<Expr> {
    let Expr::BinaryExpr { left, op, right } = filter else { return None };
    let (operator, column, value) = match (op, left.as_ref(), right.as_ref()) {
        (Operator::And | Operator::LogicalAnd, left, right) => {
            return match (demanded(left, columns), demanded(right, columns)) {
                (Some(left), Some(right)) => Some(known(left).and(known(right))),
                (one, other) => one.or(other),
            };
        }
        (Operator::Or | Operator::LogicalOr, left, right) => {
            let (left, right) = (demanded(left, columns)?, demanded(right, columns)?);
            return Some(known(left).or(known(right)));
        }
        (operator, Expr::Column(column), value) if is_one(value) => (*operator, column, value),
        (operator, value, Expr::Column(column)) if is_one(value) => {
            (mirrored(*operator)?, column, value)
        }
        _ => return None,
    };
    let (least, greatest) = (col(least(column)), col(greatest(column)));
    let value = || value.clone();
    let demanded = match operator {
        Operator::Gt => greatest.gt(value()),
        Operator::GtEq => greatest.gt_eq(value()),
        Operator::Lt => least.lt(value()),
        Operator::LtEq => least.lt_eq(value()),
        Operator::Eq => known(least.lt_eq(value())).and(known(greatest.gt_eq(value()))),
        _ => return None,
    };
    columns.insert(column.to_string());
    Some(demanded)
}

/// What is not known rules nothing out.
fn known(demanded: Expr) -> Expr {
    demanded.fill_null(lit(true))
}

/// A literal that is one value.
fn is_one(value: &Expr) -> bool {
    matches!(value, Expr::Literal(LiteralValue::Scalar(_) | LiteralValue::Dyn(_)))
}

fn mirrored(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Gt => Operator::Lt,
        Operator::GtEq => Operator::LtEq,
        Operator::Lt => Operator::Gt,
        Operator::LtEq => Operator::GtEq,
        Operator::Eq => Operator::Eq,
        _ => return None,
    })
}
