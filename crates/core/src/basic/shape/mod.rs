//! What a type's `Deserialize` asks for: the shape of its stored form.
//!
//! The bincode format names nothing and numbers everything, so bytes written for one shape of a
//! type are read without complaint as another. A [`Shape`] is found without any value: the type
//! is deserialized from a source that answers every request with a dummy and takes note of what
//! was asked, again and again, until every variant of every enum was entered. Its hash stands in
//! the envelope and in the manifest, and is compared before anything is decoded.
//!
//! | file | holds |
//! |---|---|
//! | `trace` | the deserializer that answers with dummies, and the runs |
//! | `graph`, `draft` | what was asked so far, and what to try in the next run |
//! | `dummies` | the values that are tried, in their order |
//! | `nodes` | the finished trace, numbered in one canonical order, and its hash |

mod draft;
mod dummies;
mod graph;
mod nodes;
#[cfg(test)]
mod tests;
mod trace;

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;

#[allow(unused_imports, reason = "whoever walks a value beside its shape needs all of them")]
pub(crate) use self::nodes::{Leaf, Node, NodeId, Variant};

/// What a type's `Deserialize` asks for, traced once.
///
/// The hash holds the kinds of all values, the names of fields and variants, and their order. It
/// leaves out the names of types, and newtype structs altogether, because the bytes do as well.
#[derive(Debug)]
#[allow(dead_code, reason = "the codecs read what the hash alone does not tell")]
pub(crate) struct Shape {
    /// The blake3 of the canonical trace.
    pub(crate) hash: [u8; 32],
    /// Whether everything was seen, and nothing asks for a self-describing format: then bincode
    /// can carry the type, and no change of it goes unseen.
    pub(crate) complete: bool,
    hex: String,
    nodes: Vec<Node>,
}

impl Shape {
    /// Traces `T` anew; [`shape_of`] remembers.
    fn trace<T: DeserializeOwned>() -> Self {
        let graph = trace::trace::<T>();
        let nodes = nodes::number(&graph);
        let hash = nodes::hash(&nodes);
        let hex = data_encoding::HEXLOWER.encode(&hash);
        Self { hash, complete: graph.complete(), hex, nodes }
    }

    /// The hash as 64 hexadecimal digits.
    pub(crate) fn hex(&self) -> &str {
        &self.hex
    }

    /// What the type itself asks for.
    #[allow(dead_code, reason = "for walking a value beside its shape")]
    pub(crate) fn root(&self) -> &Node {
        self.node(NodeId::ROOT)
    }

    /// What stands behind an edge of a node of this shape. The edges of recursive types lead back.
    #[allow(dead_code, reason = "for walking a value beside its shape")]
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.index()).unwrap_or(&Node::Unknown)
    }
}

/// The shape of `T`, traced at the first call for it.
pub(crate) fn shape_of<T: DeserializeOwned + 'static>() -> &'static Shape {
    thread_local! {
        static SEEN: RefCell<Shapes> = RefCell::default();
    }
    let id = TypeId::of::<T>();
    // While a thread ends, its own table may be gone; the common one serves.
    let seen = SEEN.try_with(|seen| seen.borrow().get(&id).copied());
    if let Ok(Some(shape)) = seen {
        return shape;
    }
    let shape = common(id, Shape::trace::<T>);
    let _ = SEEN.try_with(|seen| seen.borrow_mut().insert(id, shape));
    shape
}

/// The shapes that a thread, or the program, knows. They live as long as the program, as types do.
type Shapes = HashMap<TypeId, &'static Shape, BuildHasherDefault<AlreadyHashed>>;

/// The shape of the type in the table of the whole program.
fn common(id: TypeId, trace: fn() -> Shape) -> &'static Shape {
    static KNOWN: Mutex<Option<Shapes>> = Mutex::new(None);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known().as_ref().and_then(|shapes| shapes.get(&id).copied());
    // A trace runs code of the type's author, which may ask for a shape itself: never under the
    // lock. Two threads may both trace, and one of them is kept.
    found.unwrap_or_else(|| {
        let traced = trace();
        let mut known = known();
        let shapes = known.get_or_insert_with(Shapes::default);
        shapes.entry(id).or_insert_with(|| Box::leak(Box::new(traced)))
    })
}

/// A `TypeId` is a hash; to hash it again would cost more than the look-up.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
