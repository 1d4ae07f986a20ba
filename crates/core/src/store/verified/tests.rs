use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
};
use pollster::block_on;

use super::blocks::Plan;
use super::{BLOCK, Damage, Recording, StoredSums, Sums, Verified};
use crate::config::Verify;
use crate::store::{Counting, Fault, Faulty, LocalFiles, Operation, Trigger};

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// The sums of nothing, for objects that span several blocks and can still be flipped byte by byte.
fn small_blocks(block: u64) -> Sums {
    Sums { block, ..Sums::new() }
}

fn prefix() -> Path {
    path("data/generation")
}

fn object() -> Path {
    path("data/generation/part")
}

/// Writes an object while recording, and hands out how to read it verified.
fn recorded(store: &Arc<dyn ObjectStore>, block: u64, content: &[u8]) -> Verified {
    let recording = Recording::resume(Arc::clone(store), prefix(), small_blocks(block));
    block_on(recording.put(&object(), content.to_vec().into())).unwrap();
    Verified::new(Arc::clone(store), prefix(), recording.sums())
}

fn overwrite(store: &dyn ObjectStore, content: &[u8]) {
    block_on(store.put(&object(), content.to_vec().into())).unwrap();
}

fn read(store: &dyn ObjectStore) -> object_store::Result<Bytes> {
    block_on(async { store.get(&object()).await?.bytes().await })
}

#[track_caller]
fn damage<T>(result: object_store::Result<T>) -> Damage {
    let error = result.err().expect("damage must be an error");
    Damage::find(&error).unwrap_or_else(|| panic!("not told as damage: {error:?}")).clone()
}

#[test]
fn a_store_that_is_trusted_is_asked_for_what_is_wanted_and_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let local: Arc<dyn ObjectStore> = Arc::new(LocalFiles::new(folder.path()));
    for store in [memory(), local] {
        let content: Vec<u8> = (0..150).collect();
        let counting = Counting::new(Arc::clone(&store));
        let counted: Arc<dyn ObjectStore> = Arc::new(counting.clone());
        let verified = recorded(&counted, 16, &content);
        let trusted = verified.clone().verify(Verify::Off);
        let mut flipped = content.clone();
        flipped[40] ^= 1;
        overwrite(&*store, &flipped);
        assert_eq!(read(&trusted).unwrap(), flipped);
        for range in [0..1, 10..50, 40..41, 149..150] {
            let before = counting.counts().bytes_read;
            let wanted = &flipped[range.start as usize..range.end as usize];
            assert_eq!(block_on(trusted.get_range(&object(), range.clone())).unwrap(), wanted);
            assert_eq!(counting.counts().bytes_read - before, range.end - range.start);
        }
        // Names and lengths count all the same.
        overwrite(&*store, &content[..149]);
        assert!(damage(read(&trusted)).to_string().contains("149 bytes long, and 150"));
        let stray = path("data/generation/stray");
        block_on(store.put(&stray, "stray".into())).unwrap();
        assert!(block_on(trusted.get(&stray)).is_err());
        block_on(store.delete(&object())).unwrap();
        let _ = damage(read(&trusted));
    }
}

#[test]
fn every_flipped_byte_is_an_error_wherever_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let local: Arc<dyn ObjectStore> = Arc::new(LocalFiles::new(folder.path()));
    for store in [memory(), local] {
        let content: Vec<u8> = (0..150).collect();
        let verified = recorded(&store, 16, &content);
        assert_eq!(read(&verified).unwrap(), content);
        for index in 0..content.len() {
            let mut flipped = content.clone();
            flipped[index] ^= 1 << (index % 8);
            overwrite(&*store, &flipped);

            let block = index as u64 / 16;
            let at = index as u64;
            assert_eq!(damage(read(&verified)).block, Some(block));
            assert_eq!(
                damage(block_on(verified.get_range(&object(), at..at + 1))).block,
                Some(block)
            );
            assert_eq!(
                damage(block_on(verified.get_ranges(&object(), &[at..at + 1, at..at + 1]))).block,
                Some(block)
            );
            for range in [GetRange::Offset(at), GetRange::Suffix(150 - at)] {
                let options = GetOptions::new().with_range(Some(range));
                let got =
                    block_on(async { verified.get_opts(&object(), options).await?.bytes().await });
                assert_eq!(damage(got).block, Some(block));
            }
            // What lies in other blocks is good and stays readable.
            let other = (at + 16) % 144 / 16 * 16;
            let got = block_on(verified.get_range(&object(), other..other + 16)).unwrap();
            assert_eq!(got, content[other as usize..other as usize + 16]);
        }
    }
}

