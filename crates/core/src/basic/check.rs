//! The check before a value is written in the bincode format: would it be read back?
//!
//! The format numbers what other formats name, so what `Serialize` gives must be, step for step,
//! what `Deserialize` asks for. It is not where a field is skipped (`skip_serializing_if`), where
//! the two sides of a type differ, or where a value announces other lengths than it has. The
//! check walks the value beside its traced [`Shape`] and counts the bytes as it goes; it reads no
//! text and no number. A list of plain numbers is counted without being walked.

use std::any::type_name;
use std::fmt;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::failure::{Failure, MAX_DEPTH};
use super::shape::{Leaf, Node, NodeId, Shape, Variant};

/// How many bytes the value takes in the bincode format; an error where it must not be written
/// in it.
pub(super) fn length<T: Serialize>(value: &T, shape: &Shape) -> Result<u64, Failure> {
    if !shape.complete {
        return Err(Failure::new("not all that its `Deserialize` asks for is known"));
    }
    let mut tally = Tally::default();
    value.serialize(Walk { shape, node: shape.root(), tally: &mut tally })?;
    // A reader could not tell these from hostile bytes that keep it counting for ever.
    if tally.elements > tally.bytes {
        return Err(Failure::new("its sequences hold more elements than bytes"));
    }
    Ok(tally.bytes)
}

#[derive(Debug, Default)]
struct Tally {
    bytes: u64,
    /// Of all sequences and maps together.
    elements: u64,
    depth: u32,
}

impl Tally {
    #[inline]
    fn deeper(&mut self) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Failure::too_deep()) } else { Ok(()) }
    }

    fn count(&mut self, elements: u64) {
        self.bytes = self.bytes.saturating_add(LENGTH);
        self.elements = self.elements.saturating_add(elements);
    }
}

/// The bytes of a length, and of the index of a variant.
const LENGTH: u64 = 8;
const INDEX: u64 = 4;

/// One step: a value, and the node that it must be.
struct Walk<'w> {
    shape: &'w Shape,
    node: &'w Node,
    tally: &'w mut Tally,
}

impl<'w> Walk<'w> {
    #[inline]
    fn leaf(self, leaf: Leaf, bytes: u64) -> Result<(), Failure> {
        if *self.node != Node::Leaf(leaf) {
            return Err(self.differs(&leaf));
        }
        self.tally.bytes = self.tally.bytes.saturating_add(bytes);
        Ok(())
    }

    fn text(self, leaf: Leaf, bytes: usize) -> Result<(), Failure> {
        self.leaf(leaf, LENGTH.saturating_add(bytes as u64))
    }

    fn at(&mut self, node: NodeId) -> Walk<'_> {
        Walk { shape: self.shape, node: self.shape.node(node), tally: self.tally }
    }

    /// The variant of this index, if the readers know it by this name.
    fn variant(&mut self, index: u32, name: &str) -> Result<&'w Variant, Failure> {
        self.tally.bytes = self.tally.bytes.saturating_add(INDEX);
        let Node::Enum { variants, .. } = self.node else { return Err(self.differs(&name)) };
        match variants.get(index as usize) {
            Some((known, variant)) if *known == name => Ok(variant),
            _ => Err(self.differs(&name)),
        }
    }

    fn tuple(self, parts: &'w [NodeId], length: usize) -> Result<Parts<'w, NodeId>, Failure> {
        if parts.len() != length {
            return Err(self.differs(&format_args!("a tuple of {length}")));
        }
        self.tally.deeper()?;
        Ok(Parts { walk: self, parts: parts.iter() })
    }

    fn fields(
        self,
        parts: &'w [(&'static str, NodeId)],
        length: usize,
    ) -> Result<Parts<'w, (&'static str, NodeId)>, Failure> {
        if parts.len() != length {
            return Err(self.differs(&format_args!("a struct of {length} fields")));
        }
        self.tally.deeper()?;
        Ok(Parts { walk: self, parts: parts.iter() })
    }

    #[cold]
    fn differs(&self, written: &dyn fmt::Debug) -> Failure {
        let asked = self.node;
        Failure::new(format!("`Serialize` gives {written:?}, `Deserialize` asks for {asked:?}"))
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty = $leaf:ident,)*) => {$(
        #[inline]
        fn $method(self, _: $type) -> Result<(), Failure> {
            self.leaf(Leaf::$leaf, size_of::<$type>() as u64)
        }
    )*};
}

