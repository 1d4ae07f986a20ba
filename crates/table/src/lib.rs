//! Tables for nuthatch: what its tabular backends share, and the backend `parquet`.
//!
//! Programs depend on the crate `nuthatch` and its feature `parquet`. This crate is for those who
//! write a table engine (a Rust type that holds a table) or a tabular backend.
//!
//! | room | holds |
//! |---|---|
//! | [`table`] | [`Table`]: a Rust type that holds a table; [`Scan`]: a stored table, to be read |
//! | [`foreign`] | [`Foreign`]: a table type of another crate; [`Of`]: backends for such |
//! | `arrow` | `RecordBatch` and `Vec<RecordBatch>` as tables |
//! | `held` | rows in memory, read as a stored table is |
//! | `schema` | which types a format holds, types restored, columns aligned |
//! | [`time`] | the column that says when, for `#[timeseries]` |
//! | [`mod@parquet`] | the backend [`Parquet`] |
//! | `parallel` | work over columns, on all cores |
//! | [`failure`] | the errors |
//! | `test_util` | the suite that every backend of tables runs |

mod arrow;
pub mod failure;
pub mod foreign;
mod held;
mod parallel;
pub mod parquet;
pub mod schema;
pub mod table;
#[cfg(any(test, feature = "test-util"))]
pub mod test_util;
pub mod time;

pub use arrow_array;
pub use arrow_schema;

pub use crate::foreign::{Foreign, Of};
pub use crate::parquet::Parquet;
pub use crate::table::{Rows, Scan, Table};
