//! One writer wins, readers see old or new, and nobody's entry is lost unseen.

use object_store::path::Path;
use object_store::{ObjectStore, PutPayload};

use super::super::commit::pause;
use super::fake::Fault;
use super::*;
use crate::config::CommitPolicy;
use crate::error::Error;

#[test]
fn a_first_store_of_a_small_value_is_one_put() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address_of([1; 32]), b"probes")));
    store.requests();
    done(block_on(super::store(&lake, &address(), b"small")));
    let manifest = address().manifest().to_string();
    assert_eq!(store.requests(), [format!("GET {manifest}"), format!("PUT {manifest}")]);
}

#[test]
fn a_first_store_of_a_larger_value_is_two_puts() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address_of([1; 32]), b"probes")));
    store.requests();
    let (manifest, _, _) = done(block_on(super::store(&lake, &address(), b"more than eight")));
    let data = &manifest.backends[0].path;
    let entry = address().manifest().to_string();
    let expected =
        [format!("GET {entry}"), format!("PUT {data}/value.bin"), format!("PUT {entry}")];
    assert_eq!(store.requests(), expected);
}

#[test]
fn an_overwrite_costs_what_a_first_store_does() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    store.requests();
    done(block_on(super::store(&lake, &address(), b"new")));
    assert_eq!(store.requests().len(), 2);
    assert_eq!(value(&lake, &address()).unwrap(), b"new");
}

#[test]
fn a_null_entry_is_stored_and_replaced() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let found = look_up(&lake, &address());
    done(block_on(lake.commit(&address(), found.seen(), Draft::new(Content::Null))).unwrap());
    assert!(matches!(look_up(&lake, &address()), Lookup::Null { .. }));
    done(block_on(super::store(&lake, &address(), b"value")));
    assert_eq!(value(&lake, &address()).unwrap(), b"value");
}

#[test]
fn the_draft_is_what_the_manifest_says() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let origin = Origin {
        user: Some("ada".to_owned()),
        host: Some("engine".to_owned()),
        git_commit: Some("a".repeat(40)),
    };
    let draft = Draft {
        arguments: [("window".to_owned(), "3".to_owned())].into(),
        namespace: Some("test".to_owned()),
        version: Some("2".to_owned()),
        compute_seconds: Some(f64::NAN),
        origin: Arc::new(origin),
        ..block_on(draft(&lake, &address(), b"small"))
    };
    let absent = look_up(&lake, &address());
    let (committed, _, _) =
        done(block_on(lake.commit(&address(), absent.seen(), draft.clone())).unwrap());
    let found = look_up(&lake, &address());
    assert_eq!(manifest(&lake, &address()), committed);
    assert_eq!(committed.function, "lake.weather.daily");
    assert_eq!(committed.created_at, "2026-01-01T00:00:00.000Z");
    assert_eq!(committed.compute_seconds, None, "JSON has no NaN");
    assert_eq!(committed.user.as_deref(), Some("ada"));

    let options = LocationOptions { record_identity: false, ..options(&store) };
    let private = Location::with_clock(options, clock);
    let (private, _, _) = done(block_on(private.commit(&address(), found.seen(), draft)).unwrap());
    assert_eq!((&private.user, &private.host, &private.git_commit), (&None, &None, &None));
    assert_eq!(private.version.as_deref(), Some("2"));
}

#[test]
fn of_two_writers_who_saw_nothing_one_wins() {
    let store = Arc::new(Fake::default());
    let (one, two) = (root(&store), root(&store));
    let (seen_one, seen_two) = (look_up(&one, &address()), look_up(&two, &address()));
    let draft_one = block_on(draft(&one, &address(), b"the value of one"));
    let draft_two = block_on(draft(&two, &address(), b"the value of two"));
    done(block_on(one.commit(&address(), seen_one.seen(), draft_one)).unwrap());
    let (winner, removal) =
        lost(block_on(two.commit(&address(), seen_two.seen(), draft_two)).unwrap());
    assert_eq!(value_of(&two, &address(), winner.entry().unwrap()), b"the value of one");

    assert_eq!(
        block_on(removal.unwrap().run(&Removers::default())).unwrap(),
        1,
        "what was written in vain goes"
    );
    assert_eq!(value(&two, &address()).unwrap(), b"the value of one");
}

