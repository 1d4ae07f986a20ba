//! New rows merged into a stored table.

use arrow_array::{Int32Array, TimestampMicrosecondArray};

use super::*;

fn columns(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn words(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn some(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// A writer of its own, as a location would give it.
fn writer(store: &Arc<dyn ObjectStore>, name: &str, options: &str) -> Target {
    let prefix = Path::parse(format!("data/aa/key/{name}")).expect("a path");
    target(store, &prefix, options.parse().expect("TOML"))
}

/// What describes the table after a merge, by whoever commits it.
fn merged(base: &Source, new: &RecordBatch, keys: &[&str], by: &Target) -> Result<Source> {
    let written = block_on(Delta.upsert(new, keys, Some(base), by))?;
    Ok(described(base, written, by))
}

fn described(base: &Source, written: Written, by: &Target) -> Source {
    let mut at = by.clone();
    if written.in_base {
        at.prefix = base.prefix.clone();
    }
    source::<RecordBatch>(&Delta, &at, written)
}

fn pinned(source: &Source) -> u64 {
    source.record.details["version"].as_u64().expect("a version")
}

#[test]
fn a_merge_is_a_version_of_the_same_table_and_readers_of_the_old_one_go_on() {
    let store = memory();
    let before = columns(vec![("id", some(&[1, 2, 3])), ("word", words(&["a", "b", "c"]))]);
    let base = stored(&store, &before, "").expect("it is held");
    let new = columns(vec![("word", words(&["i", "B"])), ("id", some(&[9, 2]))]);
    let by = writer(&store, "second", "");
    let after = merged(&base, &new, &["id"], &by).expect("they are merged");
    assert_eq!((after.prefix.as_ref(), pinned(&after)), (prefix().as_ref(), 1));
    let expected =
        columns(vec![("id", some(&[1, 2, 3, 9])), ("word", words(&["a", "B", "c", "i"]))]);
    assert_eq!(read::<RecordBatch>(&after).expect("the merged rows"), expected);
    assert_eq!(read::<RecordBatch>(&base).expect("the old rows"), before);
    let actions = actions(&store, 1);
    assert_eq!((count(&actions, "add"), count(&actions, "remove")), (1, 1));
    assert!(names(&store).iter().all(|name| !name.contains("second/")), "{:?}", names(&store));
    let again = writer(&store, "third", "");
    let third = merged(&after, &new, &["id"], &again).expect("they are merged");
    assert_eq!(pinned(&third), 2);
    assert_eq!(read::<RecordBatch>(&third).expect("the same rows"), expected);
    assert_eq!(read::<RecordBatch>(&after).expect("those before"), expected);
}

#[test]
fn files_without_a_row_that_is_replaced_stay() {
    let store = memory();
    let options = "row_group_rows = 100\npart_bytes = 1000";
    let base = stored(&store, &weather(1000), options).expect("it is held");
    let files = names(&store).iter().filter(|name| name.ends_with(".parquet")).count();
    assert!(files > 5, "{files} files");
    let by = writer(&store, "second", options);
    let after = merged(&base, &weather(1).slice(0, 1), &["number"], &by).expect("merged");
    let log = actions(&store, 1);
    assert_eq!((count(&log, "add"), count(&log, "remove")), (1, 1));
    let read = read::<RecordBatch>(&after).expect("all rows");
    assert_eq!(sorted(&read), sorted(&weather(1000)));
    let none = merged(&after, &weather(0), &["number"], &writer(&store, "third", options));
    assert_eq!(pinned(&none.expect("nothing is merged")), 1, "nothing new is no version");
}

#[test]
fn rows_move_between_partitions() {
    let store = memory();
    let options = "partition_by = 'p'";
    let before = columns(vec![("id", some(&[1, 2, 3])), ("p", words(&["x", "y", "x"]))]);
    let base = stored(&store, &before, options).expect("it is held");
    let new = columns(vec![("id", some(&[1, 4])), ("p", words(&["z", "y"]))]);
    let after = merged(&base, &new, &["id"], &writer(&store, "second", options)).expect("merged");
    assert_eq!(pinned(&after), 1);
    let expected = columns(vec![("id", some(&[1, 2, 3, 4])), ("p", words(&["z", "y", "x", "y"]))]);
    assert_eq!(sorted(&read(&after).expect("all rows")), sorted(&expected));
    // Other partitions are another table.
    let other = merged(&after, &new, &["id"], &writer(&store, "third", "")).expect("merged");
    assert_eq!((pinned(&other), other.prefix.as_ref()), (0, "data/aa/key/third"));
    assert_eq!(sorted(&read(&other).expect("all rows")), sorted(&expected));
}

#[test]
fn wider_columns_make_a_new_table_and_the_old_one_stays() {
    let store = memory();
    let before = columns(vec![("id", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef)]);
    let base = stored(&store, &before, "").expect("it is held");
    let new = columns(vec![("id", some(&[1 << 40]))]);
    let after = merged(&base, &new, &["id"], &writer(&store, "second", "")).expect("merged");
    assert_eq!((pinned(&after), after.prefix.as_ref()), (0, "data/aa/key/second"));
    let expected = columns(vec![("id", some(&[1, 2, 1 << 40]))]);
    assert_eq!(read::<RecordBatch>(&after).expect("all rows"), expected);
    assert_eq!(read::<RecordBatch>(&base).expect("the old rows"), before);
}

#[test]
fn finer_times_are_held_after_a_merge_too() {
    let store = memory();
    let times = |values: Vec<i64>| {
        columns(vec![("t", Arc::new(TimestampNanosecondArray::from(values)) as ArrayRef)])
    };
    let base = stored(&store, &times(vec![1_000]), "").expect("it is held");
    let after = merged(&base, &times(vec![1_001]), &["t"], &writer(&store, "b", "")).expect("b");
    assert_eq!(read::<RecordBatch>(&after).expect("both"), times(vec![1_000, 1_001]));
    let third = merged(&after, &times(vec![2_000]), &["t"], &writer(&store, "c", "")).expect("c");
    assert_eq!(pinned(&third), 1, "counts are held in the same table");
    assert_eq!(read::<RecordBatch>(&third).expect("all"), times(vec![1_000, 1_001, 2_000]));
}

#[test]
fn what_a_dead_writer_left_in_the_log_is_taken_back() {
    let store = memory();
    let before = columns(vec![("id", some(&[1, 2])), ("word", words(&["a", "b"]))]);
    let base = stored(&store, &before, "").expect("it is held");
    let dead = columns(vec![("id", some(&[2, 3])), ("word", words(&["dead", "dead"]))]);
    merged(&base, &dead, &["id"], &writer(&store, "dead", "")).expect("it gets as far as the log");
    let new = columns(vec![("id", some(&[4])), ("word", words(&["d"]))]);
    let after = merged(&base, &new, &["id"], &writer(&store, "next", "")).expect("merged");
    assert_eq!(pinned(&after), 2);
    let expected = columns(vec![("id", some(&[1, 2, 4])), ("word", words(&["a", "b", "d"]))]);
    assert_eq!(read::<RecordBatch>(&after).expect("without the dead one's"), expected);
    // What the log says is what the manifest says.
    let (first, second) = (actions(&store, 1), actions(&store, 2));
    assert_eq!((count(&first, "add"), count(&first, "remove")), (1, 1));
    assert_eq!((count(&second, "add"), count(&second, "remove")), (2, 1));
    // The version between is part of the table, and its loss is told.
    let between = Path::parse(format!("{}/{}", prefix(), crate::log::version_name(1)));
    block_on(store.delete(&between.expect("a path"))).expect("it is deleted");
    assert!(read::<RecordBatch>(&after).expect_err("it is gone").is_damaged());
}

#[test]
fn two_writers_at_once_each_make_a_version_of_their_own() {
    let store = memory();
    let before = columns(vec![("id", some(&[1, 2]))]);
    let base = stored(&store, &before, "").expect("it is held");
    let after: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4_i64)
            .map(|number| {
                let (store, base) = (&store, &base);
                scope.spawn(move || {
                    let by = writer(store, &format!("writer{number}"), "");
                    let new = columns(vec![("id", some(&[10 + number]))]);
                    merged(base, &new, &["id"], &by).expect("merged")
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    let mut versions: Vec<_> = after.iter().map(pinned).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4]);
    for (number, after) in (0..4_i64).zip(&after) {
        let expected = columns(vec![("id", some(&[1, 2, 10 + number]))]);
        assert_eq!(read::<RecordBatch>(after).expect("its own rows"), expected);
    }
}

#[test]
fn keys_that_are_missing_empty_or_twice_are_refused_before_anything_is_written() {
    let store = memory();
    let before = columns(vec![("id", some(&[1, 2])), ("v", some(&[1, 2]))]);
    let base = stored(&store, &before, "").expect("it is held");
    let stands = names(&store);
    let empty: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    for (new, keys, said) in [
        (columns(vec![("id", some(&[1])), ("v", some(&[1]))]), vec!["x"], "column \"x\""),
        (columns(vec![("id", empty), ("v", some(&[1, 2]))]), vec!["id"], "column \"id\""),
        (columns(vec![("id", some(&[7, 7])), ("v", some(&[1, 2]))]), vec!["id"], "id = 7"),
        (columns(vec![("id", some(&[7]))]), vec!["id"], "column \"v\""),
        (columns(vec![("id", some(&[7])), ("v", words(&["x"]))]), vec!["id"], "column \"v\""),
    ] {
        let error = merged(&base, &new, &keys, &writer(&store, "second", "")).expect_err(said);
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(names(&store), stands, "{said}");
    }
}

#[test]
fn many_versions_are_followed_by_a_new_table() {
    let store = memory();
    let row = |id| columns(vec![("id", some(&[id]))]);
    let mut last = stored(&store, &row(0), "").expect("it is held");
    let mut anew = 0;
    for id in 1..=70 {
        let by = writer(&store, &format!("writer{id}"), "");
        let next = merged(&last, &row(id), &["id"], &by).expect("merged");
        anew += usize::from(next.prefix != last.prefix);
        last = next;
    }
    assert_eq!(anew, 1);
    let all: Vec<_> = (0..=70).collect();
    assert_eq!(read::<RecordBatch>(&last).expect("all rows"), columns(vec![("id", some(&all))]));
}

#[test]
fn every_version_stays_in_the_log_and_other_programs_are_told_to_keep_it() {
    let store = memory();
    let row = |id| columns(vec![("id", some(&[id]))]);
    let base = stored(&store, &row(0), "").expect("it is held");
    let said = actions(&store, 0);
    let told = said.iter().find_map(|action| action.get("metaData")).expect("metadata");
    let told = &told["configuration"];
    assert_eq!(told["delta.enableExpiredLogCleanup"], "false");
    assert_eq!(told["delta.deletedFileRetentionDuration"], "interval 5200 weeks");
    // Others write a checkpoint every hundred versions at the latest, and clean up after one.
    let mut last = base.clone();
    for id in 1..=60 {
        let by = writer(&store, &format!("writer{id}"), "");
        last = merged(&last, &row(id % 3), &["id"], &by).expect("merged");
    }
    let names = names(&store);
    let log: Vec<_> = names.iter().filter(|name| name.contains("/_delta_log/")).collect();
    let versions =
        (0..=pinned(&last)).map(|n| format!("{}/{}", prefix(), crate::log::version_name(n)));
    assert!(log.into_iter().eq(&versions.collect::<Vec<_>>()), "{names:?}");
    assert_eq!(read::<RecordBatch>(&base).expect("the first version"), row(0));
}

#[test]
fn the_time_that_rows_cover_is_that_of_all() {
    let store = memory();
    let days = |days: &[i64]| {
        let values = days.iter().map(|day| day * 86_400_000_000);
        let time = Arc::new(TimestampMicrosecondArray::from_iter_values(values)) as ArrayRef;
        columns(vec![("time", time)])
    };
    let options = "row_group_rows = 1\npart_bytes = 1";
    let base = stored(&store, &days(&[10, 20]), options).expect("it is held");
    let by = writer(&store, "second", options);
    let written = block_on(Delta.upsert(&days(&[15, 30]), &["time"], Some(&base), &by));
    let extent = written.expect("merged").time_extent.expect("it has a time");
    let ends = (extent.start.expect("a first"), extent.end.expect("a last"));
    assert!(ends.0.starts_with("1970-01-11") && ends.1.starts_with("1970-01-31"), "{ends:?}");
}
