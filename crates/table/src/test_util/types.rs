//! Every Arrow type that a backend holds comes back as it was, in its bits and with its schema.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeListBuilder, Float64Builder, Int32Builder, LargeListBuilder, ListBuilder,
    ListViewBuilder, MapBuilder, StringBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    UInt8Type, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    FixedSizeListArray, Float16Array, Float32Array, Float64Array, Int32Array, Int64Array,
    IntervalDayTimeArray, IntervalYearMonthArray, LargeListArray, ListArray, MapArray, NullArray,
    RecordBatch, RunArray, StringArray, StructArray, UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::{Suite, Tabular, memory};

impl<B: Tabular> Suite<B> {
    /// A column of this type and these values comes back, by itself and among others; one that the
    /// backend lacks is refused by its name.
    fn check(&self, name: &str, array: ArrayRef) {
        let field = Field::new(name, array.data_type().clone(), true)
            .with_metadata(HashMap::from([("unit".to_owned(), "°C".to_owned())]));
        let metadata = HashMap::from([("source".to_owned(), "\"quoted\", 雨".to_owned())]);
        let schema = Arc::new(Schema::new_with_metadata(vec![field], metadata));
        let batch = RecordBatch::try_new(schema, vec![array]).expect("a column");
        if self.lacks(batch.column(0).data_type()) {
            let error = self.stored(&memory(), &batch, "").expect_err(name).to_string();
            assert!(error.contains(&format!("column {name:?}")), "{error}");
            return;
        }
        for options in ["", "row_group_rows = 3"] {
            let read: RecordBatch = self
                .round_trip(&batch, options)
                .unwrap_or_else(|error| panic!("{name} ({}): {error}", batch.schema()));
            assert_eq!(read.schema(), batch.schema(), "{name}");
            assert_eq!(read, batch, "{name}");
            let data = read.column(0).to_data();
            data.validate_full().unwrap_or_else(|error| panic!("{name}: {error}"));
            // Twice as many rows, in two batches.
            let batches = vec![batch.slice(2, 5), batch.clone()];
            let read: Vec<RecordBatch> = self.round_trip(&batches, options).expect(name);
            assert_eq!(read, batches, "{name}");
        }
    }

