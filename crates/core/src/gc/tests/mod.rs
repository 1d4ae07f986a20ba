//! What goes, what stays, and that nobody is harmed meanwhile.

mod asked;
mod clocked;
mod clocks;
mod goes;
mod races;
mod stays;

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use pollster::block_on;

use self::clocked::{Clocked, advance, clock};
use super::report::{Kind, Swept};
use super::sweep::Sweep;
use super::{Asked, Kept};
use crate::backend::{Stored, Written};
use crate::entry::location::GRACE;
use crate::entry::{
    Address, Committed, Content, Draft, Filesystem, Location, LocationName, LocationOptions,
    Lookup, Manifest, Writing,
};
use crate::error::Result;
use crate::run::Place;

thread_local! {
    /// Whether a writer has made sure that its data is there, and is about to commit: one request,
    /// which takes no half of the grace time.
    static COMMITTING: Cell<bool> = const { Cell::new(false) };
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn filesystem(store: &Arc<Clocked>, name: &str) -> Filesystem {
    let store: Arc<dyn ObjectStore> = Arc::clone(store) as _;
    Filesystem { store, url: format!("memory://{name}"), immediate: true, folder: None }
}

/// A root as one process sees it; another call is another process.
fn root(store: &Arc<Clocked>) -> Location {
    root_by(store, clock)
}

/// The same by a clock of its own.
fn root_by(store: &Arc<Clocked>, clock: fn() -> SystemTime) -> Location {
    let options = LocationOptions::new(LocationName::Root, filesystem(store, "lake"));
    Location::with_clock(options, clock)
}

fn address(key: u8) -> Address {
    Address::new("lake.weather.daily", None, "window=3", [key; 32]).unwrap()
}

async fn begin(location: &Location, address: &Address) -> Writing {
    location.begin(address, "basic", toml::Table::new(), 0).await.unwrap()
}

async fn data(writing: &Writing, value: &[u8]) -> object_store::Result<()> {
    for name in ["value.bin", "more/value.bin"] {
        let path = Path::parse(format!("{}/{name}", writing.target().prefix)).unwrap();
        writing.target().store.put(&path, PutPayload::from(value.to_vec())).await?;
    }
    Ok(())
}

/// Looks up, writes and commits as the run loop does: two objects, then the manifest.
async fn store(location: &Location, address: &Address, value: &[u8]) -> Result<Committed> {
    let seen = location.look_up(address).await?.into_seen();
    let writing = begin(location, address).await;
    data(&writing, value).await.map_err(crate::Error::other)?;
    let stored = finish(&writing, value).await?;
    writing.check().await?;
    COMMITTING.set(true);
    let draft = Draft {
        function: "lake::weather::daily".to_owned(),
        version: Some("1".to_owned()),
        ..Draft::new(Content::Value(vec![stored]))
    };
    let committed = location.commit(address, &seen, draft).await;
    COMMITTING.set(false);
    committed
}

async fn finish(writing: &Writing, value: &[u8]) -> Result<Stored> {
    let written = Written { bytes: value.len() as u64, ..Written::default() };
    writing.finish(written, None, "bytes", None).await
}

fn stored(location: &Location, address: &Address, value: &[u8]) -> Manifest {
    match block_on(store(location, address, value)).unwrap() {
        Committed::Done { entry, .. } => entry.manifest().unwrap(),
        Committed::Lost { winner, .. } => panic!("lost to {winner:?}"),
    }
}

/// What an entry holds, all of it: an error where any of its objects is missing.
fn read(store: &Clocked, location: &Location, address: &Address) -> Option<Vec<u8>> {
    let Lookup::Found { entry, .. } = block_on(location.look_up(address)).unwrap() else {
        return None;
    };
    let folder = &entry.backends()[0].path;
    let object = |name: &str| {
        let path = Path::parse(format!("{folder}/{name}")).unwrap();
        let got = block_on(store.inner.get(&path)).expect("every object of an entry is there");
        block_on(got.bytes()).unwrap().to_vec()
    };
    let value = object("value.bin");
    assert_eq!(object("more/value.bin"), value);
    Some(value)
}

fn sweep(location: &Location) -> Swept {
    sweep_as(location, Asked::default())
}

fn sweep_as(location: &Location, asked: Asked) -> Swept {
    sweep_within(location, asked, location.options().grace)
}

fn sweep_within(location: &Location, asked: Asked, grace: Duration) -> Swept {
    let place = Arc::new(Place::bare(location.clone()));
    block_on(Sweep::new(place, asked, grace, &[]).run())
}

/// What asks to keep these versions of a function alone.
fn keep(function: &str, versions: &[&str]) -> Asked {
    let versions = versions.iter().map(|&version| version.to_owned()).collect();
    Asked { kept: vec![Kept { function: function.to_owned(), versions }], ..Asked::default() }
}

fn paths(store: &Clocked, containing: &str) -> Vec<String> {
    let paths = block_on(store.paths());
    paths.into_iter().filter(|path| path.contains(containing)).collect()
}
