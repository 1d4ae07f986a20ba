//! What becomes of a location's objects, entry by entry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use object_store::ObjectStoreExt;

use super::Asked;
use super::entry::Sweeping;
use super::remove;
use super::report::{Item, Kind, Swept};
use super::walk::{Find, Grouping};
use crate::backend::{Remover, Removers};
use crate::entry::{Filesystem, layout};
use crate::error::{Error, Result};
use crate::run::Place;
use crate::runtime;
use crate::store::LocalFiles;

/// How many entries are looked at at once.
const AT_ONCE: usize = 32;

/// One location, gone through once.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) place: Arc<Place>,
    pub(super) asked: Asked,
    pub(super) grace: Duration,
    pub(super) removers: Removers,
}

/// What became of something.
#[derive(Debug)]
pub(super) enum Outcome {
    Removed(Item),
    Left(Item),
    Failed(Item),
}

impl Sweep {
    pub(super) fn new(
        place: Arc<Place>,
        asked: Asked,
        grace: Duration,
        known: &[&'static dyn Remover],
    ) -> Self {
        let mut removers = Removers::default();
        for remover in known {
            // One whose options cannot be had is not at hand, which a removal that needs it says.
            if let Ok(options) = place.merged(remover.name(), &toml::Table::new()) {
                removers.add(*remover, options);
            }
        }
        Self { place, asked, grace, removers }
    }

    /// Goes through the location, off the caller's thread: what waits for disks, on one that may.
    pub(super) async fn on_runtime(self) -> Result<Swept> {
        if !self.place.location().options().filesystem.immediate {
            return runtime::spawn(self.run()).await;
        }
        let sweeping = runtime::handle()?.spawn_blocking(|| runtime::block_on(self.run()));
        sweeping.await.map_err(Error::other)
    }

    pub(super) async fn run(self) -> Swept {
        let location = self.place.location();
        let mut swept = Swept { location: location.shown().to_owned(), ..Swept::default() };
        match location.is_marked().await {
            Ok(true) => {}
            // Nobody has written there.
            Ok(false) => return swept,
            Err(error) => {
                let item = whole(location.shown(), &error.to_string());
                swept.note(Outcome::Failed(item));
                return swept;
            }
        }
        let options = location.options();
        self.filesystem(&options.filesystem, true, &mut swept).await;
        let others: BTreeMap<&str, &Filesystem> =
            options.elsewhere.values().map(|other| (other.url.as_str(), other)).collect();
        for (url, other) in others {
            if url != options.filesystem.url {
                self.filesystem(other, false, &mut swept).await;
            }
        }
        swept
    }

    async fn filesystem(&self, filesystem: &Filesystem, is_own: bool, swept: &mut Swept) {
        if !is_own && self.is_a_location(filesystem).await {
            let why = "it is a location of its own, which no other is swept from";
            return swept.note(Outcome::Left(whole(&filesystem.url, why)));
        }
        let since = Instant::now();
        let now = match self.place.location().time_of(filesystem).await {
            Ok(now) => now,
            Err(error) => {
                return swept.note(Outcome::Failed(whole(&filesystem.url, &error.to_string())));
            }
        };
        let sweeping = Sweeping { sweep: self, filesystem, is_own, now, since };
        let mut listing = filesystem.store.list(None);
        let mut grouping = Grouping::default();
        let mut under_way = FuturesUnordered::new();
        while let Some(object) = listing.next().await {
            let object = match object {
                Ok(object) => object,
                Err(error) => {
                    let why = format!("what lies there cannot be listed further: {error}");
                    swept.note(Outcome::Failed(whole(&filesystem.url, &why)));
                    break;
                }
            };
            swept.objects += 1;
            for find in grouping.take(object).into_iter().flatten() {
                under_way.push(sweeping.find(find));
            }
            while under_way.len() >= AT_ONCE {
                swept.note_all(under_way.next().await);
            }
        }
        under_way.extend(grouping.end().map(|find| sweeping.find(find)));
        while let Some(outcomes) = under_way.next().await {
            swept.note_all(Some(outcomes));
        }
        self.temporaries(filesystem, now, swept);
    }

    /// Whether a backend's filesystem has a `nuthatch.json`, or may have one.
    async fn is_a_location(&self, filesystem: &Filesystem) -> bool {
        let Ok(marker) = layout::marker() else { return true };
        let found = filesystem.store.head(&marker).await;
        !matches!(found, Err(object_store::Error::NotFound { .. }))
    }

    /// The files that killed writers have left half-written: no object, so no listing shows them.
    fn temporaries(&self, filesystem: &Filesystem, now: SystemTime, swept: &mut Swept) {
        let Some(folder) = &filesystem.folder else { return };
        let Some(before) = now.checked_sub(self.grace) else { return };
        let stale = match LocalFiles::new(folder.to_path_buf()).stale_temporaries(before) {
            Ok(stale) => stale,
            Err(error) => {
                return swept.note(Outcome::Failed(whole(&filesystem.url, &error.to_string())));
            }
        };
        for stale in stale {
            let path = stale.file.display().to_string();
            let why = "its writer was killed, or is long gone".to_owned();
            let item = Item { kind: Kind::Temporary, path, objects: 1, bytes: stale.bytes, why };
            let removed = match self.asked.dry_run {
                true => Ok(()),
                false => std::fs::remove_file(&stale.file),
            };
            swept.note(match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Outcome::failed(item, &error.to_string())
                }
                _ => Outcome::Removed(item),
            });
        }
    }
}