    /// Numbers of every width, with and without a sign, and decimals.
    pub fn numbers(&self) {
        use DataType as D;
        for target in [D::Int8, D::Int16, D::Int32, D::Int64, D::Float16, D::Float32, D::Float64] {
            self.check(&target.to_string(), cast(&numbers(), &target).expect("they fit"));
        }
        for target in [D::UInt8, D::UInt16, D::UInt32, D::UInt64] {
            self.check(&target.to_string(), cast(&unsigned(), &target).expect("they fit"));
        }
        for target in [
            D::Decimal32(9, 2),
            D::Decimal32(5, 0),
            D::Decimal64(18, 3),
            D::Decimal64(7, 1),
            D::Decimal128(38, 10),
            D::Decimal128(9, 1),
            D::Decimal128(18, 0),
            D::Decimal256(76, 5),
            D::Decimal256(38, 5),
            D::Decimal256(12, 3),
            D::Decimal128(1, 0),
        ] {
            let small: ArrayRef = Arc::new(Int64Array::from(vec![
                Some(1),
                None,
                Some(-9),
                Some(0),
                Some(2),
                Some(3),
                Some(4),
                Some(5),
            ]));
            self.check(&target.to_string(), cast(&small, &target).expect("they fit"));
        }
        self.check("extremes", Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX, 0, 1, 2, 3, 4])));
        self.check("unsigned", Arc::new(UInt64Array::from(vec![u64::MAX, 1 << 63, 0, 1, 2, 3, 4])));
        self.check(
            "truth",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                None,
                Some(false),
                None,
                Some(true),
                None,
                None,
            ])),
        );
        self.check("nothing", Arc::new(NullArray::new(9)));
    }

    /// Floats with their bits: both zeros, infinities, each NaN, and what is smaller than normal.
    pub fn bits_of_floats(&self) {
        let wide = [
            0_u64,
            1 << 63,
            0x7ff0_0000_0000_0000,
            0xfff0_0000_0000_0000,
            0x7ff8_0000_0000_0000,
            0x7ff8_0000_0000_0001,
            0xfff8_dead_beef_0001,
            // A signalling one.
            0x7ff0_0000_0000_0001,
            1,
            0x3ff0_0000_0000_0000,
        ];
        let narrow = [
            0_u32,
            1 << 31,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0000,
            0x7fc0_0001,
            0xffc0_beef,
            0x7f80_0001,
            1,
            0x3f80_0000,
        ];
        let half = [0_u16, 1 << 15, 0x7c00, 0xfc00, 0x7e00, 0x7e01, 0xfe0f, 0x7c01, 1, 0x3c00];
        let halves = half.map(<Float16Type as ArrowPrimitiveType>::Native::from_bits);
        let columns: [(&str, ArrayRef); 3] = [
            ("wide", Arc::new(Float64Array::from_iter_values(wide.map(f64::from_bits)))),
            ("narrow", Arc::new(Float32Array::from_iter_values(narrow.map(f32::from_bits)))),
            ("half", Arc::new(Float16Array::from_iter_values(halves))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("columns");
        let read: RecordBatch = self.round_trip(&batch, "").expect("it comes back");
        assert_eq!(read.schema(), batch.schema());
        let bits = read.column(0).as_primitive::<Float64Type>().values().iter();
        assert_eq!(bits.map(|value| value.to_bits()).collect::<Vec<_>>(), wide);
        let bits = read.column(1).as_primitive::<Float32Type>().values().iter();
        assert_eq!(bits.map(|value| value.to_bits()).collect::<Vec<_>>(), narrow);
        let bits = read.column(2).as_primitive::<Float16Type>().values().iter();
        assert_eq!(bits.map(|value| value.to_bits()).collect::<Vec<_>>(), half);
    }

    /// Times of every unit and zone, days, durations and intervals.
    pub fn times(&self) {
        use DataType as D;
        use TimeUnit as U;
        let units = [U::Second, U::Millisecond, U::Microsecond, U::Nanosecond];
        let zones = [None, Some("UTC"), Some("+00:00"), Some("-03:30"), Some("Europe/Oslo")];
        for unit in units {
            for zone in zones {
                let target = D::Timestamp(unit, zone.map(Into::into));
                self.check(&target.to_string(), cast(&numbers(), &target).expect("they fit"));
            }
            self.check("duration", cast(&numbers(), &D::Duration(unit)).expect("they fit"));
        }
        let days = cast(&numbers(), &D::Int32).expect("they fit");
        self.check("days", cast(&days, &D::Date32).expect("they fit"));
        self.check("milliseconds", cast(&numbers(), &D::Date64).expect("they fit"));
        for target in [D::Time32(U::Second), D::Time32(U::Millisecond)] {
            self.check(&target.to_string(), cast(&days, &target).expect("they fit"));
        }
        for target in [D::Time64(U::Microsecond), D::Time64(U::Nanosecond)] {
            self.check(&target.to_string(), cast(&numbers(), &target).expect("they fit"));
        }
        self.check(
            "months",
            Arc::new(IntervalYearMonthArray::from(vec![
                Some(13),
                None,
                Some(-1),
                None,
                Some(0),
                Some(7),
                Some(9),
            ])),
        );
        let day_time =
            [(1, 2), (-1, 86_400_001), (i32::MAX, i32::MIN), (0, 0), (5, 5), (6, 6), (7, 7)];
        self.check(
            "day and time",
            Arc::new(IntervalDayTimeArray::from_iter_values(day_time.map(
                |(days, milliseconds)| arrow_array::types::IntervalDayTime::new(days, milliseconds),
            ))),
        );
    }

    /// Texts and bytes of every kind.
    pub fn texts(&self) {
        use DataType as D;
        let texts = StringArray::from(vec![
            Some(""),
            None,
            Some("Ås"),
            Some("a text that is longer than a view holds inline"),
            Some("\0"),
            Some("🌧️"),
            None,
            Some("x"),
            Some("x"),
        ]);
        let texts: ArrayRef = Arc::new(texts);
        for target in [D::Utf8, D::LargeUtf8, D::Utf8View, D::Binary, D::LargeBinary, D::BinaryView]
        {
            self.check(&target.to_string(), cast(&texts, &target).expect("they fit"));
        }
        let bytes: Vec<Option<&[u8]>> =
            vec![Some(b"\xff\xfe"), None, Some(b""), Some(b"\x80"), None, None, None];
        self.check("no text", Arc::new(BinaryArray::from(bytes)));
        let fixed = [Some([1_u8, 2, 3]), None, Some([0, 0, 0]), Some([255; 3]), None, None, None];
        let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed.into_iter(), 3);
        self.check("three bytes", Arc::new(fixed.expect("three bytes each")));
    }

    /// Dictionaries of every key, and runs.
    pub fn dictionaries(&self) {
        use DataType as D;
        let words = [
            Some("rain"),
            None,
            Some("sun"),
            Some("rain"),
            None,
            Some("fog"),
            Some("rain"),
            Some("sun"),
        ];
        let words: ArrayRef = Arc::new(StringArray::from(words.to_vec()));
        for key in
            [D::Int8, D::Int16, D::Int32, D::Int64, D::UInt8, D::UInt16, D::UInt32, D::UInt64]
        {
            for value in [D::Utf8, D::LargeUtf8, D::Utf8View, D::Binary, D::BinaryView] {
                let target = D::Dictionary(Box::new(key.clone()), Box::new(value));
                let values = match &target {
                    D::Dictionary(_, value) => cast(&words, value).expect("they fit"),
                    _ => unreachable!("it is a dictionary"),
                };
                self.check(&target.to_string(), cast(&values, &target).expect("they fit"));
            }
        }
        for value in [
            D::Int64,
            D::Float64,
            D::Decimal128(20, 2),
            D::Timestamp(TimeUnit::Second, Some("UTC".into())),
            D::Timestamp(TimeUnit::Nanosecond, None),
            D::Date32,
            D::Time64(TimeUnit::Microsecond),
        ] {
            let target = D::Dictionary(Box::new(D::Int32), Box::new(value.clone()));
            let small: ArrayRef = Arc::new(Int64Array::from(vec![
                Some(0),
                None,
                Some(1),
                Some(127),
                Some(7),
                Some(7),
                None,
            ]));
            let values = cast(&small, &value).expect("they fit");
            self.check(&target.to_string(), cast(&values, &target).expect("they fit"));
        }
        let fixed = FixedSizeBinaryArray::try_from_iter([[1_u8, 2], [3, 4]].into_iter())
            .expect("two bytes");
        let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(0), Some(1), None, Some(1)]);
        let dictionary =
            DictionaryArray::try_new(keys, Arc::new(fixed)).expect("keys of two values");
        self.check("two bytes", Arc::new(dictionary));
        let runs: RunArray<Int32Type> =
            vec![Some("a"), Some("a"), None, None, Some("b"), Some("b"), Some("a")]
                .into_iter()
                .collect();
        self.check("runs", Arc::new(runs));
        let runs: RunArray<Int16Type> = ["x"; 8].into_iter().collect();
        self.check("one run", Arc::new(runs));
    }

    /// Dictionaries whose narrow keys number the values of one batch each.
    pub fn narrow_keys(&self) {
        let batch = |from: usize| {
            let words = (0..100).map(|n| format!("{}", from + n % 90)).collect::<Vec<_>>();
            let words: DictionaryArray<Int8Type> = words.iter().map(String::as_str).collect();
            RecordBatch::try_from_iter([("word", Arc::new(words) as ArrayRef)]).expect("a column")
        };
        // 270 values in all, of which each batch has 90, and a key numbers 128.
        let batches = vec![batch(0), batch(90), batch(180)];
        let source = self.stored(&memory(), &batches, "").expect("it is held");
        assert_eq!(self.read::<Vec<RecordBatch>>(&source).expect("it comes back"), batches);
        let error =
            self.read::<RecordBatch>(&source).expect_err("the keys do not number all values");
        let said = error.to_string();
        assert!(said.contains("column \"word\"") && said.contains("Vec<RecordBatch>"), "{said}");
        let wide: DictionaryArray<UInt8Type> =
            ["a", "b", "a", "a", "c", "b", "a"].into_iter().collect();
        self.check("one byte", Arc::new(wide));
    }

    /// Lists of every kind, and maps.
    pub fn nested(&self) {
        let mut lists = ListBuilder::new(Int32Builder::new());
        let mut large = LargeListBuilder::new(StringBuilder::new());
        let mut views = ListViewBuilder::new(Int32Builder::new());
        let mut fixed = FixedSizeListBuilder::new(Float64Builder::new(), 2);
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        for row in 0..9 {
            for element in 0..row % 4 {
                lists.values().append_option((element != 1).then_some(element));
                large.values().append_value(element.to_string());
                views.values().append_value(element);
                maps.keys().append_value(format!("key {element}"));
                maps.values().append_option((row != 5).then_some(element));
            }
            fixed.values().append_slice(&[f64::from(row), -0.0]);
            let valid = row != 4;
            lists.append(valid);
            large.append(valid || row == 4);
            views.append(valid);
            fixed.append(valid);
            maps.append(valid).expect("keys and values are as many");
        }
        self.check("lists", Arc::new(lists.finish()));
        self.check("large lists", Arc::new(large.finish()));
        self.check("views", Arc::new(views.finish()));
        self.check("pairs", Arc::new(fixed.finish()));
        self.check("maps", Arc::new(maps.finish()));
    }

    /// Structs, with the metadata of their fields.
    pub fn structs(&self) {
        let inner = Field::new("x", DataType::Int32, true)
            .with_metadata(HashMap::from([("unit".to_owned(), "m".to_owned())]));
        let x: ArrayRef =
            Arc::new(Int32Array::from(vec![Some(1), None, Some(3), Some(4), None, None, Some(7)]));
        let words: DictionaryArray<UInt32Type> =
            ["a", "b", "a", "c", "c", "a", "a"].into_iter().collect();
        let word = Field::new("a.b", words.data_type().clone(), false);
        let nulls = vec![true, true, false, true, true, false, true].into();
        let one =
            StructArray::try_new(vec![inner, word].into(), vec![x, Arc::new(words)], Some(nulls));
        let one: ArrayRef = Arc::new(one.expect("the fields are of one length"));
        let two = StructArray::from(vec![(
            Arc::new(Field::new("nested", one.data_type().clone(), true)),
            one,
        )]);
        self.check("struct", Arc::new(two));
    }

    /// Every type within every other.
    pub fn within(&self) {
        for leaf in leaves() {
            let field = Arc::new(Field::new("element", leaf.data_type().clone(), true));
            // Nine elements in seven lists, of which the fourth is missing.
            let lengths = [2, 0, 3, 0, 1, 2, 1];
            let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
            let nulls = NullBuffer::from(vec![true, true, true, false, true, true, true]);
            let lists = ListArray::try_new(
                Arc::clone(&field),
                offsets,
                Arc::clone(&leaf),
                Some(nulls.clone()),
            );
            let lists: ArrayRef = Arc::new(lists.expect("the offsets are legal"));
            let large = LargeListArray::try_new(
                Arc::clone(&field),
                OffsetBuffer::<i64>::from_lengths(lengths),
                Arc::clone(&leaf),
                Some(nulls),
            );
            let fixed_field = Arc::clone(&field);
            let triples = FixedSizeListArray::try_new(fixed_field, 1, Arc::clone(&leaf), None);
            let structs = StructArray::from(vec![(Arc::clone(&field), Arc::clone(&leaf))]);
            let keys: ArrayRef = Arc::new(Int32Array::from_iter_values(0..9));
            let entries = StructArray::from(vec![
                (Arc::new(Field::new("number", DataType::Int32, false)), keys),
                (Arc::clone(&field), Arc::clone(&leaf)),
            ]);
            let entry = Arc::new(Field::new("pairs", entries.data_type().clone(), false));
            let maps =
                MapArray::try_new(entry, OffsetBuffer::from_lengths(lengths), entries, None, false);
            let wrapped: [ArrayRef; 5] = [
                Arc::clone(&lists),
                Arc::new(large.expect("the offsets are legal")),
                Arc::new(triples.expect("one each")),
                Arc::new(structs),
                Arc::new(maps.expect("the offsets are legal")),
            ];
            self.check("plain", leaf);
            for one in wrapped {
                self.check("nested", Arc::clone(&one));
                let field = Arc::new(Field::new("inner", one.data_type().clone(), true));
                self.check("twice nested", Arc::new(StructArray::from(vec![(field, one)])));
            }
        }
    }
}

