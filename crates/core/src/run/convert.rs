//! One value in several backends, and one value as several types: conversions, never a body.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::BASE64;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::backend::{Backends, Source, Stored, Target};
use crate::config::Verify;
use crate::error::{Error, Result};

use super::plan::Plan;
use super::queries::level_of;
use super::recall::Hit;
use super::report;
use super::request::{Prepared, Request};

/// Whether the call names backends for a location that its mode writes: some may be missing.
pub(crate) fn may_miss<E>(prepared: &Prepared, hit: &Hit<E>) -> bool {
    let Plan { backend, storage_backend, .. } = &prepared.plan;
    (backend.is_some() || storage_backend.is_some()) && prepared.writes(hit.place.name())
}

/// Adds the backends that the call names and the entry lacks, where there [may be
/// some](may_miss). What cannot be added is a warning: the value is there.
pub(crate) async fn add_missing<E: Send + Sync + 'static>(
    request: &Request,
    prepared: &Prepared,
    backends: Backends<E>,
    hit: &mut Hit<E>,
) {
    let plan = &prepared.plan;
    let place = Arc::clone(&hit.place);
    let address = match prepared.address(request, level_of(place.name())) {
        Ok(address) => address,
        Err(error) => return report::not_stored(&request.arguments, place.shown(), &error),
    };
    let mut present: Vec<String> =
        hit.entry.backends().iter().map(|stored| stored.backend.clone()).collect();
    let wanted = [
        (plan.backend.as_deref(), &plan.backend_options),
        (plan.storage_backend.as_deref(), &plan.storage_backend_options),
    ];
    for (name, options) in wanted {
        let backend = backends.iter().find(|backend| Some(backend.name()) == name);
        let Some(&backend) = backend else { continue };
        if present.iter().any(|present| present == backend.name()) {
            continue;
        }
        let Some(value) = hit.value.take() else { return };
        present.push(backend.name().to_owned());
        let (value, fresh) = place.write(&address, backend, value, request.asked(options)).await;
        hit.value = Some(value);
        let added = async {
            let from = hit.input.generation.clone().unwrap_or_default();
            let fresh = fresh?;
            let removers = place.removers(backends, plan);
            place.add_backend(&address, hit.seen.clone(), from, &fresh, removers).await?;
            let added = Arc::new(fresh.stored);
            if let Err(error) = place.publish(&address, added, backend, options).await {
                report::not_published(&request.arguments, place.shown(), &error);
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = added.await {
            report::not_stored(&request.arguments, place.shown(), &error);
        }
    }
}

/// Reads a value as the engine's type, by way of a backend that holds both.
pub(crate) async fn to_engine<T, E>(
    request: &Request,
    value: T,
    from: Backends<T>,
    to: Backends<E>,
) -> Result<E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let shared = from.iter().find_map(|backend| {
        let reader = to.iter().find(|reader| reader.name() == backend.name())?;
        Some((*backend, *reader))
    });
    let Some((writer, reader)) = shared else {
        return Err(Error::Usage {
            function: request.arguments.shown(),
            message: format!(
                "no backend holds both {} and {}, so the engine cannot read this result",
                std::any::type_name::<T>(),
                std::any::type_name::<E>(),
            ),
        });
    };
    let target = Target {
        store: Arc::new(InMemory::new()),
        prefix: Path::from("value"),
        shown: "memory".into(),
        immediate: true,
        folder: None,
        inline_up_to: 0,
        options: toml::Table::new(),
        arguments: BTreeMap::new(),
    };
    let written = writer.write(&value, &target).await?;
    let stored = Stored {
        backend: writer.name().to_owned(),
        generation: String::new(),
        path: target.prefix.to_string(),
        bytes: written.bytes,
        type_name: std::any::type_name::<T>().to_owned(),
        type_shape: writer.type_shape(),
        inline: written.inline.map(|bytes| BASE64.encode(&bytes)),
        details: written.details,
        time_extent: written.time_extent,
    };
    let source = Source {
        store: target.store,
        prefix: target.prefix,
        shown: target.shown,
        immediate: true,
        folder: None,
        record: Arc::new(stored),
        options: toml::Table::new(),
        verify: Verify::Full,
        is_alone: true,
    };
    reader.read(&source).await
}

/// The error for a backend that does not hold the type.
pub(crate) fn no_such_backend<T>(request: &Request, name: &str, backends: Backends<T>) -> Error {
    let known: Vec<&str> = backends.iter().map(|backend| backend.name()).collect();
    Error::Usage {
        function: request.arguments.shown(),
        message: format!(
            "backend `{name}` does not hold {}; it is held by: {}",
            std::any::type_name::<T>(),
            known.join(", "),
        ),
    }
}