impl Sweeping<'_> {
    async fn find(&self, find: Find) -> Vec<Outcome> {
        match find {
            Find::Data { spot, generations } => self.data(&spot, generations).await,
            Find::Manifest { spot, object } if self.is_own => self.manifest(&spot, &object).await,
            Find::Passing { kind, object } if self.is_own => {
                self.passing(kind, object).await.into_iter().collect()
            }
            Find::Manifest { object, .. }
            | Find::Passing { object, .. }
            | Find::Foreign { object } => {
                let why = "it is not nuthatch's".to_owned();
                let (path, bytes) = (object.location.to_string(), object.size);
                vec![Outcome::Left(Item { kind: Kind::Foreign, path, objects: 1, bytes, why })]
            }
        }
    }

    async fn passing(&self, kind: Kind, object: object_store::ObjectMeta) -> Option<Outcome> {
        let is_old = |object: &object_store::ObjectMeta| self.is_old(object.last_modified.into());
        if !is_old(&object) {
            return None;
        }
        let store = &self.filesystem.store;
        let why = "nobody has written it for longer than the grace time".to_owned();
        let path = object.location.to_string();
        let item = Item { kind, path, objects: 1, bytes: object.size, why };
        // Somebody may have taken it up again.
        match store.head(&object.location).await {
            Ok(now) if !is_old(&now) => return None,
            Err(object_store::Error::NotFound { .. }) => return None,
            Ok(_) => {}
            Err(error) => return Some(Outcome::failed(item, &error.to_string())),
        }
        if self.sweep.asked.dry_run {
            return Some(Outcome::Removed(item));
        }
        Some(match remove::delete(store.as_ref(), &object.location).await {
            Ok(()) => Outcome::Removed(item),
            Err(error) => Outcome::failed(item, &error.to_string()),
        })
    }
}

impl Outcome {
    pub(super) fn failed(item: Item, error: &str) -> Self {
        let why = format!("{error}; `gc` tries again when it is run again");
        Self::Failed(Item { why, ..item })
    }

    pub(super) fn of(item: Item, result: Result<(), Error>) -> Self {
        match result {
            Ok(()) => Self::Removed(item),
            Err(error) => Self::failed(item, &error.to_string()),
        }
    }
}

impl Swept {
    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Removed(item) => self.removed.add(item),
            Outcome::Left(item) => self.left.add(item),
            Outcome::Failed(item) => {
                let Item { kind, path, why, .. } = &item;
                let location = &self.location;
                tracing::warn!(target: "nuthatch", %location, path, why, "gc: {kind} not removed");
                self.failed.add(item);
            }
        }
    }

    fn note_all(&mut self, outcomes: Option<Vec<Outcome>>) {
        outcomes.into_iter().flatten().for_each(|outcome| self.note(outcome));
    }
}

fn whole(url: &str, why: &str) -> Item {
    let (path, why) = (url.to_owned(), why.to_owned());
    Item { kind: Kind::Location, path, objects: 0, bytes: 0, why }
}
