//! Numbers that are decompressed where they are to lie.
//!
//! `zarrs` decodes each chunk into memory of its own, once a codec, and copies from there. Most
//! arrays are stored as nuthatch and xarray store them by default: little-endian numbers, zstd, a
//! checksum, in shards or not. Of these, chunks are read, checked and decompressed into the array
//! that is read, by threads that share the chunks. Whatever is not as usual, be it the codecs, an
//! absent chunk or a damaged one, gives nothing, and is left to `zarrs`: it knows all codecs, and
//! says what is wrong.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{iter, thread};

use bytemuck::Pod;
use bytes::Bytes;
use ndarray::{ArrayD, ArrayView, ArrayViewMutD, Axis, IxDyn};
use nuthatch_core::config::Verify;
use object_store::GetRange;
use serde_json::Value;
use zarrs::array::Array;
use zarrs::metadata::ArrayMetadata;
use zarrs::storage::StoreKey;

use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};
use crate::values::{Element, Values};

use super::checked::{self, CHECKSUM};
use super::files::Files;
use super::metadata::StoredType;

/// What a byte of zstd holds at the most: 128 KiB in the four of a block.
const RATIO: usize = 32 * 1024;

/// How the chunks of an array become numbers.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    dtype: DType,
    codecs: Codecs,
    /// The shape of the chunks within an object, where it is a shard.
    inner: Option<Vec<u64>>,
}

/// The codecs behind `bytes`, which is little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Codecs {
    zstd: bool,
    checked: bool,
}

/// What the array is read from.
pub(super) struct Objects<'a> {
    pub(super) files: &'a Files,
    pub(super) array: &'a Array<Files>,
    pub(super) grid: &'a ChunkGrid,
}

impl Direct {
    /// Of arrays that are stored as usual.
    pub(super) fn of(metadata: &ArrayMetadata, stored: StoredType) -> Option<Self> {
        let (StoredType::Plain(dtype), true) = (stored, cfg!(target_endian = "little")) else {
            return None;
        };
        let ArrayMetadata::V3(metadata) = metadata else { return None };
        let codecs = serde_json::to_value(&metadata.codecs).ok()?;
        let is_regular = metadata.chunk_grid.name() == "regular";
        if !is_regular || !metadata.storage_transformers.is_empty() || !dtype.is_number() {
            return None;
        }
        if let [shard] = codecs.as_array()?.as_slice()
            && name(shard) == "sharding_indexed"
        {
            let said = shard.get("configuration")?;
            let shape: Option<_> =
                said.get("chunk_shape")?.as_array()?.iter().map(Value::as_u64).collect();
            let is_last = said.get("index_location").is_none_or(|location| location == "end");
            let index = Codecs::of(said.get("index_codecs")?, size_of::<u64>())?;
            if !is_last || index != (Codecs { zstd: false, checked: true }) {
                return None;
            }
            let codecs = Codecs::of(said.get("codecs")?, dtype.size())?;
            return Some(Self { dtype, codecs, inner: Some(shape?) });
        }
        Some(Self { dtype, codecs: Codecs::of(&codecs, dtype.size())?, inner: None })
    }

    /// Reads a region on so many threads.
    pub(super) fn read(
        &self,
        from: &Objects<'_>,
        region: &Region,
        threads: usize,
    ) -> Option<Values> {
        match self.dtype {
            DType::I8 => self.elements::<i8>(from, region, threads),
            DType::I16 => self.elements::<i16>(from, region, threads),
            DType::I32 => self.elements::<i32>(from, region, threads),
            DType::I64 => self.elements::<i64>(from, region, threads),
            DType::U8 => self.elements::<u8>(from, region, threads),
            DType::U16 => self.elements::<u16>(from, region, threads),
            DType::U32 => self.elements::<u32>(from, region, threads),
            DType::U64 => self.elements::<u64>(from, region, threads),
            DType::F32 => self.elements::<f32>(from, region, threads),
            DType::F64 => self.elements::<f64>(from, region, threads),
            _ => None,
        }
    }

