//! From a Zarr group to a dataset that is read when it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nuthatch_core::{Error, Result, runtime, store};
use object_store::path::Path;

use crate::attribute::Attributes;
use crate::cf;
use crate::dataset::Dataset;
use crate::source::Source;
use crate::variable::Variable;

use super::characters::Characters;
use super::chunks::{CHUNKS, READ_CHUNK};
use super::files::{Files, REQUESTS};
use super::metadata::{Described, Group};
use super::stored::StoredArray;

/// Coordinates of up to so many bytes are read when a group is opened.
const COORDINATE: u64 = 256 * 1024 * 1024;

impl Dataset {
    /// Opens a Zarr group of version 2 or 3 at a path or URL: xarray's, nuthatch's, anyone's.
    /// Metadata and the coordinates along dimensions are read; everything else is when it is asked
    /// for, apart from arrays of times below 1 MB whose calendar depends on whether one of them
    /// lies before 1582. Larger ones keep the calendar `standard`.
    ///
    /// Times in units since a date, missing values and scaled numbers are decoded as the CF
    /// conventions say; what cannot be stays as it is, with a warning. An array whose type or codec
    /// is not known is left out, with a warning; asking for it is an error that says why.
    ///
    /// # Errors
    ///
    /// There is no group, its metadata or a coordinate is damaged, or the store cannot be read.
    pub async fn open(path_or_url: impl AsRef<str>) -> Result<Self> {
        let opened = store::open(&absolute(path_or_url.as_ref())?, &toml::Table::new())?;
        let shown = opened.url.as_str().into();
        let files = Files::new(opened.store, Path::ROOT, shown, opened.immediate, false);
        let files = files.bounded(REQUESTS);
        if files.immediate {
            return open(&files, READ_CHUNK, |_, _| Ok(())).await;
        }
        runtime::spawn(async move { open(&files, READ_CHUNK, |_, _| Ok(())).await }).await?
    }

    /// As [`open`](Self::open), in code that is not async; blocks meanwhile.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_blocking(path_or_url: impl AsRef<str>) -> Result<Self> {
        runtime::block_on(Self::open(path_or_url))
    }
}

/// A path is one below the working directory.
fn absolute(path_or_url: &str) -> Result<String> {
    if path_or_url.contains("://") {
        return Ok(path_or_url.to_owned());
    }
    let path = std::path::absolute(path_or_url)?;
    path.into_os_string()
        .into_string()
        .map_err(|path| Error::other(format!("the path {} is no Unicode", path.display())))
}

/// Arrays of times of up to so many bytes are read when a group is opened, where their calendar
/// depends on them.
const TIMES: u64 = 1024 * 1024;

/// Opens the group below the files, whose arrays are gone through by boxes near `bytes`. `check`
/// sees the document that describes all of it.
pub(super) async fn open(
    files: &Files,
    bytes: u64,
    check: impl FnOnce(&str, &[u8]) -> Result<()>,
) -> Result<Dataset> {
    let mut group = Group::read(files, check).await?;
    units_of_bounds(&mut group.arrays);
    let mut coords = BTreeSet::new();
    let mut attrs = group.attrs;
    named_coordinates(&mut attrs, &mut coords);
    let (mut dataset, mut left_out) = (Dataset::new(), group.left_out);
    for (name, described) in group.arrays {
        let array = match StoredArray::new(files, &name, &described, bytes) {
            Ok(array) => array,
            Err(why) => {
                left_out.insert(name, why);
                continue;
            }
        };
        let chunks = serde_json::json!(array.object());
        let mut dims = described.dims;
        let source: Arc<dyn Source> = match described.characters {
            true => {
                dims.pop();
                Arc::new(Characters::new(array))
            }
            false => Arc::new(array),
        };
        let mut variable = Variable::lazy(dims, source)?;
        variable.encoding.insert(CHUNKS.to_owned(), chunks);
        variable.attrs = described.attrs;
        let mut named = BTreeSet::new();
        named_coordinates(&mut variable.attrs, &mut named);
        let is_small = |most: u64| variable.bytes() <= most;
        if variable.is_index(&name) && is_small(COORDINATE)
            || is_small(TIMES) && cf::depends_on_elements(&variable)
        {
            variable = variable.load().await?;
        }
        dataset = dataset.with_variable(&name, cf::decoded(&name, variable)?)?;
        coords.extend(named);
    }
    // What cannot be read hides nothing else.
    for (name, why) in left_out {
        let store = files.shown.to_string();
        tracing::warn!(target: "nuthatch", store, array = name, "the array is left out: {why}");
        dataset = dataset.with_left_out(name, format!("{why} ({store})"));
    }
    dataset.attrs = attrs;
    for name in coords {
        if let Some(coord) = dataset.variables().get(&name).cloned() {
            dataset = dataset.with_coord_variable(&name, coord)?;
        }
    }
    Ok(dataset)
}

/// The bounds of a coordinate of time are counted as it is, where they do not say it themselves: so
/// CF has it.
fn units_of_bounds(arrays: &mut BTreeMap<String, Described>) {
    let mut said = Vec::new();
    for Described { attrs, .. } in arrays.values() {
        let text = |key: &str| attrs.get(key).and_then(serde_json::Value::as_str);
        if let (Some(bounds), Some(units)) = (text("bounds"), text("units"))
            && units.contains(" since ")
        {
            let own = ["units", "calendar"].map(|key| (key, text(key).map(str::to_owned)));
            said.push((bounds.to_owned(), own));
        }
    }
    for (bounds, own) in said {
        let Some(Described { attrs, .. }) = arrays.get_mut(&bounds) else { continue };
        for (key, value) in own {
            if let Some(value) = value {
                attrs.entry(key).or_insert(value.into());
            }
        }
    }
}

/// The attribute that names coordinates beside those of dimensions.
fn named_coordinates(attrs: &mut Attributes, names: &mut BTreeSet<String>) {
    if let Some(serde_json::Value::String(text)) = attrs.remove("coordinates") {
        names.extend(text.split_whitespace().map(str::to_owned));
    }
}
