//! Every type of Arrow that Polars holds, and what is said of the others.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, IntervalDayTime};
use arrow_array::{
    Array, BinaryArray, Date32Array, Date64Array, Decimal128Array, Decimal256Array,
    DictionaryArray, DurationSecondArray, FixedSizeBinaryArray, Int32Array, IntervalDayTimeArray,
    LargeListArray, ListArray, NullArray, StructArray, Time32SecondArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampSecondArray, UInt64Array, new_empty_array,
};
use arrow_buffer::i256;
use arrow_schema::{DataType as D, Field, TimeUnit};
use nuthatch_core::Error;
use polars::prelude::{
    Categories, DataType, FrozenCategories, IntoColumn, NamedFrom, Series, TimeUnit as FrameUnit,
    TimeZone,
};

use super::*;

fn crossed(array: ArrayRef) -> Result<(DataType, ArrayRef)> {
    let table =
        RecordBatch::try_from_iter_with_nullable([("c", array, true)]).map_err(Error::other)?;
    let frame = to_frame(table.schema_ref(), std::slice::from_ref(&table))?;
    let back = batches(&frame).remove(0);
    Ok((frame.columns()[0].dtype().clone(), Arc::clone(back.column(0))))
}

#[test]
fn types_that_polars_holds_come_back_as_they_were() {
    let numbers = Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)]);
    let list = LargeListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let arrays: [ArrayRef; 9] = [
        Arc::new(numbers),
        Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])),
        Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, -0.0])),
        Arc::new(
            Decimal128Array::from(vec![Some(i128::MAX / 10), None])
                .with_precision_and_scale(38, 4)
                .expect("it fits"),
        ),
        Arc::new(Date32Array::from(vec![Some(-1), None])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(i64::MIN), None]).with_timezone("UTC")),
        Arc::new(list),
        Arc::new(NullArray::new(2)),
        Arc::new(new_empty_array(&D::Utf8View)),
    ];
    for array in arrays {
        let (_, back) = crossed(Arc::clone(&array)).expect("it crosses");
        assert_eq!(back.data_type(), array.data_type());
        assert_eq!(&back, &array, "{}", array.data_type());
    }
}

#[test]
fn other_types_become_the_nearest_without_loss() {
    let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let offset = TimestampMicrosecondArray::from(vec![5]).with_timezone("+02:30");
    let codes: DictionaryArray<Int32Type> = vec![Some("b"), None, Some("a")].into_iter().collect();
    let numbers = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![1, 0]),
        Arc::new(Int64Array::from(vec![10, 20])),
    );
    let utc = TimeZone::opt_try_new(Some("UTC")).expect("there is UTC");
    let milli = DataType::Datetime(FrameUnit::Milliseconds, None);
    let global = DataType::from_categories(Categories::global());
    let cases: [(ArrayRef, DataType); 10] = [
        (text(vec![Some("ø"), None, Some("")]), DataType::String),
        (Arc::new(BinaryArray::from(vec![&b"\0"[..]])), DataType::Binary),
        (Arc::new(TimestampSecondArray::from(vec![-1])), milli.clone()),
        (Arc::new(Date64Array::from(vec![86_400_000])), milli),
        (Arc::new(offset), DataType::Datetime(FrameUnit::Microseconds, utc)),
        (Arc::new(Time32SecondArray::from(vec![1])), DataType::Time),
        (Arc::new(Time64MicrosecondArray::from(vec![1])), DataType::Time),
        (Arc::new(DurationSecondArray::from(vec![1])), DataType::Duration(FrameUnit::Milliseconds)),
        (Arc::new(codes), global),
        (Arc::new(numbers), DataType::Int64),
    ];
    for (array, expected) in cases {
        let name = array.data_type().to_string();
        let (found, back) = crossed(Arc::clone(&array)).expect(&name);
        assert_eq!(found, expected, "{name}");
        assert_eq!(back.null_count(), array.null_count(), "{name}");
        // What it has become says the same as it did.
        let again = nuthatch_table::schema::retype(&back, array.data_type()).expect(&name);
        assert_eq!(again.as_ref(), array.as_ref(), "{name}");
    }
}

