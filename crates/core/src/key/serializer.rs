//! Any serde value in canonical form.
//!
//! serde's data model says less than the Rust types do: a set is serialized as a sequence, in
//! whatever order it iterates. The collections of std and hashbrown pass themselves to
//! [`Serializer::collect_seq`], where their type can be seen; that is where sets are told from
//! sequences, wherever they stand (in fields, in boxes, behind `serde(transparent)`).

use std::any::type_name;
use std::fmt::Display;

use serde::ser::{self, Serialize, Serializer};

use super::encoder::{Frame, Order};
use super::grammar::{MAP, SEQ, VARIANT};
use super::{KeyEncoder, KeyError};

/// Where the unordered collections of std and hashbrown, and their iterators, live. An ordered
/// set equals an unordered one, and a heap is a set with duplicates; a map comes by here only as
/// a list of pairs.
const UNORDERED: [&str; 7] = [
    "std::collections::hash::set::",
    "alloc::collections::btree::set::",
    "alloc::collections::binary_heap::",
    "hashbrown::set::",
    "std::collections::hash::map::",
    "alloc::collections::btree::map::",
    "hashbrown::map::",
];

/// serde writes `a..b` and `a..=b` alike but for this name; they are different values.
pub(super) const RANGE_INCLUSIVE: &str = "RangeInclusive";

/// Writes one value.
#[derive(Debug)]
pub(super) struct ValueSerializer<'a> {
    out: &'a mut KeyEncoder,
}

/// A sequence, map or variant that is being written.
#[derive(Debug)]
pub(super) struct Compound<'a> {
    out: &'a mut KeyEncoder,
    frame: Frame,
    order: Order,
    /// The variant around it.
    variant: Option<Frame>,
    /// A map's key was written and its value was not yet.
    awaits_value: bool,
}

fn is_unordered<I>() -> bool {
    let name = type_name::<I>().trim_start_matches('&');
    UNORDERED.iter().any(|module| name.starts_with(module))
}

impl<'a> ValueSerializer<'a> {
    pub(super) fn new(out: &'a mut KeyEncoder) -> Self {
        Self { out }
    }

    fn compound(self, tag: u8, order: Order) -> Result<Compound<'a>, KeyError> {
        let frame = self.out.open(tag)?;
        Ok(Compound { out: self.out, frame, order, variant: None, awaits_value: false })
    }

    fn in_variant(self, name: &str, tag: u8, order: Order) -> Result<Compound<'a>, KeyError> {
        let variant = self.out.open(VARIANT)?;
        self.out.str(name)?;
        Ok(Compound { variant: Some(variant), ..self.compound(tag, order)? })
    }
}

impl Compound<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), KeyError> {
        let before = self.out.mark();
        let written = self.out.str(name).and_then(|()| self.out.serialize(value));
        if written.is_err() {
            self.out.rewind(before);
        }
        written
    }

    fn close(self) -> Result<(), KeyError> {
        if self.awaits_value {
            return Err(KeyError::Malformed("a map has a key without a value"));
        }
        self.out.close(self.frame, self.order)?;
        self.variant.map_or(Ok(()), |variant| self.out.close(variant, Order::Kept))
    }
}

macro_rules! integers {
    ($($method:ident $type:ty => $writer:ident;)*) => {$(
        fn $method(self, value: $type) -> Result<(), KeyError> {
            self.out.$writer(value.into())
        }
    )*};
}

impl<'a> Serializer for ValueSerializer<'a> {
    type Ok = ();
    type Error = KeyError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    /// Frozen: it decides whether addresses and times are texts.
    fn is_human_readable(&self) -> bool {
        true
    }

    integers! {
        serialize_i8 i8 => signed;
        serialize_i16 i16 => signed;
        serialize_i32 i32 => signed;
        serialize_i64 i64 => signed;
        serialize_i128 i128 => signed;
        serialize_u8 u8 => unsigned;
        serialize_u16 u16 => unsigned;
        serialize_u32 u32 => unsigned;
        serialize_u64 u64 => unsigned;
        serialize_u128 u128 => unsigned;
        serialize_f32 f32 => float;
        serialize_f64 f64 => float;
    }

    fn serialize_bool(self, value: bool) -> Result<(), KeyError> {
        self.out.bool(value)
    }

    fn serialize_char(self, value: char) -> Result<(), KeyError> {
        self.out.str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), KeyError> {
        self.out.str(value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.out.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), KeyError> {
        self.out.bytes(value)
    }

    fn serialize_none(self) -> Result<(), KeyError> {
        self.out.none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.out.some(|out| out.serialize(value))
    }

    fn serialize_unit(self) -> Result<(), KeyError> {
        self.out.unit()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), KeyError> {
        self.out.unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), KeyError> {
        self.out.unit_variant(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        self.out.newtype(|out| out.serialize(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        self.out.variant(variant, |out| out.serialize(value))
    }

    fn collect_seq<I>(self, values: I) -> Result<(), KeyError>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        let write = |out: &mut KeyEncoder| values.into_iter().try_for_each(|v| out.serialize(&v));
        if is_unordered::<I>() { self.out.set(write) } else { self.out.seq(write) }
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, KeyError> {
        self.compound(SEQ, Order::Kept)
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, KeyError> {
        self.compound(SEQ, Order::Kept)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, KeyError> {
        self.compound(SEQ, Order::Kept)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, KeyError> {
        self.in_variant(variant, SEQ, Order::Kept)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, KeyError> {
        self.compound(MAP, Order::Entries)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Compound<'a>, KeyError> {
        if name == RANGE_INCLUSIVE && len == 2 {
            return self.in_variant(name, MAP, Order::Entries);
        }
        self.compound(MAP, Order::Entries)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, KeyError> {
        self.in_variant(variant, MAP, Order::Entries)
    }
}

macro_rules! sequences {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = KeyError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
                self.out.serialize(value)
            }

            fn end(self) -> Result<(), KeyError> {
                self.close()
            }
        }
    )*};
}

sequences! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
}

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = KeyError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), KeyError> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), KeyError> {
                self.close()
            }
        }
    )*};
}

structs! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyError> {
        if self.awaits_value {
            return Err(KeyError::Malformed("a map has a key without a value"));
        }
        self.out.serialize(key)?;
        self.awaits_value = true;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        if !self.awaits_value {
            return Err(KeyError::Malformed("a map has a value without a key"));
        }
        self.out.serialize(value)?;
        self.awaits_value = false;
        Ok(())
    }

    fn end(self) -> Result<(), KeyError> {
        self.close()
    }
}
