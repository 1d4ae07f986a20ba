//! What is recorded of each object, and how it is kept: in the manifest, or beside the objects.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::SUMS;
use crate::error::{Error, Result};

/// The size of a block in bytes: small enough that a range read checks little more than it needs,
/// large enough that the sums are an eight-thousandth of the data.
pub const BLOCK: u64 = 256 * 1024;

/// The largest block that a manifest may ask a reader to hold in memory.
const LARGEST_BLOCK: u64 = 16 * 1024 * 1024;

/// The length of one blake3 hash.
const HASH: usize = 32;

/// The length and the block checksums of every object below a prefix.
///
/// As JSON: `{"block": 262144, "objects": {"part-0.parquet": {"bytes": 1000, "blake3": "…"}}}`,
/// where `blake3` is the base64 of all blocks' hashes in a row.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use nuthatch_core::store::{Recording, Sums, Verified};
/// use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
///
/// let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
/// let prefix = Path::parse("data/generation")?;
/// let path = Path::parse("data/generation/part")?;
/// pollster::block_on(async {
///     let recording = Recording::new(store.clone(), prefix.clone());
///     recording.put(&path, "rain".into()).await?;
///     let sums: Sums = recording.sums();
///
///     store.put(&path, "pain".into()).await?;
///     let verified = Verified::new(store, prefix, sums);
///     let error = verified.get(&path).await?.bytes().await.unwrap_err();
///     assert!(error.to_string().contains("data/generation/part is damaged in block 0"));
///     Ok::<_, object_store::Error>(())
/// })?;
/// # Ok::<_, object_store::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Sums {
    pub(super) block: u64,
    pub(super) objects: BTreeMap<String, Arc<ObjectSums>>,
}

/// The length and the block checksums of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSums {
    bytes: u64,
    blocks: Vec<[u8; HASH]>,
}

impl Sums {
    /// The sums of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { block: BLOCK, objects: BTreeMap::new() }
    }

    /// The objects, by their paths below the prefix.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &ObjectSums)> {
        self.objects.iter().map(|(path, sums)| (path.as_str(), &**sums))
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The length of all objects together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects.values().fold(0, |sum, object| sum.saturating_add(object.bytes))
    }

    /// Records an object of this content, written beside this record's own store.
    ///
    /// ```
    /// use nuthatch_core::store::Sums;
    ///
    /// let mut sums = Sums::new();
    /// sums.add("sst/c/0", &"a chunk".into());
    /// assert_eq!((sums.len(), sums.bytes()), (1, 7));
    /// ```
    pub fn add(&mut self, name: &str, content: &bytes::Bytes) {
        let mut summing = Summing::new(self.block);
        summing.update(&PutPayload::from_bytes(content.clone()));
        self.objects.insert(name.to_owned(), Arc::new(summing.finish()));
    }

    /// Leaves those objects out whose name is not kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.objects.retain(|name, _| keep(name));
    }

    /// Takes over what another process has recorded.
    ///
    /// # Errors
    ///
    /// Its blocks are of another size.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if other.block != self.block {
            let (own, others) = (self.block, other.block);
            return Err(Error::other(format!(
                "checksums of blocks of {others} bytes cannot join those of {own} bytes"
            )));
        }
        self.objects.extend(other.objects);
        Ok(())
    }

    /// Makes them ready for a manifest: inline where they take at most `inline_up_to` bytes of
    /// JSON, else as the object `sums` below `prefix`, written now.
    ///
    /// # Errors
    ///
    /// The store cannot write. `shown` is the location in that error.
    pub async fn store(
        self,
        store: &dyn ObjectStore,
        prefix: &Path,
        inline_up_to: usize,
        shown: &str,
    ) -> Result<StoredSums> {
        let json = serde_json::to_vec(&self).map_err(Error::other)?;
        if json.len() <= inline_up_to {
            return Ok(StoredSums::Inline(self));
        }
        let blake3 = blake3::hash(&json).to_hex().to_string();
        let bytes = json.len() as u64;
        let path = sums_path(prefix);
        let payload = PutPayload::from(json);
        match store.put(&path, payload).await {
            Ok(_) => Ok(StoredSums::Object { bytes, blake3 }),
            Err(error) => Err(Error::Store {
                doing: format!("write checksums {path}"),
                location: shown.to_owned(),
                source: error.into(),
            }),
        }
    }
}

impl Default for Sums {
    fn default() -> Self {
        Self::new()
    }
}

impl ObjectSums {
    /// The object's length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The hash that a block must have, `None` past the end.
    pub(super) fn hash_of(&self, block: u64) -> Option<blake3::Hash> {
        let index = usize::try_from(block).ok()?;
        self.blocks.get(index).copied().map(blake3::Hash::from_bytes)
    }

