//! Tables.

use nuthatch_core::backend::Backends;
use nuthatch_table::Parquet;
use nuthatch_table::arrow_array::RecordBatch;

use super::Cacheable;
use super::default::DeltaByDefault;

#[diagnostic::do_not_recommend]
impl Cacheable for RecordBatch {
    fn backends() -> Backends<Self> {
        &[
            &Parquet,
            #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
            &nuthatch_sql::Sql,
        ]
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

#[diagnostic::do_not_recommend]
impl Cacheable for Vec<RecordBatch> {
    fn backends() -> Backends<Self> {
        &[
            &Parquet,
            #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
            &nuthatch_sql::Sql,
        ]
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl DeltaByDefault for RecordBatch {}
impl DeltaByDefault for Vec<RecordBatch> {}
