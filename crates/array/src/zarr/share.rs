//! One group, filled by several processes: what is handed to them, and the check before it is
//! committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use nuthatch_core::backend::{Target, Written};
use nuthatch_core::entry::Extent;
use nuthatch_core::store::{Recording, Sums};
use nuthatch_core::{Error, Result};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attribute::Attributes;
use crate::dataset::Dataset;
use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};

use super::chunks::{self, Chunking};
use super::documents::{Document, Format};
use super::files::{Files, REQUESTS};
use super::write::{self, Writing, Wrote};
use super::{ARRAY, folder};

/// What the process that begins tells the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) format: Format,
    pub(super) attrs: Attributes,
    pub(super) arrays: BTreeMap<String, Laid>,
    /// The one array that the entry is, where it is no dataset.
    pub(super) array: Option<String>,
    extent: Option<Extent>,
    /// Checksums of what the beginning has written, where the format has none.
    sums: Option<Sums>,
}

/// One array of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Laid {
    pub(super) document: Document,
    pub(super) dims: Vec<String>,
    pub(super) shape: Vec<u64>,
    /// The shape of objects: what a region is made of.
    pub(super) object: Vec<u64>,
    /// The type of the elements that are to be filled in; `None` where all are there.
    pub(super) filled: Option<DType>,
}

/// What one process says of a region that it has written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) array: String,
    pub(super) region: Region,
    /// The objects, by their path in the group.
    pub(super) objects: BTreeMap<String, Piece>,
    pub(super) sums: Option<Sums>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) bytes: u64,
    pub(super) blake3: String,
}

impl Layout {
    pub(super) fn read(layout: &Value) -> Result<Self> {
        Self::deserialize(layout)
            .map_err(|error| Error::other(format!("the ticket's layout cannot be read: {error}")))
    }

    /// The array that is to be filled.
    pub(super) fn to_fill(&self, name: &str) -> Result<(&Laid, DType)> {
        let found = self.arrays.get(name).and_then(|laid| Some((laid, laid.filled?)));
        found.ok_or_else(|| {
            let filled = self.arrays.iter().filter(|(_, laid)| laid.filled.is_some());
            let names: Vec<&str> = filled.map(|(name, _)| name.as_str()).collect();
            Error::other(format!("there is no array `{name}` to be filled; there are {names:?}"))
        })
    }
}

impl Laid {
    pub(super) fn grid(&self) -> ChunkGrid {
        ChunkGrid::new(&self.shape, &self.object)
    }
}

/// Writes what the template holds, and says what is to be filled.
pub(super) async fn begin(
    template: &Dataset,
    array: Option<&str>,
    target: &Target,
) -> Result<Value> {
    let argument = |name: &str| target.arguments.get(name).cloned();
    let chunking = Chunking::read(&target.options, argument)?;
    let format = Format::read(&target.options)?;
    let folder = folder(&target.prefix)?;
    let recording = Recording::new(Arc::clone(&target.store), folder.clone());
    let store: Arc<dyn ObjectStore> = Arc::new(recording.clone());
    let files = Files::new(store, folder, target.shown.clone(), target.immediate, true);
    let files = files.bounded(chunks::requests(&target.options)?);
    let beside = write::beside_dimensions(template);
    let mut arrays = BTreeMap::new();
    for (name, variable) in template.variables() {
        write::check_name(name)?;
        let is_filled = variable.data().is_unfilled();
        if is_filled && variable.is_index(name) {
            return Err(Error::other(format!(
                "the coordinate `{name}` is that of a dimension, so the template must hold it"
            )));
        }
        let coordinates = write::coordinates(template, name, &beside);
        let array = Writing::new(name, variable, &files, (&chunking, format), &coordinates)?;
        let array = Arc::new(array);
        if !is_filled {
            write::chunks(std::slice::from_ref(&array)).await?;
        }
        let laid = Laid {
            dims: variable.dims().to_vec(),
            shape: variable.shape(),
            object: array.shapes.object.clone(),
            document: array.document.clone(),
            filled: is_filled.then(|| variable.dtype()),
        };
        arrays.insert(name.clone(), laid);
    }
    if arrays.values().all(|laid| laid.filled.is_none()) {
        return Err(Error::other(
            "the template has nothing to be filled; make its arrays by `DataArray::unfilled`",
        ));
    }
    let layout = Layout {
        format,
        attrs: write::group_attrs(template, &beside),
        arrays,
        array: array.map(str::to_owned),
        extent: write::extent(template),
        sums: (format == Format::V2).then(|| recording.sums()),
    };
    serde_json::to_value(layout).map_err(Error::other)
}

