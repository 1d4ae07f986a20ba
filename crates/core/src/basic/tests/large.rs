//! Where values lie by their size, and in how many requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

use super::super::ranges;
use super::*;
use crate::store::{Counting, Fault, Faulty, LocalFiles, Operation, Trigger};

fn counted(inner: Arc<dyn ObjectStore>, immediate: bool) -> (Counting, Target) {
    let counting = Counting::new(inner);
    let store: Arc<dyn ObjectStore> = Arc::new(counting.clone());
    (counting, Target { immediate, ..target(&store, INLINE) })
}

fn on_disk() -> (tempfile::TempDir, Arc<dyn ObjectStore>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Arc::new(LocalFiles::new(folder.path().join("lake")));
    (folder, store)
}

/// The requests of storing and recalling a value, by kind.
#[track_caller]
fn requests<T: Value + PartialEq>(
    value: &T,
    inner: Arc<dyn ObjectStore>,
    immediate: bool,
) -> (Vec<Operation>, Vec<Operation>) {
    let (counting, target) = counted(inner, immediate);
    counting.log(true);
    let written = store(value, &target).expect("it is stored");
    let stored = counting.take_log();
    let recalled: T = recall(&source::<T>(&target, written)).expect("it is recalled");
    assert!(recalled == *value);
    let kinds = |log: Vec<(Operation, Path)>| {
        let data = |path: &Path| path.as_ref() == "data/aa/key/generation/value.bin";
        assert!(log.iter().all(|(_, path)| data(path)), "{log:?}");
        log.into_iter().map(|(operation, _)| operation).collect()
    };
    (kinds(stored), kinds(counting.take_log()))
}

#[test]
fn a_small_value_takes_no_request() {
    let value = vec![7_u8; INLINE - 88];
    assert_eq!(requests(&value, memory(), true), (vec![], vec![]));
}

#[test]
fn a_value_too_large_to_inline_takes_one_put_and_one_get() {
    let once = || (vec![Operation::Put], vec![Operation::Get]);
    // Envelope and length take 88 bytes, each element eight.
    for length in [INLINE / 8 - 10, 1 << 17, (1 << 20) - 11] {
        let value = vec![7_u64; length];
        for immediate in [true, false] {
            assert_eq!(requests(&value, memory(), immediate), once(), "{length}");
        }
        let (_folder, files) = on_disk();
        assert_eq!(requests(&value, files, true), once(), "{length}");
    }
}

#[test]
fn a_larger_value_is_sent_in_parts_and_takes_one_get_or_one_a_range() {
    let value: Vec<u32> = (0..3 << 20).collect();
    let (_folder, files) = on_disk();
    // Blocks on this machine, the parts that stores ask for elsewhere.
    for (store, immediate, parts, gets) in
        [(files, true, 13, 1), (memory(), true, 13, 1), (memory(), false, 2, 4)]
    {
        let (stored, recalled) = requests(&value, store, immediate);
        let all = [&[Operation::Multipart][..], &vec![Operation::Part; parts]].concat();
        assert_eq!(stored, [&all[..], &[Operation::Complete]].concat());
        assert_eq!(recalled, vec![Operation::Get; gets]);
    }
}

#[test]
fn the_bytes_are_the_same_however_they_are_sent() {
    let value: Vec<String> = (0..300_000).map(|n| format!("station number {n:08}")).collect();
    let whole = envelope(&value);
    let (_folder, files) = on_disk();
    for (store_of_all, immediate) in [(files, true), (memory(), true), (memory(), false)] {
        let target = Target { immediate, ..target(&store_of_all, 0) };
        store(&value, &target).expect("it is stored");
        let path = Path::from("data/aa/key/generation/value.bin");
        let bytes = pollster::block_on(crate::runtime::spawn(async move {
            target.store.get(&path).await?.bytes().await
        }));
        assert!(bytes.expect("no panic").expect("it is there") == whole);
    }
}

#[test]
fn values_across_blocks_come_back() {
    // Elements of odd sizes, so that every kind of number is cut by the end of a block.
    let wide: Vec<_> = (0..200_000_u64)
        .map(|n| (n as u8, n, f64::from(n as u32), 'ø', format!("{n}"), Some(u128::from(n))))
        .collect();
    let named: Vec<_> = (0..100_000).map(|n| json!({"n": n, "text": "x".repeat(n % 90)})).collect();
    let text = ["x".repeat(5 << 20), "y".repeat(9 << 20)];
    let (_folder, files) = on_disk();
    for (store, immediate) in [(files, true), (memory(), false)] {
        requests(&wide, Arc::clone(&store), immediate);
        requests(&named, Arc::clone(&store), immediate);
        requests(&text, store, immediate);
    }
}

