//! Which files a table becomes.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, BooleanArray, Date32Array, DictionaryArray, UInt8Array};
use nuthatch_core::store::Operation;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

#[test]
fn a_small_table_is_one_file_that_others_read() {
    let store = memory();
    let table = weather(1000);
    stored(&store, &table, "").expect("it is held");
    let name = "data/aa/key/generation/value.parquet/part-00000.parquet";
    assert_eq!(names(&store), [name]);
    let bytes =
        block_on(async { store.get_opts(&name.into(), Default::default()).await?.bytes().await });
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes.expect("get")).expect("a footer");
    let read = reader.with_batch_size(1000).build().expect("a reader").next();
    assert_eq!(read.expect("a batch").expect("it is read"), table);
}

#[test]
fn values_that_hardly_repeat_are_written_without_a_dictionary() {
    let store = memory();
    let source = stored(&store, &weather(5000), "row_group_rows = 2000").expect("it is held");
    let scan = block_on(ParquetScan::open(&source, "parquet", "a table")).expect("it opens");
    let footer = block_on(scan.footer(0)).expect("it has one");
    assert_eq!(footer.num_row_groups(), 3);
    for group in footer.row_groups() {
        let columns = group.columns().iter();
        let dictionaries = columns.map(|chunk| chunk.dictionary_page_offset().is_some());
        // The day comes four times, and so do the stations' names.
        assert_eq!(dictionaries.collect::<Vec<_>>(), [true, true, false, false, false]);
    }
}

#[test]
fn a_large_table_is_several_files_in_order() {
    let store = memory();
    let table = weather(5000);
    let source = stored(&store, &table, "row_group_rows = 500\npart_bytes = 15000").expect("held");
    let files = names(&store);
    assert!(files.len() > 2, "{files:?}");
    let numbered =
        (0..files.len()).map(|n| format!("{}/value.parquet/part-{n:05}.parquet", prefix()));
    assert_eq!(files, numbered.collect::<Vec<_>>());
    assert_eq!(read::<RecordBatch>(&source).expect("it comes back"), table);
}

#[test]
fn files_are_opened_by_name_and_never_listed() {
    let counting = Arc::new(Counting::new(memory()));
    let store: Arc<dyn ObjectStore> = Arc::clone(&counting) as Arc<dyn ObjectStore>;
    let source =
        stored(&store, &weather(2000), "row_group_rows = 500\npart_bytes = 1").expect("held");
    assert_eq!(counting.counts().of(Operation::Put), 4);
    let (counting, source) = counted(&source);
    read::<RecordBatch>(&source).expect("it comes back");
    let counts = counting.counts();
    assert_eq!(
        (counts.of(Operation::Get), counts.requests()),
        (4, 4),
        "a small file is one request"
    );
}

#[test]
fn many_checksums_lie_beside_the_files() {
    let store = memory();
    let table = weather(60_000);
    let options = "row_group_rows = 200\npart_bytes = 1";
    let source = stored(&store, &table, options).expect("it is held");
    assert!(names(&store).contains(&format!("{}/sums", prefix())), "300 files have many sums");
    assert_eq!(read::<RecordBatch>(&source).expect("it comes back"), table);
}

#[test]
fn partitions_have_folders_as_hive_names_them() {
    let store = memory();
    let table = weather(40);
    let source = stored(&store, &table, "partition_by = ['station']").expect("it is held");
    let folder = format!("{}/value.parquet", prefix());
    let mut files: Vec<_> = names(&store);
    for file in &mut files {
        *file = file.strip_prefix(&folder).expect("all lie there").to_owned();
    }
    assert_eq!(
        files,
        [
            "/station=%C3%85s/part-00003.parquet",
            "/station=/part-00000.parquet",
            "/station=Bergen/part-00001.parquet",
            "/station=Seattle/part-00002.parquet",
        ]
    );
    let read: RecordBatch = read(&source).expect("it comes back");
    assert_eq!(read.schema(), table.schema());
    assert_eq!(by_number(&read), table);
}

#[test]
fn partition_columns_come_back_with_their_types_and_without_values() {
    let words = ["a", "b"];
    let word: DictionaryArray<Int32Type> =
        (0..60).map(|row| (row % 5 != 0).then(|| words[row % 2])).collect();
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("word", Arc::new(word), true),
        ("number", Arc::new(Int64Array::from_iter_values(0..60)), false),
        (
            "day",
            Arc::new((0..60).map(|row| (row % 3 > 0).then_some(row % 3)).collect::<Date32Array>()),
            true,
        ),
        ("small", Arc::new((0..60).map(|row| Some(row as u8 % 2)).collect::<UInt8Array>()), true),
        ("true", Arc::new((0..60).map(|row| Some(row % 4 == 0)).collect::<BooleanArray>()), true),
    ];
    let table = RecordBatch::try_from_iter_with_nullable(columns).expect("columns");
    let options = "partition_by = ['true', 'day', 'word', 'small']\nrow_group_rows = 3";
    let store = memory();
    let source = stored(&store, &table, options).expect("it is held");
    let folders: BTreeSet<_> = names(&store)
        .into_iter()
        .filter_map(|name| Some(name.rsplit_once('/')?.0.to_owned()))
        .collect();
    assert!(
        folders.iter().any(|folder| folder.ends_with("true=false/day=1970-01-02/word=b/small=1")),
        "{folders:?}"
    );
    assert!(
        folders.iter().any(|folder| folder.contains("day=__HIVE_DEFAULT_PARTITION__")),
        "{folders:?}"
    );
    let read: RecordBatch = read(&source).expect("it comes back");
    assert_eq!(read.schema(), table.schema());
    let read = by_number(&read);
    assert_eq!(read, table);
    assert_eq!(read.column(2).as_primitive::<Date32Type>().null_count(), 20);
}

/// The rows in the order of their number.
fn by_number(table: &RecordBatch) -> RecordBatch {
    let position = table.schema().index_of("number").expect("a number");
    let numbers = table.column(position).as_primitive::<Int64Type>();
    let mut order: Vec<u32> = (0..table.num_rows() as u32).collect();
    order.sort_by_key(|row| numbers.value(*row as usize));
    arrow_select::take::take_record_batch(table, &arrow_array::UInt32Array::from(order))
        .expect("they are rows")
}
