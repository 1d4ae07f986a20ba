//! An array in a store, read box by box.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use ndarray::{ArrayD, IxDyn};
use nuthatch_core::config::Verify;
use nuthatch_core::{Error, Result, runtime};
use zarrs::array::{Array, ArrayBytes, ArraySubset, CodecOptions, ElementOwned};

use crate::calendar::NAT;
use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};
use crate::source::Source;
use crate::values::{Element, Values};

use super::chunks::grown;
use super::direct::{Direct, Objects};
use super::files::Files;
use super::metadata::{Described, StoredType};
use super::write::cores;

/// An array of a Zarr store.
#[derive(Debug, Clone)]
pub(crate) struct StoredArray {
    array: Arc<Array<Files>>,
    files: Files,
    name: Arc<str>,
    stored: StoredType,
    chunk: Vec<u64>,
    /// What all of it is gone through by.
    read: Vec<u64>,
    grid: ChunkGrid,
    /// How it is read where it is stored as usual.
    direct: Option<Direct>,
}

impl StoredArray {
    /// An array that is gone through by boxes near `bytes`.
    pub(crate) fn new(
        files: &Files,
        name: &str,
        described: &Described,
        bytes: u64,
    ) -> Result<Self, String> {
        let files = files.of_array(name).map_err(|error| error.to_string())?;
        let (storage, metadata) = (Arc::new(files.clone()), described.metadata.clone());
        let open = || Array::new_with_metadata(storage, "/", metadata);
        let array = catch_unwind(AssertUnwindSafe(open))
            .map_err(|_| "its metadata cannot be true".to_owned())?
            .map_err(|error| error.to_string())?;
        let first = vec![0; array.dimensionality()];
        let outer: Vec<u64> = match array.shape().contains(&0) {
            true => vec![1; array.dimensionality()],
            false => {
                let chunk = array.chunk_shape(&first).map_err(|error| error.to_string())?;
                chunk.iter().map(|size| size.get()).collect()
            }
        };
        let grid = ChunkGrid::new(array.shape(), &outer);
        let chunk = described.inner.clone().filter(|inner| inner.len() == outer.len());
        let chunk = chunk.unwrap_or(outer);
        let read = grown(&chunk, array.shape(), described.stored.dtype().size() as u64, bytes);
        Ok(Self {
            array: Arc::new(array),
            files,
            name: name.into(),
            stored: described.stored,
            chunk,
            read,
            grid,
            direct: Direct::of(&described.metadata, described.stored),
        })
    }

    /// The shape of its objects.
    pub(crate) fn object(&self) -> &[u64] {
        self.grid.chunk()
    }

    /// Reads on so many threads, this one among them.
    fn read_here(&self, region: &Region, threads: usize) -> Result<Values> {
        room_for(region, self.stored.dtype())?;
        self.directly(region, threads).map_or_else(|| self.by_zarrs(region, threads), Ok)
    }

    /// What is stored as usual, and whole.
    pub(super) fn directly(&self, region: &Region, threads: usize) -> Option<Values> {
        let objects = Objects { files: &self.files, array: &self.array, grid: &self.grid };
        self.direct.as_ref()?.read(&objects, region, threads)
    }

