//! What the entry room promises, one file a subject.

mod commits;
mod fake;
mod lookups;
mod manifests;
mod markers;
mod origins;
mod paths;
mod removals;
mod writings;

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pollster::block_on;

use super::location::GRACE;
use super::*;
use crate::backend::{Removers, Stored, Written};
use fake::Fake;

thread_local! {
    static NOW: Cell<SystemTime> = const { Cell::new(SystemTime::UNIX_EPOCH) };
}

/// A clock for each test, which stands at 2026-01-01 until it is set.
fn clock() -> SystemTime {
    match NOW.get() {
        SystemTime::UNIX_EPOCH => SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        set => set,
    }
}

fn advance(time: Duration) {
    NOW.set(clock() + time);
}

fn turn_back(time: Duration) {
    NOW.set(clock() - time);
}

fn filesystem(store: &Arc<Fake>) -> Filesystem {
    let store = Arc::clone(store);
    Filesystem { store, url: "memory://lake".to_owned(), immediate: true, folder: None }
}

fn options(store: &Arc<Fake>) -> LocationOptions {
    LocationOptions::new(LocationName::Root, filesystem(store))
}

/// A root as one process sees it; another call is another process.
fn root(store: &Arc<Fake>) -> Location {
    Location::with_clock(options(store), clock)
}

fn mirror(store: &Arc<Fake>) -> Location {
    let name = LocationName::Mirror("noaa".to_owned());
    Location::with_clock(LocationOptions::new(name, filesystem(store)), clock)
}

fn address() -> Address {
    address_of([9; 32])
}

fn address_of(key: [u8; 32]) -> Address {
    Address::new("lake.weather.daily", None, "window=3", key).unwrap()
}

/// Writes data under a fresh generation: in the manifest where it is small.
async fn write(location: &Location, address: &Address, value: &[u8]) -> Stored {
    let none = toml::Table::new();
    let writing = location.begin(address, "basic", none, 8).await.unwrap();
    let mut written = Written { bytes: value.len() as u64, ..Written::default() };
    match value.len() <= writing.target().inline_up_to {
        true => written.inline = Some(value.to_vec().into()),
        false => fake::put_data(writing.target(), value).await,
    }
    writing.finish(written, None, "bytes", Some("shape".to_owned())).await.unwrap()
}

async fn draft(location: &Location, address: &Address, value: &[u8]) -> Draft {
    Draft::new(Content::Value(vec![write(location, address, value).await]))
}

/// Looks up and stores, as the run loop does on a miss.
async fn store(location: &Location, address: &Address, value: &[u8]) -> Committed {
    let found = location.look_up(address).await.unwrap();
    let draft = draft(location, address, value).await;
    location.commit(address, found.seen(), draft).await.unwrap()
}

fn done(committed: Committed) -> (Manifest, Seen, Option<Removal>) {
    match committed {
        Committed::Done { entry, seen, removal } => (entry.manifest().unwrap(), seen, removal),
        Committed::Lost { winner, .. } => panic!("lost to {winner:?}"),
    }
}

fn lost(committed: Committed) -> (Lookup, Option<Removal>) {
    match committed {
        Committed::Lost { winner, removal } => (winner, removal),
        Committed::Done { entry, .. } => panic!("committed {entry:?}"),
    }
}

fn look_up(location: &Location, address: &Address) -> Lookup {
    block_on(location.look_up(address)).unwrap()
}

/// The value of an entry, read as `basic` would.
fn value(location: &Location, address: &Address) -> Option<Vec<u8>> {
    match look_up(location, address) {
        Lookup::Found { entry, .. } => Some(value_of(location, address, &entry)),
        _ => None,
    }
}

fn value_of(location: &Location, address: &Address, entry: &Entry) -> Vec<u8> {
    let source = location.source(address, &entry.backends()[0], toml::Table::new()).unwrap();
    block_on(fake::get_data(&source))
}

/// All that is recorded of the entry that is there.
fn manifest(location: &Location, address: &Address) -> Manifest {
    look_up(location, address).entry().unwrap().manifest().unwrap()
}
