//! The finished trace: its nodes in one canonical order, and their hash.

use super::draft::{Child, Draft, Kind};
use super::graph::Graph;

/// The place of a node in its shape; equal numbers in two shapes mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl NodeId {
    pub(super) const ROOT: Self = Self(0);

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is asked for in one place of a type.
///
/// There is no node for a newtype struct: the node of what it holds stands in its place. Structs
/// without fields are [`Leaf::Unit`], tuple structs are tuples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A value without parts.
    Leaf(Leaf),
    /// Something or nothing.
    Option(NodeId),
    /// Any number of equal elements: lists and sets.
    Seq(NodeId),
    /// Any number of entries: key and value.
    Map(NodeId, NodeId),
    /// So many elements, each of its own kind: tuples, arrays, tuple structs.
    Tuple(Vec<NodeId>),
    /// A struct with named fields, in the order in which they are read. The name of the struct
    /// itself is not part of the hash.
    Struct {
        /// The name that serde knows the struct by.
        #[allow(dead_code, reason = "for messages")]
        name: &'static str,
        /// What serde knows the fields by when it reads.
        fields: Vec<(&'static str, NodeId)>,
    },
    /// An enum, its variants in the order of their index. Its name is not part of the hash.
    Enum {
        /// The name that serde knows the enum by.
        #[allow(dead_code, reason = "for messages")]
        name: &'static str,
        /// What serde knows the variants by when it reads.
        variants: Vec<(&'static str, Variant)>,
    },
    /// Places that ask for different things at different times. Never in a complete shape.
    OneOf(Vec<NodeId>),
    /// Never reached, since no dummy got so far. Never in a complete shape.
    Unknown,
}

/// A value without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are named for the method of serde that asks for them")]
pub(crate) enum Leaf {
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    Str,
    Bytes,
    Unit,
    /// Whatever stands there, which only a self-describing format knows. Never in a complete
    /// shape.
    Any,
}

/// What a variant holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variant {
    /// `A`
    Unit,
    /// `A(T)`
    Newtype(NodeId),
    /// `A(T, U)`
    Tuple(Vec<NodeId>),
    /// `A { field: T }`
    Struct(Vec<(&'static str, NodeId)>),
    /// Never reached. Never in a complete shape.
    Unknown,
}

/// The nodes in the order in which a walk from the root meets them first, so that the order of
/// the runs leaves no trace.
pub(super) fn number(graph: &Graph) -> Vec<Node> {
    let mut numbering =
        Numbering { graph, drafts: vec![None; graph.len()], leaves: Vec::new(), nodes: Vec::new() };
    numbering.of(graph.root());
    numbering.nodes
}

/// The hash of a canonical trace. What is hashed is frozen.
pub(super) fn hash(nodes: &[Node]) -> [u8; 32] {
    let mut bytes = Canonical(b"nuthatch type shape 1\n".to_vec());
    for node in nodes {
        bytes.node(node);
    }
    *blake3::hash(&bytes.0).as_bytes()
}

#[derive(Debug)]
struct Numbering<'g> {
    graph: &'g Graph,
    /// The number that a draft was given.
    drafts: Vec<Option<NodeId>>,
    leaves: Vec<(Leaf, NodeId)>,
    nodes: Vec<Node>,
}

impl Numbering<'_> {
    fn of(&mut self, child: Child) -> NodeId {
        match child {
            Child::Unseen => self.add(Node::Unknown),
            Child::Leaf(leaf) => self.leaf(leaf),
            Child::Draft(index) => match self.drafts.get(index).copied().flatten() {
                Some(id) => id,
                None => self.draft(index),
            },
        }
    }

    fn leaf(&mut self, leaf: Leaf) -> NodeId {
        let known = self.leaves.iter().find(|(known, _)| *known == leaf);
        known.map(|(_, id)| *id).unwrap_or_else(|| {
            let id = self.add(Node::Leaf(leaf));
            self.leaves.push((leaf, id));
            id
        })
    }

    fn draft(&mut self, index: usize) -> NodeId {
        // The number is taken before the children's, which may lead back here.
        let id = self.add(Node::Unknown);
        if let Some(number) = self.drafts.get_mut(index) {
            *number = Some(id);
        }
        let node = self.node(self.graph.draft(index));
        if let Some(place) = self.nodes.get_mut(id.index()) {
            *place = node;
        }
        id
    }

    fn node(&mut self, draft: &Draft) -> Node {
        match draft.kind {
            Kind::Option => Node::Option(self.at(draft, 0)),
            Kind::Seq => Node::Seq(self.at(draft, 0)),
            Kind::Map => Node::Map(self.at(draft, 0), self.at(draft, 1)),
            Kind::Tuple(_) => Node::Tuple(self.all(draft)),
            Kind::Struct { name, fields } => {
                Node::Struct { name, fields: self.named(draft, fields) }
            }
            Kind::Enum { name, variants } => {
                let held = draft.children.iter().map(|child| self.variant(*child));
                Node::Enum { name, variants: variants.iter().copied().zip(held).collect() }
            }
            Kind::OneOf => Node::OneOf(self.all(draft)),
            // These stand only behind the edges of an enum and the root.
            Kind::Root | Kind::NewtypeVariant | Kind::TupleVariant(_) | Kind::StructVariant(_) => {
                Node::Unknown
            }
        }
    }

    fn variant(&mut self, child: Child) -> Variant {
        let draft = match child {
            Child::Leaf(Leaf::Unit) => return Variant::Unit,
            Child::Draft(index) => self.graph.draft(index),
            Child::Leaf(_) | Child::Unseen => return Variant::Unknown,
        };
        match draft.kind {
            Kind::NewtypeVariant => Variant::Newtype(self.at(draft, 0)),
            Kind::TupleVariant(_) => Variant::Tuple(self.all(draft)),
            Kind::StructVariant(fields) => Variant::Struct(self.named(draft, fields)),
            _ => Variant::Unknown,
        }
    }

    fn at(&mut self, draft: &Draft, index: usize) -> NodeId {
        self.of(draft.children.get(index).copied().unwrap_or(Child::Unseen))
    }

    fn all(&mut self, draft: &Draft) -> Vec<NodeId> {
        draft.children.iter().map(|child| self.of(*child)).collect()
    }

    fn named(
        &mut self,
        draft: &Draft,
        names: &'static [&'static str],
    ) -> Vec<(&'static str, NodeId)> {
        let ids = draft.children.iter().map(|child| self.of(*child));
        names.iter().copied().zip(ids).collect()
    }

    fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        id
    }
}

