//! What cannot be held is refused before anything is written, by the column's name.

use arrow_array::types::{Decimal128Type, IntervalMonthDayNano};
use arrow_array::{IntervalMonthDayNanoArray, PrimitiveArray, new_empty_array};
use arrow_schema::{DataType, Field, Fields, Schema, UnionFields, UnionMode};

use super::*;

fn refused<T: Table>(value: &T, options: &str) -> String {
    let store = memory();
    let error = stored(&store, value, options).expect_err("it is refused");
    assert_eq!(names(&store), [""; 0], "something was written: {error}");
    error.to_string()
}

fn column(data_type: DataType) -> RecordBatch {
    let array = new_empty_array(&data_type);
    let fields =
        vec![Field::new("good", DataType::Int32, true), Field::new("bad", data_type, true)];
    let columns = vec![new_empty_array(&DataType::Int32), array];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns")
}

#[test]
fn types_that_parquet_does_not_hold_are_named() {
    use DataType as D;
    let union = UnionFields::try_new([0], [Field::new("a", D::Int32, true)]).expect("a union");
    let mdn = D::Interval(arrow_schema::IntervalUnit::MonthDayNano);
    let runs = || {
        let ends = Arc::new(Field::new("run_ends", D::Int32, false));
        D::RunEndEncoded(ends, Arc::new(Field::new("values", D::Utf8, true)))
    };
    let list = |of| D::List(Arc::new(Field::new("item", of, true)));
    for (bad, said) in [
        (D::Union(union.clone(), UnionMode::Sparse), "it has no unions"),
        (
            D::Struct(vec![Field::new("u", D::Union(union, UnionMode::Dense), true)].into()),
            "it has no unions",
        ),
        (mdn.clone(), "these have nanoseconds"),
        (list(mdn), "these have nanoseconds"),
        (D::Struct(Fields::empty()), "no structs without fields"),
        (D::Timestamp(arrow_schema::TimeUnit::Second, Some("".into())), "an empty text is no zone"),
        (D::Decimal128(10, -2), "negative scale"),
        (D::FixedSizeBinary(0), "zero bytes"),
        (D::FixedSizeList(Arc::new(Field::new("item", D::Int8, true)), 0), "zero elements"),
        (list(runs()), "runs within lists"),
        (
            D::Dictionary(Box::new(D::Int8), Box::new(list(D::Int8))),
            "no dictionaries of nested values",
        ),
        (D::Dictionary(Box::new(D::Int8), Box::new(D::Boolean)), "no dictionaries of such values"),
    ] {
        let error = refused(&column(bad.clone()), "");
        assert!(error.contains("column \"bad\"") && error.contains(said), "{bad}: {error}");
        assert!(error.contains("backend parquet cannot encode"), "{bad}: {error}");
    }
}

#[test]
fn a_month_with_nanoseconds_is_not_cut() {
    let values = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3)]);
    let batch =
        RecordBatch::try_from_iter([("age", Arc::new(values) as ArrayRef)]).expect("a column");
    assert!(refused(&batch, "").contains("column \"age\""));
}

#[test]
fn a_decimal_of_more_digits_than_its_type_says_is_not_cut() {
    let values = PrimitiveArray::<Decimal128Type>::from(vec![123, 12_345_678_901])
        .with_data_type(DataType::Decimal128(5, 2));
    let batch =
        RecordBatch::try_from_iter([("money", Arc::new(values) as ArrayRef)]).expect("a column");
    let error = refused(&batch, "");
    assert!(error.contains("column \"money\"") && error.contains("too large"), "{error}");
}

#[test]
fn batches_of_several_schemas_are_told_by_the_column_that_differs() {
    let one = weather(3);
    let other = one.project(&[0, 1, 2, 3]).expect("fewer columns");
    assert!(refused(&vec![one.clone(), other], "").contains("batch 0 has 5 columns"));
    let fields: Vec<_> = one
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let nullable = field.is_nullable() || field.name() == "wind";
            field.as_ref().clone().with_nullable(nullable)
        })
        .collect();
    let other = RecordBatch::try_new(Arc::new(Schema::new(fields)), one.columns().to_vec());
    let error = refused(&vec![one.clone(), one, other.expect("the same columns")], "");
    assert!(error.contains("column \"wind\"") && error.contains("batch 2"), "{error}");
}

#[test]
fn columns_that_cannot_be_partitioned_by_are_told() {
    let table = weather(10);
    for (options, said) in [
        ("partition_by = ['place']", "column \"place\": the table has none to partition by"),
        ("partition_by = ['rain']", "column \"rain\": a table is not partitioned by Float64"),
        ("partition_by = ['station', 'station']", "`partition_by` names it twice"),
        ("partitions = 3", "there is no option `partitions`"),
    ] {
        let error = refused(&table, options);
        assert!(error.contains(said), "{options}: {error}");
    }
    let only = table.project(&[1]).expect("one column");
    assert!(refused(&only, "partition_by = ['station']").contains("no column is left"));
}