#[test]
fn what_comes_before_the_damage_is_handed_out_and_nothing_after() {
    let store = memory();
    let mut content = vec![1; 100];
    let verified = recorded(&store, 10, &content);
    content[55] = 2;
    overwrite(&*store, &content);
    let mut stream = block_on(verified.get(&object())).unwrap().into_stream();
    for _ in 0..5 {
        assert_eq!(block_on(stream.try_next()).unwrap().unwrap(), vec![1; 10]);
    }
    let error = damage(block_on(stream.try_next()));
    assert_eq!((error.object.as_str(), error.block), ("data/generation/part", Some(5)));
}

#[test]
fn a_shorter_a_longer_and_a_lost_object_are_told() {
    let store = memory();
    let content = vec![3; 100];
    let verified = recorded(&store, 16, &content);
    for (length, block) in [(99, 6), (101, 6), (200, 6), (0, 0), (40, 2)] {
        overwrite(&*store, &vec![3; length]);
        for error in [
            damage(read(&verified)),
            damage(block_on(verified.head(&object()))),
            damage(block_on(verified.get_range(&object(), 0..1))),
            damage(block_on(verified.get_ranges(&object(), &[0..1, 0..2]))),
        ] {
            assert_eq!(error.block, Some(block), "{error}");
            assert!(error.why.contains(&format!("{length} bytes long, and 100")), "{error}");
        }
    }
    block_on(store.delete(&object())).unwrap();
    let error = damage(read(&verified));
    assert_eq!((error.block, error.why.as_str()), (None, "it is missing"));
    assert_eq!(error.to_string(), "data/generation/part is damaged: it is missing");
    damage(block_on(verified.head(&object())));
}

#[test]
fn an_empty_object_is_checked_too() {
    let store = memory();
    let verified = recorded(&store, 16, b"");
    assert_eq!(read(&verified).unwrap(), "");
    overwrite(&*store, b"x");
    damage(read(&verified));
    block_on(store.delete(&object())).unwrap();
    damage(read(&verified));
}

#[test]
fn a_connection_that_is_cut_is_an_error() {
    for (range, length) in [(None, 100), (Some(GetRange::Bounded(20..90)), 70)] {
        let faulty = Faulty::new(memory());
        let store: Arc<dyn ObjectStore> = Arc::new(faulty.clone());
        let verified = recorded(&store, 16, &[5; 100]);
        let options = || GetOptions { range: range.clone(), ..GetOptions::default() };
        let get =
            || block_on(async { verified.get_opts(&object(), options()).await?.bytes().await });
        assert_eq!(get().unwrap().len(), length);
        faulty.inject(Trigger::any(), Fault::CutShort);
        assert!(damage(get()).why.contains("it ends after"));
        assert!(faulty.struck() > 0);
    }
}

