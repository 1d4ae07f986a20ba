//! A group copied to another location as it is: its chunks are checked, and not decompressed.
//!
//! Of version 2 the manifest has the checksums of all objects. Version 3 has one behind each chunk,
//! of the compressed bytes, and the group's document, whose hash the manifest has, says which
//! objects there are. A shard says at its end where its chunks lie, so each object is copied first
//! and checked where it has come to: it crosses once.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use nuthatch_core::backend::{Source, Target, Written, copy_object, copy_summed};
use nuthatch_core::{Error, Result};
use object_store::ObjectStoreExt as _;
use serde_json::{Map, Value};

use crate::region::ChunkGrid;

use super::checked::{CHECKSUM, Checking, is_whole};
use super::documents::Format;
use super::{FOLDER, METADATA, SUMS, json};

/// How many objects are on their way at once.
const AT_ONCE: usize = 8;

/// What of a shard's index says where one chunk lies.
const PLACE: usize = 16;

/// Copies all objects of a group, which a manifest describes; nothing where they are not stored as
/// nuthatch stores them.
pub(super) async fn copy(source: &Source, target: &Target) -> Result<Option<Written>> {
    let details = &source.record.details;
    if details.contains_key(SUMS) {
        return copy_summed(source, target, FOLDER).await;
    }
    let Some(recorded) = details.get(METADATA).and_then(Value::as_str) else { return Ok(None) };
    let name = format!("{FOLDER}/zarr.json");
    let document = whole(source, target, &name).await?;
    if HEXLOWER.encode(blake3::hash(&document).as_bytes()) != recorded {
        return Err(damaged(source, &name, "it is not what was written"));
    }
    let document = json::document(&shown(source, &name), &document)?;
    let Some(objects) = objects(&document) else { return Ok(None) };
    // Owned, so that the futures are those of one lifetime.
    let copies = objects.into_iter().map(|object| async move {
        let name = format!("{FOLDER}/{}", object.name);
        match object.content {
            Content::Document(expected) => document_of(source, target, &name, &expected).await,
            Content::Chunk => chunk(source, target, &name).await,
            Content::Shard(chunks) => shard(source, target, &name, chunks).await,
        }
    });
    stream::iter(copies).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let (bytes, details) = (source.record.bytes, details.clone());
    Ok(Some(Written { bytes, details, ..Written::default() }))
}

/// An object of the group, and how it is checked.
struct Object {
    name: String,
    content: Content,
}

enum Content {
    /// What the group's document says of the array, once more.
    Document(Value),
    Chunk,
    /// So many chunks.
    Shard(u64),
}

/// All objects but the group's document, by what that says; none where an array is not checked as
/// nuthatch has it.
fn objects(document: &Map<String, Value>) -> Option<Vec<Object>> {
    let arrays = document.get("consolidated_metadata")?.get("metadata")?.as_object()?;
    let mut objects = Vec::new();
    for (array, said) in arrays {
        let name = format!("{array}/zarr.json");
        objects.push(Object { name, content: Content::Document(said.clone()) });
        let (grid, shard) = chunks(said)?;
        for index in grid.all() {
            let content = shard.map_or(Content::Chunk, Content::Shard);
            objects.push(Object { name: Format::V3.object(array, &index), content });
        }
    }
    Some(objects)
}

