//! Every Arrow type, with nulls and with the ends of its range.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::*;

use futures::{StreamExt, TryStreamExt};
use nuthatch_core::backend::Backend;
use nuthatch_core::runtime::block_on;

use super::{Db, on_all, read, refused};
use crate::Sql;
use crate::dialect::Dialect;

on_all!(
    numbers_come_back,
    floats_that_are_no_numbers_come_back,
    decimals_come_back,
    texts_and_bytes_come_back,
    times_come_back,
    encodings_and_metadata_come_back,
    what_cannot_be_held_is_named_before_anything_is_written,
    rows_without_columns_and_columns_without_rows_come_back,
    batches_come_back_in_order,
    rows_are_streamed_in_order_and_by_column,
    values_that_are_long_come_back,
);

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

#[track_caller]
fn comes_back(db: &Db, batch: &RecordBatch) {
    let source = db.write(batch).unwrap();
    let found = read(&source).unwrap();
    assert_eq!(found.schema(), batch.schema());
    for (index, field) in batch.schema().fields().iter().enumerate() {
        assert_eq!(found.column(index), batch.column(index), "{}", field.name());
    }
    assert_eq!(found, *batch);
}

macro_rules! ends {
    ($array:ty, $type:ty) => {
        Arc::new(<$array>::from(vec![Some(<$type>::MIN), None, Some(0), Some(<$type>::MAX)]))
            as ArrayRef
    };
}

fn numbers_come_back(db: &Db) {
    comes_back(
        db,
        &batch(vec![
            ("i8", ends!(Int8Array, i8)),
            ("i16", ends!(Int16Array, i16)),
            ("i32", ends!(Int32Array, i32)),
            ("i64", ends!(Int64Array, i64)),
            ("u8", ends!(UInt8Array, u8)),
            ("u16", ends!(UInt16Array, u16)),
            ("u32", ends!(UInt32Array, u32)),
            ("u64", ends!(UInt64Array, u64)),
            ("half", Arc::new(UInt64Array::from(vec![1 << 63, (1 << 63) - 1, 1 << 62, 10]))),
            ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]))),
            ("duration", ends!(DurationMillisecondArray, i64)),
            ("null", Arc::new(NullArray::new(4))),
            (
                "f32",
                Arc::new(Float32Array::from(vec![Some(f32::MIN), None, Some(0.1), Some(1e-45)])),
            ),
            (
                "f64",
                Arc::new(Float64Array::from(vec![Some(f64::MAX), None, Some(0.1), Some(5e-324)])),
            ),
        ]),
    );
}

/// In their bits: NaN of every kind, both zeros, infinities, and what is smaller than normal.
fn floats_that_are_no_numbers_come_back(db: &Db) {
    let wide = [
        f64::NAN.to_bits(),
        0x7ff0_0000_0000_0001,
        0xfff8_dead_beef_0001,
        f64::INFINITY.to_bits(),
        f64::NEG_INFINITY.to_bits(),
        (-0.0_f64).to_bits(),
        0,
        1,
        f64::MIN_POSITIVE.to_bits() - 1,
        0x8000_0000_0000_0001,
        1.5_f64.to_bits(),
    ];
    let narrow = [
        f32::NAN.to_bits(),
        0x7f80_0001,
        0xffc0_beef,
        f32::INFINITY.to_bits(),
        f32::NEG_INFINITY.to_bits(),
        (-0.0_f32).to_bits(),
        0,
        1,
        f32::MIN_POSITIVE.to_bits() - 1,
        0x8000_0001,
        1.5_f32.to_bits(),
    ];
    let half = [0x7e00, 0x7c01, 0xfe0f, 0x7c00, 0xfc00, 0x8000, 0, 1, 0x03ff, 0x8001, 0x3e00_u16];
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    let with_null = |array: &dyn Array| {
        let nulls = new_null_array(array.data_type(), 1);
        arrow::compute::concat(&[array, nulls.as_ref()]).unwrap()
    };
    let stored = batch(vec![
        ("wide", with_null(&Float64Array::from_iter_values(wide.map(f64::from_bits)))),
        ("narrow", with_null(&Float32Array::from_iter_values(narrow.map(f32::from_bits)))),
        ("half", with_null(&Float16Array::from_iter_values(half.map(Half::from_bits)))),
    ]);
    let found = read(&db.write(&stored).unwrap()).unwrap();
    assert_eq!(found.schema(), stored.schema());
    let bits = found.column(0).as_primitive::<Float64Type>().iter();
    let bits: Vec<_> = bits.map(|float| float.map(f64::to_bits)).collect();
    assert_eq!(bits, wide.into_iter().map(Some).chain([None]).collect::<Vec<_>>());
    let bits = found.column(1).as_primitive::<Float32Type>().iter();
    let bits: Vec<_> = bits.map(|float| float.map(f32::to_bits)).collect();
    assert_eq!(bits, narrow.into_iter().map(Some).chain([None]).collect::<Vec<_>>());
    let bits = found.column(2).as_primitive::<Float16Type>().iter();
    let bits: Vec<_> = bits.map(|float| float.map(Half::to_bits)).collect();
    assert_eq!(bits, half.into_iter().map(Some).chain([None]).collect::<Vec<_>>());
}

