//! One event an outcome (target `nuthatch`), and the counts of [`crate::stats`].

use std::time::Duration;

use tracing::field::{DisplayValue, display};

use crate::arguments::Arguments;
use crate::config::shown_span;
use crate::entry::{Lease, LocationName};
use crate::error::Error;
use crate::function::Identity;
use crate::key::{Key, Level};
use crate::stats::{COUNTERS, count, memo_hit, saved};

use super::place::Place;
use super::queries::level_of;
use super::recall::{Hit, Why};

/// What is told of a body that ran.
#[derive(Debug)]
pub(crate) struct Computed {
    pub(crate) why: Why,
    pub(crate) seconds: f64,
    /// The locations that hold the result now.
    pub(crate) stored_in: Vec<LocationName>,
    /// The backend that it was stored in.
    pub(crate) backend: Option<String>,
    pub(crate) bytes: u64,
}

#[inline]
pub(crate) fn from_memo(arguments: &Arguments, namespace: Option<&str>, seconds: f64) {
    memo_hit(seconds);
    tracing::debug!(
        target: "nuthatch",
        function = function(arguments),
        key = key(arguments, Level::Whole, namespace),
        location = "memo",
        seconds_saved = seconds,
        "recalled {arguments:?} from memory"
    );
}

pub(crate) fn joined(arguments: &Arguments, namespace: Option<&str>, seconds: f64) {
    count(&COUNTERS.joined);
    saved(seconds);
    tracing::debug!(
        target: "nuthatch",
        function = function(arguments),
        key = key(arguments, Level::Whole, namespace),
        location = "flight",
        seconds_saved = seconds,
        "recalled {arguments:?} from a call that was running"
    );
}

pub(crate) fn recalled<E>(arguments: &Arguments, namespace: Option<&str>, hit: &Hit<E>, took: f64) {
    let counter = match hit.place.name() {
        LocationName::Root => &COUNTERS.root_hits,
        LocationName::Local => &COUNTERS.local_hits,
        LocationName::Mirror(_) => &COUNTERS.mirror_hits,
    };
    count(counter);
    let seconds_saved = hit.entry.compute_seconds().unwrap_or_default();
    saved(seconds_saved);
    tracing::info!(
        target: "nuthatch",
        function = function(arguments),
        key = key(arguments, level_of(hit.place.name()), namespace),
        path = hit.input.path,
        location = %hit.place.name(),
        backend = hit.stored.as_ref().map(|stored| stored.backend.as_str()),
        bytes = hit.bytes(),
        seconds = took,
        seconds_saved,
        "recalled {arguments:?} from {} in {}", hit.place.name(), short(took)
    );
}

pub(crate) fn computed(arguments: &Arguments, namespace: Option<&str>, outcome: &Computed) {
    ran(outcome.why);
    let names: Vec<String> = outcome.stored_in.iter().map(ToString::to_string).collect();
    let stored = if names.is_empty() { "nowhere".to_owned() } else { names.join(", ") };
    // The key of the entry that was made, by which it is recalled and found.
    let level = outcome.stored_in.first().map_or(Level::Whole, level_of);
    tracing::info!(
        target: "nuthatch",
        function = function(arguments),
        key = key(arguments, level, namespace),
        why = outcome.why.as_str(),
        location = stored,
        backend = outcome.backend,
        bytes = outcome.bytes,
        seconds = outcome.seconds,
        "computed {arguments:?} in {}, stored in {stored}", short(outcome.seconds)
    );
}

/// A body that returned an error, which its caller has; nothing is stored.
pub(crate) fn failed(arguments: &Arguments, namespace: Option<&str>, why: Why, seconds: f64) {
    ran(why);
    count(&COUNTERS.failed);
    tracing::info!(
        target: "nuthatch",
        function = function(arguments),
        key = key(arguments, Level::Whole, namespace),
        why = why.as_str(),
        location = "nowhere",
        bytes = 0_u64,
        seconds,
        "computed {arguments:?} in {}, which returned an error; nothing is stored", short(seconds)
    );
}

