//! What every backend of tables promises, of this one, but for the types that it refuses.

use arrow_schema::DataType;
use nuthatch_table::test_util::{Suite, contains};

use crate::Delta;

const SUITE: Suite<Delta> = Suite::new(Delta, lacks);

nuthatch_table::suite_tests!(SUITE);

/// Intervals, more than 38 digits, and nulls within others.
fn lacks(data_type: &DataType) -> bool {
    let never = |data_type: &DataType| match data_type {
        DataType::Interval(_) => true,
        DataType::Decimal256(digits, _) => *digits > 38,
        _ => false,
    };
    let is_null = |data_type: &DataType| *data_type == DataType::Null;
    contains(data_type, &never) || (!is_null(data_type) && contains(data_type, &is_null))
}