fn decimals_come_back(db: &Db) {
    let decimal = |values: Vec<Option<i128>>, precision, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
    };
    let largest = 10_i128.pow(38) - 1;
    let widest = i256::from_string(&"9".repeat(60)).unwrap();
    let wide = Decimal256Array::from(vec![Some(widest), None, Some(-widest), Some(i256::ZERO)]);
    comes_back(
        db,
        &batch(vec![
            ("money", decimal(vec![Some(12345), None, Some(-1), Some(0)], 10, 2)),
            ("whole", decimal(vec![Some(largest), None, Some(-largest), Some(0)], 38, 0)),
            ("fine", decimal(vec![Some(largest), None, Some(-largest), Some(10)], 38, 30)),
            ("tiny", decimal(vec![Some(123), None, Some(-999), Some(0)], 5, 5)),
            ("thousands", decimal(vec![Some(999), None, Some(-12), Some(0)], 3, -3)),
            ("wide", Arc::new(wide.with_precision_and_scale(60, 20).unwrap())),
            (
                "small",
                Arc::new(
                    Decimal64Array::from(vec![Some(5), None, Some(-5), Some(0)])
                        .with_precision_and_scale(18, 6)
                        .unwrap(),
                ),
            ),
        ]),
    );
}

fn texts_and_bytes_come_back(db: &Db) {
    let nul = if db.dialect == Dialect::Postgres { "no NUL here" } else { "a\0b" };
    let texts = vec![
        Some(""),
        None,
        Some("it's \"quoted\" `so` \\ and \\N \\. \t\r\n"),
        Some("Überführung 日本語 🦆 e\u{301} \u{1}"),
        Some(nul),
        Some(" spaces  "),
        Some("NULL"),
        Some("12"),
    ];
    let bytes: Vec<Option<&[u8]>> = vec![
        Some(b""),
        None,
        Some(&[0, 1, 255, 254]),
        Some(b"text"),
        Some(b"\\x00"),
        Some(&[0; 300]),
        Some(b"'"),
        Some(b"\""),
    ];
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        [Some([0, 255]), None, Some([1, 2]), None, None, None, None, Some([39, 34])].into_iter(),
        2,
    );
    comes_back(
        db,
        &batch(vec![
            ("utf8", Arc::new(StringArray::from(texts.clone()))),
            ("large", Arc::new(LargeStringArray::from(texts.clone()))),
            ("view", Arc::new(StringViewArray::from(texts))),
            ("binary", Arc::new(BinaryArray::from(bytes.clone()))),
            ("large binary", Arc::new(LargeBinaryArray::from(bytes.clone()))),
            ("binary view", Arc::new(BinaryViewArray::from(bytes))),
            ("fixed", Arc::new(fixed.unwrap())),
        ]),
    );
}