#[test]
fn large_values_are_stored_inside_any_runtime() {
    let value: Vec<u64> = (0..9 << 17).collect();
    let (_folder, files) = on_disk();
    let stores = [(files, true), (memory(), true), (memory(), false)];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        for (store, immediate) in stores {
            let target = Target { immediate, ..target(&store, 0) };
            let written = Basic.write(&value, &target).await.expect("it is stored");
            let source = source::<Vec<u64>>(&target, written);
            let recalled: Vec<u64> = Basic.read(&source).await.expect("it is recalled");
            assert!(recalled == value);
        }
    });
}

#[test]
fn many_large_values_at_once_do_not_wait_for_each_other() {
    let store = memory();
    let tasks = (0..12_u64).map(|number| {
        let target = Target {
            prefix: Path::from(format!("value-{number}")),
            immediate: false,
            ..target(&store, 0)
        };
        crate::runtime::spawn(async move {
            let value: Vec<u64> = (number..number + (9 << 17)).collect();
            let written = Basic.write(&value, &target).await.expect("it is stored");
            let source = source::<Vec<u64>>(&target, written);
            let recalled: Vec<u64> = Basic.read(&source).await.expect("it is recalled");
            recalled == value
        })
    });
    let all = pollster::block_on(futures::future::join_all(tasks));
    assert!(all.into_iter().all(|same| same.expect("no panic")));
}

/// Fails where the blocks are sent already: it is found out before the first one is.
#[derive(Deserialize)]
struct FailsLate(Vec<u64>);

impl Serialize for FailsLate {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        struct Last(u64, bool);
        impl Serialize for Last {
            fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
                match self.1 {
                    true => Err(serde::ser::Error::custom("the gauge is frozen")),
                    false => to.serialize_u64(self.0),
                }
            }
        }
        let last = self.0.len() - 1;
        to.collect_seq(self.0.iter().enumerate().map(|(at, n)| Last(*n, at == last)))
    }
}

#[test]
fn a_failing_serialize_leaves_nothing_behind() {
    let (counting, target) = counted(memory(), true);
    let error = store(&FailsLate((0..9 << 17).collect()), &target).expect_err("it fails");
    assert!(error.to_string().ends_with("the gauge is frozen"), "{error}");
    assert_eq!(counting.counts().requests(), 0);
}

#[test]
fn a_failing_store_is_named_and_the_upload_given_up() {
    let value: Vec<u64> = (0..9 << 17).collect();
    for (operation, nth) in [
        (Operation::Multipart, 1),
        (Operation::Part, 1),
        (Operation::Part, 2),
        (Operation::Complete, 1),
    ] {
        for immediate in [true, false] {
            let (folder, files) = on_disk();
            let faulty = Faulty::new(files);
            faulty.inject(Trigger::any().on([operation]).nth(nth), Fault::Fail);
            let (counting, target) = counted(Arc::new(faulty), immediate);
            let error = store(&value, &target).expect_err("the store fails");
            let Error::Store { doing, location, .. } = &error else { panic!("{error}") };
            assert_eq!((doing.as_str(), location), ("write value.bin", &target.shown.to_string()));
            let given_up = u64::from(operation != Operation::Multipart);
            assert_eq!(counting.counts().of(Operation::Abort), given_up);
            assert!(!left_over(folder.path()), "{operation}");
        }
    }
}

/// Whether there is any file in a folder.
fn left_over(folder: &std::path::Path) -> bool {
    let entries = std::fs::read_dir(folder).expect("the folder is read");
    entries.map(|entry| entry.expect("an entry").path()).any(|path| {
        let lock = path.components().any(|part| part.as_os_str() == ".locks");
        if path.is_dir() { left_over(&path) } else { !lock }
    })
}

#[test]
fn a_failing_read_is_named() {
    for (length, fault) in
        [(100_000, Fault::Fail), (300_000, Fault::Fail), (300_000, Fault::CutShort)]
    {
        for immediate in [true, false] {
            let faulty = Faulty::new(memory());
            let (_, target) = counted(Arc::new(faulty.clone()), immediate);
            let value: Vec<u64> = (0..length).collect();
            let written = store(&value, &target).expect("it is stored");
            let source = source::<Vec<u64>>(&target, written);
            faulty.inject(Trigger::any().on([Operation::Get]), fault);
            let error = recall::<Vec<u64>>(&source).expect_err("the store fails");
            assert!(matches!(error, Error::Store { .. } | Error::Damaged { .. }), "{error}");
            faulty.heal();
            assert!(recall::<Vec<u64>>(&source).expect("it is recalled") == value);
        }
    }
}

