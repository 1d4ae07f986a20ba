//! What the log says of a file's columns.

use arrow_array::{
    BooleanArray, Date32Array, TimestampMicrosecondArray, TimestampSecondArray, UInt64Array,
};
use serde_json::{Value, json};

use super::*;

/// What is said of each file.
fn said(store: &Arc<dyn ObjectStore>, version: u64) -> Vec<Value> {
    let actions = actions(store, version);
    let adds = actions.iter().filter_map(|action| action.get("add")?.get("stats")?.as_str());
    adds.map(|stats| serde_json::from_str(stats).expect("it is JSON")).collect()
}

#[test]
fn the_extremes_of_what_has_an_order_and_how_much_is_missing() {
    let long = "x".repeat(33);
    let columns: [(&str, ArrayRef); 9] = [
        ("number", Arc::new(Int64Array::from(vec![None, None, Some(i64::MAX), Some(-3), None]))),
        ("height", Arc::new(UInt16Array::from(vec![7, 65_535, 0, 1, 2]))),
        ("large", Arc::new(UInt64Array::from(vec![7, u64::MAX, 0, 1, 2]))),
        ("rain", Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::NAN), None, None, None]))),
        ("text", Arc::new(StringArray::from(vec![Some("b"), None, Some("Ås"), Some(""), None]))),
        ("long", Arc::new(StringArray::from(vec!["a", "b", "c", "d", long.as_str()]))),
        ("day", Arc::new(Date32Array::from(vec![Some(15_340), None, Some(-1), None, None]))),
        ("naive", Arc::new(TimestampMicrosecondArray::from(vec![1, -1, 0, 3, 2]))),
        (
            "zoned",
            Arc::new(TimestampSecondArray::from(vec![None::<i64>; 5]).with_timezone("Europe/Oslo")),
        ),
    ];
    let table = RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, column)| (name, column, true)),
    )
    .expect("the columns are of one length");
    // One row group, and several, of which some have no number.
    for options in ["", "row_group_rows = 2"] {
        let store = memory();
        stored(&store, &table, options).expect("it is held");
        let expected = json!({
            "numRecords": 5,
            "minValues": {
                "number": -3, "height": 0, "text": "", "day": "1969-12-31",
                "naive": "1969-12-31T23:59:59.999999",
            },
            "maxValues": {
                "number": i64::MAX, "height": 65_535, "text": "Ås", "day": "2012-01-01",
                "naive": "1970-01-01T00:00:00.000003",
            },
            "nullCount": {
                "number": 3, "height": 0, "large": 0, "rain": 3, "text": 2, "long": 0, "day": 3,
                "naive": 0, "zoned": 5,
            },
        });
        assert_eq!(said(&store, 0), [expected], "{options}");
    }
}

#[test]
fn of_each_file_its_own_and_none_of_no_rows() {
    let store = memory();
    stored(&store, &weather(40), "partition_by = 'station'").expect("it is held");
    let files = said(&store, 0);
    let of = |ends: &str, column: &str| {
        files.iter().map(|file| file[ends][column].as_i64().expect("a number")).collect::<Vec<_>>()
    };
    let (first, last) = (of("minValues", "number"), of("maxValues", "number"));
    // Files are in the order of the partitions, which is none of the rows'.
    let mut sorted = first.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3]);
    assert_eq!(last, first.iter().map(|first| first + 36).collect::<Vec<_>>());
    // The columns are not mixed up where one is left out.
    assert_eq!((of("minValues", "height"), of("maxValues", "height")), (first, last));
    let missing: u64 = files.iter().filter_map(|file| file["nullCount"]["rain"].as_u64()).sum();
    assert_eq!(missing, 6);
    assert!(files.iter().all(|file| file["nullCount"].get("station").is_none()), "{files:?}");
    let store = memory();
    stored(&store, &weather(0), "").expect("it is held");
    assert_eq!(said(&store, 0)[0]["numRecords"], 0);
    assert_eq!(said(&store, 0)[0]["minValues"], json!({}));
}

#[test]
fn of_the_first_columns_of_many() {
    let columns = (0..40).map(|column| {
        let flags = BooleanArray::from(vec![true, false]);
        (format!("{column:02}"), Arc::new(flags) as ArrayRef)
    });
    let store = memory();
    let table = RecordBatch::try_from_iter(columns).expect("columns");
    stored(&store, &table, "").expect("it is held");
    let counts = said(&store, 0)[0]["nullCount"].clone();
    assert_eq!(counts.as_object().map(serde_json::Map::len), Some(32));
    assert_eq!(said(&store, 0)[0]["minValues"], json!({}), "a truth has no order to skip by");
}