fn times_come_back(db: &Db) {
    let moments =
        |values: &[i64]| values.iter().copied().map(Some).chain([None]).collect::<Vec<_>>();
    let seconds = moments(&[0, -1, 1_700_000_000, -30_000_000_000]);
    let micros = moments(&[0, -1, 1_700_000_000_123_456, -30_000_000_000_000_001]);
    let nanos = moments(&[0, -1, 1_700_000_000_123_456_789, -9_223_372_036_854_775_000]);
    comes_back(
        db,
        &batch(vec![
            (
                "date",
                Arc::new(Date32Array::from(vec![
                    Some(0),
                    Some(-1),
                    Some(20_000),
                    Some(-300_000),
                    None,
                ])),
            ),
            (
                "date64",
                Arc::new(Date64Array::from(vec![
                    Some(0),
                    Some(-86_400_000),
                    Some(1),
                    Some(5),
                    None,
                ])),
            ),
            ("seconds", Arc::new(TimestampSecondArray::from(seconds.clone()))),
            ("zoned", Arc::new(TimestampSecondArray::from(seconds).with_timezone("Asia/Tokyo"))),
            (
                "millis",
                Arc::new(TimestampMillisecondArray::from(
                    micros.iter().map(|v| v.map(|v| v / 1000)).collect::<Vec<_>>(),
                )),
            ),
            ("micros", Arc::new(TimestampMicrosecondArray::from(micros.clone()))),
            ("utc", Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"))),
            ("nanos", Arc::new(TimestampNanosecondArray::from(nanos.clone()))),
            (
                "zoned nanos",
                Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("+05:30")),
            ),
            (
                "time s",
                Arc::new(Time32SecondArray::from(vec![Some(0), Some(86_399), Some(1), None, None])),
            ),
            (
                "time ms",
                Arc::new(Time32MillisecondArray::from(vec![
                    Some(0),
                    Some(86_399_999),
                    Some(1),
                    None,
                    None,
                ])),
            ),
            (
                "time us",
                Arc::new(Time64MicrosecondArray::from(vec![
                    Some(0),
                    Some(86_399_999_999),
                    Some(1),
                    None,
                    None,
                ])),
            ),
            (
                "time ns",
                Arc::new(Time64NanosecondArray::from(vec![
                    Some(0),
                    Some(86_399_999_999_999),
                    Some(1),
                    None,
                    None,
                ])),
            ),
        ]),
    );
}

fn encodings_and_metadata_come_back(db: &Db) {
    let texts: ArrayRef =
        Arc::new(StringArray::from(vec![Some("rain"), None, Some("sun"), Some("rain")]));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let dictionary = cast(&texts, &dictionary).unwrap();
    let ends = PrimitiveArray::<Int32Type>::from(vec![3, 4]);
    let runs = RunArray::try_new(&ends, &Int64Array::from(vec![Some(7), None])).unwrap();
    let fields = vec![
        Field::new("weather", dictionary.data_type().clone(), true)
            .with_metadata([("unit".to_owned(), "none".to_owned())].into()),
        Field::new("runs", runs.data_type().clone(), true),
        Field::new("must", DataType::Int32, false),
    ];
    let schema = Schema::new(fields).with_metadata([("source".to_owned(), "ü".to_owned())].into());
    let must = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    let stored =
        RecordBatch::try_new(Arc::new(schema), vec![dictionary, Arc::new(runs), must]).unwrap();
    let source = db.write(&stored).unwrap();
    let found = read(&source).unwrap();
    assert_eq!(found.schema(), stored.schema());
    for index in 0..2 {
        let plain = if index == 0 { DataType::Utf8 } else { DataType::Int64 };
        let plainly = |batch: &RecordBatch| cast(batch.column(index), &plain).unwrap();
        assert_eq!(&plainly(&found), &plainly(&stored));
    }
    assert_eq!(found.column(2), stored.column(2));
}

fn what_cannot_be_held_is_named_before_anything_is_written(db: &Db) {
    let list = ListArray::new(
        Arc::new(Field::new_list_field(DataType::Int32, true)),
        OffsetBuffer::from_lengths([2]),
        Arc::new(Int32Array::from(vec![1, 2])),
        None,
    );
    let mut cases: Vec<(&str, ArrayRef)> = vec![
        ("a list", Arc::new(list)),
        ("interval", Arc::new(IntervalYearMonthArray::from(vec![1]))),
        ("far second", Arc::new(TimestampSecondArray::from(vec![i64::MAX]))),
        ("far micro", Arc::new(TimestampMicrosecondArray::from(vec![i64::MIN]))),
        ("bad time", Arc::new(Time32SecondArray::from(vec![86_400]))),
    ];
    match db.dialect {
        Dialect::Postgres => cases.push(("nul", Arc::new(StringArray::from(vec!["a\0b"])))),
        Dialect::MySql => {
            let wide = Decimal256Array::from(vec![i256::ONE]).with_precision_and_scale(70, 0);
            cases.push(("decimal", Arc::new(wide.unwrap())));
            cases.push(("year 900", Arc::new(Date32Array::from(vec![-390_000]))));
        }
        Dialect::Sqlite => {
            cases.push(("year 10000", Arc::new(Date32Array::from(vec![2_932_897]))));
            cases.push(("year -1", Arc::new(Date32Array::from(vec![-719_529]))));
        }
    }
    for (name, column) in cases {
        let error = refused(
            db,
            &batch(vec![("fine", Arc::new(Int32Array::from(vec![1]))), (name, column)]),
        );
        assert!(error.contains(&format!("{name:?}")), "{error}");
        assert!(error.contains("backend = \"parquet\""), "{error}");
    }
}