/// Checks that every chunk is there, and writes the documents.
pub(super) async fn complete(layout: &Value, target: &Target) -> Result<Written> {
    let Layout { format, attrs, arrays, array, extent, sums } = Layout::read(layout)?;
    let folder = folder(&target.prefix)?;
    let records = records(target).await?;
    let sizes = sizes(target, &folder).await?;
    let mut bytes = 0;
    for (name, laid) in &arrays {
        bytes += check(name, laid, format, &records, &sizes)?;
    }
    let mut all = sums.unwrap_or_default();
    for (_, record) in records {
        all.merge(record.sums.unwrap_or_default())?;
    }
    let recording = Recording::resume(Arc::clone(&target.store), folder.clone(), all);
    let store: Arc<dyn ObjectStore> = Arc::new(recording.clone());
    let files = Files::new(store, folder, target.shown.clone(), target.immediate, true);
    let files = files.bounded(chunks::requests(&target.options)?);
    let documents = arrays.into_iter().map(|(name, laid)| (name, laid.document)).collect();
    let wrote = write::documents(&files, format, &attrs, documents).await?;
    let wrote = Wrote { bytes: bytes + wrote.bytes, ..wrote };
    let mut written = wrote.recorded(target, format, &recording, extent).await?;
    if let Some(array) = array {
        written.details.insert(ARRAY.to_owned(), array.into());
    }
    Ok(written)
}

/// What was recorded of this generation, by the record's path.
pub(super) async fn records(target: &Target) -> Result<Vec<(Path, Record)>> {
    let failed = |doing: String, error: object_store::Error| Error::Store {
        doing,
        location: target.shown.to_string(),
        source: error.into(),
    };
    let scratch = target.scratch()?;
    let listed: Vec<_> = target
        .store
        .list(Some(&scratch))
        .try_collect()
        .await
        .map_err(|error| failed(format!("list {scratch}"), error))?;
    let reads = stream::iter(listed).map(|meta| async move {
        let path = meta.location;
        let read = async { target.store.get(&path).await?.bytes().await };
        let bytes = read.await.map_err(|error| failed(format!("read {path}"), error))?;
        let record = serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
            object: format!("{} {path}", target.shown),
            why: format!("the record of a region cannot be read: {error}"),
        })?;
        Ok::<_, Error>((path, record))
    });
    reads.buffered(REQUESTS).try_collect().await
}

/// The sizes of the objects of the group, by their path in it.
pub(super) async fn sizes(target: &Target, folder: &Path) -> Result<BTreeMap<String, u64>> {
    let listed = target.store.list(Some(folder)).try_collect::<Vec<_>>().await;
    let listed = listed.map_err(|error| Error::Store {
        doing: format!("list {folder}"),
        location: target.shown.to_string(),
        source: error.into(),
    })?;
    let below = format!("{folder}/");
    let sizes = listed.into_iter().filter_map(|meta| {
        let name = meta.location.as_ref().strip_prefix(&below)?;
        Some((name.to_owned(), meta.size))
    });
    Ok(sizes.collect())
}

/// Every chunk of an array must be there, as it was recorded. The size of all.
fn check(
    name: &str,
    laid: &Laid,
    format: Format,
    records: &[(Path, Record)],
    sizes: &BTreeMap<String, u64>,
) -> Result<u64> {
    let mut claims: BTreeMap<&str, (&Piece, &Region)> = BTreeMap::new();
    for (_, record) in records.iter().filter(|(_, record)| record.array == name) {
        for (object, piece) in &record.objects {
            let claim = claims.entry(object).or_insert((piece, &record.region));
            if claim.0 != piece {
                return Err(Error::other(format!(
                    "the regions {} and {} of `{name}` were both written, and differ in {object}; \
                     discard one of them and write what is missing then",
                    claim.1, record.region
                )));
            }
        }
    }
    let grid = laid.grid();
    let (mut bytes, mut missing, mut first) = (0, 0, None);
    for index in grid.all() {
        let object = format.object(name, &index);
        let size = sizes.get(&object).copied();
        match (size, claims.get(object.as_str()), laid.filled) {
            (Some(size), None, None) => bytes += size,
            (Some(size), Some((piece, _)), Some(_)) if piece.bytes == size => bytes += size,
            (Some(size), Some((piece, region)), Some(_)) => {
                return Err(Error::Damaged {
                    object,
                    why: format!(
                        "it has {size} bytes, and who wrote the region {region} of `{name}` \
                         recorded {}",
                        piece.bytes
                    ),
                });
            }
            (found, ..) => {
                missing += 1;
                first.get_or_insert((index, object, found.is_some()));
            }
        }
    }
    let Some((index, object, is_there)) = first else { return Ok(bytes) };
    let how = match is_there {
        true => "was begun by a process that did not finish it",
        false => "was not written",
    };
    Err(Error::other(format!(
        "the region {} of `{name}` {how} ({object}), and so {missing} of its {} chunks are \
         missing; write them and commit again",
        grid.region(&index),
        grid.all().len(),
    )))
}
