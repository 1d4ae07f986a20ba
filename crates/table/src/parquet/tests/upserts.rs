//! New rows merged into stored ones.

use arrow_array::{Float32Array, Int32Array, LargeStringArray};
use arrow_schema::DataType;

use super::*;

fn columns(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn numbers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn words(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn some(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn merge(base: &RecordBatch, new: &RecordBatch, keys: &[&str]) -> Result<RecordBatch> {
    let store = memory();
    let base = stored(&store, base, "row_group_rows = 2")?;
    let target = target(&store, &Path::from("data/aa/key/merged"), "".parse().expect("TOML"));
    let merged = block_on(Parquet.upsert(new, keys, Some(&base), &target));
    if merged.is_err() {
        assert!(names(&store).iter().all(|name| !name.contains("merged")), "something was written");
    }
    read(&source::<RecordBatch>(&Parquet, &target, merged?))
}

#[test]
fn known_keys_are_replaced_where_they_stand_and_new_ones_appended() {
    let stored =
        columns(vec![("id", some(&[1, 2, 3, 4, 5])), ("word", words(&["a", "b", "c", "d", "e"]))]);
    let new = columns(vec![("id", some(&[9, 4, 1])), ("word", words(&["i", "D", "A"]))]);
    let merged = merge(&stored, &new, &["id"]).expect("they are merged");
    let expected = columns(vec![
        ("id", some(&[1, 2, 3, 4, 5, 9])),
        ("word", words(&["A", "b", "c", "D", "e", "i"])),
    ]);
    assert_eq!(merged, expected);
}

#[test]
fn several_keys_are_one() {
    let stored = columns(vec![
        ("a", words(&["x", "x", "y"])),
        ("b", some(&[1, 2, 1])),
        ("v", some(&[1, 2, 3])),
    ]);
    let new =
        columns(vec![("b", some(&[1, 3])), ("v", some(&[30, 40])), ("a", words(&["y", "x"]))]);
    let merged = merge(&stored, &new, &["b", "a"]).expect("they are merged");
    let expected = columns(vec![
        ("a", words(&["x", "x", "y", "x"])),
        ("b", some(&[1, 2, 1, 3])),
        ("v", some(&[1, 2, 30, 40])),
    ]);
    assert_eq!(merged, expected, "the columns stand in the order of the stored ones");
}

#[test]
fn types_are_widened_where_nothing_is_lost() {
    let stored = columns(vec![
        ("id", Arc::new(Int32Array::from(vec![1, 2]))),
        ("x", Arc::new(Float32Array::from(vec![0.5, 1.5]))),
        ("word", words(&["a", "b"])),
        ("big", some(&[1 << 40, 2])),
    ]);
    let new = columns(vec![
        ("id", some(&[2, 1 << 40])),
        ("x", Arc::new(Float64Array::from(vec![0.1, 0.2]))),
        ("word", Arc::new(LargeStringArray::from(vec!["B", "C"]))),
        ("big", Arc::new(Int32Array::from(vec![7, 8]))),
    ]);
    let merged = merge(&stored, &new, &["id"]).expect("they are merged");
    let expected = columns(vec![
        ("id", some(&[1, 2, 1 << 40])),
        ("x", Arc::new(Float64Array::from(vec![0.5, 0.1, 0.2]))),
        ("word", Arc::new(LargeStringArray::from(vec!["a", "B", "C"]))),
        ("big", some(&[1 << 40, 7, 8])),
    ]);
    assert_eq!(merged, expected);
}

#[test]
fn signed_and_unsigned_keys_meet_in_a_type_that_holds_both() {
    let stored = columns(vec![("id", Arc::new(arrow_array::UInt8Array::from(vec![200, 3])))]);
    let new = columns(vec![("id", Arc::new(arrow_array::Int8Array::from(vec![-1, 3])))]);
    let merged = merge(&stored, &new, &["id"]).expect("they are merged");
    assert_eq!(merged.column(0).data_type(), &DataType::Int16);
    assert_eq!(
        merged,
        columns(vec![("id", Arc::new(arrow_array::Int16Array::from(vec![200, 3, -1])))])
    );
}

#[test]
fn what_cannot_be_merged_is_told_before_anything_is_written() {
    let stored = columns(vec![("id", some(&[1, 2])), ("v", some(&[1, 2]))]);
    let fits = |id: &[i64]| columns(vec![("id", some(id)), ("v", some(&vec![0; id.len()]))]);
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    for (new, keys, said) in [
        (fits(&[1]), vec!["key"], "column \"key\": it is an upsert key, and no column of the rows"),
        (
            columns(vec![("id", numbers(&[Some(1), None])), ("v", some(&[0, 0]))]),
            vec!["id"],
            "column \"id\": it is an upsert key, and row 1 has no value",
        ),
        (fits(&[5, 6, 5]), vec!["id"], "the new rows 0 and 2 have the same upsert key, id = 5"),
        (columns(vec![("id", some(&[1]))]), vec!["id"], "column \"v\": the stored rows have it"),
        (
            columns(vec![("id", some(&[1])), ("v", some(&[1])), ("w", some(&[1]))]),
            vec!["id"],
            "column \"w\": the new rows have it",
        ),
        (
            columns(vec![("id", some(&[1])), ("v", floats)]),
            vec!["id"],
            "column \"v\": it is stored as Int64, and the new rows have Float64",
        ),
        (
            columns(vec![("id", some(&[1])), ("v", words(&["x"]))]),
            vec!["id"],
            "column \"v\": it is stored as Int64",
        ),
    ] {
        let error = merge(&stored, &new, &keys).expect_err(said).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_key_that_two_stored_rows_have_names_none() {
    let stored = columns(vec![("id", some(&[1, 2, 2])), ("v", some(&[1, 2, 3]))]);
    let untouched = columns(vec![("id", some(&[1])), ("v", some(&[9]))]);
    assert!(merge(&stored, &untouched, &["id"]).is_ok());
    let ambiguous = columns(vec![("id", some(&[2])), ("v", some(&[9]))]);
    let store = memory();
    let base = super::stored(&store, &stored, "").expect("it is held");
    let target = target(&store, &Path::from("data/merged"), toml::Table::new());
    let error = block_on(Parquet.upsert(&ambiguous, &["id"], Some(&base), &target));
    let error = error.expect_err("it names two").to_string();
    assert!(error.contains("two stored rows have the upsert key id = 2"), "{error}");
}

#[test]
fn merged_into_nothing_the_new_rows_are_checked_as_well() {
    let store = memory();
    let target = target(&store, &prefix(), toml::Table::new());
    let twice = columns(vec![("id", some(&[1, 1]))]);
    let error = block_on(Parquet.upsert(&twice, &["id"], None, &target)).expect_err("they are one");
    assert!(error.to_string().contains("id = 1"), "{error}");
    assert_eq!(names(&store), [""; 0]);
}
