//! Writing.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::tag;
use crate::basic::failure::{Failure, MAX_DEPTH};
use crate::basic::output::Output;

/// The block that is written again and again where only the length is asked for.
const SCRATCH: usize = 4096;

/// The payload of a value.
pub(in crate::basic) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    write(value, Output::memory(256)).map(Output::into_block)
}

/// How many bytes the payload of a value has.
pub(in crate::basic) fn length<T: Serialize>(value: &T) -> Result<u64, Failure> {
    write(value, Output::blocks(SCRATCH, &mut Some)).map(|out| out.length())
}

fn write<'s, T: Serialize>(value: &T, out: Output<'s>) -> Result<Output<'s>, Failure> {
    let mut encoder = Encoder { out, somes: 0, depth: 0 };
    value.serialize(&mut encoder)?;
    Ok(encoder.out)
}

struct Encoder<'s> {
    out: Output<'s>,
    /// How often `Some` was said since the last tag.
    somes: u32,
    depth: u32,
}

impl<'s> Encoder<'s> {
    fn put<const N: usize>(&mut self, tag: u8, bytes: &[u8; N]) -> Result<(), Failure> {
        let somes = std::mem::take(&mut self.somes);
        if tag == tag::UNIT || tag == tag::NONE {
            for _ in 0..somes {
                self.out.put(&[tag::SOME])?;
            }
        }
        self.out.put(&[tag])?;
        self.out.put(bytes)
    }

    fn text(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Failure> {
        self.put(tag, &(bytes.len() as u64).to_le_bytes())?;
        self.out.put_slice(bytes)
    }

    fn deeper(&mut self) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Failure::too_deep()) } else { Ok(()) }
    }

    /// Begins a sequence or map, in the map of a variant where it is one's.
    fn open(&mut self, tag: u8, variant: Option<&str>) -> Result<Open<'_, 's>, Failure> {
        if let Some(name) = variant {
            self.variant(name)?;
        }
        self.deeper()?;
        self.put(tag, &[])?;
        Ok(Open { encoder: self, in_variant: variant.is_some() })
    }

    /// A variant that holds something is a map of one entry.
    fn variant(&mut self, name: &str) -> Result<(), Failure> {
        self.deeper()?;
        self.put(tag::MAP, &[])?;
        self.text(tag::STR, name.as_bytes())
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.depth -= 1;
        self.put(tag::END, &[])
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty = $tag:ident,)*) => {$(
        fn $method(self, value: $type) -> Result<(), Failure> {
            self.put(tag::$tag, &value.to_le_bytes())
        }
    )*};
}

impl<'e, 's> Serializer for &'e mut Encoder<'s> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Open<'e, 's>;
    type SerializeTuple = Open<'e, 's>;
    type SerializeTupleStruct = Open<'e, 's>;
    type SerializeTupleVariant = Open<'e, 's>;
    type SerializeMap = Open<'e, 's>;
    type SerializeStruct = Open<'e, 's>;
    type SerializeStructVariant = Open<'e, 's>;

    numbers! {
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

    fn serialize_bool(self, value: bool) -> Result<(), Failure> {
        self.put(if value { tag::TRUE } else { tag::FALSE }, &[])
    }

    fn serialize_char(self, value: char) -> Result<(), Failure> {
        self.put(tag::CHAR, &u32::from(value).to_le_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<(), Failure> {
        self.text(tag::STR, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Failure> {
        self.text(tag::BYTES, value)
    }

    fn serialize_none(self) -> Result<(), Failure> {
        self.put(tag::NONE, &[])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        self.deeper()?;
        self.somes += 1;
        value.serialize(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.put(tag::UNIT, &[])
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), Failure> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.variant(name)?;
        value.serialize(&mut *self)?;
        self.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::SEQ, None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::SEQ, None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::SEQ, None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::SEQ, Some(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::MAP, None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::MAP, None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Open<'e, 's>, Failure> {
        self.open(tag::MAP, Some(name))
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

/// A sequence or map that is not closed yet.
struct Open<'e, 's> {
    encoder: &'e mut Encoder<'s>,
    in_variant: bool,
}

impl Open<'_, '_> {
    fn finish(self) -> Result<(), Failure> {
        self.encoder.close()?;
        if self.in_variant { self.encoder.close() } else { Ok(()) }
    }
}

macro_rules! elements {
    ($($trait:ident: $method:ident,)*) => {$(
        impl $trait for Open<'_, '_> {
            type Ok = ();
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
                value.serialize(&mut *self.encoder)
            }

            fn end(self) -> Result<(), Failure> {
                self.finish()
            }
        }
    )*};
}

macro_rules! fields {
    ($($trait:ident,)*) => {$(
        impl $trait for Open<'_, '_> {
            type Ok = ();
            type Error = Failure;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failure> {
                self.encoder.text(tag::STR, name.as_bytes())?;
                value.serialize(&mut *self.encoder)
            }

            fn end(self) -> Result<(), Failure> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

fields! { SerializeStruct, SerializeStructVariant, }

impl SerializeMap for Open<'_, '_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        key.serialize(&mut *self.encoder)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        value.serialize(&mut *self.encoder)
    }

    fn end(self) -> Result<(), Failure> {
        self.finish()
    }
}