#[test]
fn of_two_writers_who_saw_the_same_entry_one_wins() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    let seen = look_up(&lake, &address());
    let (one, two) = (Draft::new(Content::Null), block_on(draft(&lake, &address(), b"two")));
    done(block_on(lake.commit(&address(), seen.seen(), one)).unwrap());
    let (winner, _) = lost(block_on(lake.commit(&address(), seen.seen(), two)).unwrap());
    assert!(matches!(winner, Lookup::Null { .. }), "{winner:?}");
}

#[test]
fn of_sixteen_threads_each_commit_replaces_the_one_that_it_saw() {
    let store = Arc::new(Fake::default());
    let wins: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16_u8)
            .map(|id| {
                let lake = root(&store);
                scope.spawn(move || {
                    let mut won = 0;
                    for round in 0..20 {
                        let value = [id, round, id, round, 0, 0, 0, 0, 0, 0];
                        let committed = block_on(super::store(&lake, &address(), &value));
                        won += usize::from(matches!(committed, Committed::Done { .. }));
                    }
                    won
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let manifest = manifest(&root(&store), &address());
    // A chain: each commit lists the generation that it replaced, so that none is forgotten.
    assert_eq!(manifest.replaced.len() + 1, wins);
    assert!(value(&root(&store), &address()).is_some());
}

#[test]
fn a_lost_reply_is_told_from_a_lost_race() {
    for fault in [Fault::LostReply, Fault::RetriedAfterLostReply] {
        let store = Arc::new(Fake::default());
        let lake = root(&store);
        for value in [b"first", b"again"] {
            store.fail_puts(&[fault]);
            let (committed, seen, _) = done(block_on(super::store(&lake, &address(), value)));
            assert_eq!(manifest(&lake, &address()), committed);
            assert_eq!(super::value(&lake, &address()).unwrap(), value);
            assert!(seen.is_unchanged(look_up(&lake, &address()).seen()));
        }
    }
}

#[test]
fn a_put_that_did_not_arrive_is_an_error_and_the_old_entry_stands() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    let seen = look_up(&lake, &address());
    let draft = block_on(draft(&lake, &address(), b"new"));
    store.fail_puts(&[Fault::Unreachable]);
    let error = block_on(lake.commit(&address(), seen.seen(), draft)).unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error}");
    assert_eq!(value(&lake, &address()).unwrap(), b"old");
}

#[test]
fn a_refusal_without_a_winner_is_tried_again_and_then_told() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    store.fail_puts(&[Fault::Refused; 2]);
    done(block_on(super::store(&lake, &address(), b"new")));
    assert_eq!(value(&lake, &address()).unwrap(), b"new");

    let seen = look_up(&lake, &address());
    store.fail_puts(&[Fault::Refused; 9]);
    let null = Draft::new(Content::Null);
    let error = block_on(lake.commit(&address(), seen.seen(), null)).unwrap_err();
    assert!(error.to_string().contains("nothing has changed there"), "{error}");
}

#[tokio::test]
async fn a_store_that_refuses_while_it_is_busy_is_given_time() {
    let store = Arc::new(Fake::default());
    let afar = Filesystem { immediate: false, ..filesystem(&store) };
    let lake = Location::with_clock(LocationOptions::new(LocationName::Root, afar), clock);
    // More than a store may refuse that answers at once.
    store.fail_puts(&[Fault::Refused; 6]);
    done(super::store(&lake, &address(), b"new").await);
    let puts = store.requests().into_iter().filter(|request| request.contains("PUT _/"));
    assert_eq!(puts.count(), 7);
}

