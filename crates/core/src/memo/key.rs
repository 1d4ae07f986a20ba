//! The keys of the memo: borrowed to look up, owned to keep.

use std::any::TypeId;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use quick_cache::Equivalent;

/// What identifies a result in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoKeyRef<'a> {
    /// The function: the address of its static description, which differs between two versions
    /// of one crate in one program.
    pub function: usize,
    /// The instance of the configuration.
    pub instance: u64,
    /// The type of the value.
    pub engine: TypeId,
    /// What the arguments do not tell apart: namespace, version, generics, processors.
    pub scope: &'a [u8],
    /// The canonical encoding of the arguments.
    pub arguments: &'a [u8],
}

/// A key with its hash, which is computed once for all that looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashed<'a> {
    hash: u64,
    key: MemoKeyRef<'a>,
}

impl Hashed<'_> {
    /// The key's place among so many.
    pub(super) fn place(&self, of: usize) -> usize {
        // The high bits: the low ones choose among what the cache itself is made of.
        (self.hash >> 32) as usize % of
    }
}

/// The same, owned.
#[derive(Debug)]
pub(super) struct MemoKey {
    hash: u64,
    function: usize,
    instance: u64,
    engine: TypeId,
    /// The scope, then the arguments.
    bytes: Box<[u8]>,
    scope: usize,
}

impl MemoKey {
    /// The bytes beside the struct itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl From<&Hashed<'_>> for MemoKey {
    fn from(hashed: &Hashed<'_>) -> Self {
        let MemoKeyRef { function, instance, engine, scope, arguments } = hashed.key;
        let bytes = [scope, arguments].concat().into_boxed_slice();
        Self { hash: hashed.hash, function, instance, engine, bytes, scope: scope.len() }
    }
}

impl PartialEq for MemoKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.function == other.function
            && self.instance == other.instance
            && self.engine == other.engine
            && self.scope == other.scope
            && self.bytes == other.bytes
    }
}

impl Eq for MemoKey {}

impl Hash for MemoKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for Hashed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Equivalent<MemoKey> for Hashed<'_> {
    fn equivalent(&self, owned: &MemoKey) -> bool {
        self.hash == owned.hash
            && self.key.function == owned.function
            && self.key.instance == owned.instance
            && self.key.engine == owned.engine
            && owned.bytes.split_at_checked(owned.scope).is_some_and(|(scope, arguments)| {
                same(scope, self.key.scope) && same(arguments, self.key.arguments)
            })
    }
}

/// Whether the bytes are equal, word by word: the wide reads of `memcmp` wait for the narrow writes
/// of an encoder that has only just written (measured: 40 ns of a hit).
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    let (words_a, rest_a) = a.as_chunks::<8>();
    let (words_b, rest_b) = b.as_chunks::<8>();
    a.len() == b.len()
        && words_a
            .iter()
            .zip(words_b)
            .all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b))
        && rest_a.iter().zip(rest_b).all(|(a, b)| a == b)
}

/// Random per memo, so that nobody can choose arguments that collide.
#[derive(Debug, Clone, Default)]
pub(super) struct Seed(RandomState);

impl Seed {
    pub(super) fn hash<'a>(&self, key: &MemoKeyRef<'a>) -> Hashed<'a> {
        let mut hasher = self.0.build_hasher();
        hasher.write_usize(key.function);
        hasher.write_u64(key.instance);
        key.engine.hash(&mut hasher);
        hasher.write(key.scope);
        hasher.write(key.arguments);
        Hashed { hash: hasher.finish(), key: *key }
    }
}

/// Takes the hash that a key brings along.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // The keys here write one u64 and nothing else; anything would still be hashed, badly.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl BuildHasher for AlreadyHashed {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        *self
    }
}
