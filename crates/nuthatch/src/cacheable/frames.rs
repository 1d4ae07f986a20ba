//! Frames.

use nuthatch_core::backend::Backends;
use nuthatch_datafusion::Frames;
use nuthatch_datafusion::datafusion::dataframe::DataFrame;
use nuthatch_table::Parquet;

use super::Cacheable;

#[diagnostic::do_not_recommend]
impl Cacheable for DataFrame {
    fn backends() -> Backends<Self> {
        &[
            &Frames(Parquet),
            #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
            &Frames(nuthatch_sql::Sql),
        ]
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}
