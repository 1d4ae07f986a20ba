//! Every store and every wrapper through the conformance suite, and what each wrapper adds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, PutMode};
use pollster::block_on;

use super::conformance::{FOLDER, conformance, read_conformance, sample};
use super::{Counting, Fault, Faulty, LocalFiles, Operation, Recording, Trigger, Upload, Verified};

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

fn local(folder: &tempfile::TempDir) -> Arc<dyn ObjectStore> {
    Arc::new(LocalFiles::new(folder.path().join("lake")))
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn memory_conforms() {
    block_on(conformance(memory()));
}

#[test]
fn local_files_conform_without_a_runtime() {
    let folder = tempfile::tempdir().unwrap();
    block_on(conformance(local(&folder)));
}

#[test]
fn durable_local_files_conform() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFiles::new(folder.path().join("lake")).durable(true);
    block_on(conformance(Arc::new(store)));
}

#[test]
fn local_files_conform_inside_runtimes() {
    for mut builder in
        [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()]
    {
        let folder = tempfile::tempdir().unwrap();
        builder.build().unwrap().block_on(conformance(local(&folder)));
    }
}

#[test]
fn wrappers_conform_as_what_they_wrap() {
    let folder = tempfile::tempdir().unwrap();
    for store in [memory(), local(&folder)] {
        block_on(conformance(Arc::new(Counting::new(Arc::clone(&store)))));
        block_on(conformance(Arc::new(Faulty::new(Arc::clone(&store)))));
        block_on(conformance(Arc::new(Recording::new(store, path(FOLDER)))));
    }
}

#[test]
fn the_verifying_wrapper_reads_as_what_it_wraps() {
    let folder = tempfile::tempdir().unwrap();
    for store in [memory(), local(&folder)] {
        block_on(async {
            let recording = Recording::new(Arc::clone(&store), path(FOLDER));
            let contents = sample();
            for (path, content) in &contents {
                recording.put(path, content.clone().into()).await.unwrap();
            }
            store.put(&path("conformance/sample/foreign"), "x".into()).await.unwrap();
            store.put(&path("elsewhere/foreign"), "x".into()).await.unwrap();
            let verified = Verified::new(store, path(FOLDER), recording.sums());
            read_conformance(&verified, &contents).await;
        });
    }
}

#[test]
fn requests_and_bytes_are_counted_by_kind() {
    let store = Counting::new(memory());
    store.log(true);
    let a = path("a/b");
    block_on(async {
        let first = store.put_opts(&a, "1234".into(), PutMode::Create.into()).await.unwrap();
        let update = PutMode::Update(first.into());
        store.put_opts(&a, "123456".into(), update.into()).await.unwrap();
        store.get(&a).await.unwrap().bytes().await.unwrap();
        store.get_range(&a, 1..3).await.unwrap();
        store.get_ranges(&a, &[0..1, 2..4]).await.unwrap();
        store.head(&a).await.unwrap();
        store.get(&path("none")).await.unwrap_err();
        let mut upload = store.put_multipart(&path("c")).await.unwrap();
        upload.put_part("12".into()).await.unwrap();
        upload.complete().await.unwrap();
        store.list_with_delimiter(None).await.unwrap();
        drop(store.list(None));
        store.copy(&a, &path("d")).await.unwrap();
        store.rename(&a, &path("e")).await.unwrap();
        store.delete(&path("e")).await.unwrap();
    });
    let counts = store.counts();
    let expected = [
        (Operation::Create, 1),
        (Operation::Update, 1),
        (Operation::Put, 0),
        (Operation::Get, 3),
        (Operation::GetRanges, 1),
        (Operation::Head, 1),
        (Operation::Multipart, 1),
        (Operation::Part, 1),
        (Operation::Complete, 1),
        (Operation::Abort, 0),
        (Operation::ListLevel, 1),
        (Operation::List, 1),
        (Operation::Copy, 1),
        (Operation::Rename, 1),
        (Operation::Delete, 1),
    ];
    for (operation, count) in expected {
        assert_eq!(counts.of(operation), count, "{operation:?}");
    }
    assert_eq!(counts.requests(), 15);
    assert_eq!((counts.bytes_read, counts.bytes_written), (6 + 2 + 3, 4 + 6 + 2));
    let log = store.take_log();
    assert_eq!(log.len(), 15);
    assert_eq!(log[0], (Operation::Create, a));
    assert!(store.take_log().is_empty(), "taking the log empties it");
}

#[test]
fn the_log_is_kept_only_when_asked_for() {
    let store = Counting::new(memory());
    block_on(store.put(&path("a"), "x".into())).unwrap();
    assert!(store.take_log().is_empty());
}

#[test]
fn operations_are_numbered_as_they_are_listed() {
    for (index, operation) in Operation::ALL.into_iter().enumerate() {
        assert_eq!(operation.index(), index);
    }
}

#[test]
fn only_the_nth_of_the_chosen_requests_is_struck() {
    let store = Faulty::new(memory());
    let writes = Trigger::any().on([Operation::Put]).containing("data/").nth(2);
    store.inject(writes, Fault::Fail);
    let outcome = |name: &str| block_on(store.put(&path(name), "x".into())).is_ok();
    let names = ["data/1", "other/1", "data/2", "data/3"];
    assert_eq!(names.map(outcome), [true, true, false, true]);
    assert!(block_on(store.get(&path("data/2"))).is_err(), "it did not reach the store");
    assert_eq!(store.struck(), 1);
}

