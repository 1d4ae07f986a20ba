//! Replaced generations stay for the grace time, and go after it, and nothing else goes.

use futures::future::BoxFuture;
use object_store::path::Path;

use super::super::document::{Carried, with_text};
use super::*;
use crate::backend::{Elsewhere, Remover};
use crate::error::{Error, Result};

const LARGE: [&[u8]; 4] = [b"value number one", b"value number two", b"value three", b"value four"];

fn data(manifest: &Manifest) -> String {
    format!("{}/value.bin", manifest.backends[0].path)
}

fn is_there(store: &Fake, path: &str) -> bool {
    block_on(store.paths()).iter().any(|found| found == path)
}

#[test]
fn a_replaced_generation_is_listed_with_its_time() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (old, _, _) = done(block_on(super::store(&lake, &address(), LARGE[0])));
    advance(Duration::from_secs(60));
    let (new, _, removal) = done(block_on(super::store(&lake, &address(), LARGE[1])));
    assert!(removal.is_none());
    let replaced = Replaced {
        backend: "basic".to_owned(),
        generation: old.backends[0].generation.clone(),
        path: old.backends[0].path.clone(),
        replaced_at: "2026-01-01T00:01:00.000Z".to_owned(),
    };
    assert_eq!(new.replaced, [replaced]);
    assert!(is_there(&store, &data(&old)));
}

#[test]
fn it_goes_by_a_later_write_once_the_grace_time_is_over() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, _, _) = done(block_on(super::store(&lake, &address(), LARGE[0])));
    let (second, _, _) = done(block_on(super::store(&lake, &address(), LARGE[1])));
    advance(GRACE - Duration::from_secs(1));
    let (third, _, removal) = done(block_on(super::store(&lake, &address(), LARGE[2])));
    assert!(removal.is_none());
    advance(Duration::from_secs(1));
    store.requests();
    let (fourth, _, removal) = done(block_on(super::store(&lake, &address(), LARGE[3])));
    assert_eq!(store.requests().len(), 3, "removing is off the call's path");
    let removal = removal.unwrap();
    assert_eq!(removal.generations().count(), 1);
    assert_eq!(block_on(removal.run(&Removers::default())).unwrap(), 1);

    assert!(!is_there(&store, &data(&first)));
    for kept in [&second, &third, &fourth] {
        assert!(is_there(&store, &data(kept)));
    }
    let listed: Vec<_> = fourth.replaced.iter().map(|gone| &gone.generation).collect();
    assert_eq!(listed, [&second.backends[0].generation, &third.backends[0].generation]);
    assert_eq!(value(&lake, &address()).unwrap(), LARGE[3]);
}

#[test]
fn a_clock_that_goes_backwards_removes_nothing() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), LARGE[0])));
    done(block_on(super::store(&lake, &address(), LARGE[1])));
    turn_back(GRACE * 100);
    for value in LARGE {
        let (_, _, removal) = done(block_on(super::store(&lake, &address(), value)));
        assert!(removal.is_none());
    }
    NOW.set(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
    let (manifest, _, removal) = done(block_on(super::store(&lake, &address(), LARGE[0])));
    assert!(removal.is_none());
    assert_eq!(manifest.created_at, "1969-12-31T23:59:59.000Z");
    assert_eq!(value(&lake, &address()).unwrap(), LARGE[0]);
}

#[test]
fn a_forgotten_entrys_data_goes_by_a_later_write_too() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (old, _, _) = done(block_on(super::store(&lake, &address(), LARGE[0])));
    assert!(block_on(lake.forget(&address())).unwrap().removal.is_none());
    advance(GRACE);
    let (_, _, removal) = done(block_on(super::store(&lake, &address(), LARGE[1])));
    assert_eq!(block_on(removal.unwrap().run(&Removers::default())).unwrap(), 1);
    assert!(!is_there(&store, &data(&old)));
}

/// A removal of the first of two values, handed out while the second one stood.
fn removal(store: &Arc<Fake>, lake: &Location) -> (Manifest, Removal) {
    let (old, _, _) = done(block_on(super::store(lake, &address(), LARGE[0])));
    done(block_on(super::store(lake, &address(), LARGE[1])));
    advance(GRACE);
    let (_, _, removal) = done(block_on(super::store(lake, &address(), LARGE[2])));
    assert!(is_there(store, &data(&old)));
    (old, removal.unwrap())
}

#[test]
fn nothing_goes_that_the_manifest_names_by_then() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (old, removal) = removal(&store, &lake);
    // Somebody has put the old manifest back, from a backup say.
    let record = Arc::clone(&old.backends[0]);
    let (_, text) = with_text((*record).clone()).unwrap();
    let carried = Carried { backends: vec![(record, text)], ..Carried::default() };
    block_on(store.set(address().manifest(), old.write(&carried).unwrap()));
    assert_eq!(block_on(removal.run(&Removers::default())).unwrap(), 0);
    assert_eq!(value(&lake, &address()).unwrap(), LARGE[0]);
}