/// A strict call that may return nothing of what it found.
pub(crate) fn not_cached(arguments: &Arguments, namespace: Option<&str>, searched: &str) {
    count(&COUNTERS.not_cached);
    tracing::info!(
        target: "nuthatch",
        function = function(arguments),
        key = key(arguments, Level::Whole, namespace),
        location = searched,
        "found no entry to return for {arguments:?}, and the call may not compute"
    );
}

fn ran(why: Why) {
    count(match why {
        Why::Absent => &COUNTERS.absent,
        Why::Recompute => &COUNTERS.recomputed,
        Why::Unusable => &COUNTERS.unusable,
        Why::Uncached => &COUNTERS.uncached,
    });
}

/// The span that a body runs in: what it says is said under its call.
pub(crate) fn body(arguments: &Arguments) -> tracing::Span {
    tracing::info_span!(
        target: "nuthatch", "compute", function = function(arguments), call = ?arguments
    )
}

fn function(arguments: &Arguments) -> Option<&'static str> {
    arguments.identity().ok().map(Identity::path)
}

fn key(arguments: &Arguments, level: Level, namespace: Option<&str>) -> Option<DisplayValue<Key>> {
    arguments.key(level, namespace).ok().map(display)
}

/// A time as people read it: `0.4 ms`, `12 s`.
fn short(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Recompute => "recompute",
            Self::Unusable => "unusable",
            Self::Uncached => "uncached",
        }
    }
}

/// A location cannot be read: a warning and a miss. Of a mirror that is not asked again it is told
/// once, however many calls have asked it meanwhile.
pub(crate) fn unreachable(identity: &Identity, place: &Place, error: &Error) {
    if place.is_out_of_reach() && !place.told.out_of_reach.is_now() {
        return;
    }
    tracing::warn!(
        target: "nuthatch",
        function = %identity, location = %place.name(), %error,
        "a location is out of reach and counts as a miss",
    );
}

pub(crate) fn cannot_open(identity: &Identity, error: &Error) {
    count(&COUNTERS.unreachable);
    tracing::warn!(
        target: "nuthatch", function = %identity, %error,
        "a location cannot be opened and counts as a miss",
    );
}

/// An entry is there and cannot be used: a warning and a miss. What a mirror holds nobody here can
/// mend, and a web server may answer anything for what it has not: one is told of each mirror.
pub(crate) fn unusable(arguments: &Arguments, place: &Place, error: &Error) {
    if place.is_mirror() {
        return unusable_in_mirror(arguments, place, error);
    }
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(), %error,
        "an entry cannot be used and counts as a miss",
    );
}

fn unusable_in_mirror(arguments: &Arguments, place: &Place, error: &Error) {
    if place.told.unusable.is_now() {
        tracing::warn!(
            target: "nuthatch",
            call = ?arguments, location = %place.name(), %error,
            "an entry cannot be used and counts as a miss; others of this mirror are told at level \
             `debug`",
        );
    } else {
        tracing::debug!(
            target: "nuthatch",
            call = ?arguments, location = %place.name(), %error,
            "an entry cannot be used and counts as a miss",
        );
    }
}

/// An entry has less than the call asks for.
pub(crate) fn lacking(arguments: &Arguments, location: &dyn std::fmt::Display, why: &str) {
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, %location,
        "the entry does not have all that is asked for: {why}",
    );
}

/// A value was computed and cannot be stored: it is returned all the same.
pub(crate) fn not_stored(arguments: &Arguments, place: &str, error: &Error) {
    count(&COUNTERS.store_failures);
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = place, %error,
        "the value is returned, and could not be stored",
    );
}

/// What was committed is not shown where people look for it.
pub(crate) fn not_published(arguments: &Arguments, place: &str, error: &Error) {
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = place, %error,
        "the value is stored, and what shows it to people could not be updated",
    );
}

/// An entry that was asked about stands.
pub(crate) fn kept(arguments: &Arguments, place: &Place, asked: bool) {
    let why = if asked {
        "the answer was no"
    } else {
        "nobody could be asked (no terminal); use an overwriting mode, or `confirm_with`"
    };
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(), why,
        "the entry was kept, and the new value is returned",
    );
}

