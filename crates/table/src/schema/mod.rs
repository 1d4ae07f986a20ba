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
