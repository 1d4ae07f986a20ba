//! Tables that are not like others.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema};
use nuthatch_core::backend::Source;
use nuthatch_core::store::Counting;

use super::{Suite, Tabular, memory, mixed};

impl<B: Tabular> Suite<B> {
    /// Tables without rows, with their schema; batches without rows among others; no batches.
    pub fn without_rows(&self) {
        let empty = mixed(0);
        assert_eq!(self.round_trip(&empty, "").expect("it comes back"), empty);
        let read: RecordBatch =
            self.round_trip(&empty, "partition_by = 'station'").expect("it comes back");
        assert_eq!(read, empty);
        let several = vec![mixed(0), mixed(3), mixed(0)];
        assert_eq!(self.round_trip(&several, "").expect("they come back"), several);
        let none: Vec<RecordBatch> = Vec::new();
        assert_eq!(self.round_trip(&none, "").expect("nothing comes back"), none);
    }

    /// Tables without columns, with their rows.
    pub fn without_columns(&self) {
        let schema = Schema::new_with_metadata(
            Vec::<Field>::new(),
            HashMap::from([("a".to_owned(), "b".to_owned())]),
        );
        let rows = |rows| {
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            RecordBatch::try_new_with_options(Arc::new(schema.clone()), vec![], &options)
                .expect("rows")
        };
        for count in [0, 7] {
            assert_eq!(self.round_trip(&rows(count), "").expect("it comes back"), rows(count));
        }
        let several = vec![rows(3), rows(0), rows(4)];
        let source = self.stored(&memory(), &several, "").expect("it is held");
        assert_eq!(self.read::<Vec<RecordBatch>>(&source).expect("they come back"), several);
        assert_eq!(self.read::<RecordBatch>(&source).expect("it comes back"), rows(7));
    }

    /// Two thousand columns, in few requests.
    pub fn many_columns(&self) {
        let columns = (0..2000).map(|column| {
            let values = Int32Array::from_iter_values((0..50).map(|row| row * column));
            (format!("column {column}"), Arc::new(values) as ArrayRef)
        });
        let batch = RecordBatch::try_from_iter(columns).expect("columns");
        let source = self.stored(&memory(), &batch, "").expect("it is held");
        let counting = Counting::new(Arc::clone(&source.store));
        let source = Source { store: Arc::new(counting.clone()), ..source };
        assert_eq!(self.read::<RecordBatch>(&source).expect("it comes back"), batch);
        let requests = counting.counts().requests();
        assert!(requests <= 4, "{requests} requests");
    }

    /// Batches, each as long as it was, however they lie in files.
    pub fn batches(&self) {
        let lengths = [1, 1, 1, 500, 0, 3, 3, 1000];
        let batches: Vec<_> = lengths.iter().map(|rows| mixed(*rows)).collect();
        for options in ["", "row_group_rows = 128", "row_group_rows = 10\npart_bytes = 3000"] {
            let source = self.stored(&memory(), &batches, options).expect("they are held");
            assert_eq!(self.read::<Vec<RecordBatch>>(&source).expect("they come back"), batches);
            let whole = arrow_select::concat::concat_batches(&batches[0].schema(), &batches);
            assert_eq!(
                self.read::<RecordBatch>(&source).expect("it comes back"),
                whole.expect("one schema")
            );
        }
    }

    /// Batches of several schemas are refused.
    pub fn mixed_schemas(&self) {
        let other = Schema::new(vec![Field::new("a", DataType::Int32, true)]);
        let batches = vec![mixed(2), RecordBatch::new_empty(Arc::new(other))];
        let error = self.stored(&memory(), &batches, "").expect_err("two schemas").to_string();
        assert!(error.contains("all batches of a table have one schema"), "{error}");
    }

    /// A slice is stored without what its buffers hold beside it.
    pub fn slices(&self) {
        let all = mixed(10_000);
        let slice = all.slice(9_000, 10);
        let source = self.stored(&memory(), &slice, "").expect("it is held");
        assert!(source.record.bytes < 10_000, "{} bytes", source.record.bytes);
        assert_eq!(self.read::<RecordBatch>(&source).expect("it comes back"), slice);
    }
}