    fn elements<T: Element + Pod>(
        &self,
        from: &Objects<'_>,
        region: &Region,
        threads: usize,
    ) -> Option<Values> {
        // Zeros that the system gives cost nothing until they are written over.
        let mut whole = ArrayD::from_elem(IxDyn(&region.shape()), T::zeroed());
        let mut chunks = Vec::new();
        for part in cut(whole.view_mut(), region, from.grid.chunk()) {
            let key = from.array.chunk_key(&part.index);
            match &self.inner {
                None => chunks.push(Chunk { origin: Origin::Object(key, None), part }),
                Some(inner) => chunks.extend(shard(from, &key, part, inner)?),
            }
        }
        let shape = self.inner.as_deref().unwrap_or(from.grid.chunk());
        decode(from.files, self.codecs, shape, chunks, threads)?;
        Some(T::wrap(whole.into_shared()))
    }
}

impl Codecs {
    fn of(codecs: &Value, element: usize) -> Option<Self> {
        let (bytes, behind) = codecs.as_array()?.split_first()?;
        let endian = bytes.get("configuration").and_then(|said| said.get("endian"));
        let is_little = endian.map_or(element == 1, |endian| endian == "little");
        if name(bytes) != "bytes" || !is_little {
            return None;
        }
        let names: Vec<&str> = behind.iter().map(name).collect();
        let (zstd, checked) = match names.as_slice() {
            [] => (false, false),
            ["zstd"] => (true, false),
            [last] if *last == checked::name() => (false, true),
            ["zstd", last] if *last == checked::name() => (true, true),
            _ => return None,
        };
        Some(Self { zstd, checked })
    }

    /// What is left when the checksum was looked at, which it is where the location says so.
    fn compressed(self, encoded: &[u8], verify: Verify) -> Option<&[u8]> {
        if !self.checked {
            return Some(encoded);
        }
        let (content, _) = encoded.split_last_chunk::<CHECKSUM>()?;
        (verify != Verify::Full || checked::is_whole(encoded)).then_some(content)
    }
}

/// A codec without options may be its name alone.
fn name(codec: &Value) -> &str {
    codec.get("name").unwrap_or(codec).as_str().unwrap_or_default()
}

/// A part of what is read that lies in one chunk.
struct Part<'a, T> {
    /// The chunk.
    index: Vec<u64>,
    /// The part, counted from the chunk's first corner.
    within: Region,
    place: ArrayViewMutD<'a, T>,
}

/// Cuts a region where chunks end.
fn cut<'a, T>(whole: ArrayViewMutD<'a, T>, region: &Region, chunk: &[u64]) -> Vec<Part<'a, T>> {
    let mut parts = vec![Part { index: Vec::new(), within: Region::new(Vec::new()), place: whole }];
    for (axis, (range, chunk)) in region.ranges().iter().zip(chunk).enumerate() {
        let mut narrower = Vec::with_capacity(parts.len());
        for Part { index, within, place } in parts {
            let (mut at, mut rest) = (range.start, place);
            while at < range.end {
                let number = at / chunk;
                let first = number * chunk;
                let end = first.saturating_add(*chunk).min(range.end);
                let (place, after) = rest.split_at(Axis(axis), (end - at) as usize);
                let index = index.iter().copied().chain([number]).collect();
                let ranges =
                    within.ranges().iter().cloned().chain(iter::once(at - first..end - first));
                narrower.push(Part { index, within: Region::new(ranges.collect()), place });
                (at, rest) = (end, after);
            }
        }
        parts = narrower;
    }
    parts
}

/// A chunk, and where it goes.
struct Chunk<'a, T> {
    origin: Origin,
    part: Part<'a, T>,
}

/// Where a chunk's bytes are.
enum Origin {
    Object(StoreKey, Option<GetRange>),
    Memory(Bytes),
}

/// The chunks of a shard that a part of it needs.
fn shard<'a, T>(
    from: &Objects<'_>,
    key: &StoreKey,
    part: Part<'a, T>,
    inner: &[u64],
) -> Option<Vec<Chunk<'a, T>>> {
    let object = from.grid.chunk();
    let counts: Vec<u64> = object.iter().zip(inner).map(|(size, by)| size / (*by).max(1)).collect();
    let count = counts.iter().try_fold(1_u64, |product, count| product.checked_mul(*count))?;
    let length = count.checked_mul(16)?.checked_add(CHECKSUM as u64)?;
    // Who waits for a network asks once.
    let is_whole = part.within == Region::whole(object);
    let whole = (is_whole && !from.files.immediate).then(|| from.files.content(key, None)?.bytes());
    let whole = match whole {
        Some(whole) => Some(whole?),
        None => None,
    };
    let index = match &whole {
        Some(whole) => whole.slice(whole.len().checked_sub(usize::try_from(length).ok()?)?..),
        None => from.files.content(key, Some(GetRange::Suffix(length)))?.bytes()?,
    };
    let index = Codecs { zstd: false, checked: true }.compressed(&index, from.files.verify)?;
    let (pairs, []) = index.as_chunks::<16>() else { return None };
    let chunks = cut(part.place, &part.within, inner).into_iter().map(|part| {
        let along = part.index.iter().zip(&counts);
        let number = along.fold(0, |number, (at, count)| number * count + at);
        let [start, size] = {
            let (start, size) = pairs.get(usize::try_from(number).ok()?)?.split_at(8);
            [start, size].map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
        };
        // An absent one has the largest numbers.
        let range = start..start.checked_add(size)?;
        let origin = match &whole {
            None => Origin::Object(key.clone(), Some(GetRange::Bounded(range))),
            Some(whole) => {
                let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
                Origin::Memory((range.end <= whole.len()).then(|| whole.slice(range))?)
            }
        };
        Some(Chunk { origin, part })
    });
    chunks.collect()
}

