//! Reading a value from the locations, in order: what makes a hit, and what a miss.

use std::sync::Arc;

use crate::backend::{Backend, Backends, Stored};
use crate::config::Verify;
use crate::entry::{Address, Entry, Input, LocationName, Lookup, Seen};
use crate::error::{Error, Result};
use crate::stats::{COUNTERS, count};
use crate::time::TimeRange;

use super::fetch::Copying;
use super::place::Place;
use super::plan::Plan;
use super::queries::level_of;
use super::report;
use super::request::{Prepared, Request};

/// What the locations gave.
#[derive(Debug)]
pub(crate) enum Recalled<E> {
    Hit(Box<Hit<E>>),
    Missed(Missed),
}

/// A value, and where it came from.
#[derive(Debug)]
pub(crate) struct Hit<E> {
    /// None for a null entry.
    pub(crate) value: Option<E>,
    pub(crate) place: Arc<Place>,
    pub(crate) entry: Entry,
    pub(crate) seen: Seen,
    pub(crate) input: Input,
    /// None for a null entry.
    pub(crate) stored: Option<Arc<Stored>>,
    /// Whether the local location has a copy by now.
    pub(crate) is_copied: bool,
    /// What was seen in the locations asked before.
    pub(crate) missed: Missed,
}

/// Why there is no value, and what was seen where one would be written.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    pub(crate) why: Why,
    /// The state of each location that was reached.
    pub(crate) seen: Vec<(LocationName, Seen)>,
    /// Whether the computation that follows was to be the only one: the first commit wins.
    pub(crate) leased: bool,
    /// The locations asked, for the error of a strict call.
    pub(crate) searched: Vec<Arc<Place>>,
    /// The first damage or newer layout met, which a strict call reports.
    pub(crate) damage: Option<Error>,
}

impl Missed {
    /// What was seen in a location, where it was reached.
    pub(crate) fn seen_in(&self, name: &LocationName) -> Option<&Seen> {
        self.seen.iter().find(|(seen_in, _)| seen_in == name).map(|(_, seen)| seen)
    }
}

/// Why a body runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no entry.
    #[default]
    Absent,
    /// The call asked for it.
    Recompute,
    /// The entry is damaged, of another type, or null and to be retried.
    Unusable,
    /// Caching is off for this call.
    Uncached,
}

/// Asks every location that the call reads, in order, until one has a usable entry.
pub(crate) async fn recall<E: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<E>,
    has_null: bool,
    within: Option<&TimeRange>,
    is_processed: bool,
) -> Result<Recalled<E>> {
    let mut missed = Missed::default();
    if !prepared.plan.row.reads_local && !prepared.plan.reads_root() {
        missed.why = Why::Uncached;
    }
    for place in prepared.read() {
        let address = prepared.address(request, level_of(place.name()))?;
        // A processor stands between the whole and what the local location holds.
        let copies = prepared.plan.row.writes_local && !is_processed;
        let copies = copies && *place.name() != LocationName::Local;
        let copying = copies.then(|| Copying::new(request, prepared, &missed.seen));
        let writes = prepared.writes(place.name());
        let asked = Asked { plan: &prepared.plan, writes, within, copying };
        match at(&place, &address, &asked, backends, has_null).await {
            Ok(At::Hit(mut hit)) => {
                hit.missed = missed;
                return Ok(Recalled::Hit(hit));
            }
            Ok(At::Absent(seen)) => missed.seen.push((place.name().clone(), seen)),
            Ok(At::Unusable(seen, error)) => {
                missed.why = Why::Unusable;
                missed.seen.push((place.name().clone(), seen));
                if let Some(error) = error {
                    report::unusable(&request.arguments, &place, &error);
                    missed.damage.get_or_insert(error);
                }
            }
            // It is there, and not this release's to read or to replace.
            Err(error @ Error::NewerLayout { .. }) => {
                missed.why = Why::Unusable;
                report::unusable(&request.arguments, &place, &error);
                missed.damage.get_or_insert(error);
            }
            Err(error) => {
                count(&COUNTERS.unreachable);
                place.heed(&error);
                report::unreachable(prepared.identity, &place, &error);
            }
        }
        missed.searched.push(place);
    }
    Ok(Recalled::Missed(missed))
}