#[test]
fn each_fault_does_what_it_says() {
    let store = Faulty::new(memory());
    let a = path("a");
    let put = |text: &'static str| block_on(store.put(&a, text.into()));
    let get = || block_on(async { store.get(&a).await?.bytes().await });
    put("before").unwrap();

    store.inject(Trigger::any().nth(1), Fault::LoseReply);
    put("after").unwrap_err();
    assert_eq!(get().unwrap(), "after", "the store did it all the same");
    store.heal();

    store.inject(Trigger::any().on([Operation::Put]), Fault::CutShort);
    put("again").unwrap_err();
    assert_eq!(get().unwrap(), "after", "half a request is none");
    store.heal();

    store.inject(Trigger::any(), Fault::CutShort);
    let stream = block_on(async { store.get(&a).await.unwrap().into_stream().collect().await });
    let chunks: Vec<_> = stream;
    assert_eq!(chunks.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat(), b"af");
    assert_eq!(block_on(store.get_ranges(&a, &[0..4, 1..3])).unwrap(), ["af", "f"]);
    assert!(block_on(store.list(None).try_collect::<Vec<_>>()).is_err());
    store.heal();

    store.inject(Trigger::any(), Fault::Deny);
    assert!(matches!(get(), Err(object_store::Error::PermissionDenied { .. })));
    assert!(block_on(store.delete(&a)).is_err());
    store.heal();

    store.inject(Trigger::any().on([Operation::Create]), Fault::IgnoreCondition);
    let create =
        |text: &'static str| block_on(store.put_opts(&a, text.into(), PutMode::Create.into()));
    create("over it").unwrap();
    assert_eq!(get().unwrap(), "over it");
    store.heal();
    create("in vain").unwrap_err();

    let delay = Duration::from_millis(20);
    store.inject(Trigger::any(), Fault::Delay(delay));
    let start = Instant::now();
    assert_eq!(get().unwrap(), "over it");
    assert!(start.elapsed() >= delay);
    assert_eq!(store.struck(), 9);
}

#[test]
fn a_part_that_is_lost_fails_the_upload() {
    let folder = tempfile::tempdir().unwrap();
    let store = Faulty::new(local(&folder));
    store.inject(Trigger::any().on([Operation::Part]).nth(2), Fault::Fail);
    block_on(async {
        let mut upload = store.put_multipart(&path("a")).await.unwrap();
        upload.put_part("one".into()).await.unwrap();
        upload.put_part("two".into()).await.unwrap_err();
        upload.put_part("three".into()).await.unwrap();
        let error = upload.complete().await.unwrap_err().to_string();
        assert!(error.contains("3 bytes of its parts were not written"), "{error}");
        assert!(store.get_opts(&path("a"), GetOptions::new()).await.is_err());
    });
}

const TEN: [&str; 4] = ["01", "2345", "", "6789"];

/// Ten bytes in pieces, in parts of four.
async fn upload(store: &Arc<dyn ObjectStore>) -> object_store::Result<()> {
    let mut upload = Upload::new(Arc::clone(store), path("a")).parts_of(4, 2);
    for piece in TEN {
        upload.push(piece.into()).await?;
    }
    upload.finish().await
}

#[test]
fn an_upload_is_one_request_or_parts_of_one_size() {
    let counting = Counting::new(memory());
    let store: Arc<dyn ObjectStore> = Arc::new(counting.clone());
    crate::runtime::block_on(async {
        upload(&store).await.unwrap();
        assert_eq!(store.get(&path("a")).await.unwrap().bytes().await.unwrap(), "0123456789");
        let count = |operation| counting.counts().of(operation);
        assert_eq!((count(Operation::Part), count(Operation::Complete)), (3, 1));
        for length in [0, 1, 4] {
            let mut upload = Upload::new(Arc::clone(&store), path("b")).parts_of(4, 2);
            upload.push(Bytes::from_static(&b"0123"[..length])).await.unwrap();
            upload.finish().await.unwrap();
            let read = store.get(&path("b")).await.unwrap().bytes().await.unwrap();
            assert_eq!(read, b"0123"[..length]);
        }
        assert_eq!((count(Operation::Put), count(Operation::Multipart)), (3, 1));
    });
}

#[test]
fn an_upload_that_fails_leaves_nothing_in_the_store() {
    let cases = [(Operation::Multipart, 1), (Operation::Part, 1), (Operation::Part, 2)];
    for (operation, nth) in
        cases.into_iter().chain([(Operation::Part, 3), (Operation::Complete, 1)])
    {
        let counting = Counting::new(memory());
        let faulty = Faulty::new(Arc::new(counting.clone()));
        faulty.inject(Trigger::any().on([operation]).nth(nth), Fault::Fail);
        let store: Arc<dyn ObjectStore> = Arc::new(faulty.clone());
        crate::runtime::block_on(async {
            let error = upload(&store).await.unwrap_err();
            assert!(error.to_string().contains("injected"), "{error}");
            assert!(store.head(&path("a")).await.is_err());
        });
        let begun = counting.counts().of(Operation::Multipart);
        assert_eq!(counting.counts().of(Operation::Abort), begun, "{operation} {nth}");
        assert_eq!(faulty.struck(), 1);
    }
}

#[test]
fn an_upload_that_is_not_to_be_finished_is_given_up() {
    let counting = Counting::new(memory());
    crate::runtime::block_on(async {
        let mut upload = Upload::new(Arc::new(counting.clone()), path("a")).parts_of(4, 2);
        upload.push("01234".into()).await.unwrap();
        upload.abort().await;
    });
    assert_eq!(counting.counts().of(Operation::Abort), 1);
}
