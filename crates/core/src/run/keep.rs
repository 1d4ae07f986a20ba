//! Storing a value: what stands there already, whether to ask, the write and the commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::{Backend, Backends, Removers, Stored};
use crate::config::Verify;
use crate::confirm::{Answer, Replacement, ask};
use crate::entry::{
    Address, Committed, Content, Draft, Entry, Extent, Input, Lookup, Manifest, Origin, Processor,
    Seen,
};
use crate::error::{Error, Result};
use crate::key::Level;
use crate::mode::Replacing;
use crate::stats::{COUNTERS, add, count};

use super::generation::{Fresh, remove};
use super::place::Place;
use super::queries::level_of;
use super::recall::{Missed, pick, read};
use super::report;
use super::request::{Prepared, Request};

/// How often a replacing commit that lost tries again onto the winner.
const COMMIT_ATTEMPTS: usize = 16;

/// What is known of a value beside the value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) seconds: f64,
    pub(crate) lineage: Vec<Input>,
    /// The range of time that the call asked for.
    pub(crate) asked_range: Option<Extent>,
    /// The time that the whole value covers, where a processor knows it.
    pub(crate) time_extent: Option<Extent>,
    /// What the local location's value went through.
    pub(crate) processors: Vec<Processor>,
}

/// What became of a value in the locations.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The entries that hold it now.
    pub(crate) entries: Vec<(Arc<Place>, Address, Entry)>,
    pub(crate) bytes: u64,
    /// Whether the value that is given back reads a generation that no entry holds.
    pub(crate) passing: bool,
    /// The first failure, where failures are errors (`on_store_failure = "error"`).
    pub(crate) failure: Option<Error>,
}

/// One value on its way into one location. `None` is stored as a null entry.
struct Keeping<'run, T: 'static> {
    request: &'run Request,
    prepared: &'run Prepared,
    place: Arc<Place>,
    address: Address,
    backends: Backends<T>,
    facts: &'run Facts,
    /// The entry that this one is a copy of.
    copied: Option<&'run Manifest>,
    /// Whether a value that another has committed meanwhile stands, whatever the mode.
    first_wins: bool,
}

/// Stores a value in every location that the call writes, and gives it back.
pub(crate) async fn keep<T: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<T>,
    value: Option<T>,
    facts: &Facts,
    missed: &Missed,
) -> (Option<T>, Kept) {
    if prepared.lacks_root() {
        report::no_root(prepared.identity, prepared.plan.mode);
    }
    let to = Destination { places: prepared.written(), missed, copied: None };
    keep_in(request, prepared, to, backends, value, facts).await
}

/// Stores a value that was recalled elsewhere in the local location, and gives it back.
pub(crate) async fn copy<E: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<E>,
    value: Option<E>,
    entry: &Entry,
    missed: &Missed,
    processors: Vec<Processor>,
) -> Option<E> {
    let manifest = match entry.manifest() {
        Ok(manifest) => manifest,
        Err(error) => {
            report::not_stored(&request.arguments, "local", &error);
            return value;
        }
    };
    let places = prepared.places.local().map(|local| vec![local]);
    let to = Destination { places, missed, copied: Some(&manifest) };
    let facts = Facts { processors, ..Facts::default() };
    keep_in(request, prepared, to, backends, value, &facts).await.0
}

/// Where a value goes, and what is known of what stands there.
struct Destination<'run> {
    places: Result<Vec<Arc<Place>>>,
    missed: &'run Missed,
    copied: Option<&'run Manifest>,
}

async fn keep_in<T: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    to: Destination<'_>,
    backends: Backends<T>,
    mut value: Option<T>,
    facts: &Facts,
) -> (Option<T>, Kept) {
    let mut kept = Kept::default();
    let copied = to.copied;
    let places = match to.places {
        Ok(places) => places,
        Err(error) => {
            kept.failed(request, prepared, "a location", error);
            return (value, kept);
        }
    };
    for place in places {
        let result;
        let seen = to.missed.seen_in(place.name()).cloned();
        let address = match prepared.address(request, level_of(place.name())) {
            Ok(address) => address,
            Err(error) => {
                kept.failed(request, prepared, place.shown(), error);
                continue;
            }
        };
        let first_wins = to.missed.leased;
        let keeping =
            Keeping { request, prepared, place, address, backends, facts, copied, first_wins };
        (value, result) = keeping.keep(value, seen).await;
        let Keeping { place, address, .. } = keeping;
        match result {
            Ok(Outcome::Stored(entry, bytes)) => {
                count(&COUNTERS.stored);
                add(&COUNTERS.bytes_written, bytes);
                kept.bytes = bytes;
                kept.entries.push((place, address, entry));
            }
            Ok(Outcome::Kept) => {}
            Ok(Outcome::Lost(_)) => kept.passing = true,
            Err(error) => kept.failed(request, prepared, place.shown(), error),
        }
    }
    (value, kept)
}

