//! One entry: its generations, its manifest.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use object_store::ObjectMeta;
use object_store::path::Path;

use super::remove::{self, Folder};
use super::report::{Item, Kind};
use super::sweep::{Outcome, Sweep};
use super::walk::Generation;
use crate::config::CommitPolicy;
use crate::entry::layout::{self, Spot};
use crate::entry::removal::is_over;
use crate::entry::{Filesystem, Location, Replaced, Standard, Standing, State, is_being_removed};
use crate::error::{Error, Result};

/// A filesystem of a location while it is gone through, at the time that it is there.
#[derive(Debug)]
pub(super) struct Sweeping<'sweep> {
    pub(super) sweep: &'sweep Sweep,
    pub(super) filesystem: &'sweep Filesystem,
    /// Whether it is the one that holds the manifests.
    pub(super) is_own: bool,
    pub(super) now: SystemTime,
    /// When `now` was asked for.
    pub(super) since: Instant,
}

/// Why nothing is written over a manifest where the last writer wins.
const UNCONDITIONAL: &str = "manifests are put without a condition here (`commit = \
                             \"last-writer-wins\"`), so writing it again could take a newer \
                             entry along";

impl Sweeping<'_> {
    pub(super) fn is_old(&self, modified: SystemTime) -> bool {
        self.now.duration_since(modified).is_ok_and(|age| age >= self.sweep.grace)
    }

    fn location(&self) -> &Location {
        self.sweep.place.location()
    }

    fn is_dry(&self) -> bool {
        self.sweep.asked.dry_run
    }

    /// Whether a manifest can be written again only where it is unchanged.
    fn is_conditional(&self) -> bool {
        self.location().options().commit == CommitPolicy::Conditional
    }

    /// Removes those of an entry's generations that its manifest does not name, once nobody has
    /// written to them for the grace time.
    pub(super) async fn data(
        &self,
        spot: &Spot,
        mut generations: BTreeMap<String, Generation>,
    ) -> Vec<Outcome> {
        generations.retain(|_, seen| {
            self.is_old(seen.newest) || seen.scratch.is_some_and(|scratch| self.is_old(scratch))
        });
        if generations.is_empty() {
            return Vec::new();
        }
        let standing = match self.location().inspect(spot).await {
            Ok(standing) => standing,
            Err(error) => return vec![Outcome::failed(unread(spot), &error.to_string())],
        };
        let mut outcomes = Vec::new();
        for (generation, seen) in generations {
            let outcome = match &standing {
                Standing::Entry(entry) if entry.holds(&generation) => {
                    self.scratch(spot, &generation, seen).await
                }
                Standing::Entry(entry) if entry.names(&generation) => Ok(None),
                _ if !self.is_old(seen.newest) => Ok(None),
                Standing::Unreadable(why) => Ok(kept(spot, &generation, why)),
                Standing::Entry(_) | Standing::Absent => self.abandoned(spot, &generation).await,
            };
            outcomes.extend(outcome.unwrap_or_else(|error| {
                let path = shown(spot, &generation);
                Some(Outcome::failed(
                    item(Kind::Abandoned, path, Folder::default(), ""),
                    &error.to_string(),
                ))
            }));
        }
        outcomes
    }

    async fn abandoned(&self, spot: &Spot, generation: &str) -> Result<Option<Outcome>> {
        let folder = spot.generation(generation)?;
        // Once more, for it may have been listed in pieces, or somebody has gone on with it since;
        // and then the manifest, for whoever has committed it since has done so before.
        let found = self.look(self.filesystem, &folder).await?;
        if !found.newest.is_some_and(|newest| self.is_old(newest)) {
            return Ok(None);
        }
        match self.location().inspect(spot).await? {
            Standing::Entry(entry) if entry.names(generation) => return Ok(None),
            Standing::Unreadable(why) => return Ok(kept(spot, generation, &why)),
            Standing::Entry(_) | Standing::Absent => {}
        }
        if !self.is_own && !self.sweep.asked.elsewhere {
            let why = "no entry of this location names it; another location may, so it goes only \
                       where `elsewhere(true)` says that there is none";
            let item = item(Kind::Abandoned, folder.to_string(), found, why);
            return Ok(Some(Outcome::Left(item)));
        }
        let why = "no entry names it, and nobody has written to it for longer than the grace time";
        let item = item(Kind::Abandoned, folder.to_string(), found, why);
        Ok(Some(Outcome::of(item, self.remove(self.filesystem, &folder).await)))
    }

    /// Removes what was recorded of a generation until its commit, which was long ago.
    async fn scratch(
        &self,
        spot: &Spot,
        generation: &str,
        seen: Generation,
    ) -> Result<Option<Outcome>> {
        if !seen.scratch.is_some_and(|scratch| self.is_old(scratch)) {
            return Ok(None);
        }
        let folder = layout::scratch(&spot.generation(generation)?)?;
        let found = self.look(self.filesystem, &folder).await?;
        let item = item(Kind::Scratch, folder.to_string(), found, "its entry is committed");
        Ok(Some(Outcome::of(item, self.delete(self.filesystem, &folder).await)))
    }

    /// What a manifest asks for: its replaced generations, its version, and its own removal.
    pub(super) async fn manifest(&self, spot: &Spot, object: &ObjectMeta) -> Vec<Outcome> {
        if !self.is_old(object.last_modified.into()) && self.sweep.asked.kept.is_empty() {
            return Vec::new();
        }
        let entry = match self.location().inspect(spot).await {
            Ok(Standing::Entry(entry)) => entry,
            Ok(Standing::Absent) => return Vec::new(),
            Ok(Standing::Unreadable(why)) => {
                let why = format!("{why}; recompute the entry, or `forget` it");
                return vec![Outcome::Left(Item { why, ..unread(spot) })];
            }
            Err(error) => return vec![Outcome::failed(unread(spot), &error.to_string())],
        };
        let mut outcomes = Vec::new();
        match self.version(&entry).await {
            Some(left @ Outcome::Left(_)) => outcomes.push(left),
            Some(outcome) => return vec![outcome],
            None => {}
        }
        // What it says of times is by its writer's clock, which may be behind.
        if !self.is_old(entry.modified) {
            return outcomes;
        }
        let mut gone = Vec::new();
        for record in &entry.manifest.replaced {
            if is_over(&record.replaced_at, self.now, self.sweep.grace)
                && !entry.holds(&record.generation)
            {
                let (is_gone, outcome) = self.replaced(&entry, record).await;
                outcomes.extend(outcome);
                gone.extend(is_gone.then(|| record.generation.clone()));
            }
        }
        outcomes.extend(self.settle(&entry, &gone).await);
        outcomes
    }

    /// Forgets an entry of a version that is not kept.
    async fn version(&self, entry: &Standard) -> Option<Outcome> {
        let manifest = &entry.manifest;
        let version = manifest.version.as_deref();
        let rules = self.sweep.asked.drops(&manifest.function, version)?;
        if manifest.state == State::Forgotten {
            return None;
        }
        let said = version.map_or("it has no version".to_owned(), |said| format!("version {said}"));
        let why = format!("{said}, and {rules}; its data goes after the grace time");
        let bytes = manifest.backends.iter().map(|record| record.bytes).sum();
        let path = entry.address.manifest().to_string();
        let item = Item { kind: Kind::Version, path, objects: 1, bytes, why };
        if !self.is_conditional() {
            return Some(Outcome::Left(Item { why: UNCONDITIONAL.to_owned(), ..item }));
        }
        if self.is_dry() {
            return Some(Outcome::Removed(item));
        }
        match self.location().retire(entry).await {
            Ok(true) => Some(Outcome::Removed(item)),
            Ok(false) => {
                let why = "another writer was first; the next `gc` looks at it again".to_owned();
                Some(Outcome::Left(Item { why, ..item }))
            }
            Err(error) => Some(Outcome::failed(item, &error.to_string())),
        }
    }

    /// Removes a generation that was replaced long ago: whether it is gone, and what is told.
    async fn replaced(&self, entry: &Standard, record: &Replaced) -> (bool, Option<Outcome>) {
        // A manifest is data, and must not be able to point a deletion elsewhere.
        let own = entry.address.generation(&record.generation).ok();
        let Some(folder) = own.filter(|own| own.as_ref() == record.path) else {
            let why = "it lies outside the folder of the entry that names it as replaced";
            let item = item(Kind::Foreign, record.path.clone(), Folder::default(), why);
            return (false, Some(Outcome::Left(item)));
        };
        let filesystem = self.location().filesystem(&record.backend);
        let why = format!("replaced at {}", record.replaced_at);
        let path = folder.to_string();
        let found = match self.look(filesystem, &folder).await {
            Ok(found) => found,
            Err(error) => {
                let item = item(Kind::Replaced, path, Folder::default(), &why);
                return (false, Some(Outcome::failed(item, &error.to_string())));
            }
        };
        if found.objects == 0 {
            return (true, None);
        }
        let item = item(Kind::Replaced, path, found, &why);
        let outcome = Outcome::of(item, self.remove(filesystem, &folder).await);
        (matches!(outcome, Outcome::Removed(_)), Some(outcome))
    }

    /// Takes what is gone off the manifest; a tombstone that has nothing to say any more goes.
    async fn settle(&self, entry: &Standard, gone: &[String]) -> Option<Outcome> {
        let manifest = &entry.manifest;
        let is_bare = manifest.replaced.iter().all(|record| gone.contains(&record.generation));
        let is_over = manifest.state == State::Forgotten && self.is_old(entry.modified) && is_bare;
        let why = "it was forgotten, and nothing of it is left";
        let path = entry.address.manifest().to_string();
        let item = Item { kind: Kind::Tombstone, path, objects: 1, bytes: 0, why: why.to_owned() };
        if is_over && manifest.removing.is_some() && is_being_removed(entry.modified, self.now) {
            let why = "another `gc` is removing it, or was an hour ago at most".to_owned();
            return Some(Outcome::Left(Item { why, ..item }));
        }
        if !self.is_conditional() && (is_over || !gone.is_empty()) {
            let kind = if is_over { Kind::Tombstone } else { Kind::Replaced };
            return Some(Outcome::Left(Item { kind, why: UNCONDITIONAL.to_owned(), ..item }));
        }
        if self.is_dry() {
            return is_over.then_some(Outcome::Removed(item));
        }
        if is_over {
            return match self.location().bury(entry, self.now + self.since.elapsed()).await {
                Ok(true) => Some(Outcome::Removed(item)),
                // Another writer was first, and it is an entry again.
                Ok(false) => None,
                Err(error) => Some(Outcome::failed(item, &error.to_string())),
            };
        }
        if gone.is_empty() {
            return None;
        }
        let unlisted = self.location().unlist(entry, gone).await;
        unlisted.err().map(|error| {
            let item = Item { kind: Kind::Replaced, ..item };
            Outcome::failed(item, &format!("what is gone cannot be taken off it: {error}"))
        })
    }

    async fn look(&self, filesystem: &Filesystem, folder: &Path) -> Result<Folder> {
        let found = remove::look(filesystem.store.as_ref(), folder).await;
        found.map_err(|error| failed("list", filesystem, folder, error))
    }

    /// Removes a generation, and first what a backend keeps of it elsewhere.
    async fn remove(&self, filesystem: &Filesystem, folder: &Path) -> Result<()> {
        if self.is_dry() {
            return Ok(());
        }
        let shown = format!("{}/{folder}", filesystem.url.trim_end_matches('/'));
        let (store, own) = (filesystem.store.as_ref(), filesystem.folder.as_ref());
        self.sweep.removers.remove(store, own, folder, &shown.as_str().into()).await?;
        self.delete(filesystem, folder).await
    }

    async fn delete(&self, filesystem: &Filesystem, folder: &Path) -> Result<()> {
        if self.is_dry() {
            return Ok(());
        }
        let deleted = remove::delete_below(filesystem.store.as_ref(), folder).await;
        deleted.map_err(|error| failed("remove", filesystem, folder, error))
    }
}

fn item(kind: Kind, path: String, found: Folder, why: &str) -> Item {
    Item { kind, path, objects: found.objects, bytes: found.bytes, why: why.to_owned() }
}

fn unread(spot: &Spot) -> Item {
    let path = spot.manifest().to_string();
    Item { kind: Kind::Unreadable, path, objects: 1, bytes: 0, why: String::new() }
}

fn kept(spot: &Spot, generation: &str, why: &str) -> Option<Outcome> {
    let why = format!("{why}, so nobody knows whether it is needed");
    let path = shown(spot, generation);
    Some(Outcome::Left(item(Kind::Abandoned, path, Folder::default(), &why)))
}

fn shown(spot: &Spot, generation: &str) -> String {
    spot.generation(generation).map_or_else(|_| generation.to_owned(), |path| path.to_string())
}

fn failed(doing: &str, filesystem: &Filesystem, path: &Path, error: object_store::Error) -> Error {
    let (doing, location) = (format!("{doing} {path}"), filesystem.url.clone());
    Error::Store { doing, location, source: error.into() }
}