#[test]
fn pauses_grow_and_differ() {
    for refusals in 1..9 {
        let longest = Duration::from_millis(10 << refusals);
        let pauses: Vec<_> = (0..64).map(|_| pause(refusals)).collect();
        assert!(pauses.iter().all(|pause| (longest / 2..=longest).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}

#[test]
fn a_mirror_is_never_written() {
    let store = Arc::new(Fake::default());
    done(block_on(super::store(&root(&store), &address(), b"kept")));
    let mirror = mirror(&store);
    let seen = look_up(&mirror, &address());
    store.requests();
    let none = toml::Table::new();
    assert!(block_on(mirror.begin(&address(), "basic", none, 0)).is_err());
    let null = Draft::new(Content::Null);
    let error = block_on(mirror.commit(&address(), seen.seen(), null)).unwrap_err();
    assert!(error.to_string().contains("mirror-noaa (memory://lake) is read only"), "{error}");
    assert!(block_on(mirror.forget(&address())).is_err());
    assert_eq!(store.requests(), Vec::<String>::new());
}

#[test]
fn a_mirror_stays_read_only_whatever_its_options_say() {
    let store = Arc::new(Fake::default());
    let mut options = LocationOptions::new(LocationName::Mirror(String::new()), filesystem(&store));
    options.writable = true;
    assert!(!Location::new(options).options().writable);
}

#[test]
fn forgetting_leaves_a_tombstone_and_the_entry_can_come_back() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    assert!(!block_on(lake.forget(&address())).unwrap().was_there);
    let (old, _, _) = done(block_on(super::store(&lake, &address(), b"more than eight")));
    assert!(block_on(lake.forget(&address())).unwrap().was_there);
    let found = look_up(&lake, &address());
    assert!(matches!(found, Lookup::Forgotten(_)) && found.entry().is_none(), "{found:?}");
    assert!(!block_on(lake.forget(&address())).unwrap().was_there);
    let data = Path::parse(format!("{}/value.bin", old.backends[0].path)).unwrap();
    assert_eq!(block_on(store.bytes(&data)), b"more than eight", "readers of it may go on");

    let (new, _, _) = done(block_on(super::store(&lake, &address(), b"new")));
    assert_eq!(value(&lake, &address()).unwrap(), b"new");
    assert_eq!(new.replaced[0].generation, old.backends[0].generation);
}

#[test]
fn what_is_damaged_can_be_forgotten() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    block_on(store.set(address().manifest(), *b"{"));
    assert!(block_on(lake.forget(&address())).unwrap().was_there);
    assert!(matches!(look_up(&lake, &address()), Lookup::Forgotten(_)));
}

#[test]
fn forgetting_takes_the_entry_that_a_faster_writer_has_just_made() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    let old = block_on(store.bytes(address().manifest()));
    done(block_on(super::store(&lake, &address(), b"new")));
    // The same object again has another etag.
    store.before_put(move |inner| {
        let address = address();
        let put = inner.put_opts(address.manifest(), PutPayload::from(old), Default::default());
        block_on(put).unwrap();
    });
    assert!(block_on(lake.forget(&address())).unwrap().was_there);
    assert!(matches!(look_up(&lake, &address()), Lookup::Forgotten(_)));
}

#[test]
fn adding_a_backend_keeps_the_others() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, seen, _) = done(block_on(super::store(&lake, &address(), b"small")));
    let from = &first.backends[0].generation;
    let zarr =
        Stored { backend: "zarr".to_owned(), ..block_on(write(&lake, &address(), b"as zarr")) };
    let (both, seen, _) = done(block_on(lake.add_backend(&address(), &seen, from, zarr)).unwrap());
    let names: Vec<_> = both.backends.iter().map(|record| record.backend.as_str()).collect();
    assert_eq!(names, ["basic", "zarr"]);
    assert_eq!(both.created_at, first.created_at);

    let again = Stored {
        backend: "zarr".to_owned(),
        ..block_on(write(&lake, &address(), b"longer than 8"))
    };
    let (again, _, _) = done(block_on(lake.add_backend(&address(), &seen, from, again)).unwrap());
    assert_eq!(again.backends.len(), 2);
    assert_eq!(manifest(&lake, &address()), again);
}

#[test]
fn two_backends_added_at_once_are_both_kept() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, seen, _) = done(block_on(super::store(&lake, &address(), b"small")));
    let from = &first.backends[0].generation;
    for backend in ["zarr", "parquet"] {
        let added = block_on(write(&lake, &address(), b"converted"));
        let added = Stored { backend: backend.to_owned(), ..added };
        done(block_on(lake.add_backend(&address(), &seen, from, added)).unwrap());
    }
    assert_eq!(manifest(&lake, &address()).backends.len(), 3);
}

#[test]
fn a_conversion_of_a_value_that_was_replaced_meanwhile_is_lost() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, seen, _) = done(block_on(super::store(&lake, &address(), b"old")));
    let from = &first.backends[0].generation;
    let added = block_on(write(&lake, &address(), b"converted old"));
    let added = Stored { backend: "zarr".to_owned(), ..added };
    done(block_on(super::store(&lake, &address(), b"new")));
    let (winner, removal) =
        lost(block_on(lake.add_backend(&address(), &seen, from, added)).unwrap());
    assert_eq!(winner.entry().unwrap().backends().len(), 1);
    assert_eq!(block_on(removal.unwrap().run(&Removers::default())).unwrap(), 1);
    assert_eq!(value(&lake, &address()).unwrap(), b"new");
}

