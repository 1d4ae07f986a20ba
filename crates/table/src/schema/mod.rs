//! Schemas: which types a format holds, and values brought to the types that were stored.
//!
//! | file | holds |
//! |---|---|
//! | `held` | which Arrow types Parquet holds |
//! | `retype` | an array brought to the type that was stored |
//! | `carried` | types that stand in for those that a format lacks |
//! | [`halves`] | floats of 16 bits carried in 32 |
//! | `align` | the columns of new rows brought to those of stored ones |
//! | `packed` | a schema as text for a manifest |

use std::collections::HashSet;

use arrow_schema::Schema;
use nuthatch_core::Result;

use crate::failure::column_error;

mod align;
mod carried;
pub mod halves;
mod held;
mod packed;
mod retype;

pub use align::{Aligned, align};
pub use carried::Carried;
pub(crate) use carried::{counted_as, restored};
pub(crate) use held::{check as check_held, check_values};
pub(crate) use packed::{pack, unpack};
pub(crate) use retype::{decoded_as, rows_a_small_key_numbers, schema_as, written_as};
pub use retype::{retype, with_children};

/// Refuses columns of one name, for engines whose frames tell columns apart by nothing else.
///
/// # Errors
///
/// The second of them, with what to do.
pub fn distinct_names(schema: &Schema) -> Result<()> {
    let mut names = HashSet::new();
    match schema.fields().iter().find(|field| !names.insert(field.name())) {
        None => Ok(()),
        Some(twice) => Err(column_error(
            twice.name(),
            "another column has this name, and a frame tells columns apart by nothing else; \
             rename it, or take the engine `Vec<RecordBatch>`",
        )),
    }
}
