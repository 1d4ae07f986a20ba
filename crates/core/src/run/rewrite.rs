//! An entry that lies otherwise than its options ask, written anew from what was read of it: as a
//! new generation, never in place, and never by running the body.

use std::sync::Arc;

use crate::backend::{Backend, Backends, Removers};
use crate::config::Verify;
use crate::entry::Address;
use crate::error::{Error, Result};

use super::plan::Plan;
use super::queries::level_of;
use super::recall::{Hit, read};
use super::report;
use super::request::{Prepared, Request};

/// Whether what was recalled is to be written anew: its backend says so, and the call's mode writes
/// there.
pub(crate) fn is_asked<E: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<E>,
    hit: &Hit<E>,
) -> bool {
    let (Some(value), Some(backend)) = (&hit.value, backend(backends, hit)) else { return false };
    if !prepared.writes(hit.place.name()) {
        return false;
    }
    let options = options(&prepared.plan, backend.name());
    let lies_as_asked = hit.place.merged(backend.name(), options).and_then(|merged| {
        let arguments = &request.asked(options).arguments;
        Ok(!backend.rewrites(&merged) || backend.lies_as_asked(value, &merged, arguments)?)
    });
    match lies_as_asked {
        Ok(lies) => !lies,
        Err(error) => {
            report::not_stored(&request.arguments, hit.place.shown(), &error);
            false
        }
    }
}

/// Writes it. What cannot be written is a warning: the value is there.
pub(crate) async fn rewrite<E: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<E>,
    hit: &mut Hit<E>,
) {
    let Some(backend) = backend(backends, hit) else { return };
    let place = Arc::clone(&hit.place);
    let options = options(&prepared.plan, backend.name());
    let rewritten = async {
        let address = prepared.address(request, level_of(place.name()))?;
        let removers = place.removers(backends, &prepared.plan);
        anew(request, options, &address, backend, hit, removers).await
    };
    if let Err(error) = rewritten.await {
        report::not_stored(&request.arguments, place.shown(), &error);
    }
}

/// The one that was read.
fn backend<E>(backends: Backends<E>, hit: &Hit<E>) -> Option<&'static dyn Backend<E>> {
    let stored = hit.stored.as_ref()?;
    backends.iter().copied().find(|backend| backend.name() == stored.backend)
}

/// The options that the backend is written with.
fn options<'plan>(plan: &'plan Plan, backend: &str) -> &'plan toml::Table {
    match plan.storage_backend.as_deref() {
        Some(name) if name == backend => &plan.storage_backend_options,
        _ => &plan.backend_options,
    }
}

async fn anew<E: Send + Sync + 'static>(
    request: &Request,
    options: &toml::Table,
    address: &Address,
    backend: &'static dyn Backend<E>,
    hit: &mut Hit<E>,
    removers: Removers,
) -> Result<()> {
    let place = Arc::clone(&hit.place);
    let Some(value) = hit.value.take() else { return Ok(()) };
    let (value, fresh) = place.write(address, backend, value, request.asked(options)).await;
    hit.value = Some(value);
    let fresh = fresh?;
    let from = hit.input.generation.clone().unwrap_or_default();
    if !place.add_backend(address, hit.seen.clone(), from, &fresh, removers).await? {
        // Another value was committed meanwhile. The one at hand was whole when it was read.
        return Ok(());
    }
    let stored = Arc::new(fresh.stored);
    if let Err(error) = place.publish(address, Arc::clone(&stored), backend, options).await {
        report::not_published(&request.arguments, place.shown(), &error);
    }
    let reread: Result<E, Error> =
        read(&place, address, &stored, backend, options, None, Verify::Full).await;
    hit.value = Some(reread?);
    hit.input = place.input(address, Some(&stored));
    hit.stored = Some(stored);
    Ok(())
}