/// How an array is cut into objects, and into how many chunks each of these, where it is a shard.
fn chunks(array: &Value) -> Option<(ChunkGrid, Option<u64>)> {
    let sizes = |sizes: &Value| -> Option<Vec<u64>> {
        sizes.as_array()?.iter().map(Value::as_u64).collect()
    };
    let configured = |name: &str, of: &'static str| {
        let said = array.get(of).filter(|said| said["name"] == name)?;
        said.get("configuration")
    };
    let separator = configured("default", "chunk_key_encoding")?.get("separator")?;
    let object = sizes(configured("regular", "chunk_grid")?.get("chunk_shape")?)?;
    let shape = sizes(array.get("shape")?)?;
    if separator != "/" || shape.len() != object.len() || object.contains(&0) {
        return None;
    }
    let grid = ChunkGrid::new(&shape, &object);
    let codecs = array.get("codecs")?.as_array()?;
    let [sharding] = codecs.as_slice() else {
        return is_checked(codecs).then_some((grid, None));
    };
    let shard = sharding.get("configuration").filter(|_| sharding["name"] == "sharding_indexed")?;
    let index = shard.get("index_codecs")?.as_array()?;
    let is_usual = shard.get("index_location")? == "end"
        && index.len() == 2
        && index[0]["name"] == "bytes"
        && index[0]["configuration"]["endian"] == "little"
        && is_checked(index)
        && is_checked(shard.get("codecs")?.as_array()?);
    let inner = sizes(shard.get("chunk_shape")?)?;
    if !is_usual || inner.len() != object.len() || inner.contains(&0) {
        return None;
    }
    let mut along = object.iter().zip(&inner);
    let count = along.try_fold(1_u64, |count, (whole, part)| count.checked_mul(whole / part))?;
    Some((grid, Some(count)))
}

/// Whether a checksum comes last, of all that is stored.
fn is_checked(codecs: &[Value]) -> bool {
    codecs.last().is_some_and(|last| last["name"] == "crc32c")
}

/// Copies a small object, and gives what it holds.
async fn whole(source: &Source, target: &Target, name: &str) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    copy_object(source, target, name, |piece| whole.extend_from_slice(piece)).await?;
    Ok(whole)
}

/// Copies the document of one array. No checksum is there of it, but it stands in the group's.
async fn document_of(source: &Source, target: &Target, name: &str, expected: &Value) -> Result<()> {
    let document = whole(source, target, name).await?;
    let found = json::document(&shown(source, name), &document)?;
    match Some(&found) == expected.as_object() {
        true => Ok(()),
        false => Err(damaged(source, name, "it is not what the group's document says")),
    }
}

/// Copies an object that is one chunk.
async fn chunk(source: &Source, target: &Target, name: &str) -> Result<()> {
    let mut checking = Checking::new();
    copy_object(source, target, name, |piece| checking.add(piece)).await?;
    match checking.is_whole() {
        true => Ok(()),
        false => Err(damaged(source, name, "its checksum is not that of its bytes")),
    }
}

/// Copies an object of so many chunks, and checks each of them in the copy.
async fn shard(source: &Source, target: &Target, name: &str, chunks: u64) -> Result<()> {
    let size = copy_object(source, target, name, |_| {}).await?;
    let short = || damaged(source, name, "it is cut short");
    let length = chunks.checked_mul(PLACE as u64).and_then(|all| all.checked_add(CHECKSUM as u64));
    let begin = length.and_then(|length| size.checked_sub(length)).ok_or_else(short)?;
    let index = copied(target, name, begin..size).await?;
    let (places, _) = index.as_chunks::<PLACE>();
    if !is_whole(&index) {
        return Err(damaged(source, name, "the checksum of its index is not that of its bytes"));
    }
    for place in places {
        let (start, length) = place.split_at(PLACE / 2);
        let [start, length] =
            [start, length].map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()));
        if [start, length] == [u64::MAX; 2] {
            // One that was never written.
            continue;
        }
        let end = start.checked_add(length).filter(|end| *end <= begin).ok_or_else(short)?;
        if !is_whole(&copied(target, name, start..end).await?) {
            let why = format!("the checksum of its bytes from {start} to {end} is not theirs");
            return Err(damaged(source, name, &why));
        }
    }
    Ok(())
}

/// A part of an object that was just copied.
async fn copied(target: &Target, name: &str, range: std::ops::Range<u64>) -> Result<Bytes> {
    let path = super::below(&target.prefix, name)?;
    target.store.get_range(&path, range).await.map_err(|error| Error::Store {
        doing: format!("read the copy of {name}"),
        location: target.shown.to_string(),
        source: error.into(),
    })
}

fn shown(source: &Source, name: &str) -> String {
    format!("{}/{name}", source.shown)
}

fn damaged(source: &Source, name: &str, why: &str) -> Error {
    Error::Damaged { object: shown(source, name), why: why.to_owned() }
}