/// What one location has.
enum At<E> {
    Hit(Box<Hit<E>>),
    Absent(Seen),
    /// An entry that cannot be used, and why; a null that is to be retried needs no reason.
    Unusable(Seen, Option<Error>),
}

/// What a call asks of one location.
struct Asked<'call> {
    plan: &'call Plan,
    /// Whether the call writes the location.
    writes: bool,
    within: Option<&'call TimeRange>,
    /// Where what is found is copied before it is read.
    copying: Option<Copying<'call>>,
}

impl Asked<'_> {
    /// The range of time that is read of an entry; none where all of it is: the local location
    /// holds what processors have made, and what becomes another backend or generation is whole.
    /// And whether it is checked: what is written anew is, for its new checksums would vouch for
    /// whatever damage it has.
    fn reads<E: 'static>(
        &self,
        place: &Place,
        entry: &Entry,
        backend: &dyn Backend<E>,
    ) -> (Option<&TimeRange>, Verify) {
        let is_local = *place.name() == LocationName::Local;
        // Nobody needs to know it.
        if self.within.is_none() && self.plan.verify == Verify::Full {
            return (None, Verify::Full);
        }
        let anew = self.writes_anew(place, entry, backend);
        let within = self.within.filter(|_| !anew && !is_local);
        match anew || self.plan.row.writes_local && !is_local {
            true => (within, Verify::Full),
            false => (within, self.plan.verify),
        }
    }

    /// Whether what is read becomes another backend of the entry, or another generation.
    fn writes_anew<E: 'static>(
        &self,
        place: &Place,
        entry: &Entry,
        backend: &dyn Backend<E>,
    ) -> bool {
        let named = [&self.plan.backend, &self.plan.storage_backend];
        let absent = |name: &&String| entry.backends().iter().all(|s| s.backend != **name);
        let converts = self.writes && named.into_iter().flatten().any(|name| absent(&name));
        let merged = place.merged(backend.name(), &self.plan.backend_options);
        // Without its options the backend reads nothing either, and says why.
        let rewrites = self.writes && merged.is_ok_and(|merged| backend.rewrites(&merged));
        converts || rewrites
    }
}

async fn at<E: Send + Sync + 'static>(
    place: &Arc<Place>,
    address: &Address,
    asked: &Asked<'_>,
    backends: Backends<E>,
    has_null: bool,
) -> Result<At<E>> {
    let plan = asked.plan;
    let mut last = None;
    // A generation may be replaced and removed between the manifest and its data: the manifest
    // is read once more before the entry counts as damaged.
    for _ in 0..2 {
        let (entry, seen) = match place.look_up(address).await? {
            Lookup::Absent(seen) | Lookup::Forgotten(seen) => return Ok(At::Absent(seen)),
            Lookup::Damaged { seen, why } => return Ok(At::Unusable(seen, Some(why))),
            Lookup::Null { seen, .. } if plan.retry_null => return Ok(At::Unusable(seen, None)),
            Lookup::Null { seen, entry } if has_null => {
                return Ok(At::hit(place, address, entry, seen, None, None));
            }
            Lookup::Null { seen, .. } => {
                return Ok(At::Unusable(seen, Some(null_of_another_type(place, address))));
            }
            Lookup::Found { entry, seen } => (entry, seen),
        };
        let Some((stored, backend)) = pick(&entry, plan.backend.as_deref(), backends) else {
            let error = no_backend::<E>(place, address, &entry);
            return Ok(At::Unusable(seen, Some(error)));
        };
        let same = |last: &mut (String, Seen, Error)| last.0 == stored.generation;
        if let Some((_, _, error)) = last.take_if(same) {
            return Ok(At::Unusable(seen, Some(error)));
        }
        if let Some(copying) = &asked.copying {
            // A large future, and rare.
            let copied = Box::pin(copying.copied(place, address, &entry, &stored, backend));
            if let Some(value) = copied.await {
                let mut hit = At::hit(place, address, entry, seen, Some(value), Some(stored));
                if let At::Hit(hit) = &mut hit {
                    hit.is_copied = true;
                }
                return Ok(hit);
            }
        }
        let (within, verify) = asked.reads(place, &entry, backend);
        let options = &plan.backend_options;
        match read(place, address, &stored, backend, options, within, verify).await {
            Ok(value) => {
                return Ok(At::hit(place, address, entry, seen, Some(value), Some(stored)));
            }
            Err(error @ Error::TypeChanged { .. }) => {
                return Ok(At::Unusable(seen, Some(error)));
            }
            // The entry may be as good as ever: it is out of reach, and not to be replaced.
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(error) => last = Some((stored.generation.clone(), seen, error)),
        }
    }
    match last {
        Some((_, seen, error)) => Ok(At::Unusable(seen, Some(error))),
        None => unreachable!("every round returns, or says why it failed"),
    }
}