#[test]
fn a_reply_that_is_longer_than_asked_for_is_an_error() {
    let recording = Recording::resume(memory(), prefix(), small_blocks(16));
    block_on(recording.put(&object(), vec![5; 40].into())).unwrap();
    let sums = Arc::clone(&recording.sums().objects["part"]);
    let reply = |chunks: Vec<usize>| {
        let (location, verify) = (object(), Verify::Full);
        let plan = Plan { location, sums: Arc::clone(&sums), size: 16, wanted: 20..30, verify };
        let chunks = chunks.into_iter().map(|length| Ok(Bytes::from(vec![5; length])));
        let stream = futures::stream::iter(chunks.collect::<Vec<_>>());
        let checked = plan.check(GetResultPayload::Stream(Box::pin(stream))).unwrap();
        block_on(checked.try_collect::<Vec<Bytes>>())
    };
    assert_eq!(reply(vec![3, 0, 13]).unwrap().concat(), [5; 10]);
    assert!(damage(reply(vec![17])).why.contains("more than was asked for"));
    assert!(damage(reply(vec![16, 0, 1])).why.contains("more than was asked for"));
    assert!(damage(reply(vec![15])).why.contains("ends after 15"));
    assert!(damage(reply(vec![])).why.contains("ends after 0"));
}

#[test]
fn a_range_reads_only_the_blocks_that_it_touches() {
    let counting = Counting::new(memory());
    let store: Arc<dyn ObjectStore> = Arc::new(counting.clone());
    let verified = recorded(&store, 10, &[9; 100]);
    let read = |from, to| {
        let before = counting.counts().bytes_read;
        assert_eq!(
            block_on(verified.get_range(&object(), from..to)).unwrap().len() as u64,
            to - from
        );
        counting.counts().bytes_read - before
    };
    assert_eq!(read(0, 1), 10);
    assert_eq!(read(9, 11), 20);
    assert_eq!(read(10, 20), 10);
    assert_eq!(read(95, 100), 10);
    assert_eq!(read(0, 100), 100);
    assert_eq!(counting.counts().of(Operation::Get), 5, "one request a range");
}

#[test]
fn large_local_objects_are_checked_block_by_block() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFiles::new(folder.path()));
    let mut content: Vec<u8> = (0..3 * BLOCK + 5).map(|i| (i % 251) as u8).collect();
    content.resize(content.len() + 2 * BLOCK as usize, 1);
    let recording = Recording::new(Arc::clone(&store), prefix());
    block_on(recording.put(&object(), content.clone().into())).unwrap();
    let verified = Verified::new(Arc::clone(&store), prefix(), recording.sums());
    assert!(read(&verified).unwrap() == content);
    let stream = block_on(verified.get(&object())).unwrap().into_stream();
    let chunks: Vec<Bytes> = block_on(stream.try_collect()).unwrap();
    assert!(chunks.iter().all(|chunk| chunk.len() as u64 <= BLOCK), "memory is bounded");
    assert_eq!(chunks.len(), 6);

    content[2 * BLOCK as usize] ^= 1;
    overwrite(&*store, &content);
    assert_eq!(damage(read(&verified)).block, Some(2));
    let tail = block_on(verified.get_range(&object(), 3 * BLOCK..5 * BLOCK)).unwrap();
    assert!(tail == content[3 * BLOCK as usize..5 * BLOCK as usize]);
}

#[test]
fn only_what_was_recorded_is_shown_and_nothing_can_be_written() {
    let store = memory();
    let verified = recorded(&store, 16, b"x");
    let foreign = path("data/generation/foreign");
    block_on(store.put(&foreign, "x".into())).unwrap();
    block_on(async {
        for absent in [&foreign, &path("data/generation"), &path("part"), &path("data")] {
            let error = verified.get(absent).await.unwrap_err();
            assert!(matches!(error, object_store::Error::NotFound { .. }), "{error:?}");
        }
        let listed: Vec<_> = verified.list(None).try_collect().await.unwrap();
        assert_eq!(listed.into_iter().map(|m| m.location).collect::<Vec<_>>(), [object()]);
        verified.put(&object(), "y".into()).await.unwrap_err();
        verified.put_multipart(&object()).await.map(drop).unwrap_err();
        verified.delete(&object()).await.unwrap_err();
        verified.copy(&object(), &foreign).await.unwrap_err();
        verified.rename(&object(), &foreign).await.unwrap_err();
    });
    assert_eq!(read(&verified).unwrap(), "x");
}

