//! Copies cross as objects: each once and whole, with the bytes of its original.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use nuthatch::store::{Counting, Operation, intercept};
use object_store::ObjectStore;

use crate::subjects::{self, Do, Subject};

/// The data objects of a store, by their names below their generation.
fn data(url: &str) -> BTreeMap<String, Vec<u8>> {
    let store = nuthatch::store::open(url, &toml::Table::new()).unwrap().store;
    futures::executor::block_on(nuthatch_tests::data(&store))
}

fn crosses_as_it_is(subject: Subject) {
    let opened: Arc<Mutex<Vec<Arc<Counting>>>> = Arc::default();
    let seen = Arc::clone(&opened);
    intercept(move |url: &str, store: Arc<dyn ObjectStore>| {
        let counting = Arc::new(Counting::new(store));
        counting.log(true);
        if url == "memory://original" {
            seen.lock().unwrap().push(Arc::clone(&counting));
        }
        counting
    });
    let configure = || {
        nuthatch::set_parameter!({
            "filesystem" => "memory://original",
            "local.filesystem" => "memory://copy",
        })
        .unwrap();
    };
    configure();
    assert_eq!(subject(Do::Call).unwrap(), 1);
    opened.lock().unwrap().clear();
    configure();
    assert_eq!(subject(Do::Copy).unwrap(), 1);
    let log: Vec<_> = opened.lock().unwrap().iter().flat_map(|store| store.take_log()).collect();
    let mut asked: Vec<_> =
        log.iter().filter(|(_, path)| path.to_string().contains("/data/")).collect();
    assert!(asked.iter().all(|(operation, _)| *operation == Operation::Get), "{asked:?}");
    let original = data("memory://original");
    asked.sort_by_key(|(_, path)| path.to_string());
    assert_eq!(asked.len(), original.len(), "each once: {asked:?}");
    assert_eq!(data("memory://copy"), original);
    assert_eq!(subject(Do::ReadLocal).unwrap(), 1);
}

#[test]
fn a_large_value_does() {
    crosses_as_it_is(subjects::large);
}

#[test]
fn a_value_in_parts_does() {
    crosses_as_it_is(subjects::parts);
}

#[test]
fn an_array_of_zarr_does() {
    crosses_as_it_is(subjects::zarr);
}

#[test]
fn an_array_of_the_older_version_does() {
    crosses_as_it_is(subjects::zarr2);
}

#[test]
fn a_table_of_parquet_does() {
    crosses_as_it_is(subjects::parquet);
}

#[test]
fn one_in_partitions_does() {
    crosses_as_it_is(subjects::partitions);
}

#[test]
fn a_table_of_delta_does() {
    crosses_as_it_is(subjects::delta);
}
