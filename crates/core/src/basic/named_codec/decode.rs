//! Reading, bounded in memory and time whatever the bytes are: every value takes at least its
//! tag, no text is longer than what remains, and the depth is at most [`MAX_DEPTH`].

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tag;
use crate::basic::failure::{Failure, MAX_DEPTH};

/// Reads a value that takes up the whole payload.
pub(in crate::basic) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Failure> {
    let mut decoder = Decoder { rest: payload, depth: 0 };
    let value = T::deserialize(&mut decoder)?;
    match decoder.rest.len() {
        0 => Ok(value),
        left => Err(Failure::new(format!("{left} bytes are left over behind the value"))),
    }
}

struct Decoder<'de> {
    rest: &'de [u8],
    depth: u32,
}

impl<'de> Decoder<'de> {
    fn peek(&self) -> Result<u8, Failure> {
        self.rest.first().copied().ok_or_else(Failure::cut_short)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or_else(Failure::cut_short)?;
        self.rest = rest;
        Ok(*array)
    }

    fn tag(&mut self) -> Result<u8, Failure> {
        self.array().map(|[tag]| tag)
    }

    fn bytes(&mut self) -> Result<&'de [u8], Failure> {
        let length = usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX);
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(Failure::cut_short)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<&'de str, Failure> {
        std::str::from_utf8(self.bytes()?).map_err(Failure::new)
    }

    /// Reads what lies one level deeper.
    fn deeper<O>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<O, Failure>,
    ) -> Result<O, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::too_deep());
        }
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    /// Reads a sequence or map to its end.
    fn closed<O>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<O, Failure>,
    ) -> Result<O, Failure> {
        let read = self.deeper(read)?;
        match self.tag()? {
            tag::END => Ok(read),
            _ => Err(Failure::new("there are more elements than the type takes")),
        }
    }

    fn is_at_end(&self) -> Result<bool, Failure> {
        Ok(self.peek()? == tag::END)
    }
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.tag()? {
            tag::UNIT => visitor.visit_unit(),
            tag::NONE => visitor.visit_none(),
            tag::SOME => self.deeper(|decoder| visitor.visit_some(decoder)),
            tag::FALSE => visitor.visit_bool(false),
            tag::TRUE => visitor.visit_bool(true),
            tag::I8 => visitor.visit_i8(i8::from_le_bytes(self.array()?)),
            tag::I16 => visitor.visit_i16(i16::from_le_bytes(self.array()?)),
            tag::I32 => visitor.visit_i32(i32::from_le_bytes(self.array()?)),
            tag::I64 => visitor.visit_i64(i64::from_le_bytes(self.array()?)),
            tag::I128 => visitor.visit_i128(i128::from_le_bytes(self.array()?)),
            tag::U8 => visitor.visit_u8(u8::from_le_bytes(self.array()?)),
            tag::U16 => visitor.visit_u16(u16::from_le_bytes(self.array()?)),
            tag::U32 => visitor.visit_u32(u32::from_le_bytes(self.array()?)),
            tag::U64 => visitor.visit_u64(u64::from_le_bytes(self.array()?)),
            tag::U128 => visitor.visit_u128(u128::from_le_bytes(self.array()?)),
            tag::F32 => visitor.visit_f32(f32::from_le_bytes(self.array()?)),
            tag::F64 => visitor.visit_f64(f64::from_le_bytes(self.array()?)),
            tag::CHAR => match char::from_u32(u32::from_le_bytes(self.array()?)) {
                Some(char) => visitor.visit_char(char),
                None => Err(Failure::new("a character is none of Unicode's")),
            },
            tag::STR => visitor.visit_borrowed_str(self.text()?),
            tag::BYTES => visitor.visit_borrowed_bytes(self.bytes()?),
            tag::SEQ => self.closed(|decoder| visitor.visit_seq(Elements { decoder })),
            tag::MAP => self.closed(|decoder| visitor.visit_map(Elements { decoder })),
            tag::END => Err(Failure::new("there are fewer elements than the type takes")),
            other => Err(Failure::new(format!("no value begins with the byte {other}"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.peek()? {
            tag::NONE | tag::UNIT => {
                self.tag()?;
                visitor.visit_none()
            }
            tag::SOME => self.deserialize_any(visitor),
            // `Some` is left out where it is plain.
            _ => self.deeper(|decoder| visitor.visit_some(decoder)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.tag()? {
            tag::STR => visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?)),
            tag::MAP => self.closed(|decoder| visitor.visit_enum(decoder)),
            _ => Err(Failure::invalid_type(Unexpected::Other("no enum"), &visitor)),
        }
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Elements<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        if self.decoder.is_at_end()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.decoder).map(Some)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(&mut *self.decoder)
    }
}

/// A variant that holds something: the entry of a map.
impl<'de> EnumAccess<'de> for &mut Decoder<'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        let name = seed.deserialize(&mut *self)?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Decoder<'de> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }
}
