//! What can be asked of a call's entry without computing it.

use std::sync::Arc;

use crate::backend::Backends;
use crate::entry::{Entry, LocationName, Lookup, Manifest};
use crate::error::Result;
use crate::key::Level;

use super::Request;
use super::place::Place;
use super::report;

/// The manifest of the first entry that the call would read.
pub(crate) async fn entry(request: &Request) -> Result<Option<Manifest>> {
    first(request).await?.map(|(_, entry)| entry.manifest()).transpose()
}

/// Where that entry's data lies.
pub(crate) async fn uri(request: &Request) -> Result<Option<String>> {
    let Some((place, entry)) = first(request).await? else { return Ok(None) };
    let prepared = request.prepare()?;
    let address = prepared.address(request, level_of(place.name()))?;
    Ok(Some(place.uri(&address, &entry)))
}

/// Commits a tombstone where the call's mode writes.
pub(crate) async fn forget<T>(request: &Request, backends: Backends<T>) -> Result<bool> {
    let prepared = request.prepare()?;
    let mut forgotten = false;
    for place in prepared.written()? {
        let address = prepared.address(request, level_of(place.name()))?;
        let removers = place.removers(backends, &prepared.plan);
        forgotten |= place.forget(address, removers).await?;
    }
    prepared.forget_memoized(request);
    Ok(forgotten)
}

async fn first(request: &Request) -> Result<Option<(Arc<Place>, Entry)>> {
    let prepared = request.prepare()?;
    for place in prepared.read() {
        let address = prepared.address(request, level_of(place.name()))?;
        match place.look_up(&address).await {
            Ok(Lookup::Found { entry, .. } | Lookup::Null { entry, .. }) => {
                return Ok(Some((place, entry)));
            }
            Ok(_) => {}
            Err(error) => {
                place.heed(&error);
                report::unreachable(prepared.identity, &place, &error);
            }
        }
    }
    Ok(None)
}

/// Root and mirrors hold the whole, the local location what processors made of it.
pub(crate) fn level_of(name: &LocationName) -> Level {
    match name {
        LocationName::Local => Level::Processed,
        _ => Level::Whole,
    }
}
