//! The deserializer that answers every request with a dummy, and the runs.
//!
//! It does what bincode's does: lengths and variants by number, structs as tuples of their
//! fields, not human-readable.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::draft::{Asker, Entered, Kind, Place};
use super::dummies;
use super::graph::Graph;
use super::nodes::Leaf;

/// Runs the type's `Deserialize` until nothing more is to be seen.
pub(super) fn trace<T: DeserializeOwned>() -> Graph {
    let mut graph = Graph::new();
    loop {
        let learnt = graph.learnt();
        let place = graph.start();
        run::<T>(&mut graph, place);
        let stuck = graph.learnt() == learnt && !graph.go_around();
        if graph.done() || graph.stopped() || stuck {
            break;
        }
    }
    if graph.complete() {
        let place = graph.start_doubting();
        run::<T>(&mut graph, place);
    }
    graph
}

/// Makes a value of dummies, and drops it. Both are code of the type's author, who may not have
/// thought of dummies: a panic ends the trace, and not the call that wanted a shape.
fn run<T: DeserializeOwned>(graph: &mut Graph, place: Place) {
    let attempt = AssertUnwindSafe(|| drop(feed(graph, place, PhantomData::<T>)));
    if catch_unwind(attempt).is_err() {
        graph.stop();
    }
}

/// The type refused a dummy. What it said about it is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused a dummy")
    }
}

impl std::error::Error for Refused {}

impl Error for Refused {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self
    }
}

/// Lets a slot be deserialized, and takes note of whether it took the dummy.
fn feed<'de, S: DeserializeSeed<'de>>(
    graph: &mut Graph,
    place: Place,
    seed: S,
) -> Result<S::Value, Refused> {
    let value = seed.deserialize(Dummy { graph: &mut *graph, place });
    graph.settle(place.slot, value.is_ok());
    value
}

/// Answers the requests of one slot.
#[derive(Debug)]
struct Dummy<'g> {
    graph: &'g mut Graph,
    place: Place,
}

impl Dummy<'_> {
    fn leaf(&mut self, leaf: Leaf) -> Result<u32, Refused> {
        self.graph.leaf(self.place, leaf)
    }

    /// Enters a node, lets `visit` have it, and leaves it.
    fn node<'de, V: Visitor<'de>>(
        self,
        kind: Kind,
        visitor: V,
        visit: impl FnOnce(Parts<'_>, V) -> Result<V::Value, Refused>,
    ) -> Result<V::Value, Refused> {
        let entered = self.graph.enter(self.place, kind, Asker::of::<V>())?;
        let value = visit(Parts { graph: &mut *self.graph, entered }, visitor);
        self.graph.leave(entered, value.is_ok());
        value
    }

    fn elements<'de, V: Visitor<'de>>(
        self,
        kind: Kind,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.node(kind, visitor, |parts, visitor| visitor.visit_seq(Each { parts, at: 0, length }))
    }
}

macro_rules! numbers {
    ($($request:ident: $number:ident, $leaf:ident, $visit:ident;)*) => { $(
        fn $request<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
            let turn = self.leaf(Leaf::$leaf)?;
            visitor.$visit(dummies::number(turn, $number::MAX))
        }
    )* };
}

macro_rules! leaves {
    ($($request:ident: $dummy:ident, $leaf:ident, $visit:ident;)*) => { $(
        fn $request<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
            let turn = self.leaf(Leaf::$leaf)?;
            visitor.$visit(dummies::$dummy(turn).into())
        }
    )* };
}