impl Kept {
    fn failed(&mut self, request: &Request, prepared: &Prepared, place: &str, error: Error) {
        report::not_stored(&request.arguments, place, &error);
        if prepared.places.fails_on_store_failure() {
            self.failure.get_or_insert(error);
        }
    }

    pub(crate) fn inputs(&self) -> Vec<Input> {
        let inputs = self.entries.iter();
        inputs
            .map(|(place, address, entry)| {
                place.input(address, entry.backends().first().map(|stored| &**stored))
            })
            .collect()
    }
}

/// What became of a value in one location.
enum Outcome {
    /// It is the entry, and these bytes were written.
    Stored(Entry, u64),
    /// The entry that stands was kept.
    Kept,
    /// Another writer's entry stands. What was written stays for the grace time, for the value is
    /// read from there.
    Lost(Arc<Stored>),
}

impl<T: Send + Sync + 'static> Keeping<'_, T> {
    async fn keep(&self, value: Option<T>, seen: Option<Seen>) -> (Option<T>, Result<Outcome>) {
        let seen = match seen {
            Some(seen) => seen,
            None => match self.standing().await {
                Ok(Some(seen)) => seen,
                Ok(None) => return (value, Ok(Outcome::Kept)),
                Err(error) => return (value, Err(error)),
            },
        };
        let backend = match self.backend() {
            Ok(backend) => backend,
            Err(error) => return (value, Err(error)),
        };
        let reopens = value.as_ref().zip(backend).is_some_and(|(value, at)| at.reopens(value));
        let (value, fresh) = self.write(value, backend).await;
        let outcome = match fresh {
            Ok(fresh) => self.commit(seen, fresh, reopens).await,
            Err(error) => return (value, Err(error)),
        };
        let Some(backend) = backend else { return (value, outcome) };
        let stored = match &outcome {
            Ok(Outcome::Stored(entry, _)) => of_backend(entry, backend.name()),
            Ok(Outcome::Lost(stored)) => Some(Arc::clone(stored)),
            Ok(Outcome::Kept) | Err(_) => None,
        };
        let Some(stored) = stored else { return (value, outcome) };
        if let Ok(Outcome::Stored(..)) = &outcome {
            self.publish(Arc::clone(&stored), backend).await;
        }
        match value {
            Some(value) if reopens => {
                let reopened = self.reopened(&stored, backend).await;
                (Some(reopened.unwrap_or(value)), outcome)
            }
            value => (value, outcome),
        }
    }

    /// The value as it is recalled. Where it cannot be read just after it was stored, the one at
    /// hand serves.
    async fn reopened(&self, stored: &Arc<Stored>, backend: &'static dyn Backend<T>) -> Option<T> {
        let options = self.prepared.plan.options_written();
        let reopened =
            read(&self.place, &self.address, stored, backend, options, None, Verify::Full).await;
        let failed = |error: &Error| report::unusable(&self.request.arguments, &self.place, error);
        reopened.inspect_err(failed).ok()
    }

    /// Shows people what was committed. The entry is whole without it.
    async fn publish(&self, stored: Arc<Stored>, backend: &'static dyn Backend<T>) {
        let options = self.prepared.plan.options_written();
        if let Err(error) = self.place.publish(&self.address, stored, backend, options).await {
            report::not_published(&self.request.arguments, self.place.shown(), &error);
        }
    }

    /// What stands in a location that was not read, as far as it may be replaced: `None` where
    /// it is to be kept.
    async fn standing(&self) -> Result<Option<Seen>> {
        let (entry, seen) = match self.place.look_up(&self.address).await? {
            Lookup::Found { entry, seen } => (entry, seen),
            other => return Ok(Some(other.into_seen())),
        };
        let asks = self.prepared.plan.row.replacing == Replacing::Asks;
        if !asks || !self.is_good(&entry).await || self.may_replace(&entry).await {
            return Ok(Some(seen));
        }
        Ok(None)
    }

    /// Whether the entry can be recalled as this type; only such ones are asked about. One that is
    /// out of reach may be as good as ever.
    async fn is_good(&self, entry: &Entry) -> bool {
        let requested = self.prepared.plan.backend.as_deref();
        let Some((stored, backend)) = pick(entry, requested, self.backends) else {
            return false;
        };
        let options = &self.prepared.plan.backend_options;
        let (place, address) = (&self.place, &self.address);
        let found = read(place, address, &stored, backend, options, None, Verify::Full).await;
        matches!(found, Ok(_) | Err(Error::Store { .. }))
    }

    async fn may_replace(&self, entry: &Entry) -> bool {
        let created_at = entry.manifest().map(|manifest| manifest.created_at);
        let replacement = Replacement {
            call: self.request.arguments.shown(),
            location: self.place.name().to_string(),
            created_at: created_at.unwrap_or_else(|_| "an unknown time".to_owned()),
        };
        let answer = ask(replacement).await;
        if answer == Some(Answer::Replace) {
            return true;
        }
        report::kept(&self.request.arguments, &self.place, answer.is_some());
        false
    }