#[test]
fn the_record_follows_what_was_confirmed() {
    let faulty = Faulty::new(memory());
    let recording = Recording::new(Arc::new(faulty.clone()), prefix());
    let names =
        || recording.sums().objects().map(|(n, o)| (n.to_owned(), o.bytes())).collect::<Vec<_>>();
    let at = |name: &str| path(&format!("data/generation/{name}"));
    block_on(async {
        recording.put(&at("a"), "1".into()).await.unwrap();
        recording.put(&at("a"), "12".into()).await.unwrap();
        let create = PutMode::Create;
        recording.put_opts(&at("a"), "123".into(), create.into()).await.unwrap_err();
        assert_eq!(names(), [("a".into(), 2)]);

        let mut upload = recording.put_multipart(&at("d/b")).await.unwrap();
        upload.put_part("123".into()).await.unwrap();
        assert_eq!(names().len(), 1, "not before it is complete");
        upload.put_part("456".into()).await.unwrap();
        upload.complete().await.unwrap();
        recording.copy(&at("d/b"), &at("c")).await.unwrap();
        recording.rename(&at("a"), &at("z")).await.unwrap();
        assert_eq!(names(), [("c".into(), 6), ("d/b".into(), 6), ("z".into(), 2)]);
        recording.delete(&at("c")).await.unwrap();

        let mut upload = recording.put_multipart(&at("no")).await.unwrap();
        upload.put_part("123".into()).await.unwrap();
        upload.abort().await.unwrap();
        faulty.inject(Trigger::any().on([Operation::Put]), Fault::Fail);
        recording.put(&at("no"), "1".into()).await.unwrap_err();
        faulty.heal();
        assert_eq!(names(), [("d/b".into(), 6), ("z".into(), 2)]);

        for refused in
            [path("elsewhere"), path("data/generation"), path("data/generation2/x"), at("sums")]
        {
            recording.put(&refused, "x".into()).await.unwrap_err();
        }
        faulty.put(&at("unknown"), "x".into()).await.unwrap();
        recording.copy(&at("unknown"), &at("y")).await.unwrap_err();
    });
    assert_eq!(recording.sums().bytes(), 8);
}

#[test]
fn parts_and_chunks_of_any_size_have_the_sums_of_the_whole() {
    let content: Vec<u8> = (0..100).collect();
    let sums = |pieces: &[usize], multipart: bool| {
        let recording = Recording::resume(memory(), prefix(), small_blocks(16));
        let mut rest = Bytes::from(content.clone());
        let pieces: Vec<Bytes> = pieces.iter().map(|n| rest.split_to(*n)).collect();
        assert!(rest.is_empty());
        block_on(async {
            if multipart {
                let mut upload = recording.put_multipart(&object()).await.unwrap();
                for piece in pieces {
                    upload.put_part(piece.into()).await.unwrap();
                }
                upload.complete().await.unwrap();
            } else {
                let payload: PutPayload = pieces.into_iter().collect();
                recording.put(&object(), payload).await.unwrap();
            }
        });
        recording.sums()
    };
    let whole = sums(&[100], false);
    for pieces in [&[16, 16, 68][..], &[1, 99], &[0, 50, 0, 50], &[15, 1, 17, 67]] {
        assert_eq!(sums(pieces, false), whole, "{pieces:?}");
        assert_eq!(sums(pieces, true), whole, "{pieces:?}");
    }
}