/// Decodes chunks of one shape, on several threads.
fn decode<T: Pod + Send>(
    files: &Files,
    codecs: Codecs,
    shape: &[u64],
    chunks: Vec<Chunk<'_, T>>,
    threads: usize,
) -> Option<()> {
    let threads = threads.min(chunks.len());
    let (chunks, failed) = (Mutex::new(chunks.into_iter()), AtomicBool::new(false));
    let next = || chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let work = || {
            let mut bench = Bench::new(codecs, shape)?;
            while let (Some(chunk), false) = (next(), failed.load(Ordering::Relaxed)) {
                bench.decode(files, chunk)?;
            }
            Some(())
        };
        if work().is_none() {
            failed.store(true, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where there is no other thread to be had, this one does it all.
            drop(thread::Builder::new().spawn_scoped(scope, work));
        }
        work();
    });
    (!failed.into_inner()).then_some(())
}

/// What a thread uses for one chunk after the other.
struct Bench {
    codecs: Codecs,
    zstd: zstd::bulk::Decompressor<'static>,
    shape: Vec<usize>,
    encoded: Vec<u8>,
    decoded: Vec<u8>,
}

impl Bench {
    fn new(codecs: Codecs, shape: &[u64]) -> Option<Self> {
        let zstd = zstd::bulk::Decompressor::new().ok()?;
        let shape = Region::whole(shape).shape();
        Some(Self { codecs, zstd, shape, encoded: Vec::new(), decoded: Vec::new() })
    }

    fn decode<T: Pod>(&mut self, files: &Files, chunk: Chunk<'_, T>) -> Option<()> {
        let Chunk { origin, part: Part { within, mut place, .. } } = chunk;
        let content = match origin {
            Origin::Object(key, range) => files.content(&key, range)?,
            Origin::Memory(bytes) => bytes.into(),
        };
        let compressed = self.codecs.compressed(content.read(&mut self.encoded)?, files.verify)?;
        let is_whole = place.shape() == self.shape.as_slice();
        if let (true, Some(elements)) = (is_whole, place.as_slice_mut()) {
            let into: &mut [u8] = bytemuck::cast_slice_mut(elements);
            return match self.codecs.zstd {
                true => {
                    let length = self.zstd.decompress_to_buffer(compressed, into).ok()?;
                    (length == into.len()).then_some(())
                }
                false => (compressed.len() == into.len()).then(|| into.copy_from_slice(compressed)),
            };
        }
        // What the shape says may be a lie.
        let count = self.shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size))?;
        let length = count.checked_mul(size_of::<T>())?;
        let bytes = match self.codecs.zstd {
            true => {
                (length / RATIO <= compressed.len()).then_some(())?;
                self.decoded.clear();
                self.decoded.try_reserve_exact(length).ok()?;
                self.zstd.decompress_to_buffer(compressed, &mut self.decoded).ok()?;
                &self.decoded
            }
            false => compressed,
        };
        (bytes.len() == length).then_some(())?;
        // A vector of bytes lies where numbers may lie, as a rule.
        let numbers = bytemuck::try_cast_slice(bytes).map(Cow::Borrowed);
        let numbers = numbers.unwrap_or_else(|_| Cow::Owned(bytemuck::pod_collect_to_vec(bytes)));
        let all = ArrayView::from_shape(IxDyn(&self.shape), &numbers).ok()?;
        place.assign(&all.slice(within.slices().as_slice()));
        Some(())
    }
}

#[cfg(test)]
mod tests;
