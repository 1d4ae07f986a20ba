//! The backend `zarr`: arrays as Zarr groups, which xarray and all others open.
//!
//! | file | holds |
//! |---|---|
//! | this one | the backend, for each of its types |
//! | `write`, `documents` | a dataset, chunk by chunk, and what describes it |
//! | `chunks` | how arrays are cut |
//! | `open`, `metadata`, `codecs`, `json` | a group, read from its documents |
//! | `numcodecs`, `filters`, `lzma`, `lookup3` | codecs that `zarrs` lacks |
//! | `checked` | the checksum of a chunk, looked at whatever is read of it |
//! | `stored` | an array that is read when it is asked for |
//! | `characters` | text that is stored a byte an element |
//! | `direct` | the usual codecs, decoded where the elements are to lie |
//! | `copying` | a group copied to another location as it is |
//! | `share`, `filling` | a group that several processes fill |
//! | `files` | the store, as `zarrs` reads it |

mod characters;
mod checked;
mod chunks;
mod codecs;
mod copying;
mod direct;
mod documents;
mod files;
mod filling;
mod filters;
mod json;
mod lookup3;
mod lzma;
mod metadata;
mod numcodecs;
mod open;
mod share;
mod stored;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use futures::future::BoxFuture;
use ndarray::{Array, Dimension};
use nuthatch_core::backend::{Backend, Source, Target, Written};
use nuthatch_core::config::Verify;
use nuthatch_core::store::{Recording, StoredSums, Verified};
use nuthatch_core::{Error, Result};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::array::DataArray;
use crate::dataset::Dataset;
use crate::values::{Element, Values};
use crate::variable::Variable;

pub use self::filling::Filling;

use self::chunks::Chunking;
use self::documents::Format;
use self::files::Files;

/// The folder of a generation that holds the group.
const FOLDER: &str = "value.zarr";

/// The member of the manifest's record with the hash of the group's document.
const METADATA: &str = "metadata";

/// The member with the checksums of all objects, where the format has none.
const SUMS: &str = "sums";

/// Checksums of up to so many bytes lie in the manifest.
const SUMS_INLINE: usize = 16 * 1024;

/// The member that says under which name an array stands in its group.
const ARRAY: &str = "array";

/// The name of an array that has none.
const UNNAMED: &str = "__xarray_dataarray_variable__";

/// Stores [`Dataset`], [`DataArray`] and [`ndarray::Array`] as Zarr groups.
///
/// Every chunk is written, compressed by zstd and checked by crc32c, in objects near 100 MB that
/// are read a few megabytes at a time. xarray, zarr-python and all others open them.
///
/// Options, in `backend_options(…)`:
///
/// | option | meaning | unless said |
/// |---|---|---|
/// | `chunking(time = 365, lat = 50)` | the size of objects, in elements along each dimension; dimensions that are not there are dropped, those not named are whole | near 100 MB |
/// | `chunk_by_arg(window("3"(time = 90)))` | the same, for calls with that value of a key argument | |
/// | `auto_rechunk = true` | an entry that lies in other objects than `chunking` and `chunk_by_arg` say is written anew, as a new generation, when it is recalled in a mode that writes | `false` |
/// | `read_chunk = 100_000_000` | the bytes that a recalled array is gone through by, where it is reduced without being loaded: whole chunks | 32 MB |
/// | `requests = 64` | how many requests of one dataset are on their way at once to a store that has to be waited for | 16 |
/// | `sharding = false` | objects are read whole | `true` |
/// | `zarr_format = 2` | the older version, without shards; the manifest holds checksums of the objects | 3 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zarr;

/// The elements that an [`ndarray::Array`] may have to be stored by [`Zarr`].
pub trait ZarrElement: Element {}
impl<T: Element> ZarrElement for T {}

impl Zarr {
    async fn write_dataset(dataset: &Dataset, target: &Target) -> Result<Written> {
        let argument = |name: &str| target.arguments.get(name).cloned();
        let chunking = Chunking::read(&target.options, argument)?;
        let format = Format::read(&target.options)?;
        let folder = folder(&target.prefix)?;
        let recording = Recording::new(Arc::clone(&target.store), folder.clone());
        let store: Arc<dyn ObjectStore> = match format {
            Format::V2 => Arc::new(recording.clone()),
            Format::V3 => Arc::clone(&target.store),
        };
        let files = Files::new(store, folder, target.shown.clone(), target.immediate, true);
        let files = files.bounded(chunks::requests(&target.options)?);
        let wrote = write::write(dataset, &files, &chunking, format).await?;
        wrote.recorded(target, format, &recording, write::extent(dataset)).await
    }

