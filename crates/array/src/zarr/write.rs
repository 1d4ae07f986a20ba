//! Writing a dataset as a Zarr group, so that xarray opens it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use nuthatch_core::backend::{Target, Written};
use nuthatch_core::entry::Extent;
use nuthatch_core::store::{Recording, Upload};
use nuthatch_core::{Error, Result};
use object_store::{ObjectStore as _, PutOptions, PutPayload};
use zarrs::array::{
    Array, ArrayBytes, ArrayToBytesCodecTraits as _, CodecOptions, Element as ZarrsElement,
};
use zarrs::metadata::ArrayMetadata;

use crate::attribute::Attributes;
use crate::cf::Encoder;
use crate::data::Data;
use crate::dataset::Dataset;
use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};
use crate::values::{Shared, Values};
use crate::variable::Variable;

use super::chunks::{Chunking, Shapes, product};
use super::documents::{Document, Format};
use super::files::Files;
use super::stored::blocking;
use super::{METADATA, SUMS, SUMS_INLINE};

/// Chunks of so many bytes are encoded where they are, without another thread.
const SMALL: u64 = 64 * 1024;

/// Chunks from so many bytes on keep several cores busy.
const LARGE: u64 = 4_000_000;

/// What was written.
#[derive(Debug)]
pub(super) struct Wrote {
    pub(super) bytes: u64,
    /// The BLAKE3 hash of the document that describes all of it.
    pub(super) metadata: blake3::Hash,
}

impl Wrote {
    /// What the manifest says of the group: the hash of its document, and the checksums of all
    /// objects where the format has none.
    pub(super) async fn recorded(
        self,
        target: &Target,
        format: Format,
        recording: &Recording,
        extent: Option<Extent>,
    ) -> Result<Written> {
        let time_extent = extent;
        let mut written = Written { bytes: self.bytes, time_extent, ..Written::default() };
        let mut record = |name: &str, value| written.details.insert(name.to_owned(), value);
        if format == Format::V2 {
            let (store, shown) = (&target.store, target.shown.to_string());
            let sums = recording.sums().store(store, &target.prefix, SUMS_INLINE, &shown).await?;
            record(SUMS, serde_json::to_value(sums).map_err(Error::other)?);
        }
        record(METADATA, HEXLOWER.encode(self.metadata.as_bytes()).into());
        Ok(written)
    }
}

/// Writes all chunks, and then the documents that describe them.
pub(super) async fn write(
    dataset: &Dataset,
    files: &Files,
    chunking: &Chunking,
    format: Format,
) -> Result<Wrote> {
    let beside = beside_dimensions(dataset);
    let mut arrays = Vec::new();
    for (name, variable) in dataset.variables() {
        check_name(name)?;
        let coordinates = coordinates(dataset, name, &beside);
        let array = Writing::new(name, variable, files, (chunking, format), &coordinates)?;
        arrays.push(Arc::new(array));
    }
    let bytes = chunks(&arrays).await?;
    let described =
        arrays.iter().map(|array| (array.encoding.name.clone(), array.document.clone()));
    let wrote =
        documents(files, format, &group_attrs(dataset, &beside), described.collect()).await?;
    Ok(Wrote { bytes: bytes + wrote.bytes, ..wrote })
}

/// What chunks that wait for a store may take together, where there are more of them than cores.
const WAITING: u64 = 256_000_000;

/// Writes every chunk of several arrays, as many at once as there are cores: what they take
/// together is bounded, and small arrays do not wait for each other. Who waits for a store keeps no
/// core busy, so more of small chunks are on their way to one.
pub(super) async fn chunks(arrays: &[Arc<Writing>]) -> Result<u64> {
    let (cores, mut all) = (cores(), Vec::new());
    for array in arrays {
        let grid = array.grid();
        for index in grid.all() {
            all.push((Arc::clone(array), grid.region(&index), index));
        }
    }
    // Where there are fewer large chunks than cores, each is encoded on several.
    let large: u64 = arrays.iter().map(|array| array.large_chunks()).sum();
    let threads = cores.div_ceil(usize::try_from(large).unwrap_or(cores).clamp(1, cores));
    let largest = arrays.iter().map(|array| array.chunk_bytes()).max().unwrap_or_default();
    let at_once = arrays.first().map_or(cores, |array| at_once(&array.files, largest));
    let written = stream::iter(all).map(|(array, region, index)| async move {
        let values = array.data.read_region(&region).await?;
        let encoded = array.encoding.chunk(values, threads).await?;
        put(&array.files, array.encoding.array.chunk_key(&index).as_str(), encoded).await
    });
    let sum = written.buffer_unordered(at_once);
    sum.try_fold(0, |sum, bytes| async move { Ok(sum + bytes) }).await
}