#[test]
fn small_sums_are_inline_and_large_ones_an_object() {
    let store = memory();
    recorded(&store, 16, b"x");
    let recording = Recording::new(Arc::clone(&store), prefix());
    block_on(recording.put(&object(), vec![1; 1000].into())).unwrap();
    let sums = recording.sums();
    let keep =
        |limit| block_on(sums.clone().store(&*store, &prefix(), limit, "root (memory)")).unwrap();
    let reload = |stored: &StoredSums| {
        let json = serde_json::to_string(stored).unwrap();
        let stored: StoredSums = serde_json::from_str(&json).unwrap();
        block_on(stored.load(&*store, &prefix(), "root (memory)"))
    };
    let inline = keep(10_000);
    assert!(matches!(inline, StoredSums::Inline(_)));
    assert_eq!(reload(&inline).unwrap(), sums);

    let beside = keep(10);
    assert!(matches!(beside, StoredSums::Object { .. }));
    assert_eq!(reload(&beside).unwrap(), sums);

    let at = path("data/generation/sums");
    let good = block_on(async { store.get(&at).await.unwrap().bytes().await.unwrap() });
    for index in 0..good.len() {
        let mut flipped = good.to_vec();
        flipped[index] ^= 4;
        block_on(store.put(&at, flipped.into())).unwrap();
        assert!(reload(&beside).unwrap_err().is_damaged());
    }
    for length in [0, 1, good.len() + 1, good.len() * 2] {
        block_on(store.put(&at, vec![b' '; length].into())).unwrap();
        let error = reload(&beside).unwrap_err();
        assert!(error.is_damaged(), "{error:?}");
    }
    block_on(store.delete(&at)).unwrap();
    assert!(reload(&beside).unwrap_err().is_damaged());
}

#[test]
fn the_form_of_sums_is_frozen() {
    let recording = Recording::new(memory(), prefix());
    block_on(recording.put(&object(), "rain".into())).unwrap();
    block_on(recording.put(&path("data/generation/a/empty"), "".into())).unwrap();
    let json = serde_json::to_string(&StoredSums::Inline(recording.sums())).unwrap();
    assert_eq!(
        json,
        r#"{"inline":{"block":262144,"objects":{"a/empty":{"bytes":0,"blake3":""},"part":{"bytes":4,"blake3":"RA1KnzeRbHcoo0YP0zuBY2uDNQS2B2ZnBaw8hvp7HuU"}}}}"#
    );
}

#[test]
fn hostile_sums_are_refused() {
    let hash = "A".repeat(43);
    let cases = [
        r#"{"block":0,"objects":{}}"#.to_owned(),
        r#"{"block":999999999999,"objects":{}}"#.to_owned(),
        format!(r#"{{"block":10,"objects":{{"a":{{"bytes":11,"blake3":"{hash}"}}}}}}"#),
        format!(r#"{{"block":10,"objects":{{"a":{{"bytes":0,"blake3":"{hash}"}}}}}}"#),
        format!(r#"{{"block":10,"objects":{{"../a":{{"bytes":1,"blake3":"{hash}"}}}}}}"#),
        format!(r#"{{"block":10,"objects":{{"/a":{{"bytes":1,"blake3":"{hash}"}}}}}}"#),
        format!(r#"{{"block":10,"objects":{{"":{{"bytes":1,"blake3":"{hash}"}}}}}}"#),
        format!(
            r#"{{"block":10,"objects":{{"a":{{"bytes":18446744073709551615,"blake3":"{hash}"}}}}}}"#
        ),
        r#"{"block":10,"objects":{"a":{"bytes":1,"blake3":"AAAA"}}}"#.to_owned(),
        r#"{"block":10,"objects":{"a":{"bytes":1,"blake3":"*"}}}"#.to_owned(),
    ];
    for json in cases {
        assert!(serde_json::from_str::<Sums>(&json).is_err(), "{json}");
    }
    let good = format!(r#"{{"block":10,"objects":{{"a":{{"bytes":10,"blake3":"{hash}"}}}}}}"#);
    assert_eq!(serde_json::from_str::<Sums>(&good).unwrap().len(), 1);
}

#[test]
fn damage_is_found_behind_what_other_libraries_make_of_it() {
    let store = memory();
    let verified = recorded(&store, 16, b"rain");
    overwrite(&*store, b"pain");
    let error = read(&verified).unwrap_err();
    let wrapped = std::io::Error::other(std::io::Error::other(error));
    assert_eq!(Damage::find(&wrapped).unwrap().block, Some(0));
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(wrapped);
    assert!(Damage::find(&*boxed).is_some());
}