#[test]
fn a_conversion_of_a_generation_that_an_upsert_has_changed_meanwhile_is_lost() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, seen, _) = done(block_on(super::store(&lake, &address(), b"old")));
    let from = &first.backends[0];
    let mut merged = Stored::clone(from);
    merged.details.insert("version".to_owned(), 1.into());
    let draft = Draft::new(Content::Value(vec![merged]));
    done(block_on(lake.commit(&address(), &seen, draft)).unwrap());
    let added = block_on(write(&lake, &address(), b"converted old"));
    let added = Stored { backend: "zarr".to_owned(), ..added };
    let (winner, removal) =
        lost(block_on(lake.add_backend(&address(), &seen, &from.generation, added)).unwrap());
    assert_eq!(winner.entry().unwrap().backends().len(), 1);
    assert_eq!(block_on(removal.unwrap().run(&Removers::default())).unwrap(), 1);
}

#[test]
fn a_new_value_drops_every_other_backend() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, seen, _) = done(block_on(super::store(&lake, &address(), b"old")));
    let zarr =
        Stored { backend: "zarr".to_owned(), ..block_on(write(&lake, &address(), b"old zarr!")) };
    let from = &first.backends[0].generation;
    done(block_on(lake.add_backend(&address(), &seen, from, zarr)).unwrap());
    let (new, _, _) = done(block_on(super::store(&lake, &address(), b"new")));
    assert_eq!(new.backends.len(), 1);
    assert_eq!(new.replaced.len(), 1, "the inlined generation has no objects to remove");
    assert_eq!(new.replaced[0].backend, "zarr");
}

#[test]
fn an_upsert_that_goes_on_in_its_generation_does_not_list_it_as_replaced() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let (first, seen, _) = done(block_on(super::store(&lake, &address(), b"more than eight")));
    let mut bumped = (*first.backends[0]).clone();
    bumped.details.insert("table_version".to_owned(), 2.into());
    let draft = Draft::new(Content::Value(vec![bumped]));
    let (bumped, _, _) = done(block_on(lake.commit(&address(), &seen, draft)).unwrap());
    assert_eq!(bumped.replaced, []);
    assert_eq!(bumped.backends[0].details["table_version"], 2);
}

#[test]
fn members_of_a_later_release_survive_commits() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    done(block_on(super::store(&lake, &address(), b"old")));
    let text = String::from_utf8(block_on(store.bytes(address().manifest()))).unwrap();
    let text = text.replace("\"write_id\"", "\"label\":\"keep me\",\n\"write_id\"");
    let text = text.replace("\"bytes\":3", "\"bytes\":3,\"tier\":\"cold\"");
    let body = text.split(",\n\"blake3\"").next().unwrap().as_bytes().to_vec();
    block_on(store.set(address().manifest(), super::super::seal::seal(body)));

    let found = look_up(&lake, &address());
    let manifest = manifest(&lake, &address());
    let zarr = Stored { backend: "zarr".to_owned(), ..block_on(write(&lake, &address(), b"zarr")) };
    let from = &manifest.backends[0].generation;
    done(block_on(lake.add_backend(&address(), found.seen(), from, zarr)).unwrap());
    let text = String::from_utf8(block_on(store.bytes(address().manifest()))).unwrap();
    assert!(text.contains("\"label\":\"keep me\"") && text.contains("\"tier\":\"cold\""), "{text}");

    done(block_on(super::store(&lake, &address(), b"new")));
    block_on(lake.forget(&address())).unwrap();
    let text = String::from_utf8(block_on(store.bytes(address().manifest()))).unwrap();
    assert!(text.contains("\"label\":\"keep me\""), "{text}");
    assert!(!text.contains("cold"), "a record goes with its data: {text}");
}

#[test]
fn the_last_writer_wins_where_that_is_asked_for() {
    let store = Arc::new(Fake::default());
    let options = LocationOptions { commit: CommitPolicy::LastWriterWins, ..options(&store) };
    let lake = Location::with_clock(options, clock);
    let absent = look_up(&lake, &address());
    for value in [b"first", b"again"] {
        let draft = block_on(draft(&lake, &address(), value));
        done(block_on(lake.commit(&address(), absent.seen(), draft)).unwrap());
    }
    assert_eq!(value(&lake, &address()).unwrap(), b"again");
}

#[test]
fn a_value_that_no_backend_wrote_is_not_committed() {
    let store = Arc::new(Fake::default());
    let lake = root(&store);
    let absent = look_up(&lake, &address());
    let nothing = Draft::new(Content::Value(vec![]));
    assert!(block_on(lake.commit(&address(), absent.seen(), nothing)).is_err());
    assert!(matches!(look_up(&lake, &address()), Lookup::Absent(_)));
}
