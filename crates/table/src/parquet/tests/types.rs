//! What every backend of tables promises, of this one, which lacks no type.

use super::Parquet;
use crate::test_util::Suite;

const SUITE: Suite<Parquet> = Suite::new(Parquet, |_| false);

crate::suite_tests!(SUITE);