impl<E> Hit<E> {
    /// The size of what is stored; 0 for a null entry.
    pub(crate) fn bytes(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored.bytes)
    }
}

impl<E> At<E> {
    fn hit(
        place: &Arc<Place>,
        address: &Address,
        entry: Entry,
        seen: Seen,
        value: Option<E>,
        stored: Option<Arc<Stored>>,
    ) -> Self {
        let input = place.input(address, stored.as_deref());
        Self::Hit(Box::new(Hit {
            value,
            place: Arc::clone(place),
            entry,
            seen,
            input,
            stored,
            is_copied: false,
            missed: Missed::default(),
        }))
    }
}

/// The backend to read: the requested one, else the type's default, else any that the engine
/// reads.
pub(crate) fn pick<E>(
    entry: &Entry,
    requested: Option<&str>,
    backends: Backends<E>,
) -> Option<(Arc<Stored>, &'static dyn Backend<E>)> {
    let named = |name: &str| {
        let stored = entry.backends().iter().find(|stored| stored.backend == name)?;
        let backend = backends.iter().find(|backend| backend.name() == name)?;
        Some((Arc::clone(stored), *backend))
    };
    requested.and_then(named).or_else(|| backends.iter().find_map(|backend| named(backend.name())))
}

/// Reads one generation, after comparing the shape of what was stored with what is asked.
pub(crate) async fn read<E: Send + Sync + 'static>(
    place: &Place,
    address: &Address,
    stored: &Arc<Stored>,
    backend: &'static dyn Backend<E>,
    options: &toml::Table,
    within: Option<&TimeRange>,
    verify: Verify,
) -> Result<E> {
    if let (Some(shape), Some(asked)) = (&stored.type_shape, backend.type_shape())
        && *shape != asked
    {
        return Err(Error::TypeChanged {
            object: place.object(address),
            why: format!(
                "it was stored as {} (shape {shape}), and {} (shape {asked}) is asked for",
                stored.type_name,
                std::any::type_name::<E>(),
            ),
        });
    }
    place.read(address, stored, backend, options, within, verify).await
}

/// The error for an entry that the type is not read from.
pub(crate) fn no_backend<E>(place: &Place, address: &Address, entry: &Entry) -> Error {
    let held: Vec<&str> = entry.backends().iter().map(|s| s.backend.as_str()).collect();
    Error::TypeChanged {
        object: place.object(address),
        why: format!(
            "it is stored in {}, which {} is not read from",
            held.join(", "),
            std::any::type_name::<E>(),
        ),
    }
}

fn null_of_another_type(place: &Place, address: &Address) -> Error {
    Error::TypeChanged {
        object: place.object(address),
        why: "it is a null entry, and the function returns no `Option`".to_owned(),
    }
}