/// Another process computes the entry.
pub(crate) fn waits(arguments: &Arguments, place: &Place, lease: Option<&Lease>) {
    let holder = lease.map_or_else(|| "somebody unknown".to_owned(), ToString::to_string);
    tracing::info!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(), holder,
        "{arguments:?} is being computed by {holder}",
    );
}

pub(crate) fn takes_over(arguments: &Arguments, place: &Place) {
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(),
        "who was computing this was not heard of for its lease's time-to-live; this process \
         computes it",
    );
}

pub(crate) fn out_of_patience(arguments: &Arguments, waited: Duration) {
    tracing::warn!(
        target: "nuthatch", call = ?arguments,
        "another process has been computing this for longer than `lease_wait` ({}), so this one \
         computes it as well; the first value that is committed stands",
        shown_span(waited),
    );
}

/// A call that is to fail where another computes, and has no room for the error.
pub(crate) fn busy_and_computed(arguments: &Arguments, error: &Error) {
    tracing::warn!(
        target: "nuthatch", call = ?arguments, %error,
        "the function's type holds no error, so the call computes",
    );
}

/// A lease is there to spare time, and a failing store costs no more than that.
pub(crate) fn no_lease(arguments: &Arguments, place: &Place, error: &Error) {
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(), %error,
        "no lease can be had, so the call computes, whoever else does",
    );
}

/// The store says that there may be no leases, which is so for every call.
pub(crate) fn no_leases_here(arguments: &Arguments, place: &Place, error: &Error) {
    tracing::warn!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(), %error,
        "no lease may be written there, so this process asks for none any more, and its calls \
         compute, whoever else does; grant it to write and delete below `leases/`, or set \
         `lease = false`",
    );
}

/// A holder was not heard of for too long.
pub(crate) fn lost_lease(call: &str, place: &Place) {
    tracing::warn!(
        target: "nuthatch", call, location = %place.name(),
        "the lease of this call was taken over or removed, since nothing was heard of it for its \
         time-to-live; the first value that is committed stands",
    );
}

pub(crate) fn lease_fails(call: &str, place: &Place, error: &Error) {
    tracing::warn!(
        target: "nuthatch", call, location = %place.name(), %error,
        "the lease of this call cannot be kept up: others may compute it as well",
    );
}

/// One is told, of all that stay in a location.
pub(crate) fn lease_stays(call: &str, place: &Place, error: &Error) {
    tracing::warn!(
        target: "nuthatch", call, location = %place.name(), %error,
        "the lease of this call cannot be removed: whoever computes it next waits for its \
         time-to-live, and `gc` removes it; the same of other calls is not told",
    );
}

pub(crate) fn lost_race(arguments: &Arguments, place: &Place) {
    tracing::info!(
        target: "nuthatch",
        call = ?arguments, location = %place.name(),
        "another writer committed this entry first; its value stands, and this one is returned",
    );
}

pub(crate) fn no_root(identity: &Identity, mode: crate::mode::CacheMode) {
    tracing::warn!(
        target: "nuthatch", function = %identity,
        "mode `{mode}` writes the root, and none is configured: set `filesystem` (in \
         nuthatch.toml, as NUTHATCH_FILESYSTEM, or by set_parameter!), or use mode `local`",
    );
}

pub(crate) fn cannot_be_key(arguments: &Arguments, argument: &str, why: &dyn std::fmt::Display) {
    tracing::warn!(
        target: "nuthatch", function = arguments.function().definition().ident, argument,
        "argument `{argument}` cannot be a key ({why}), so this call is not cached; leave it out \
         with `skip({argument})`, or give it a `CacheKey`",
    );
}

pub(crate) fn cache_unusable(arguments: &Arguments, error: &Error) {
    tracing::warn!(
        target: "nuthatch", call = ?arguments, %error,
        "the cache cannot be used for this call, which computes",
    );
}

pub(crate) fn not_cloned(arguments: &Arguments, type_name: &str) {
    tracing::warn!(
        target: "nuthatch", call = ?arguments,
        "{type_name} is not `Clone`, so the result cannot be memoized",
    );
}

pub(crate) fn null_upsert(arguments: &Arguments) {
    tracing::warn!(
        target: "nuthatch", call = ?arguments,
        "the function returned `None`, which is never merged: the stored entry stands",
    );
}