/// How many chunks of so many bytes are on their way at once.
pub(super) fn at_once(files: &Files, chunk: u64) -> usize {
    let waiting = usize::try_from(WAITING / chunk.max(1)).unwrap_or(usize::MAX);
    match files.immediate {
        true => cores(),
        false => waiting.min(files.requests).max(cores()),
    }
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The attributes of the group: those of the dataset, and the coordinates that no array names.
pub(super) fn group_attrs(dataset: &Dataset, beside: &BTreeSet<&str>) -> Attributes {
    let mut attrs = dataset.attrs.clone();
    let unused: Vec<&str> =
        beside.iter().copied().filter(|coord| !is_used(dataset, coord)).collect();
    if !unused.is_empty() {
        attrs.insert("coordinates".to_owned(), unused.join(" ").into());
    }
    attrs
}

/// Writes the documents of a group whose chunks are all there.
pub(super) async fn documents(
    files: &Files,
    format: Format,
    attrs: &Attributes,
    arrays: BTreeMap<String, Document>,
) -> Result<Wrote> {
    let (mut bytes, mut metadata) = (0, blake3::hash(b""));
    for (name, document) in format.group(attrs, arrays)? {
        metadata = blake3::hash(&document);
        bytes += put(files, &name, document).await?;
    }
    Ok(Wrote { bytes, metadata })
}

/// The time that a dataset covers: the ends of its coordinate of points in time.
pub(super) fn extent(dataset: &Dataset) -> Option<Extent> {
    let mut times = dataset
        .coords()
        .filter(|(name, coord)| coord.is_index(name) && crate::select::is_time(coord));
    let (dim, coord) = times.next()?;
    crate::time::extent_of(dim, coord)
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let bad = name.is_empty()
        || name.contains(['/', '\\', '\0'])
        || name.starts_with('.')
        || name == "zarr.json";
    match bad {
        true => Err(Error::other(format!(
            "an array cannot be stored under the name {name:?}; rename it"
        ))),
        false => Ok(()),
    }
}

/// The coordinates that are not along the dimension of their name.
pub(super) fn beside_dimensions(dataset: &Dataset) -> BTreeSet<&str> {
    let beside = dataset.coords().filter(|(name, coord)| !coord.is_index(name));
    beside.map(|(name, _)| name).collect()
}

/// Whether an array has all dimensions of a coordinate, and so names it.
fn is_used(dataset: &Dataset, coord: &str) -> bool {
    let Some(along) = dataset.variables().get(coord) else { return false };
    dataset
        .data_vars()
        .any(|(_, variable)| along.dims().iter().all(|dim| variable.axis(dim).is_some()))
}

/// What the attribute `coordinates` of an array says.
pub(super) fn coordinates(dataset: &Dataset, name: &str, beside: &BTreeSet<&str>) -> String {
    let Some(variable) = dataset.data_vars().find(|(own, _)| *own == name).map(|(_, own)| own)
    else {
        return String::new();
    };
    let named = beside.iter().copied().filter(|coord| {
        let along = dataset.variables().get(*coord);
        along.is_some_and(|along| along.dims().iter().all(|dim| variable.axis(dim).is_some()))
    });
    named.collect::<Vec<_>>().join(" ")
}

async fn put(files: &Files, name: &str, bytes: impl Into<Bytes>) -> Result<u64> {
    let bytes = bytes.into();
    let length = bytes.len() as u64;
    let path = files.path(name)?;
    let put = async {
        if files.immediate {
            let (payload, options) = (PutPayload::from_bytes(bytes), PutOptions::default());
            return files.store.put_opts(&path, payload, options).await.map(drop);
        }
        // A large one would take longer than a request may, and parts of it go at once.
        let mut upload = Upload::new(Arc::clone(&files.store), path.clone());
        upload.push(bytes).await?;
        upload.finish().await
    };
    put.await.map_err(|error| Error::Store {
        doing: format!("write {}", files.show(name)),
        location: files.shown.to_string(),
        source: error.into(),
    })?;
    Ok(length)
}

/// One array on its way.
pub(super) struct Writing {
    data: Data,
    files: Files,
    encoding: Encoding,
    pub(super) shapes: Shapes,
    pub(super) document: Document,
}

/// How the chunks of one array become bytes.
pub(super) struct Encoding {
    name: String,
    encoder: Arc<Encoder>,
    array: Arc<Array<Files>>,
    object: Vec<u64>,
}

impl Encoding {
    pub(super) fn new(
        name: &str,
        variable: &Variable,
        files: &Files,
        metadata: ArrayMetadata,
        object: &[u64],
    ) -> Result<Self> {
        let files = Arc::new(files.of_array(name)?);
        let array = Array::new_with_metadata(files, "/", metadata).map_err(Error::other)?;
        let (encoder, array) = (Arc::new(Encoder::of(variable)), Arc::new(array));
        Ok(Self { name: name.to_owned(), encoder, array, object: object.to_vec() })
    }

    /// A chunk, which is cut off at the edges, as it is stored. Its parts are encoded on so many
    /// threads.
    pub(super) async fn chunk(&self, values: Values, threads: usize) -> Result<Bytes> {
        let (encoder, array) = (Arc::clone(&self.encoder), Arc::clone(&self.array));
        let (object, stored) = (self.object.clone(), encoder.dtype());
        let bytes = product(&object).saturating_mul(stored.size() as u64);
        let encode = move || {
            let values = padded(encoder.encode(values)?, &object, stored)?;
            encode(&array, &values, threads)
        };
        // What takes less than handing it to another thread is done here.
        let encoded = if bytes <= SMALL { encode() } else { blocking(encode).await? };
        encoded.map_err(|error| Error::other(format!("`{}` cannot be written: {error}", self.name)))
    }
}

impl Writing {
    pub(super) fn new(
        name: &str,
        variable: &Variable,
        files: &Files,
        (chunking, format): (&Chunking, Format),
        coordinates: &str,
    ) -> Result<Self> {
        let encoder = Encoder::of(variable);
        let shapes = chunking.shapes(name, variable, format);
        let mut attrs = variable.attrs.clone();
        attrs.extend(encoder.attrs.clone());
        if !coordinates.is_empty() {
            attrs.insert("coordinates".to_owned(), coordinates.into());
        }
        let document = format.array(variable, encoder.dtype(), &shapes, attrs);
        let metadata = document.metadata(format)?;
        let encoding = Encoding::new(name, variable, files, metadata, &shapes.object)?;
        let files = files.of_array(name)?;
        Ok(Self { data: variable.data().clone(), files, encoding, shapes, document })
    }

    fn grid(&self) -> ChunkGrid {
        ChunkGrid::new(&self.data.shape(), &self.shapes.object)
    }

    fn chunk_bytes(&self) -> u64 {
        product(&self.shapes.object).saturating_mul(self.data.dtype().size() as u64)
    }

    /// How many chunks it has, where they are so large that one keeps several cores busy.
    fn large_chunks(&self) -> u64 {
        if self.chunk_bytes() < LARGE { 0 } else { product(&self.grid().counts()) }
    }
}

/// A chunk at the edge, made whole.
fn padded(values: Values, object: &[u64], dtype: DType) -> Result<Values> {
    let whole = Region::whole(object);
    if values.shape() == whole.shape() {
        return Ok(values);
    }
    let mut padded = Values::blank(dtype, &whole.shape());
    let part: Vec<u64> = values.shape().iter().map(|size| *size as u64).collect();
    padded.assign(&Region::whole(&part).slices(), &values)?;
    Ok(padded)
}

fn encode(array: &Array<Files>, values: &Values, threads: usize) -> Result<Bytes> {
    let elements = Elements { array, threads };
    match values {
        Values::Bool(values) => elements.encode(values),
        Values::I8(values) => elements.encode(values),
        Values::I16(values) => elements.encode(values),
        Values::I32(values) => elements.encode(values),
        Values::I64(values) => elements.encode(values),
        Values::U8(values) => elements.encode(values),
        Values::U16(values) => elements.encode(values),
        Values::U32(values) => elements.encode(values),
        Values::U64(values) => elements.encode(values),
        Values::F32(values) => elements.encode(values),
        Values::F64(values) => elements.encode(values),
        Values::String(values) => {
            let texts: Vec<String> = values.iter().map(|text| text.to_string()).collect();
            let bytes = String::into_array_bytes(array.data_type(), texts).map_err(Error::other)?;
            elements.bytes(bytes)
        }
        other => Err(Error::other(format!("{} was not encoded", other.dtype()))),
    }
}

/// Elements of one chunk on their way to bytes.
struct Elements<'a> {
    array: &'a Array<Files>,
    threads: usize,
}

impl Elements<'_> {
    /// Copies nothing that lies in order already.
    fn encode<T: ZarrsElement + Clone>(&self, values: &Shared<T>) -> Result<Bytes> {
        let ordered = values.as_standard_layout();
        let elements = ordered.as_slice().unwrap_or_default();
        let bytes = T::to_array_bytes(self.array.data_type(), elements);
        self.bytes(bytes.map_err(Error::other)?)
    }

    fn bytes(&self, bytes: ArrayBytes<'_>) -> Result<Bytes> {
        let array = self.array;
        let index = vec![0; array.dimensionality()];
        let shape = array.chunk_shape(&index).map_err(Error::other)?;
        // What is all fill value is written like the rest.
        let options = CodecOptions::default()
            .with_concurrent_target(self.threads)
            .with_store_empty_chunks(true);
        let (codecs, fill) = (array.codecs(), array.fill_value());
        let encoded = codecs.encode(bytes, &shape, array.data_type(), fill, &options);
        Ok(Bytes::from(encoded.map_err(Error::other)?.into_owned()))
    }
}
