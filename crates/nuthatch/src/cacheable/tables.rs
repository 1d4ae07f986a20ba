//! Tables: Arrow's, and the frames of engines. What the default of each is, is said here alone.

use nuthatch_core::backend::Backends;
#[cfg(any(feature = "datafusion", feature = "polars"))]
use nuthatch_table::Of;
use nuthatch_table::Parquet;
use nuthatch_table::arrow_array::RecordBatch;

use super::Cacheable;
#[cfg(not(feature = "delta"))]
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

/// The tabular backends, the default first.
macro_rules! backends {
    (eager $(, $engine:ty)?) => {
        &[
            #[cfg(feature = "delta")]
            &tabular!(nuthatch_delta::Delta $(, $engine)?),
            &tabular!(Parquet $(, $engine)?),
            #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
            &tabular!(nuthatch_sql::Sql $(, $engine)?),
        ]
    };
    (lazy $(, $engine:ty)?) => {
        &[
            &tabular!(Parquet $(, $engine)?),
            #[cfg(feature = "delta")]
            &tabular!(nuthatch_delta::Delta $(, $engine)?),
            #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
            &tabular!(nuthatch_sql::Sql $(, $engine)?),
        ]
    };
}

/// Types that every tabular backend holds: tables in memory by default in `delta`, plans in
/// `parquet`.
macro_rules! tables {
    ($($kind:ident $table:ty $(, of $engine:ty)?;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Cacheable for $table {
            fn backends() -> Backends<Self> {
                const { backends!($kind $(, $engine)?) }
            }

            fn duplicate(&self) -> Option<Self> {
                Some(self.clone())
            }
        }
    )*};
}

tables! {
    eager RecordBatch;
    eager Vec<RecordBatch>;
}

#[cfg(feature = "datafusion")]
tables! {
    lazy nuthatch_datafusion::datafusion::dataframe::DataFrame, of nuthatch_datafusion::DataFusion;
}

#[cfg(feature = "polars")]
tables! {
    eager nuthatch_polars::polars::prelude::DataFrame, of nuthatch_polars::Polars;
    lazy nuthatch_polars::polars::prelude::LazyFrame, of nuthatch_polars::Polars;
}

#[cfg(all(feature = "polars", not(feature = "delta")))]
impl DeltaByDefault for nuthatch_polars::polars::prelude::DataFrame {}
#[cfg(not(feature = "delta"))]
impl DeltaByDefault for RecordBatch {}
#[cfg(not(feature = "delta"))]
impl DeltaByDefault for Vec<RecordBatch> {}