fn rows_without_columns_and_columns_without_rows_come_back(db: &Db) {
    comes_back(
        db,
        &batch(vec![
            ("a", Arc::new(Int32Array::from(Vec::<i32>::new()))),
            ("f", Arc::new(Float64Array::from(Vec::<f64>::new()))),
        ]),
    );
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let bare =
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let found = read(&db.write(&bare).unwrap()).unwrap();
    assert_eq!((found.num_rows(), found.num_columns()), (3, 0));
    comes_back(db, &bare.slice(0, 0));

    let none: Vec<RecordBatch> = Vec::new();
    let source = db.write(&none).unwrap();
    let found: Vec<RecordBatch> = block_on(Backend::read(&crate::Sql, &source)).unwrap();
    assert_eq!(found, none);
    let mixed = vec![
        batch(vec![("a", Arc::new(Int32Array::from(vec![1])))]),
        batch(vec![("a", Arc::new(Int64Array::from(vec![1])))]),
    ];
    let error = db.write(&mixed).unwrap_err();
    assert!(error.to_string().contains("column \"a\""), "{error}");
}

fn numbered(from: i64, to: i64) -> RecordBatch {
    batch(vec![
        ("n", Arc::new(Int64Array::from_iter_values(from..to))),
        ("x", Arc::new(Float64Array::from_iter_values((from..to).map(|n| n as f64 / 3.0)))),
        ("t", Arc::new(StringArray::from_iter_values((from..to).map(|n| format!("row {n}"))))),
    ])
}

fn batches_come_back_in_order(db: &Db) {
    let lengths = [(0, 7), (7, 7), (7, 3001), (3001, 10_000)];
    let parts: Vec<RecordBatch> = lengths.map(|(from, to)| numbered(from, to)).into();
    for chunk in [None, Some(999)] {
        let more = chunk.map(|rows: i64| ("chunk_size".to_owned(), rows.into()));
        let options = db.options_with(more.into_iter().collect());
        let source = db.write_to(&parts, &db.target_of("_", "month=3", options)).unwrap();
        let found: Vec<RecordBatch> = block_on(Backend::read(&crate::Sql, &source)).unwrap();
        assert_eq!(found, parts);
        assert_eq!(read(&source).unwrap(), numbered(0, 10_000));
    }
}

fn rows_are_streamed_in_order_and_by_column(db: &Db) {
    let options = db.options_with(toml::toml! { chunk_size = 1000 });
    let base = db.write_to(&numbered(0, 5000), &db.target_of("_", "_", options)).unwrap();
    // On PostgreSQL the rows that were replaced lie behind all others.
    let source = db.upsert(&numbered(0, 10), &["n"], Some(&base), base.options.clone()).unwrap();
    let stream = |columns| Sql::stream(&source, columns).unwrap();
    let batches: Vec<RecordBatch> = block_on(stream(None).try_collect()).unwrap();
    assert_eq!(batches.len(), 5);
    assert_eq!(concat_batches(&batches[0].schema(), &batches).unwrap(), numbered(0, 5000));
    let chosen: Vec<RecordBatch> = block_on(stream(Some(vec![2, 1])).try_collect()).unwrap();
    assert_eq!(chosen[1], batches[1].project(&[2, 1]).unwrap());
    // Who stops reading in the middle is waited for by nobody, and the database serves on.
    let first = block_on(stream(None).next());
    assert_eq!(first.unwrap().unwrap(), batches[0]);
    assert_eq!(read(&source).unwrap(), numbered(0, 5000));

    db.sql(&format!("DROP TABLE {}", db.quoted(&super::detail(&source, "table"))));
    let gone = block_on(stream(None).try_collect::<Vec<_>>()).unwrap_err();
    assert!(gone.is_damaged(), "{gone}");
}

fn values_that_are_long_come_back(db: &Db) {
    // Some of these do not fit into one packet together.
    let texts = (0..6).map(|n| "x".repeat(n * 2_000_000));
    comes_back(db, &batch(vec![("text", Arc::new(StringArray::from_iter_values(texts)))]));
    if db.dialect == Dialect::MySql {
        let longer = "x".repeat(17 << 20);
        let error = refused(db, &batch(vec![("text", Arc::new(StringArray::from(vec![longer])))]));
        assert!(error.contains("max_allowed_packet"), "{error}");
    }
}