#[test]
fn bytes_of_one_length_become_bytes() {
    let fixed = FixedSizeBinaryArray::try_from_iter([b"ab"].into_iter()).expect("of two bytes");
    let (found, back) = crossed(Arc::new(fixed)).expect("it crosses");
    assert_eq!(found, DataType::Binary);
    assert_eq!(back.as_binary_view().value(0), b"ab");
}

#[test]
fn nested_types_and_wide_decimals_cross() {
    let fields = vec![
        Field::new("name", D::Utf8, true),
        Field::new("when", D::Timestamp(TimeUnit::Second, None), true),
    ];
    let station = StructArray::new(
        fields.into(),
        vec![
            Arc::new(StringArray::from(vec![Some("Bergen"), None])),
            Arc::new(TimestampSecondArray::from(vec![1, 2])),
        ],
        None,
    );
    let (found, back) = crossed(Arc::new(station)).expect("it crosses");
    assert!(matches!(found, DataType::Struct(_)), "{found}");
    assert_eq!(back.len(), 2);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None]);
    assert_eq!(
        crossed(Arc::new(list)).expect("it crosses").0,
        DataType::List(Box::new(DataType::Int32))
    );
    let wide = |value: i256| {
        let array = Decimal256Array::from(vec![value]).with_precision_and_scale(76, 2);
        crossed(Arc::new(array.expect("it fits")))
    };
    assert_eq!(wide(i256::from(12_345)).expect("it fits").0, DataType::Decimal(38, 2));
    let error = wide(i256::MAX / i256::from(100)).expect_err("it does not fit").to_string();
    assert!(error.contains("column \"c\""), "{error}");
}

#[test]
fn categories_and_enums_of_polars_are_stored_and_recalled() {
    let texts = Series::new("c".into(), ["wet", "dry", "wet"]);
    let frozen = FrozenCategories::new(["dry", "wet"]).expect("they differ");
    let types =
        [DataType::from_categories(Categories::global()), DataType::from_frozen_categories(frozen)];
    for expected in types {
        let column = texts.cast(&expected).expect("they are categories").into_column();
        let frame = DataFrame::new(3, vec![column]).expect("a column");
        let (_, source) = stored(&frame, "").expect("it is held");
        let recalled = read_whole(&source);
        assert_eq!(recalled.columns()[0].dtype(), &expected);
        assert!(recalled.equals(&frame), "{recalled:?}");
    }
}

#[test]
fn what_polars_does_not_hold_is_told_with_the_column() {
    let spans: ArrayRef = Arc::new(IntervalDayTimeArray::from(vec![IntervalDayTime::new(1, 2)]));
    let far: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX]));
    for array in [spans, far] {
        let error = crossed(array).expect_err("it is refused").to_string();
        assert!(error.contains("column \"c\""), "{error}");
    }
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let twice = RecordBatch::try_from_iter([("c", Arc::clone(&one)), ("c", one)]).expect("two");
    let error = to_frame(twice.schema_ref(), std::slice::from_ref(&twice))
        .expect_err("one name")
        .to_string();
    assert!(error.contains('c'), "{error}");
}

#[test]
fn metadata_of_others_is_an_error_and_no_panic() {
    let metadata = [("_PL_ENUM_VALUES2".to_owned(), "nonsense".to_owned())];
    let codes: DictionaryArray<Int32Type> = vec!["a"].into_iter().collect();
    let field = Field::new("c", codes.data_type().clone(), true)
        .with_metadata(metadata.into_iter().collect());
    let schema = Arc::new(arrow_schema::Schema::new(vec![field]));
    let table = RecordBatch::try_new(schema, vec![Arc::new(codes)]).expect("a column");
    let error =
        to_frame(table.schema_ref(), std::slice::from_ref(&table)).expect_err("it is nonsense");
    assert!(error.to_string().contains("column \"c\""), "{error}");
}