/// Whole numbers, some of them missing.
fn numbers() -> ArrayRef {
    Arc::new(Int64Array::from(vec![
        Some(0),
        None,
        Some(1),
        Some(-1),
        Some(127),
        Some(-128),
        None,
        Some(42),
        Some(7),
        Some(7),
    ]))
}

/// The same without signs.
fn unsigned() -> ArrayRef {
    Arc::new(UInt64Array::from(vec![Some(0), None, Some(1), Some(255), Some(127), Some(7), None]))
}

/// Arrays of nine values of every type that is not nested, some of them missing.
fn leaves() -> Vec<ArrayRef> {
    use DataType as D;
    use TimeUnit as U;
    let small: Vec<Option<i64>> = [3, -1, 0, 7, 7, -1, 100, 2, 3]
        .into_iter()
        .map(|number: i64| (number != -1).then_some(number))
        .collect();
    let small: ArrayRef = Arc::new(Int64Array::from(small));
    let texts = cast(&small, &D::Utf8).expect("they are texts");
    let days = cast(&small, &D::Int32).expect("they fit");
    let dictionary = |key: D, value: D| D::Dictionary(Box::new(key), Box::new(value));
    let of_numbers = [
        D::Int8,
        D::UInt16,
        D::Int64,
        D::UInt64,
        D::Float16,
        D::Float64,
        D::Boolean,
        D::Decimal32(7, 1),
        D::Decimal64(15, 2),
        D::Decimal128(30, 3),
        D::Decimal256(60, 4),
        D::Decimal256(38, 4),
        D::Timestamp(U::Second, None),
        D::Timestamp(U::Nanosecond, Some("+01:00".into())),
        D::Date64,
        D::Time64(U::Nanosecond),
        D::Duration(U::Millisecond),
        dictionary(D::Int32, D::Int64),
    ];
    let of_texts = [
        D::Utf8,
        D::LargeUtf8,
        D::Utf8View,
        D::Binary,
        D::LargeBinary,
        D::BinaryView,
        dictionary(D::Int32, D::Utf8),
        dictionary(D::UInt8, D::LargeUtf8),
        dictionary(D::Int64, D::Utf8View),
        dictionary(D::Int16, D::BinaryView),
    ];
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        (0_u8..9).map(|row| (row != 2).then_some([row, 1])),
        2,
    );
    let fixed: ArrayRef = Arc::new(fixed.expect("two bytes each"));
    let mut leaves: Vec<ArrayRef> = vec![Arc::clone(&fixed)];
    leaves.push(cast(&fixed, &dictionary(D::Int8, D::FixedSizeBinary(2))).expect("they are few"));
    leaves.extend(of_numbers.iter().map(|target| cast(&small, target).expect("they fit")));
    leaves.extend(of_texts.iter().map(|target| cast(&texts, target).expect("they fit")));
    for target in [D::Date32, D::Time32(U::Second), D::Time32(U::Millisecond)] {
        leaves.push(cast(&days, &target).expect("they fit"));
    }
    leaves.push(Arc::new(NullArray::new(9)));
    leaves
}