#[test]
fn nothing_goes_where_the_manifest_cannot_be_read() {
    for bytes in [&b"{"[..], b"{\"layout\":99}"] {
        let store = Arc::new(Fake::default());
        let lake = root(&store);
        let (old, removal) = removal(&store, &lake);
        block_on(store.set(address().manifest(), bytes));
        assert!(!matches!(block_on(removal.run(&Removers::default())), Ok(1..)));
        assert!(is_there(&store, &data(&old)));
    }
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (old, removal) = removal(&store, &lake);
    let manifest = address().manifest().clone();
    block_on(object_store::ObjectStoreExt::delete(&store.inner, &manifest)).unwrap();
    assert_eq!(block_on(removal.run(&Removers::default())).unwrap(), 0);
    assert!(is_there(&store, &data(&old)));
}

#[test]
fn nothing_goes_outside_the_entrys_own_folder() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (other, _, _) = done(block_on(super::store(&lake, &address_of([1; 32]), LARGE[3])));
    let hostile = |generation: &str, path: &str| Replaced {
        backend: "basic".to_owned(),
        generation: generation.to_owned(),
        path: path.to_owned(),
        replaced_at: "2020-01-01T00:00:00Z".to_owned(),
    };
    let elsewhere = &other.backends[0];
    let (mine, _, _) = done(block_on(super::store(&lake, &address(), LARGE[0])));
    let record = Arc::clone(&mine.backends[0]);
    let (_, text) = with_text((*record).clone()).unwrap();
    let replaced = [
        hostile("", ""),
        hostile("..", "_/.."),
        hostile("x", "_"),
        hostile(&elsewhere.generation, &elsewhere.path),
    ];
    let carried = Carried {
        backends: vec![(record, text)],
        replaced: replaced.into_iter().map(|record| with_text(record).unwrap()).collect(),
        ..Carried::default()
    };
    block_on(store.set(address().manifest(), mine.write(&carried).unwrap()));
    let before = block_on(store.paths()).len();
    let (_, _, removal) = done(block_on(super::store(&lake, &address(), b"inline")));
    assert_eq!(block_on(removal.unwrap().run(&Removers::default())).unwrap(), 0);
    assert_eq!(block_on(store.paths()).len(), before);
    assert_eq!(value(&lake, &address_of([1; 32])).unwrap(), LARGE[3]);
}

#[test]
fn a_moved_backends_data_goes_where_it_lies() {
    let (manifests, cheap) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
    let mut options = options(&manifests);
    let elsewhere = Filesystem { url: "memory://cheap".to_owned(), ..filesystem(&cheap) };
    options.elsewhere.insert("basic".to_owned(), elsewhere);
    let lake = Location::with_clock(options, clock);
    let (old, removal) = {
        let (old, _, _) = done(block_on(super::store(&lake, &address(), LARGE[0])));
        done(block_on(super::store(&lake, &address(), LARGE[1])));
        advance(GRACE);
        let (_, _, removal) = done(block_on(super::store(&lake, &address(), LARGE[2])));
        (old, removal.unwrap())
    };
    assert!(is_there(&cheap, &data(&old)));
    assert!(block_on(manifests.paths()).iter().all(|path| !path.contains("/data/")));
    assert_eq!(block_on(removal.run(&Removers::default())).unwrap(), 1);
    assert!(!is_there(&cheap, &data(&old)));
    assert_eq!(value(&lake, &address()).unwrap(), LARGE[2]);
    let path = Path::parse(&old.backends[0].path).unwrap();
    assert_eq!(lake.data_uri(&old.backends[0]), format!("memory://cheap/{path}"));
}

/// Counts what it removes, on this thread, or fails.
#[derive(Debug)]
struct Database;

thread_local! {
    static REMOVED: Cell<u32> = const { Cell::new(0) };
    static FAILS: Cell<bool> = const { Cell::new(false) };
}

impl Remover for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    fn remove<'a>(&'a self, doomed: &'a Elsewhere) -> BoxFuture<'a, Result<()>> {
        assert_eq!(doomed.announced["table"], "t");
        assert_eq!(doomed.options["host"], "h".into());
        Box::pin(async move {
            if FAILS.get() {
                return Err(Error::other("somebody still reads it"));
            }
            REMOVED.set(REMOVED.get() + 1);
            Ok(())
        })
    }
}

fn database() -> Removers {
    let mut known = Removers::default();
    known.add(&Database, toml::Table::from_iter([("host".to_owned(), "h".into())]));
    known
}

#[test]
fn what_is_kept_elsewhere_goes_first_and_the_folder_stays_until_it_went() {
    for (removers, fails, said) in [
        (Removers::default(), false, Some("\"database\" keeps more of it elsewhere")),
        (database(), true, Some("somebody still reads it")),
        (database(), false, None),
    ] {
        FAILS.set(fails);
        let store = Arc::new(Fake::default());
        let (old, removal) = removal(&store, &root(&store));
        let folder = &old.backends[0].path;
        let announced = Path::parse(format!("{folder}/elsewhere.json")).unwrap();
        block_on(store.set(&announced, br#"{"backend":"database","table":"t"}"#.to_vec()));
        let removed = block_on(removal.run(&removers));
        let is_kept = is_there(&store, &data(&old)) && is_there(&store, announced.as_ref());
        match said {
            Some(said) => {
                let error = removed.unwrap_err().to_string();
                assert!(error.contains(said), "{error}");
                assert_eq!((is_kept, REMOVED.get()), (true, 0));
            }
            None => {
                assert_eq!((removed.unwrap(), is_kept, REMOVED.get()), (2, false, 1));
                assert!(!is_there(&store, &data(&old)));
            }
        }
    }
}