    pub(super) fn by_zarrs(&self, region: &Region, threads: usize) -> Result<Values> {
        let subset = ArraySubset::new_with_ranges(region.ranges());
        let options = self.codec_options().with_concurrent_target(threads);
        let read = || Decoding { array: &self.array, stored: self.stored }.read(&subset, &options);
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(values)) => values.reshaped(&region.shape()),
            Ok(Err(why)) => Err(self.explained(region, why)),
            Err(_) => Err(self.explained(region, "it cannot be decoded".to_owned())),
        }
    }

    fn codec_options(&self) -> CodecOptions {
        CodecOptions::default().with_validate_checksums(self.files.verify == Verify::Full)
    }

    /// Which chunk it was.
    fn explained(&self, region: &Region, why: String) -> Error {
        if let Some(failure) = self.files.take_failure() {
            return failure;
        }
        let options = self.codec_options();
        for index in self.grid.touched(region) {
            let part = self.grid.region(&index).intersection(region);
            let subset = ArraySubset::new_with_ranges(part.ranges());
            let decoding = Decoding { array: &self.array, stored: self.stored };
            let read = catch_unwind(AssertUnwindSafe(|| decoding.read(&subset, &options)));
            if !matches!(read, Ok(Ok(_))) {
                let object = self.files.show(self.array.chunk_key(&index).as_str());
                let why = format!("the chunk {index:?} of `{}` is damaged: {why}", self.name);
                return Error::Damaged { object, why };
            }
        }
        Error::Damaged { object: self.files.show(""), why }
    }

    /// Reads each chunk for itself, several at once: who waits for a network keeps no core busy.
    async fn read_apart(&self, region: &Region) -> Result<Values> {
        room_for(region, self.stored.dtype())?;
        let touched = self.grid.touched(region);
        let threads = cores().div_ceil(touched.len().max(1));
        let parts = stream::iter(touched).map(|index| {
            let (array, region) = (self.clone(), region.clone());
            async move {
                let part = array.grid.region(&index).intersection(&region);
                let read = part.clone();
                let values = blocking(move || array.read_here(&read, threads)).await??;
                Ok::<_, Error>((part, values))
            }
        });
        let mut parts = parts.buffer_unordered(self.files.requests);
        let mut whole = Values::blank(self.stored.dtype(), &region.shape());
        while let Some((part, values)) = parts.try_next().await? {
            whole.assign(&part.relative_to(region).slices(), &values)?;
        }
        Ok(whole)
    }
}

impl Source for StoredArray {
    fn dtype(&self) -> DType {
        self.stored.dtype()
    }
    fn shape(&self) -> &[u64] {
        self.array.shape()
    }
    fn chunk_shape(&self) -> &[u64] {
        &self.chunk
    }
    fn read_shape(&self) -> &[u64] {
        &self.read
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move {
            if !region.is_within(self.array.shape()) {
                let shape = self.array.shape();
                return Err(Error::other(format!("{region} leaves an array of {shape:?}")));
            }
            if region.is_empty() {
                return Ok(Values::blank(self.stored.dtype(), &region.shape()));
            }
            if self.files.immediate {
                return self.read_here(region, cores());
            }
            self.read_apart(region).await
        })
    }
}

/// Runs work that takes long on a thread that may block.
pub(super) async fn blocking<O: Send + 'static>(
    work: impl FnOnce() -> O + Send + 'static,
) -> Result<O> {
    let joined = runtime::handle()?.spawn_blocking(work).await;
    joined.map_err(|error| Error::other(format!("a thread of nuthatch's ended: {error}")))
}

/// What a shape says may be a lie: it is refused here, not by the allocator.
fn room_for(region: &Region, dtype: DType) -> Result<()> {
    let bytes = region.len().saturating_mul(dtype.size() as u64);
    let mut room: Vec<u8> = Vec::new();
    let asked = usize::try_from(bytes).unwrap_or(usize::MAX);
    room.try_reserve_exact(asked).map_err(|_| {
        Error::other(format!("{bytes} bytes do not fit into memory; read a part of the array"))
    })
}

/// Decodes a box of an array.
struct Decoding<'a> {
    array: &'a Array<Files>,
    stored: StoredType,
}

