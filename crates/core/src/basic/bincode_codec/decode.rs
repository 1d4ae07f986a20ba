//! Reading, bounded in memory and time whatever the bytes are.
//!
//! | bound | how |
//! |---|---|
//! | text and bytes | no longer than what remains of the payload, before anything is allocated |
//! | elements of all sequences and entries of all maps together | no more than the payload has bytes, which the check holds writers to |
//! | depth | [`MAX_DEPTH`] |

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use crate::basic::failure::{Failure, MAX_DEPTH};
use crate::basic::input::Input;

/// Reads a value that takes up the whole payload.
pub(in crate::basic) fn decode<T: DeserializeOwned>(input: Input<'_>) -> Result<T, Failure> {
    let elements = input.remaining();
    let mut decoder = Decoder { input, elements, depth: 0 };
    let value = T::deserialize(&mut decoder)?;
    decoder.input.finish()?;
    Ok(value)
}

struct Decoder<'i> {
    input: Input<'i>,
    /// How many elements may still be announced.
    elements: u64,
    depth: u32,
}

impl Decoder<'_> {
    fn length(&mut self) -> Result<u64, Failure> {
        self.input.array().map(u64::from_le_bytes)
    }

    /// The length of a sequence or map.
    fn count(&mut self) -> Result<usize, Failure> {
        let count = self.length()?;
        let left = self.elements.checked_sub(count);
        self.elements = left.ok_or_else(Failure::cut_short)?;
        usize::try_from(count).map_err(|_| Failure::cut_short())
    }

    fn text(&mut self) -> Result<String, Failure> {
        let length = self.length()?;
        let bytes = self.input.owned(length)?;
        String::from_utf8(bytes).map_err(Failure::new)
    }

    fn char(&mut self) -> Result<char, Failure> {
        let [first] = self.input.array()?;
        let more = match first {
            0..=0x7f => return Ok(char::from(first)),
            0xc2..=0xdf => self.input.slice(1)?,
            0xe0..=0xef => self.input.slice(2)?,
            0xf0..=0xf4 => self.input.slice(3)?,
            _ => return Err(Failure::new("a character does not begin as one")),
        };
        let mut bytes = [first, 0, 0, 0];
        let places = bytes.iter_mut().skip(1).zip(more.iter());
        let length = 1 + places.map(|(place, byte)| *place = *byte).count();
        let text = std::str::from_utf8(bytes.get(..length).unwrap_or_default());
        let char = text.map_err(Failure::new)?.chars().next();
        char.ok_or_else(Failure::cut_short)
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

    fn elements<'de, V: Visitor<'de>>(
        &mut self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deeper(|decoder| {
            let mut elements = Elements { decoder, left: count };
            let value = visitor.visit_seq(&mut elements)?;
            elements.finish()?;
            Ok(value)
        })
    }
}

macro_rules! numbers {
    ($($method:ident: $visit:ident as $type:ty,)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.$visit(<$type>::from_le_bytes(self.input.array()?))
        }
    )*};
}

macro_rules! refused {
    ($($method:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Failure> {
            Err(Failure::new("the type asks what stands there, which this codec does not say"))
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Decoder<'_> {
    type Error = Failure;

    numbers! {
        deserialize_i8: visit_i8 as i8,
        deserialize_i16: visit_i16 as i16,
        deserialize_i32: visit_i32 as i32,
        deserialize_i64: visit_i64 as i64,
        deserialize_i128: visit_i128 as i128,
        deserialize_u8: visit_u8 as u8,
        deserialize_u16: visit_u16 as u16,
        deserialize_u32: visit_u32 as u32,
        deserialize_u64: visit_u64 as u64,
        deserialize_u128: visit_u128 as u128,
        deserialize_f32: visit_f32 as f32,
        deserialize_f64: visit_f64 as f64,
    }

    refused! { deserialize_any, deserialize_identifier, deserialize_ignored_any, }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.input.array()? {
            [0] => visitor.visit_bool(false),
            [1] => visitor.visit_bool(true),
            [other] => Err(Failure::new(format!("{other} is neither true nor false"))),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_char(self.char()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let length = self.length()?;
        let bytes = self.input.slice(length)?;
        visitor.visit_str(std::str::from_utf8(&bytes).map_err(Failure::new)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let length = self.length()?;
        visitor.visit_bytes(&self.input.slice(length)?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let length = self.length()?;
        visitor.visit_byte_buf(self.input.owned(length)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.input.array()? {
            [0] => visitor.visit_none(),
            [1] => self.deeper(|decoder| visitor.visit_some(decoder)),
            [other] => Err(Failure::new(format!("{other} is neither `None` nor `Some`"))),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let count = self.count()?;
        self.elements(count, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deeper(|decoder| visitor.visit_seq(&mut Elements { decoder, left: length }))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let count = self.count()?;
        self.deeper(|decoder| {
            let mut entries = Elements { decoder, left: count };
            let value = visitor.visit_map(&mut entries)?;
            entries.finish()?;
            Ok(value)
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deeper(|decoder| visitor.visit_enum(decoder))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Elements<'d, 'i> {
    decoder: &'d mut Decoder<'i>,
    left: usize,
}

impl Elements<'_, '_> {
    #[inline]
    fn next(&mut self) -> bool {
        let more = self.left > 0;
        self.left -= usize::from(more);
        more
    }

    fn finish(&self) -> Result<(), Failure> {
        match self.left {
            0 => Ok(()),
            left => Err(Failure::new(format!("the type leaves {left} elements unread"))),
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Failure;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        if self.next() { seed.deserialize(&mut *self.decoder).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, '_> {
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

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> EnumAccess<'de> for &mut Decoder<'_> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        let index = u32::from_le_bytes(self.input.array()?);
        let index: U32Deserializer<Failure> = index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Decoder<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(&mut Elements { decoder: self, left: length })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(&mut Elements { decoder: self, left: fields.len() })
    }
}