#[test]
fn a_file_that_shrinks_or_is_replaced_is_damage() {
    let (folder, files) = on_disk();
    let target = target(&files, 0);
    let value: Vec<u64> = (0..1 << 20).collect();
    let written = store(&value, &target).expect("it is stored");
    let source = source::<Vec<u64>>(&target, written);
    let file = folder.path().join("lake/data/aa/key/generation/value.bin");
    let bytes = std::fs::read(&file).expect("the file is there");

    for length in [0, 79, 1 << 20, bytes.len() - 1] {
        std::fs::write(&file, &bytes[..length]).expect("it is written");
        let error = recall::<Vec<u64>>(&source).expect_err("it is cut short");
        assert!(error.is_damaged(), "{error}");
    }
    std::fs::write(&file, vec![0; bytes.len()]).expect("it is written");
    assert!(recall::<Vec<u64>>(&source).expect_err("it is replaced").is_damaged());
}

#[test]
fn a_slow_store_is_waited_for() {
    let faulty = Faulty::new(memory());
    faulty.inject(Trigger::any().nth(3), Fault::Delay(Duration::from_millis(20)));
    let value: Vec<u64> = (0..3 << 20).collect();
    requests(&value, Arc::new(faulty), false);
}

/// Counts the ranges that are on their way, each for a while.
#[derive(Debug)]
struct Slow(Arc<dyn ObjectStore>, Arc<AtomicUsize>, Arc<AtomicUsize>);

impl std::fmt::Display for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("slow")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Slow {
    async fn put_opts(
        &self,
        path: &Path,
        payload: object_store::PutPayload,
        options: object_store::PutOptions,
    ) -> object_store::Result<object_store::PutResult> {
        self.0.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: object_store::PutMultipartOptions,
    ) -> object_store::Result<Box<dyn object_store::MultipartUpload>> {
        self.0.put_multipart_opts(path, options).await
    }

    async fn get_opts(
        &self,
        path: &Path,
        options: object_store::GetOptions,
    ) -> object_store::Result<object_store::GetResult> {
        let is_first = !matches!(&options.range, Some(object_store::GetRange::Bounded(range)) if range.start > 0);
        if is_first {
            return self.0.get_opts(path, options).await;
        }
        let now = self.1.fetch_add(1, Ordering::SeqCst) + 1;
        self.2.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(30)).await;
        let got = self.0.get_opts(path, options).await;
        self.1.fetch_sub(1, Ordering::SeqCst);
        got
    }

    fn delete_stream(
        &self,
        paths: futures::stream::BoxStream<'static, object_store::Result<Path>>,
    ) -> futures::stream::BoxStream<'static, object_store::Result<Path>> {
        self.0.delete_stream(paths)
    }

    fn list(
        &self,
        prefix: Option<&Path>,
    ) -> futures::stream::BoxStream<'static, object_store::Result<object_store::ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(
        &self,
        prefix: Option<&Path>,
    ) -> object_store::Result<object_store::ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: object_store::CopyOptions,
    ) -> object_store::Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[test]
fn several_ranges_of_a_large_object_are_on_their_way_and_no_more() {
    let (now, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let slow = Slow(memory(), Arc::clone(&now), Arc::clone(&most));
    let value: Vec<u32> = (0..10 << 20).collect();
    let (_, recalled) = requests(&value, Arc::new(slow), false);
    assert_eq!(recalled.len(), 11, "forty megabytes and a few bytes");
    assert_eq!(most.load(Ordering::SeqCst), ranges::AT_ONCE - 1);
}

#[test]
fn a_large_object_whose_range_fails_or_is_cut_short_is_no_value() {
    let faulty = Faulty::new(memory());
    let (_, target) = counted(Arc::new(faulty.clone()), false);
    let value: Vec<u32> = (0..4 << 20).collect();
    let written = store(&value, &target).expect("it is stored");
    let source = source::<Vec<u32>>(&target, written);
    for fault in [Fault::Fail, Fault::CutShort] {
        for nth in 2..=5 {
            faulty.inject(Trigger::any().on([Operation::Get]).nth(nth), fault);
            let error = recall::<Vec<u32>>(&source).expect_err("the store fails");
            assert!(matches!(error, Error::Store { .. } | Error::Damaged { .. }), "{error}");
            faulty.heal();
        }
    }
    // As of a server that knows no ranges.
    faulty.inject(Trigger::any().on([Operation::Get]).nth(1), Fault::Fail);
    assert!(recall::<Vec<u32>>(&source).expect("it is asked for as a whole") == value);
}