/// Tags, numbers and length-prefixed names, so that no two traces have the same bytes.
#[derive(Debug)]
struct Canonical(Vec<u8>);

impl Canonical {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Unknown => self.tag(0),
            Node::Leaf(leaf) => self.tag(leaf_tag(*leaf)),
            Node::Option(inner) => self.tagged(64, &[*inner]),
            Node::Seq(element) => self.tagged(65, &[*element]),
            Node::Map(key, value) => self.tagged(66, &[*key, *value]),
            Node::Tuple(elements) => self.tagged(67, elements),
            Node::Struct { name: _, fields } => self.named(68, fields),
            Node::OneOf(alternatives) => self.tagged(69, alternatives),
            Node::Enum { name: _, variants } => {
                self.tag(70);
                self.length(variants.len());
                for (name, variant) in variants {
                    self.text(name);
                    self.variant(variant);
                }
            }
        }
    }

    fn variant(&mut self, variant: &Variant) {
        match variant {
            Variant::Unknown => self.tag(0),
            Variant::Unit => self.tag(96),
            Variant::Newtype(inner) => self.tagged(97, &[*inner]),
            Variant::Tuple(elements) => self.tagged(98, elements),
            Variant::Struct(fields) => self.named(99, fields),
        }
    }

    fn tagged(&mut self, tag: u8, ids: &[NodeId]) {
        self.tag(tag);
        self.length(ids.len());
        for id in ids {
            self.0.extend(id.0.to_le_bytes());
        }
    }

    fn named(&mut self, tag: u8, fields: &[(&'static str, NodeId)]) {
        self.tag(tag);
        self.length(fields.len());
        for (name, id) in fields {
            self.text(name);
            self.0.extend(id.0.to_le_bytes());
        }
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.0.extend((length as u64).to_le_bytes());
    }

    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }
}

const fn leaf_tag(leaf: Leaf) -> u8 {
    match leaf {
        Leaf::Any => 1,
        Leaf::Unit => 2,
        Leaf::Bool => 3,
        Leaf::Char => 4,
        Leaf::Str => 5,
        Leaf::Bytes => 6,
        Leaf::I8 => 16,
        Leaf::I16 => 17,
        Leaf::I32 => 18,
        Leaf::I64 => 19,
        Leaf::I128 => 20,
        Leaf::U8 => 24,
        Leaf::U16 => 25,
        Leaf::U32 => 26,
        Leaf::U64 => 27,
        Leaf::U128 => 28,
        Leaf::F32 => 32,
        Leaf::F64 => 33,
    }
}