    async fn read_dataset(source: &Source) -> Result<Dataset> {
        let folder = folder(&source.prefix)?;
        let mut store = Arc::clone(&source.store);
        if let Some(sums) = source.record.details.get(SUMS) {
            let shown = source.shown.to_string();
            let damaged = |why: String| Error::Damaged { object: shown.clone(), why };
            let sums: StoredSums = serde_json::from_value(sums.clone())
                .map_err(|error| damaged(format!("its checksums cannot be read: {error}")))?;
            let sums = sums.load(&store, &source.prefix, &shown).await?;
            store = Arc::new(Verified::new(store, folder.clone(), sums).verify(source.verify));
        }
        let files = Files::new(store, folder, source.shown.clone(), source.immediate, true);
        let files = files.verify(source.verify).bounded(chunks::requests(&source.options)?);
        let recorded = source.record.details.get(METADATA).and_then(|hash| hash.as_str());
        open::open(&files, chunks::read_chunk(&source.options)?, |name, bytes| {
            let hash = || HEXLOWER.encode(blake3::hash(bytes).as_bytes());
            match source.verify == Verify::Off || recorded == Some(hash().as_str()) {
                true => Ok(()),
                false => Err(Error::Damaged {
                    object: files.show(name),
                    why: "it is not what was written".to_owned(),
                }),
            }
        })
        .await
    }

    async fn upsert_dataset(
        newer: &Dataset,
        keys: &[&str],
        base: Option<&Source>,
        target: &Target,
    ) -> Result<Written> {
        let [dim] = keys else {
            return Err(Error::other(format!(
                "zarr merges along one dimension, and `upsert_keys` names {keys:?}"
            )));
        };
        let whole = match base {
            Some(base) => Self::read_dataset(base).await?.upserted(newer, dim)?,
            // One that has no labels, or one twice, is no base for the next.
            None => newer.as_base(dim)?,
        };
        Self::write_dataset(&whole, target).await
    }
}

/// Opens a group that others have written.
#[cfg(any(test, feature = "test-util"))]
pub(crate) async fn foreign(store: &Arc<dyn ObjectStore>, prefix: &str) -> Result<Dataset> {
    let files = Files::new(Arc::clone(store), Path::from(prefix), "a store".into(), true, false);
    open::open(&files, chunks::READ_CHUNK, |_, _| Ok(())).await
}

fn folder(prefix: &Path) -> Result<Path> {
    below(prefix, FOLDER)
}

fn below(prefix: &Path, name: &str) -> Result<Path> {
    Path::parse(format!("{prefix}/{name}")).map_err(Error::other)
}

/// Whether all arrays lie in the objects that the options name.
fn lies_as_asked<'a>(
    mut variables: impl Iterator<Item = (&'a str, &'a Variable)>,
    options: &toml::Table,
    arguments: &BTreeMap<String, String>,
) -> Result<bool> {
    let chunking = Chunking::read(options, |name| arguments.get(name).cloned())?;
    Ok(variables.all(|(name, variable)| chunking.is_followed(name, variable)))
}

impl Backend<Dataset> for Zarr {
    fn name(&self) -> &'static str {
        "zarr"
    }
    /// The format describes itself.
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(
        &'a self,
        value: &'a Dataset,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(Self::write_dataset(value, target))
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Dataset>> {
        Box::pin(Self::read_dataset(source))
    }
    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        Box::pin(copying::copy(source, target))
    }
    fn weigh(&self, value: &Dataset) -> u64 {
        let loaded = value.variables().values().filter(|variable| variable.data().is_loaded());
        loaded.map(Variable::bytes).sum()
    }
    fn reopens(&self, value: &Dataset) -> bool {
        value.variables().values().any(|variable| variable.data().is_computed())
    }
    fn rewrites(&self, options: &toml::Table) -> bool {
        chunks::rechunks(options)
    }
    fn lies_as_asked(
        &self,
        value: &Dataset,
        options: &toml::Table,
        arguments: &BTreeMap<String, String>,
    ) -> Result<bool> {
        let variables = value.variables().iter().map(|(name, own)| (name.as_str(), own));
        lies_as_asked(variables, options, arguments)
    }
    fn can_share(&self) -> bool {
        true
    }
    fn begin<'a>(
        &'a self,
        template: &'a Dataset,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<serde_json::Value>> {
        Box::pin(share::begin(template, None, target))
    }
    fn complete<'a>(
        &'a self,
        layout: &'a serde_json::Value,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(share::complete(layout, target))
    }
    fn can_upsert(&self) -> bool {
        true
    }
    fn upsert<'a>(
        &'a self,
        value: &'a Dataset,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(Self::upsert_dataset(value, keys, base, target))
    }
}