impl<'w> Serializer for Walk<'w> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Counted<'w>;
    type SerializeTuple = Parts<'w, NodeId>;
    type SerializeTupleStruct = Parts<'w, NodeId>;
    type SerializeTupleVariant = Parts<'w, NodeId>;
    type SerializeMap = Counted<'w>;
    type SerializeStruct = Parts<'w, (&'static str, NodeId)>;
    type SerializeStructVariant = Parts<'w, (&'static str, NodeId)>;

    numbers! {
        serialize_bool: bool = Bool,
        serialize_i8: i8 = I8,
        serialize_i16: i16 = I16,
        serialize_i32: i32 = I32,
        serialize_i64: i64 = I64,
        serialize_i128: i128 = I128,
        serialize_u8: u8 = U8,
        serialize_u16: u16 = U16,
        serialize_u32: u32 = U32,
        serialize_u64: u64 = U64,
        serialize_u128: u128 = U128,
        serialize_f32: f32 = F32,
        serialize_f64: f64 = F64,
    }

    fn serialize_char(self, value: char) -> Result<(), Failure> {
        self.leaf(Leaf::Char, value.len_utf8() as u64)
    }

    fn serialize_str(self, value: &str) -> Result<(), Failure> {
        self.text(Leaf::Str, value.len())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Failure> {
        self.text(Leaf::Bytes, value.len())
    }

    fn serialize_none(self) -> Result<(), Failure> {
        let Node::Option(_) = self.node else { return Err(self.differs(&"None")) };
        self.tally.bytes = self.tally.bytes.saturating_add(1);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Failure> {
        let Node::Option(inner) = self.node else { return Err(self.differs(&"Some")) };
        self.tally.bytes = self.tally.bytes.saturating_add(1);
        self.tally.deeper()?;
        value.serialize(self.at(*inner))?;
        self.tally.depth -= 1;
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.leaf(Leaf::Unit, 0)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.leaf(Leaf::Unit, 0)
    }

    fn serialize_unit_variant(
        mut self,
        _: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<(), Failure> {
        let Variant::Unit = self.variant(index, name)? else { return Err(self.differs(&name)) };
        self.tally.deeper()?;
        self.tally.depth -= 1;
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        let Variant::Newtype(inner) = self.variant(index, name)? else {
            return Err(self.differs(&name));
        };
        self.tally.deeper()?;
        value.serialize(self.at(*inner))?;
        self.tally.depth -= 1;
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Counted<'w>, Failure> {
        let Node::Seq(element) = self.node else { return Err(self.differs(&"a sequence")) };
        Counted::begin(self, *element, *element, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, Failure> {
        match self.node {
            Node::Tuple(parts) => self.tuple(parts, length),
            Node::Leaf(Leaf::Unit) => self.tuple(&[], length),
            _ => Err(self.differs(&"a tuple")),
        }
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, Failure> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        index: u32,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, Failure> {
        let Variant::Tuple(parts) = self.variant(index, name)? else {
            return Err(self.differs(&name));
        };
        self.tuple(parts, length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Counted<'w>, Failure> {
        let Node::Map(key, value) = self.node else { return Err(self.differs(&"a map")) };
        Counted::begin(self, *key, *value, length)
    }

    fn serialize_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, Failure> {
        match self.node {
            Node::Struct { fields, .. } => self.fields(fields, length),
            Node::Leaf(Leaf::Unit) => self.fields(&[], length),
            _ => Err(self.differs(&"a struct")),
        }
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        index: u32,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, Failure> {
        match self.variant(index, name)? {
            Variant::Struct(fields) => self.fields(fields, length),
            _ => Err(self.differs(&name)),
        }
    }

    fn collect_seq<I>(self, items: I) -> Result<(), Failure>
    where
        I: IntoIterator<Item: Serialize>,
    {
        let mut items = items.into_iter();
        let length = match items.size_hint() {
            (least, Some(most)) if least == most => Some(least),
            _ => None,
        };
        if let (Node::Seq(element), Some(length)) = (self.node, length)
            && let Some(width) = plain::<I::Item>(self.shape.node(*element))
        {
            self.tally.count(length as u64);
            let bytes = (length as u64).saturating_mul(width);
            self.tally.bytes = self.tally.bytes.saturating_add(bytes);
            return Ok(());
        }
        let mut walk = self.serialize_seq(length)?;
        items.try_for_each(|item| walk.serialize_element(&item))?;
        SerializeSeq::end(walk)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Failure> {
        let mut length = Length(0);
        fmt::write(&mut length, format_args!("{value}")).map_err(Failure::new)?;
        self.text(Leaf::Str, length.0)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The width of the numbers that `T` is or borrows, where `node` is of just these numbers.
///
/// The names of primitive types have no path, so no other type has them; and were they ever
/// spelt differently, lists of them would be walked.
fn plain<T>(node: &Node) -> Option<u64> {
    let Node::Leaf(leaf) = node else { return None };
    let (name, width) = match leaf {
        Leaf::Bool => ("bool", 1),
        Leaf::I8 => ("i8", 1),
        Leaf::I16 => ("i16", 2),
        Leaf::I32 => ("i32", 4),
        Leaf::I64 => ("i64", 8),
        Leaf::I128 => ("i128", 16),
        Leaf::U8 => ("u8", 1),
        Leaf::U16 => ("u16", 2),
        Leaf::U32 => ("u32", 4),
        Leaf::U64 => ("u64", 8),
        Leaf::U128 => ("u128", 16),
        Leaf::F32 => ("f32", 4),
        Leaf::F64 => ("f64", 8),
        Leaf::Char | Leaf::Str | Leaf::Bytes | Leaf::Unit | Leaf::Any => return None,
    };
    (type_name::<T>().trim_start_matches('&') == name).then_some(width)
}

/// Counts text that is never put together.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

/// A sequence or map: a number of elements, which must be the number announced.
struct Counted<'w> {
    walk: Walk<'w>,
    key: NodeId,
    value: NodeId,
    left: usize,
}

impl<'w> Counted<'w> {
    fn begin(
        walk: Walk<'w>,
        key: NodeId,
        value: NodeId,
        length: Option<usize>,
    ) -> Result<Self, Failure> {
        let left = length.ok_or_else(|| Failure::new("its length is not known beforehand"))?;
        walk.tally.count(left as u64);
        walk.tally.deeper()?;
        Ok(Self { walk, key, value, left })
    }

    fn next(&mut self) -> Result<(), Failure> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(Self::miscounted)?;
        Ok(())
    }

    fn done(self) -> Result<(), Failure> {
        self.walk.tally.depth -= 1;
        if self.left == 0 { Ok(()) } else { Err(Self::miscounted()) }
    }

    fn miscounted() -> Failure {
        Failure::new("a sequence does not have the length that it announces")
    }
}

impl SerializeSeq for Counted<'_> {
    type Ok = ();
    type Error = Failure;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.next()?;
        value.serialize(self.walk.at(self.value))
    }

    fn end(self) -> Result<(), Failure> {
        self.done()
    }
}

impl SerializeMap for Counted<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.next()?;
        key.serialize(self.walk.at(self.key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        value.serialize(self.walk.at(self.value))
    }

    fn end(self) -> Result<(), Failure> {
        self.done()
    }
}

/// A tuple or struct: so many parts, each of its own kind.
struct Parts<'w, P> {
    walk: Walk<'w>,
    parts: std::slice::Iter<'w, P>,
}

impl<P> Parts<'_, P> {
    fn next(&mut self) -> Result<&P, Failure> {
        self.parts.next().ok_or_else(|| Failure::new("it has more parts than it announces"))
    }

    fn done(self) -> Result<(), Failure> {
        self.walk.tally.depth -= 1;
        match self.parts.len() {
            0 => Ok(()),
            _ => Err(Failure::new("it has fewer parts than it announces")),
        }
    }
}

impl Parts<'_, NodeId> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let node = *self.next()?;
        value.serialize(self.walk.at(node))
    }
}

impl Parts<'_, (&'static str, NodeId)> {
    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        let (asked, node) = *self.next()?;
        if asked != name {
            return Err(Failure::new(format!("`{name}` is given where `{asked}` is asked for")));
        }
        value.serialize(self.walk.at(node))
    }

    fn skipped(name: &str) -> Failure {
        Failure::new(format!("the field `{name}` is skipped"))
    }
}

macro_rules! parts {
    ($($trait:ident: $method:ident,)*) => {$(
        impl $trait for Parts<'_, NodeId> {
            type Ok = ();
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
                self.part(value)
            }

            fn end(self) -> Result<(), Failure> {
                self.done()
            }
        }
    )*};
}

macro_rules! fields {
    ($($trait:ident,)*) => {$(
        impl $trait for Parts<'_, (&'static str, NodeId)> {
            type Ok = ();
            type Error = Failure;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failure> {
                self.field(name, value)
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), Failure> {
                Err(Self::skipped(name))
            }

            fn end(self) -> Result<(), Failure> {
                self.done()
            }
        }
    )*};
}

parts! {
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

fields! { SerializeStruct, SerializeStructVariant, }
