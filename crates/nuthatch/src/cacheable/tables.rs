//! Tables: Arrow's, and the frames of engines. What the default of each is, is said here alone.

use nuthatch_core::backend::Backends;
#[cfg(any(feature = "datafusion", feature = "polars"))]
use nuthatch_table::Of;
use nuthatch_table::Parquet;
use nuthatch_table::arrow_array::RecordBatch;

use super::Cacheable;
use super::default::DeltaByDefault;

/// A tabular backend for Arrow's own types, or for those of an engine.
macro_rules! tabular {
    ($backend:expr) => {
        $backend
    };
    ($backend:expr, $engine:ty) => {
        Of::<_, $engine>::new($backend)
    };
}

/// A type that every tabular backend holds, the first by default.
macro_rules! tables {
    ($($table:ty $(, of $engine:ty)?;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Cacheable for $table {
            fn backends() -> Backends<Self> {
                const {
                    &[
                        &tabular!(Parquet $(, $engine)?),
                        #[cfg(any(
                            feature = "sql-sqlite",
                            feature = "sql-postgres",
                            feature = "sql-mysql"
                        ))]
                        &tabular!(nuthatch_sql::Sql $(, $engine)?),
                    ]
                }
            }

            fn duplicate(&self) -> Option<Self> {
                Some(self.clone())
            }
        }
    )*};
}

tables! {
    RecordBatch;
    Vec<RecordBatch>;
}

#[cfg(feature = "datafusion")]
tables! {
    nuthatch_datafusion::datafusion::dataframe::DataFrame, of nuthatch_datafusion::DataFusion;
}

#[cfg(feature = "polars")]
tables! {
    nuthatch_polars::polars::prelude::DataFrame, of nuthatch_polars::Polars;
    nuthatch_polars::polars::prelude::LazyFrame, of nuthatch_polars::Polars;
}

impl DeltaByDefault for RecordBatch {}
impl DeltaByDefault for Vec<RecordBatch> {}
