//! What a look-up finds, and what it costs.

use std::sync::atomic::Ordering;

use object_store::local::LocalFileSystem;

use super::*;
use crate::config::CommitPolicy;
use crate::error::Error;

#[test]
fn a_hit_is_one_get_and_the_marker_one_more_for_a_location() {
    let store = Arc::new(Fake::default());
    done(block_on(super::store(&root(&store), &address(), b"small")));
    store.requests();

    let other_process = root(&store);
    assert_eq!(value(&other_process, &address()).unwrap(), b"small");
    let manifest = format!("GET {}", address().manifest());
    assert_eq!(store.requests(), ["GET nuthatch.json".to_owned(), manifest.clone()]);
    assert_eq!(value(&other_process, &address()).unwrap(), b"small");
    assert_eq!(store.requests(), [manifest]);
}

#[test]
fn a_larger_value_is_one_get_more() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"more than eight bytes")));
    store.requests();
    assert_eq!(value(&lake, &address()).unwrap(), b"more than eight bytes");
    assert_eq!(store.requests().len(), 2);
}

#[test]
fn a_miss_is_one_get() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    assert!(matches!(look_up(&lake, &address()), Lookup::Absent(_)));
    store.requests();
    assert!(matches!(look_up(&lake, &address()), Lookup::Absent(_)));
    assert_eq!(store.requests(), [format!("GET {}", address().manifest())]);
}

#[test]
fn a_location_that_another_process_creates_later_is_seen() {
    let store = Arc::new(Fake::default());
    let (early, late) = (root(&store), root(&store));
    assert!(matches!(look_up(&early, &address()), Lookup::Absent(_)));
    done(block_on(super::store(&late, &address(), b"small")));
    store.requests();
    assert_eq!(value(&early, &address()).unwrap(), b"small");
    assert_eq!(store.requests().len(), 2, "the marker is asked for again, once");
    assert_eq!(value(&early, &address()).unwrap(), b"small");
    assert_eq!(store.requests().len(), 1);
}

#[test]
fn a_deleted_marker_costs_no_request_a_call() {
    let store = Arc::new(Fake::default());
    done(block_on(super::store(&root(&store), &address(), b"small")));
    block_on(object_store::ObjectStoreExt::delete(&store.inner, &"nuthatch.json".into())).unwrap();
    let lake = root(&store);
    assert_eq!(value(&lake, &address()).unwrap(), b"small");
    store.requests();
    assert_eq!(value(&lake, &address()).unwrap(), b"small");
    assert_eq!(store.requests().len(), 1);
}

#[test]
fn a_denied_entry_is_a_miss_once_the_marker_was_read() {
    let store = Arc::new(Fake::default());
    let writer = root(&store);
    done(block_on(super::store(&writer, &address(), b"small")));
    store.deny("/entries/");
    assert!(matches!(look_up(&root(&store), &address()), Lookup::Absent(_)));
    assert!(matches!(look_up(&mirror(&store), &address()), Lookup::Absent(_)));
}

#[test]
fn what_is_denied_is_created_and_never_overwritten() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"kept")));
    let kept = block_on(store.bytes(address().manifest()));
    store.deny("/entries/");
    let found = look_up(&lake, &address());
    let draft = block_on(draft(&lake, &address(), b"new"));
    let error = block_on(lake.commit(&address(), found.seen(), draft)).unwrap_err();
    assert!(error.to_string().contains("may not read"), "{error}");
    assert_eq!(block_on(store.bytes(address().manifest())), kept);
}

#[test]
fn a_denied_mirror_is_out_of_reach_not_empty() {
    let store = Arc::new(Fake::default());
    store.deny("");
    let error = block_on(mirror(&store).look_up(&address())).unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error}");
}