impl Decoding<'_> {
    fn read(&self, subset: &ArraySubset, options: &CodecOptions) -> Result<Values, String> {
        match self.stored {
            StoredType::Plain(dtype) => self.plain(dtype, subset, options),
            StoredType::Utf32 { characters } => {
                let bytes = self.bytes(subset, options)?;
                let texts = bytes.chunks_exact((4 * characters).max(1)).map(text).collect();
                wrapped::<Arc<str>>(texts, subset)
            }
            StoredType::Utf8 { bytes: length } => {
                let bytes = self.bytes(subset, options)?;
                let texts = bytes.chunks_exact(length.max(1)).map(utf8);
                wrapped::<Arc<str>>(texts.collect::<Result<_, String>>()?, subset)
            }
            StoredType::Numpy { of, times } => {
                let bytes = self.bytes(subset, options)?;
                let counts: Option<Vec<i64>> = bytes
                    .chunks_exact(8)
                    .map(|bytes| i64::from_ne_bytes(bytes.try_into().unwrap_or_default()))
                    .map(|count| if count == NAT { Some(NAT) } else { count.checked_mul(times) })
                    .collect();
                let counts = counts.ok_or_else(|| "a time does not fit 64 bits".to_owned())?;
                let shared = shaped(counts, subset)?.into_shared();
                Ok(match of {
                    DType::Datetime { unit, calendar } => Values::Datetime(shared, unit, calendar),
                    DType::Timedelta { unit } => Values::Timedelta(shared, unit),
                    _ => Values::I64(shared),
                })
            }
        }
    }

    fn plain(
        &self,
        dtype: DType,
        subset: &ArraySubset,
        options: &CodecOptions,
    ) -> Result<Values, String> {
        match dtype {
            DType::Bool => self.elements::<bool>(subset, options),
            DType::I8 => self.elements::<i8>(subset, options),
            DType::I16 => self.elements::<i16>(subset, options),
            DType::I32 => self.elements::<i32>(subset, options),
            DType::I64 => self.elements::<i64>(subset, options),
            DType::U8 => self.elements::<u8>(subset, options),
            DType::U16 => self.elements::<u16>(subset, options),
            DType::U32 => self.elements::<u32>(subset, options),
            DType::U64 => self.elements::<u64>(subset, options),
            DType::F32 => self.elements::<f32>(subset, options),
            DType::F64 => self.elements::<f64>(subset, options),
            _ => {
                let texts: Vec<String> = self.retrieve(subset, options)?;
                wrapped::<Arc<str>>(texts.into_iter().map(Into::into).collect(), subset)
            }
        }
    }

    fn elements<T: Element + ElementOwned>(
        &self,
        subset: &ArraySubset,
        options: &CodecOptions,
    ) -> Result<Values, String> {
        wrapped::<T>(self.retrieve(subset, options)?, subset)
    }

    fn retrieve<T: ElementOwned>(
        &self,
        subset: &ArraySubset,
        options: &CodecOptions,
    ) -> Result<Vec<T>, String> {
        let read = self.array.retrieve_array_subset_opt::<Vec<T>>(subset, options);
        read.map_err(|error| error.to_string())
    }

    fn bytes(&self, subset: &ArraySubset, options: &CodecOptions) -> Result<Vec<u8>, String> {
        let read = self.array.retrieve_array_subset_opt::<ArrayBytes<'static>>(subset, options);
        let bytes = read.map_err(|error| error.to_string())?;
        Ok(bytes.into_fixed().map_err(|error| error.to_string())?.into_owned())
    }
}

/// Text in four bytes a character, ended by zeros.
fn text(bytes: &[u8]) -> Arc<str> {
    let codes =
        bytes.chunks_exact(4).map(|code| u32::from_ne_bytes(code.try_into().unwrap_or_default()));
    let characters: Vec<char> =
        codes.map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let text: String = characters.into_iter().collect();
    text.trim_end_matches('\0').into()
}

/// Text in bytes, ended by zeros.
pub(super) fn utf8(bytes: &[u8]) -> Result<Arc<str>, String> {
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = std::str::from_utf8(bytes.get(..length).unwrap_or_default());
    text.map(Into::into).map_err(|error| format!("an element is no text in UTF-8: {error}"))
}

fn shaped<T>(elements: Vec<T>, subset: &ArraySubset) -> Result<ArrayD<T>, String> {
    let shape = IxDyn(&subset.shape_usize());
    ArrayD::from_shape_vec(shape, elements).map_err(|error| error.to_string())
}

fn wrapped<T: Element>(elements: Vec<T>, subset: &ArraySubset) -> Result<Values, String> {
    Ok(T::wrap(shaped(elements, subset)?.into_shared()))
}
