//! The rooms together: real stores, and what the backend writes.

mod backend;
mod conformance;
mod damage;
mod lazy;
mod opening;
mod property;
mod requests;
mod selecting;

use std::collections::BTreeMap;
use std::sync::Arc;

use nuthatch_core::backend::{Backend, Source, Stored, Target, Written};
use nuthatch_core::config::Verify;
use nuthatch_core::runtime::block_on;
use nuthatch_core::store::Counting;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::{Dataset, Variable, Zarr};

/// A generation in memory, and what was asked of its store.
struct Lake {
    store: Arc<dyn ObjectStore>,
    counting: Counting,
    options: toml::Table,
    arguments: BTreeMap<String, String>,
    /// Whether the store answers without being waited for.
    immediate: bool,
}

impl Lake {
    fn new() -> Self {
        Self::with("")
    }

    fn with(options: &str) -> Self {
        Self::of(Arc::new(InMemory::new()), true, options)
    }

    fn of(store: Arc<dyn ObjectStore>, immediate: bool, options: &str) -> Self {
        let counting = Counting::new(store);
        let store: Arc<dyn ObjectStore> = Arc::new(counting.clone());
        let options = options.parse().expect("TOML");
        Self { store, counting, options, arguments: BTreeMap::new(), immediate }
    }

    fn target(&self, generation: &str) -> Target {
        Target {
            store: Arc::clone(&self.store),
            prefix: Path::from(generation),
            shown: "root (memory://lake/generation)".into(),
            immediate: self.immediate,
            folder: None,
            inline_up_to: 0,
            options: self.options.clone(),
            arguments: self.arguments.clone(),
        }
    }

    fn source(&self, generation: &str, written: Written) -> Source {
        let record = Stored {
            backend: "zarr".to_owned(),
            generation: generation.to_owned(),
            path: generation.to_owned(),
            bytes: written.bytes,
            type_name: String::new(),
            type_shape: None,
            inline: None,
            details: written.details,
            time_extent: None,
        };
        let Target { store, prefix, shown, immediate, folder, options, .. } =
            self.target(generation);
        let (record, verify, is_alone) = (Arc::new(record), Verify::Full, true);
        Source { store, prefix, shown, immediate, folder, record, options, verify, is_alone }
    }

    fn write<T>(&self, value: &T) -> Source
    where
        Zarr: Backend<T>,
    {
        let written = block_on(Zarr.write(value, &self.target("generation")));
        self.source("generation", written.expect("it is written"))
    }

    fn read<T>(&self, source: &Source) -> nuthatch_core::Result<T>
    where
        Zarr: Backend<T>,
    {
        block_on(Zarr.read(source))
    }

    fn round<T>(&self, value: &T) -> T
    where
        Zarr: Backend<T>,
    {
        self.read(&self.write(value)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The paths of all objects.
    fn objects(&self) -> Vec<Path> {
        use futures::TryStreamExt as _;
        let listed = block_on(self.store.list(None).map_ok(|meta| meta.location).try_collect());
        listed.expect("memory can be listed")
    }
}

/// The repository's copy of a store of the real data.
fn real(name: &str) -> String {
    format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Three days of two stations.
fn small() -> Dataset {
    let rain = ndarray::arr2(&[[0.0, 1.5], [f64::NAN, 2.5], [4.0, 8.0]]);
    let dataset = Dataset::new()
        .with_variable("rain", Variable::new(["day", "station"], rain).with_attr("units", "mm"))
        .and_then(|dataset| dataset.with_coord("day", vec![1_i32, 2, 3]))
        .and_then(|dataset| {
            dataset.with_coord("station", crate::Values::strings(["Elbe", "Havel"]))
        });
    dataset.expect("it is whole").with_attr("title", "rain")
}
