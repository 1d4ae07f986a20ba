//! A long write says that it is alive, and is not committed where nobody heard it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::*;

fn begin(lake: &Location) -> Writing {
    block_on(lake.begin(&address(), "zarr", toml::Table::new(), 0)).unwrap()
}

fn finish(writing: &Writing) -> crate::Result<Stored> {
    block_on(writing.finish(Written::default(), None, "Dataset", None))
}

fn alive(writing: &Writing) -> Path {
    Path::parse(format!("{}/.alive", writing.target().prefix)).unwrap()
}

#[test]
fn each_write_has_a_fresh_generation_below_its_entry() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (one, two) = (begin(&lake), begin(&lake));
    assert_ne!(one.generation(), two.generation());
    let prefix = address().generation(one.generation()).unwrap();
    assert_eq!(one.target().prefix, prefix);
    assert_eq!(finish(&one).unwrap().path, prefix.to_string());
    assert_eq!(one.target().shown.to_string(), format!("root (memory://lake/{prefix})"));
}

#[test]
fn a_short_write_asks_the_store_nothing() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    store.requests();
    advance(GRACE / 4 - Duration::from_secs(1));
    block_on(writing.beat_if_due()).unwrap();
    finish(&writing).unwrap();
    assert_eq!(store.requests(), Vec::<String>::new());
}

#[test]
fn a_long_write_says_that_it_is_alive() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    let mut signs = Vec::new();
    for _ in 0..12 {
        advance(GRACE / 4);
        block_on(writing.beat_if_due()).unwrap();
        signs.push(block_on(store.bytes(&alive(&writing))));
    }
    signs.dedup();
    assert_eq!(signs.len(), 12, "each sign is another ULID");
    assert!(ulid::Ulid::from_string(std::str::from_utf8(&signs[0]).unwrap()).is_ok());
    finish(&writing).unwrap();
}

#[test]
fn a_write_whose_sign_was_removed_is_not_committed() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    advance(GRACE / 4);
    block_on(writing.beat_if_due()).unwrap();
    block_on(store.inner.delete(&alive(&writing))).unwrap();
    let error = finish(&writing).unwrap_err();
    assert!(error.to_string().contains("`.alive` is gone"), "{error}");
    advance(GRACE / 4);
    assert!(block_on(writing.beat_if_due()).is_err(), "a new sign would hide the removal");
    assert!(finish(&writing).is_err());
}

#[test]
fn a_write_that_slept_too_long_is_not_committed() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    advance(GRACE / 2);
    assert!(block_on(writing.beat_if_due()).is_err());
    let error = finish(&writing).unwrap_err();
    assert!(error.to_string().contains("grace time"), "{error}");
}

#[test]
fn an_inlined_value_needs_no_sign() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    advance(GRACE * 2);
    let inline = Written { inline: Some(b"small".to_vec().into()), bytes: 5, ..Written::default() };
    let stored = block_on(writing.finish(inline, None, "i64", None)).unwrap();
    assert_eq!(stored.inline.as_deref(), Some("c21hbGw="));
}

#[test]
fn a_clock_that_goes_backwards_ends_no_write() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    turn_back(GRACE * 9);
    block_on(writing.beat_if_due()).unwrap();
    finish(&writing).unwrap();
}

#[test]
fn the_beat_ends_with_the_write() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let writing = begin(&lake);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _timers = runtime.enter();
    let mut beats = pin!(writing.keep_alive());
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(beats.as_mut().poll(&mut context), Poll::Pending);
    drop(writing);
    assert_eq!(beats.as_mut().poll(&mut context), Poll::Ready(()));
}

#[test]
fn what_went_into_the_base_stays_the_bases_generation() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let first = finish(&begin(&lake)).unwrap();
    let writing = begin(&lake);
    let merged = |in_base| {
        let written = Written { in_base, ..Written::default() };
        block_on(writing.finish(written, Some(&first), "Dataset", None)).unwrap()
    };
    let stored = merged(true);
    assert_eq!((&stored.generation, &stored.path), (&first.generation, &first.path));
    let stored = merged(false);
    assert_eq!(stored.generation, writing.generation());
    assert_ne!(stored.path, first.path);
}