#[test]
fn a_lake_without_the_right_to_list_can_be_begun() {
    // S3 without `ListBucket` answers 403 for objects that do not exist.
    let store = Arc::new(Fake::default());
    store.deny("nuthatch.json");
    store.deny("/entries/");
    let lake = root(&store);
    assert!(matches!(look_up(&lake, &address()), Lookup::Absent(_)));
    done(block_on(super::store(&lake, &address(), b"small")));
}

#[test]
fn another_calls_entry_is_a_miss_and_stays() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let mut colliding = [9; 32];
    colliding[31] = 1;
    let other = address_of(colliding);
    assert_eq!(other.manifest(), address().manifest());
    done(block_on(super::store(&lake, &other, b"other")));

    let found = look_up(&lake, &address());
    assert!(matches!(found, Lookup::Absent(_)), "{found:?}");
    let draft = block_on(draft(&lake, &address(), b"mine"));
    let error = block_on(lake.commit(&address(), found.seen(), draft)).unwrap_err();
    assert!(error.to_string().contains("taken by another call"), "{error}");
    assert_eq!(value(&lake, &other).unwrap(), b"other");
    assert!(!block_on(lake.forget(&address())).unwrap().was_there);
    assert_eq!(value(&lake, &other).unwrap(), b"other");
}

#[test]
fn an_entry_of_a_newer_layout_is_an_error_and_stays() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    block_on(store.set(address().manifest(), *b"{\"layout\":99}"));
    let error = block_on(lake.look_up(&address())).unwrap_err();
    assert!(matches!(error, Error::NewerLayout { found: 99, .. }), "{error}");
    let draft = block_on(draft(&lake, &address(), b"mine"));
    let absent = Seen(super::super::lookup::Object::Absent);
    let error = block_on(lake.commit(&address(), &absent, draft)).unwrap_err();
    assert!(matches!(error, Error::NewerLayout { .. }), "{error}");
    assert!(block_on(lake.forget(&address())).is_err());
    assert_eq!(block_on(store.bytes(address().manifest())), b"{\"layout\":99}");
}

#[test]
fn damage_is_told_and_can_be_replaced() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    let mut torn = block_on(store.bytes(address().manifest()));
    torn.truncate(100);
    block_on(store.set(address().manifest(), torn));
    match look_up(&lake, &address()) {
        Lookup::Damaged { why, .. } => {
            assert!(why.is_damaged(), "{why}");
            assert!(why.to_string().contains(address().manifest().as_ref()), "{why}");
        }
        other => panic!("{other:?}"),
    }
    done(block_on(super::store(&lake, &address(), b"new")));
    assert_eq!(value(&lake, &address()).unwrap(), b"new");
}

#[test]
fn a_reply_that_is_cut_short_is_no_damage() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"small")));
    store.cuts_short.store(true, Ordering::Relaxed);
    let error = block_on(lake.look_up(&address())).unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error}");
}

#[test]
fn every_flipped_byte_of_an_entry_is_a_miss_or_an_error() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"small")));
    let whole = block_on(store.bytes(address().manifest()));
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] = !flipped[at];
        block_on(store.set(address().manifest(), flipped));
        let found = look_up(&lake, &address());
        assert!(matches!(found, Lookup::Damaged { .. }), "byte {at}: {found:?}");
    }
}

#[test]
fn a_folder_where_the_manifest_should_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join(address().manifest().as_ref())).unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let filesystem = Filesystem {
        store: Arc::new(store),
        url: "file:///lake".to_owned(),
        immediate: false,
        folder: None,
    };
    let mut options = LocationOptions::new(LocationName::Root, filesystem);
    options.commit = CommitPolicy::LastWriterWins;
    let lake = Location::new(options);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let seen = match lake.look_up(&address()).await {
            Ok(found) => found.seen().clone(),
            Err(error) => return assert!(error.to_string().contains("file:///lake"), "{error}"),
        };
        let error = lake.commit(&address(), &seen, Draft::new(Content::Null)).await.unwrap_err();
        assert!(error.to_string().contains(address().manifest().as_ref()), "{error}");
    });
}
