//! What every backend of tables promises, as tests that each of them runs: a [`Suite`] over a
//! backend, and [`suite_tests!`](crate::suite_tests), which makes tests of it.
//!
//! | file | holds |
//! |---|---|
//! | `types` | every Arrow type comes back |
//! | `odd` | so do tables that are not like others |
//! | `rows` | rows that tests of engines store |

mod odd;
mod rows;
mod types;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use nuthatch_core::Result;
use nuthatch_core::backend::conformance::{source, target};
use nuthatch_core::backend::{Backend, Source};
use nuthatch_core::runtime::block_on;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;

pub use self::rows::{Moments, every_six_hours, mixed, ranges};

/// A backend of Arrow's tables.
pub trait Tabular: Backend<RecordBatch> + Backend<Vec<RecordBatch>> {}

impl<B: Backend<RecordBatch> + Backend<Vec<RecordBatch>>> Tabular for B {}

/// The tests of a backend. Each panics where a promise is not kept.
#[derive(Debug, Clone, Copy)]
pub struct Suite<B> {
    backend: B,
    lacks: fn(&DataType) -> bool,
}

impl<B: Tabular> Suite<B> {
    /// Of a backend that refuses some types.
    pub const fn new(backend: B, lacks: fn(&DataType) -> bool) -> Self {
        Self { backend, lacks }
    }

    fn lacks(&self, data_type: &DataType) -> bool {
        (self.lacks)(data_type)
    }

    /// Writes a table with options in TOML, and gives what describes it.
    fn stored<T: 'static>(
        &self,
        store: &Arc<dyn ObjectStore>,
        value: &T,
        options: &str,
    ) -> Result<Source>
    where
        B: Backend<T>,
    {
        let options = options.parse().expect("the options are TOML");
        let target = target(store, &Path::from("data/aa/key/generation"), options);
        let written = block_on(self.backend.write(value, &target))?;
        Ok(source::<T>(&self.backend, &target, written))
    }

    fn read<T: 'static>(&self, source: &Source) -> Result<T>
    where
        B: Backend<T>,
    {
        block_on(self.backend.read(source))
    }

    fn round_trip<T: 'static>(&self, value: &T, options: &str) -> Result<T>
    where
        B: Backend<T>,
    {
        self.read(&self.stored(&memory(), value, options)?)
    }
}

/// Whether a type, or one within it, is such.
pub fn contains(data_type: &DataType, is_such: &dyn Fn(&DataType) -> bool) -> bool {
    let within = |data_type: &DataType| contains(data_type, is_such);
    is_such(data_type)
        || match data_type {
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::FixedSizeList(field, _)
            | DataType::Map(field, _) => within(field.data_type()),
            DataType::Struct(fields) => fields.iter().any(|field| within(field.data_type())),
            DataType::Dictionary(_, value) => within(value),
            _ => false,
        }
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// Makes a test of each promise, over the suite that is given.
#[macro_export]
macro_rules! suite_tests {
    ($suite:expr) => {
        $crate::suite_tests! { $suite;
            numbers_of_every_width_come_back: numbers;
            every_float_comes_back_with_its_bits: bits_of_floats;
            times_of_every_unit_and_zone_come_back: times;
            texts_and_bytes_come_back: texts;
            dictionaries_and_runs_come_back: dictionaries;
            keys_of_eight_bits_number_the_values_of_each_batch: narrow_keys;
            nested_values_come_back: nested;
            structs_come_back_with_the_metadata_of_their_fields: structs;
            every_type_comes_back_from_within_every_other: within;
            tables_without_rows_come_back_with_their_schema: without_rows;
            tables_without_columns_come_back_with_their_rows: without_columns;
            two_thousand_columns_come_back_in_few_requests: many_columns;
            batches_come_back_as_they_were: batches;
            batches_of_several_schemas_are_refused: mixed_schemas;
            a_slice_is_stored_without_what_its_buffers_hold_beside_it: slices;
        }
    };
    ($suite:expr; $($test:ident: $promise:ident;)*) => {$(
        #[test]
        fn $test() {
            $suite.$promise();
        }
    )*};
}