impl<'de> Deserializer<'de> for Dummy<'_> {
    type Error = Refused;

    numbers! {
        deserialize_i8: i8, I8, visit_i8;
        deserialize_i16: i16, I16, visit_i16;
        deserialize_i32: i32, I32, visit_i32;
        deserialize_i64: i64, I64, visit_i64;
        deserialize_i128: i128, I128, visit_i128;
        deserialize_u8: u8, U8, visit_u8;
        deserialize_u16: u16, U16, visit_u16;
        deserialize_u32: u32, U32, visit_u32;
        deserialize_u64: u64, U64, visit_u64;
        deserialize_u128: u128, U128, visit_u128;
    }

    // Borrowed or owned, the bytes are the same, and so is the shape.
    leaves! {
        deserialize_bool: bool, Bool, visit_bool;
        deserialize_f32: f32, F32, visit_f32;
        deserialize_f64: f32, F64, visit_f64;
        deserialize_char: char, Char, visit_char;
        deserialize_str: string, Str, visit_string;
        deserialize_string: string, Str, visit_string;
        deserialize_bytes: bytes, Bytes, visit_byte_buf;
        deserialize_byte_buf: bytes, Bytes, visit_byte_buf;
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.leaf(Leaf::Unit)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        // A newtype leaves no bytes, and so no node; but one that holds itself must end.
        let place = self.graph.deeper(self.place)?;
        visitor.visit_newtype_struct(Dummy { graph: self.graph, place })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.node(Kind::Option, visitor, |parts, visitor| {
            if !parts.graph.something(parts.entered) {
                return visitor.visit_none();
            }
            let Parts { graph, entered } = parts;
            let place = graph.below(entered, 0);
            let value = visitor.visit_some(Dummy { graph: &mut *graph, place });
            graph.settle(place.slot, value.is_ok());
            value
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.node(Kind::Seq, visitor, |parts, visitor| {
            let left = parts.graph.length(parts.entered);
            visitor.visit_seq(Equal { parts, left })
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.elements(Kind::Tuple(length), length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.elements(Kind::Tuple(length), length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.node(Kind::Map, visitor, |parts, visitor| {
            let left = parts.graph.length(parts.entered);
            visitor.visit_map(Equal { parts, left })
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.elements(Kind::Struct { name, fields }, fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let slot = self.place.slot;
        self.node(Kind::Enum { name, variants }, visitor, |parts, visitor| {
            let variant = parts.graph.choose(slot, parts.entered)?;
            visitor.visit_enum(Chosen { parts, variant })
        })
    }

    // What follows needs a format that describes itself.

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        let turn = self.leaf(Leaf::Any)?;
        dummies::any(turn, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        let turn = self.leaf(Leaf::Any)?;
        dummies::identifier(turn, visitor)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// An entered node, whose children are fed.
#[derive(Debug)]
struct Parts<'g> {
    graph: &'g mut Graph,
    entered: Entered,
}

impl Parts<'_> {
    fn feed<'de, S: DeserializeSeed<'de>>(
        &mut self,
        index: usize,
        seed: S,
    ) -> Result<S::Value, Refused> {
        let place = self.graph.below(self.entered, index);
        feed(self.graph, place, seed)
    }
}

/// The elements of a tuple or the fields of a struct, each in a slot of its own.
#[derive(Debug)]
struct Each<'g> {
    parts: Parts<'g>,
    at: usize,
    length: usize,
}

impl<'de> SeqAccess<'de> for Each<'_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refused> {
        if self.at == self.length {
            return Ok(None);
        }
        self.at += 1;
        self.parts.feed(self.at - 1, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.length - self.at)
    }
}

/// The elements of a list in one slot, or the keys and values of a map in two.
#[derive(Debug)]
struct Equal<'g> {
    parts: Parts<'g>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Equal<'_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.parts.feed(0, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Equal<'_> {
    type Error = Refused;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refused> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refused> {
        self.parts.feed(1, seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The variant of an enum that this run goes into.
#[derive(Debug)]
struct Chosen<'g> {
    parts: Parts<'g>,
    variant: usize,
}

impl Chosen<'_> {
    fn elements<'de, V: Visitor<'de>>(
        mut self,
        kind: Kind,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let place = self.place();
        let dummy = Dummy { graph: &mut *self.parts.graph, place };
        let value = dummy.elements(kind, length, visitor);
        self.parts.graph.settle(place.slot, value.is_ok());
        value
    }

    fn place(&mut self) -> Place {
        self.parts.graph.below(self.parts.entered, self.variant)
    }
}

impl<'de> EnumAccess<'de> for Chosen<'_> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<(S::Value, Self), Refused> {
        let index = u32::try_from(self.variant).map_err(|_| Refused)?;
        match seed.deserialize(index.into_deserializer()) {
            Ok(value) => Ok((value, self)),
            // Where aliases swell the list of names, the last numbers are nobody's.
            Err(Refused) => {
                let slot = self.place().slot;
                Err(self.parts.graph.refuse_variant(slot))
            }
        }
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_> {
    type Error = Refused;

    fn unit_variant(mut self) -> Result<(), Refused> {
        let place = self.place();
        self.parts.graph.leaf(place, Leaf::Unit).map(drop)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<S::Value, Refused> {
        let place = self.place();
        let graph = self.parts.graph;
        let entered = graph.enter(place, Kind::NewtypeVariant, Asker::NOBODY)?;
        let value = Parts { graph: &mut *graph, entered }.feed(0, seed);
        graph.leave(entered, value.is_ok());
        value
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.elements(Kind::TupleVariant(length), length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.elements(Kind::StructVariant(fields), fields.len(), visitor)
    }
}