    /// The backend that the value is written in: the storage backend, else the one requested
    /// where it holds this type, else the type's default.
    fn backend(&self) -> Result<Option<&'static dyn Backend<T>>> {
        let plan = &self.prepared.plan;
        let named = |name: &str| self.backends.iter().find(|backend| backend.name() == name);
        if let Some(name) = plan.storage_backend.as_deref() {
            return match named(name) {
                Some(backend) => Ok(Some(*backend)),
                None => Err(super::convert::no_such_backend(self.request, name, self.backends)),
            };
        }
        let requested = plan.backend.as_deref().and_then(named);
        Ok(requested.or_else(|| self.backends.first()).copied())
    }

    /// Writes one generation. A null has none.
    async fn write(
        &self,
        value: Option<T>,
        backend: Option<&'static dyn Backend<T>>,
    ) -> (Option<T>, Result<Option<Fresh>>) {
        let Some(value) = value else { return (None, Ok(None)) };
        let Some(backend) = backend else {
            return (Some(value), Err(Error::other("the type has no backend")));
        };
        let asked = self.request.asked(self.prepared.plan.options_written());
        let (value, fresh) = self.place.write(&self.address, backend, value, asked).await;
        (Some(value), fresh.map(Some))
    }

    /// Commits, and where another writer was first: replaces it in the modes that replace, lets
    /// it stand in those that ask. What was written in vain goes, unless the value is to be read
    /// from there.
    async fn commit(&self, seen: Seen, fresh: Option<Fresh>, reopens: bool) -> Result<Outcome> {
        let bytes = fresh.as_ref().map_or(0, |fresh| fresh.stored.bytes);
        let content = fresh
            .as_ref()
            .map_or(Content::Null, |fresh| Content::Value(vec![fresh.stored.clone()]));
        let draft = self.draft(content);
        let mut seen = seen;
        for _ in 0..COMMIT_ATTEMPTS {
            let (address, draft, before) = (&self.address, draft.clone(), seen.clone());
            let committed = self.place.commit(address, before, draft, fresh.as_ref()).await?;
            let (winner, removal) = match committed {
                Committed::Done { entry, removal, .. } => {
                    remove(removal, self.removers());
                    return Ok(Outcome::Stored(entry, bytes));
                }
                Committed::Lost { winner, removal } => (winner, removal),
            };
            // What was written down anew (by `gc`, or with a backend more) is no other value.
            let stands = matches!(&winner, Lookup::Found { entry, .. } if !seen.is_of(entry));
            let asks = self.prepared.plan.row.replacing == Replacing::Asks;
            if stands && (asks || self.first_wins) {
                report::lost_race(&self.request.arguments, &self.place);
                if let (true, Some(fresh)) = (reopens, fresh) {
                    return Ok(Outcome::Lost(Arc::new(fresh.stored)));
                }
                remove(removal, self.removers());
                return Ok(Outcome::Kept);
            }
            // This write may still win, so what it has written stays.
            drop(removal);
            seen = winner.into_seen();
        }
        Err(Error::Conflict { object: self.place.object(&self.address) })
    }

    fn removers(&self) -> Removers {
        self.place.removers(self.backends, &self.prepared.plan)
    }

    fn draft(&self, content: Content) -> Draft {
        match &self.copied {
            Some(manifest) => Draft {
                arguments: arguments(self.request, &self.place),
                processors: self.facts.processors.clone(),
                ..Draft::copy_of(manifest, content)
            },
            None => draft(self.request, self.prepared, &self.place, content, self.facts),
        }
    }
}

/// What an entry holds in a backend.
fn of_backend(entry: &Entry, name: &str) -> Option<Arc<Stored>> {
    entry.backends().iter().find(|stored| stored.backend == name).cloned()
}

/// The arguments that make the key in a location, readable.
pub(crate) fn arguments(request: &Request, place: &Place) -> BTreeMap<String, String> {
    request.arguments.readable(level_of(place.name())).into_iter().collect()
}

/// What a new manifest says.
pub(crate) fn draft(
    request: &Request,
    prepared: &Prepared,
    place: &Place,
    content: Content,
    facts: &Facts,
) -> Draft {
    let definition = request.arguments.function().definition();
    let time_extent = match &content {
        Content::Value(stored) => stored.iter().find_map(|stored| stored.time_extent.clone()),
        Content::Null => None,
    };
    Draft {
        time_extent: facts.time_extent.clone().or(time_extent),
        asked_range: facts.asked_range.clone(),
        processors: match level_of(place.name()) {
            Level::Processed => facts.processors.clone(),
            Level::Whole => Vec::new(),
        },
        function: prepared.identity.path().to_owned(),
        arguments: arguments(request, place),
        namespace: prepared.plan.namespace.clone(),
        version: definition.version.map(str::to_owned),
        compute_seconds: Some(facts.seconds),
        lineage: facts.lineage.clone(),
        crate_version: Some(definition.package_version.to_owned()),
        fingerprint: Some(definition.fingerprint.to_owned()),
        origin: Origin::of_crate(definition.manifest_dir),
        ..Draft::new(content)
    }
}
