//! `nuthatch.json`, and stores that do not keep their word.

use std::sync::atomic::Ordering;

use object_store::path::Path;
use serde_json::{Value, json};

use super::*;
use crate::config::CommitPolicy;
use crate::error::Error;

fn marker() -> Path {
    Path::parse("nuthatch.json").unwrap()
}

fn read(store: &Fake) -> Value {
    serde_json::from_slice(&block_on(store.bytes(&marker()))).unwrap()
}

fn begin(location: &Location) -> crate::Result<Writing> {
    block_on(location.begin(&address(), "basic", toml::Table::new(), 0))
}

#[test]
fn the_first_write_probes_and_the_next_do_not() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    look_up(&lake, &address());
    store.requests();
    begin(&lake).unwrap();
    let requests = store.requests();
    let verbs: Vec<_> = requests
        .iter()
        .map(|r| r.split(['/', ' ']).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        verbs,
        [
            "PUT .probe",
            "PUT .probe",
            "GET .probe",
            "PUT .probe",
            "PUT .probe",
            "DELETE",
            "PUT nuthatch.json",
        ]
    );
    assert_eq!(block_on(store.paths()), ["nuthatch.json"], "no probe stays behind");

    begin(&lake).unwrap();
    assert_eq!(store.requests(), Vec::<String>::new());
    let other_process = root(&store);
    begin(&other_process).unwrap();
    assert_eq!(store.requests(), ["GET nuthatch.json"]);
}

#[test]
fn it_says_what_was_found() {
    let store = Arc::new(Fake::default());
    let lake = LocationOptions { record_identity: false, ..options(&store) };
    begin(&Location::with_clock(lake, clock)).unwrap();
    let golden: Value =
        serde_json::from_str(include_str!("golden/layout-1/nuthatch.json")).unwrap();
    let mut found = read(&store);
    assert!(found["made_by"].as_str().unwrap().starts_with("nuthatch "));
    found["made_by"] = golden["made_by"].clone();
    assert_eq!(found, golden);
}

#[test]
fn the_marker_of_layout_1_is_read() {
    let store = Arc::new(Fake::default());
    block_on(store.set(&marker(), *include_bytes!("golden/layout-1/nuthatch.json")));
    begin(&root(&store)).unwrap();
    assert_eq!(store.requests(), ["GET nuthatch.json"]);
}

#[test]
fn members_of_a_later_release_are_ignored() {
    let store = Arc::new(Fake::default());
    begin(&root(&store)).unwrap();
    let mut later = read(&store);
    later["shards"] = json!({"of": 7});
    block_on(store.set(&marker(), later.to_string()));
    begin(&root(&store)).unwrap();
}

#[test]
fn a_store_that_ignores_conditions_is_refused() {
    for (ignore, name) in
        [(0, "create-if-absent"), (1, "update-if-unchanged"), (2, "update-if-unchanged")]
    {
        let store = Arc::new(Fake::default());
        [&store.ignores_create, &store.ignores_update, &store.has_no_update][ignore]
            .store(true, Ordering::Relaxed);
        let lake = root(&store);
        let absent = look_up(&lake, &address());
        for error in [
            begin(&lake).unwrap_err(),
            block_on(lake.commit(&address(), absent.seen(), Draft::new(Content::Null)))
                .unwrap_err(),
            begin(&root(&store)).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(text.contains("commit = \"last-writer-wins\""), "{text}");
            assert!(text.contains(name) && text.contains("root (memory://lake)"), "{text}");
            assert!(text.contains("no entry was written") && !text.contains("nothing"), "{text}");
        }
        // What the probe has found is, so that it is not made again.
        assert_eq!(block_on(store.paths()), ["nuthatch.json"]);
        assert_eq!(read(&store)["conditional_create"], ignore != 0);
        assert_eq!(read(&store)["conditional_update"], false);
    }
}

#[test]
fn a_store_that_ignores_conditions_can_be_written_by_the_last_writer() {
    let store = Arc::new(Fake::default());
    store.ignores_create.store(true, Ordering::Relaxed);
    let options = LocationOptions { commit: CommitPolicy::LastWriterWins, ..options(&store) };
    let lake = Location::with_clock(options, clock);
    done(block_on(super::store(&lake, &address(), b"small")));
    assert_eq!(value(&lake, &address()).unwrap(), b"small");
    assert_eq!(value(&mirror(&store), &address()).unwrap(), b"small", "reading asks no promise");
}

#[test]
fn what_another_process_made_first_is_taken() {
    let store = Arc::new(Fake::default());
    let (one, two) = (root(&store), root(&store));
    look_up(&one, &address());
    look_up(&two, &address());
    begin(&one).unwrap();
    let made = read(&store);
    store.requests();
    begin(&two).unwrap();
    assert_eq!(store.requests().last().unwrap(), "GET nuthatch.json");
    assert_eq!(read(&store), made);
}

#[test]
fn a_lake_of_a_newer_layout_is_left_alone() {
    let store = Arc::new(Fake::default());
    block_on(store.set(&marker(), *b"{\"layout\": 2, \"commits\": \"by vote\"}"));
    let lake = root(&store);
    for error in [block_on(lake.look_up(&address())).unwrap_err(), begin(&lake).unwrap_err()] {
        assert!(matches!(error, Error::NewerLayout { found: 2, known: 1, .. }), "{error}");
    }
    assert_eq!(block_on(store.paths()), ["nuthatch.json"]);
}

#[test]
fn a_damaged_marker_says_what_to_do_and_is_not_overwritten() {
    for damaged in ["", "{\"layout\":1", "[]", "{\"layout\":\"1\"}", "\u{0}"] {
        let store = Arc::new(Fake::default());
        block_on(store.set(&marker(), damaged));
        let lake = root(&store);
        for error in [block_on(lake.look_up(&address())).unwrap_err(), begin(&lake).unwrap_err()] {
            assert!(matches!(error, Error::Store { .. }), "{error}");
            assert!(error.to_string().contains("delete that one object"), "{error}");
        }
        assert_eq!(block_on(store.bytes(&marker())), damaged.as_bytes());
    }
}

#[test]
fn of_many_threads_one_probes() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| begin(&lake).unwrap());
        }
    });
    let requests = store.requests();
    assert_eq!(requests.iter().filter(|r| r.as_str() == "PUT nuthatch.json").count(), 1);
    assert_eq!(requests.iter().filter(|r| r.starts_with("PUT .probe")).count(), 4);
}

#[test]
fn a_mirror_is_never_probed() {
    let store = Arc::new(Fake::default());
    let mirror = mirror(&store);
    assert!(matches!(look_up(&mirror, &address()), Lookup::Absent(_)));
    assert!(store.requests().iter().all(|request| request.starts_with("GET ")));
}