    /// The bytes that a block covers.
    pub(super) fn span(&self, block: u64, size: u64) -> Range<u64> {
        let start = block.saturating_mul(size).min(self.bytes);
        start..start.saturating_add(size).min(self.bytes)
    }
}

/// What a manifest says of checksums: themselves, or where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredSums {
    /// The sums.
    Inline(Sums),
    /// They are the object `sums` below the prefix.
    Object {
        /// Its length.
        bytes: u64,
        /// Its hash, in hex.
        blake3: String,
    },
}

impl StoredSums {
    /// The sums, read and checked where they are an object of their own.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] where that object is not what was written or is gone, [`Error::Store`]
    /// where it cannot be read. `shown` is the location in these.
    pub async fn load(self, store: &dyn ObjectStore, prefix: &Path, shown: &str) -> Result<Sums> {
        let (bytes, blake3) = match self {
            Self::Inline(sums) => return Ok(sums),
            Self::Object { bytes, blake3 } => (bytes, blake3),
        };
        let path = sums_path(prefix);
        let damaged = |why: String| Error::Damaged { object: format!("{shown}/{SUMS}"), why };
        let failed = |error| match error {
            object_store::Error::NotFound { .. } => damaged("it is missing".to_owned()),
            error => Error::Store {
                doing: format!("read checksums {path}"),
                location: shown.to_owned(),
                source: error.into(),
            },
        };
        let found = store.get(&path).await.map_err(failed)?;
        // Before the content is read: a foreign object of any size is not taken into memory.
        if found.meta.size != bytes {
            let size = found.meta.size;
            return Err(damaged(format!("it is {size} bytes long, and {bytes} were written")));
        }
        let json = found.bytes().await.map_err(failed)?;
        if blake3::hash(&json).to_hex().as_str() != blake3 {
            return Err(damaged("its hash is not the one that was written".to_owned()));
        }
        serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))
    }
}

fn sums_path(prefix: &Path) -> Path {
    prefix.clone().join(SUMS)
}

/// Makes the sums of one object from its bytes, in order.
#[derive(Debug)]
pub(super) struct Summing {
    block: u64,
    hasher: blake3::Hasher,
    filled: u64,
    sums: ObjectSums,
}

impl Summing {
    pub(super) fn new(block: u64) -> Self {
        let sums = ObjectSums { bytes: 0, blocks: Vec::new() };
        Self { block, hasher: blake3::Hasher::new(), filled: 0, sums }
    }

    pub(super) fn update(&mut self, payload: &PutPayload) {
        for chunk in payload {
            let mut rest = chunk.as_ref();
            while !rest.is_empty() {
                let room = usize::try_from(self.block - self.filled).unwrap_or(usize::MAX);
                let (now, later) = rest.split_at(room.min(rest.len()));
                self.hasher.update(now);
                self.filled += now.len() as u64;
                self.sums.bytes += now.len() as u64;
                if self.filled == self.block {
                    self.end_block();
                }
                rest = later;
            }
        }
    }

    pub(super) fn finish(mut self) -> ObjectSums {
        if self.filled > 0 {
            self.end_block();
        }
        self.sums
    }

    fn end_block(&mut self) {
        self.sums.blocks.push(*self.hasher.finalize().as_bytes());
        self.hasher.reset();
        self.filled = 0;
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    block: u64,
    objects: BTreeMap<String, WireObject>,
}

#[derive(Serialize, Deserialize)]
struct WireObject {
    bytes: u64,
    blake3: String,
}

impl From<Sums> for Wire {
    fn from(sums: Sums) -> Self {
        let object = |sums: &ObjectSums| WireObject {
            bytes: sums.bytes,
            blake3: BASE64.encode(sums.blocks.concat()),
        };
        let objects = sums.objects.iter().map(|(path, sums)| (path.clone(), object(sums)));
        Self { block: sums.block, objects: objects.collect() }
    }
}

impl TryFrom<Wire> for Sums {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let block = wire.block;
        if !(1..=LARGEST_BLOCK).contains(&block) {
            return Err(format!("checksums are of blocks of {block} bytes"));
        }
        let mut objects = BTreeMap::new();
        for (path, object) in wire.objects {
            if Path::parse(&path).map_or(true, |parsed| parsed.as_ref() != path || path.is_empty())
            {
                return Err(format!("checksums are of {path:?}, which is no path"));
            }
            let bytes = object.bytes;
            let hashes = BASE64.decode(&object.blake3).map_err(|error| error.to_string())?;
            let (blocks, rest) = hashes.as_chunks::<HASH>();
            if !rest.is_empty() || blocks.len() as u64 != bytes.div_ceil(block) {
                return Err(format!("the checksums of {path} do not cover its {bytes} bytes"));
            }
            objects.insert(path, Arc::new(ObjectSums { bytes, blocks: blocks.to_vec() }));
        }
        Ok(Self { block, objects })
    }
}
