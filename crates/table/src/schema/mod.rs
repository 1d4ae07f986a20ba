//! Schemas: which types a format holds, and values brought to the types that were stored.
//!
//! | file | holds |
//! |---|---|
//! | `held` | which Arrow types Parquet holds |
//! | `retype` | an array brought to the type that was stored |
//! | `align` | the columns of new rows brought to those of stored ones |
//! | `packed` | a schema as text for a manifest |

mod align;
mod held;
mod packed;
mod retype;

pub use align::{Aligned, align};
pub(crate) use held::{check as check_held, check_values};
pub(crate) use packed::{pack, unpack};
pub(crate) use retype::{decoded_as, rows_a_small_key_numbers, schema_as, written_as};
pub use retype::{retype, with_children};
