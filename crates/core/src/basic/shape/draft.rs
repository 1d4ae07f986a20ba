//! The parts of the graph that a trace draws: nodes, the slots between them, and who asks.

use std::any::type_name;

use serde::de::Visitor;

use super::nodes::Leaf;

/// A place in a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) node: usize,
    pub(super) index: usize,
}

/// A node while it is being found out.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) children: Vec<Child>,
    pub(super) asker: Asker,
    /// Whether all below was seen, apart from what a run was in the middle of.
    pub(super) done: bool,
    /// How often the run is in this node.
    pub(super) entered: u32,
    /// Whether its elements were given up.
    pub(super) left_empty: bool,
    /// The fewest requests that made a value; none where none was made yet.
    pub(super) cost: Option<usize>,
}

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Child {
    Unseen,
    Leaf(Leaf),
    Draft(usize),
}

/// What a node asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Option,
    Seq,
    Map,
    Tuple(usize),
    Struct { name: &'static str, fields: &'static [&'static str] },
    Enum { name: &'static str, variants: &'static [&'static str] },
    NewtypeVariant,
    TupleVariant(usize),
    StructVariant(&'static [&'static str]),
    OneOf,
}

/// Who asks: what tells a recursive type from a generic one that holds itself with another
/// parameter. It decides how far a type is unfolded, and is not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker {
    visitor: &'static str,
    size: usize,
}

impl Asker {
    pub(super) fn of<'de, V: Visitor<'de>>() -> Self {
        Self { visitor: type_name::<V>(), size: size_of::<V::Value>() }
    }

    pub(super) const NOBODY: Self = Self { visitor: "", size: 0 };

    /// A visitor behind a trait object may stand for any type.
    pub(super) fn is_someone(&self) -> bool {
        !self.visitor.is_empty() && !self.visitor.contains("dyn ")
    }
}

/// A slot on the way of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) slot: Slot,
    /// Which dummies are due: what this slot and those around it have refused.
    pub(super) turn: u32,
    /// Whether the run is inside a type inside itself, and must come to an end.
    pub(super) closing: bool,
    pub(super) depth: u32,
}

/// A node that the run has entered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entered {
    pub(super) node: usize,
    pub(super) turn: u32,
    pub(super) closing: bool,
    /// Whether the run came to this node from inside of it, for the first time.
    pub(super) from_inside: bool,
    pub(super) depth: u32,
    pub(super) requests_before: usize,
}

impl Entered {
    /// Whether lists are to be empty here. A list or an option that was found inside itself is
    /// fed once more, which shows whether it is the same indeed.
    pub(super) fn ends_here(self) -> bool {
        self.closing && !self.from_inside
    }
}

impl Draft {
    pub(super) fn new(kind: Kind, asker: Asker) -> Self {
        let children = vec![Child::Unseen; kind.slots()];
        Self { kind, children, asker, done: false, entered: 0, left_empty: false, cost: None }
    }

    pub(super) fn is(&self, kind: Kind, asker: Asker) -> bool {
        self.asker == asker && self.kind == kind
    }
}

impl Kind {
    pub(super) fn is_variant(self) -> bool {
        matches!(self, Self::NewtypeVariant | Self::TupleVariant(_) | Self::StructVariant(_))
    }

    pub(super) fn slots(self) -> usize {
        match self {
            Self::Root | Self::Option | Self::Seq | Self::NewtypeVariant => 1,
            Self::Map => 2,
            Self::Tuple(length) | Self::TupleVariant(length) => length,
            Self::Struct { fields: names, .. }
            | Self::Enum { variants: names, .. }
            | Self::StructVariant(names) => names.len(),
            Self::OneOf => 0,
        }
    }
}