impl Backend<DataArray> for Zarr {
    fn name(&self) -> &'static str {
        "zarr"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(
        &'a self,
        value: &'a DataArray,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move { named(value, Self::write_dataset(&grouped(value)?, target).await?) })
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<DataArray>> {
        Box::pin(async move { ungrouped(source, &Self::read_dataset(source).await?) })
    }
    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        Box::pin(copying::copy(source, target))
    }
    fn weigh(&self, value: &DataArray) -> u64 {
        match value.variable().data().is_loaded() {
            true => value.variable().bytes(),
            false => 0,
        }
    }
    fn reopens(&self, value: &DataArray) -> bool {
        value.variable().data().is_computed()
    }
    fn rewrites(&self, options: &toml::Table) -> bool {
        chunks::rechunks(options)
    }
    fn lies_as_asked(
        &self,
        value: &DataArray,
        options: &toml::Table,
        arguments: &BTreeMap<String, String>,
    ) -> Result<bool> {
        let coords = value.coords().iter().map(|(name, own)| (name.as_str(), own));
        let own = (value.name().unwrap_or(UNNAMED), value.variable());
        lies_as_asked(coords.chain([own]), options, arguments)
    }
    fn can_share(&self) -> bool {
        true
    }
    fn begin<'a>(
        &'a self,
        template: &'a DataArray,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<serde_json::Value>> {
        Box::pin(async move {
            let name = template.name().unwrap_or(UNNAMED);
            share::begin(&grouped(template)?, Some(name), target).await
        })
    }
    fn complete<'a>(
        &'a self,
        layout: &'a serde_json::Value,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(share::complete(layout, target))
    }
    fn can_upsert(&self) -> bool {
        true
    }
    fn upsert<'a>(
        &'a self,
        value: &'a DataArray,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let newer = grouped(value)?;
            named(value, Self::upsert_dataset(&newer, keys, base, target).await?)
        })
    }
}

/// An array as a group: as xarray stores one, under its name or one that says it has none.
fn grouped(array: &DataArray) -> Result<Dataset> {
    array.to_dataset(UNNAMED)
}

fn named(array: &DataArray, mut written: Written) -> Result<Written> {
    let name = array.name().unwrap_or(UNNAMED);
    written.details.insert(ARRAY.to_owned(), name.into());
    Ok(written)
}

fn ungrouped(source: &Source, group: &Dataset) -> Result<DataArray> {
    let recorded = source.record.details.get(ARRAY).and_then(|name| name.as_str());
    let mut arrays = group.data_vars().map(|(name, _)| name);
    // A dataset of one array can be read as that.
    let Some(name) = recorded.or_else(|| arrays.next().filter(|_| arrays.next().is_none())) else {
        return Err(Error::TypeChanged {
            object: source.shown.to_string(),
            why: "it is a dataset of several arrays, and one array is asked for".to_owned(),
        });
    };
    let array = group.array(name)?;
    Ok(if name == UNNAMED { array.without_name() } else { array })
}

impl<T: ZarrElement, D: Dimension + 'static> Backend<Array<T, D>> for Zarr {
    fn name(&self) -> &'static str {
        "zarr"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(
        &'a self,
        value: &'a Array<T, D>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let dims: Vec<String> = (0..value.ndim()).map(|axis| format!("dim_{axis}")).collect();
            let array = DataArray::new(UNNAMED, dims, Values::from(value.clone()))?;
            let array = array.without_name();
            named(&array, Self::write_dataset(&grouped(&array)?, target).await?)
        })
    }
    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Array<T, D>>> {
        Box::pin(async move {
            let array = ungrouped(source, &Self::read_dataset(source).await?)?;
            let changed =
                |why: String| Error::TypeChanged { object: source.shown.to_string(), why };
            let values = array.variable().data().read().await?;
            let Some(elements) = T::unwrap(&values) else {
                let (dtype, asked) = (values.dtype(), std::any::type_name::<T>());
                return Err(changed(format!("its elements are {dtype}, and {asked} is asked for")));
            };
            elements.to_owned().into_dimensionality::<D>().map_err(|_| {
                changed(format!(
                    "it has {} dimensions, and another number is asked for",
                    elements.ndim()
                ))
            })
        })
    }
    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        Box::pin(copying::copy(source, target))
    }
    fn weigh(&self, value: &Array<T, D>) -> u64 {
        value.len() as u64 * size_of::<T>() as u64
    }
}
