//! Tables that are not like others, and what Delta does not hold.

use arrow_array::types::IntervalDayTime;
use arrow_array::{
    Int32Array, IntervalDayTimeArray, ListArray, NullArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use futures::StreamExt;

use super::*;

fn named(names: &[&str]) -> RecordBatch {
    let fields: Vec<_> =
        names.iter().map(|name| Field::new(*name, DataType::Int32, false)).collect();
    let columns = (0..names.len() as i32)
        .map(|column| Arc::new(Int32Array::from(vec![column, column * 10])) as ArrayRef)
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns")
}

#[test]
fn columns_of_odd_names_come_back() {
    let batch = named(&[
        "a",
        "select",
        "a.b",
        "a\"b'`",
        "🌧️ rain",
        "x\ny",
        "a b/c=d%",
        " ",
        "_",
        "{;}(,)\t",
    ]);
    assert_eq!(round_trip(&batch, "").expect("it comes back"), batch);
    let read: RecordBatch = round_trip(&batch, "partition_by = 'a b/c=d%'").expect("it comes back");
    assert_eq!(read.schema(), batch.schema());
    assert_eq!(read, batch);
}

/// Nothing is written of it, and the error names the column and the way out.
#[track_caller]
fn refused(value: &RecordBatch, options: &str, said: &[&str]) {
    let store = memory();
    let error = stored(&store, value, options).expect_err("Delta does not hold it").to_string();
    assert!(error.contains("backend = \"parquet\""), "{error}");
    for said in said {
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(names(&store), Vec::<String>::new());
}

#[test]
fn what_delta_does_not_hold_is_refused_by_the_column() {
    let column = |name: &str, array: ArrayRef| {
        RecordBatch::try_from_iter([("a", weather(array.len()).column(4).clone()), (name, array)])
            .expect("columns of one length")
    };
    let span = IntervalDayTimeArray::from(vec![IntervalDayTime::new(1, 2)]);
    refused(&column("span", Arc::new(span)), "", &["column \"span\"", "Interval"]);
    let nulls = Arc::new(Field::new("item", DataType::Null, true));
    let lists = ListArray::new(
        nulls,
        arrow_buffer::OffsetBuffer::from_lengths([2]),
        Arc::new(NullArray::new(2)),
        None,
    );
    refused(&column("lists", Arc::new(lists)), "", &["column \"lists\""]);
    let twice = StructArray::from(vec![
        (
            Arc::new(Field::new("x", DataType::Int32, false)),
            Arc::new(Int32Array::from(vec![1])) as ArrayRef,
        ),
        (Arc::new(Field::new("X", DataType::Int32, false)), Arc::new(Int32Array::from(vec![2]))),
    ]);
    refused(&column("within", Arc::new(twice)), "", &["column \"within\"", "\"X\""]);
    let digits = arrow_cast::cast(&weather(1).column(4).clone(), &DataType::Decimal256(60, 2));
    refused(&column("digits", digits.expect("it fits")), "", &["column \"digits\"", "38 digits"]);
    refused(&named(&["a", "b", "A"]), "", &["column \"A\"", "small ones"]);
    refused(&named(&["a", ""]), "", &["column \"\"", "without a name"]);
    let empty = StringArray::from(vec![""]);
    refused(&column("p", Arc::new(empty)), "partition_by = 'p'", &["column \"p\"", "empty text"]);
}

/// A table that is computed as it is written.
struct Streamed(RecordBatch);

impl Table for Streamed {
    fn rows(&self) -> futures::future::BoxFuture<'_, Result<nuthatch_table::Rows<'_>>> {
        let batches = futures::stream::iter([Ok(self.0.clone())]).boxed();
        let rows = nuthatch_table::Rows {
            schema: self.0.schema(),
            batches,
            keep_batches: false,
            at_hand: false,
        };
        Box::pin(async move { Ok(rows) })
    }

    fn from_scan(
        scan: Arc<dyn nuthatch_table::Scan>,
    ) -> futures::future::BoxFuture<'static, Result<Self>> {
        Box::pin(async move { scan.whole().await.map(Self) })
    }

    fn weigh(&self) -> u64 {
        0
    }
}

/// What the log says of the columns of a table.
fn logged<T: Table>(value: &T) -> String {
    let store = memory();
    stored(&store, value, "").expect("it is held");
    let actions = actions(&store, 0);
    let schema = actions.iter().find_map(|action| action.get("metaData")?.get("schemaString"));
    schema.and_then(serde_json::Value::as_str).expect("it has a schema").to_owned()
}

fn times(last: i64) -> RecordBatch {
    let times = TimestampNanosecondArray::from(vec![Some(1_000), None, Some(last)]);
    RecordBatch::try_from_iter([("t", Arc::new(times) as ArrayRef)]).expect("a column")
}

#[test]
fn nanoseconds_are_held_as_times_where_they_are_whole_and_as_counts_where_not() {
    for (last, held) in [(5_000, "\"timestamp_ntz\""), (5_001, "\"long\"")] {
        assert_eq!(round_trip(&times(last), "").expect("it comes back"), times(last));
        let schema = logged(&times(last));
        assert!(schema.contains(held), "{schema}");
    }
}

#[test]
fn nanoseconds_that_are_computed_as_they_are_written_are_held_as_counts() {
    // Whatever a later row turns out to need.
    for last in [5_000, 5_001] {
        let streamed = Streamed(times(last));
        assert_eq!(round_trip(&streamed, "").expect("it is held").0, times(last));
        let schema = logged(&streamed);
        assert!(schema.contains("\"long\""), "{schema}");
    }
    let days: ArrayRef = Arc::new(arrow_array::Date64Array::from(vec![86_400_000, 86_400_001]));
    let days = Streamed(RecordBatch::try_from_iter([("day", days)]).expect("a column"));
    assert_eq!(round_trip(&days, "").expect("it is held").0, days.0);
}

/// Counts of seconds and milliseconds, with and without a zone, of which the last is this.
fn far(last: i64) -> Vec<RecordBatch> {
    let types = [TimeUnit::Second, TimeUnit::Millisecond].into_iter().flat_map(|unit| {
        [None, Some("Europe/Oslo".into())].map(|zone| DataType::Timestamp(unit, zone))
    });
    let times = types.map(|data_type| {
        let counts = Int64Array::from(vec![Some(-1), None, Some(1_325_419_200), Some(last)]);
        let times = arrow_cast::cast(&counts, &data_type).expect("they are its counts");
        RecordBatch::try_from_iter([("far", times)]).expect("a column")
    });
    times.collect()
}

#[test]
fn times_that_delta_does_not_reach_are_held_as_counts() {
    for (last, held) in [(0, "timestamp"), (i64::MAX, "\"long\""), (i64::MIN, "\"long\"")] {
        for times in far(last) {
            assert_eq!(round_trip(&times, "").expect("it is held"), times);
            let schema = logged(&times);
            assert!(schema.contains(held), "{times:?}: {schema}");
        }
    }
}

#[test]
fn far_times_that_are_computed_as_they_are_written_are_held() {
    for last in [0, i64::MAX] {
        for times in far(last) {
            let streamed = Streamed(times.clone());
            assert_eq!(round_trip(&streamed, "").expect("it is held").0, times);
            let schema = logged(&streamed);
            assert!(schema.contains("\"long\""), "{schema}");
        }
    }
    let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![i64::MIN, 0, i64::MAX]));
    let micros = Streamed(RecordBatch::try_from_iter([("t", micros)]).expect("a column"));
    assert_eq!(round_trip(&micros, "").expect("it is held").0, micros.0);
    assert!(logged(&micros).contains("timestamp_ntz"), "others read times");
}
