//! Writes values in their canonical form.

use std::fmt::{self, Write as _};

use super::buffer::Buffer;
use super::grammar::{
    BYTES, FALSE, FLOAT, HEADER, INTEGER, MAP, NAN, NEGATIVE, NONE, SECRET, SEQ, SET, SOME, STR,
    TRUE, UNIT, VARIANT,
};
use super::sort::{sort_elements, sort_entries};
use super::{CacheKey, KeyError};

/// The most bytes that one argument may encode to.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// How deep a value may be nested. Recursion over values ends here, long before the stack does.
pub const MAX_DEPTH: u32 = 128;

/// The domain of secrets' hashes, so that they equal no other hash of the same bytes.
const SECRET_CONTEXT: &str = "nuthatch 2026 secret key argument";

/// Writes values in their canonical form, one after the other.
///
/// [`CacheKey`] implementations call the writers here. A writer that fails leaves the encoder as
/// it was before the call. The limits hold for each outermost value apart: an encoder can take
/// many arguments.
///
/// ```
/// use nuthatch_core::key::{CacheKey, KeyEncoder, readable};
///
/// let mut encoder = KeyEncoder::new();
/// encoder.variant("Circle", |out| out.map(|out| {
///     out.str("radius")?;
///     2.5.encode_key(out)
/// }))?;
/// assert_eq!(readable(encoder.as_bytes()), r#"Circle({"radius": 2.5})"#);
/// # Ok::<(), nuthatch_core::key::KeyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct KeyEncoder {
    buffer: Buffer,
    /// Where the outermost value that is being written starts.
    value_start: usize,
    depth: u32,
}

/// A value that is being written, and what to go back to if it fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    start: usize,
    depth: u32,
}

/// What is done to a whole value of variable size before its length is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Kept,
    Elements,
    Entries,
}

/// The encoder as a whole.
impl KeyEncoder {
    /// An empty encoder.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { buffer: Buffer::new(), value_start: 0, depth: 0 }
    }

    /// Everything written so far.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.buffer.as_slice()
    }

    /// Empties the encoder and keeps its memory.
    pub fn clear(&mut self) {
        self.buffer.truncate(0);
        self.value_start = 0;
        self.depth = 0;
    }
}

/// Scalars and texts.
impl KeyEncoder {
    /// Writes `()`.
    ///
    /// # Errors
    ///
    /// Where the outermost value grows over 1 MiB, as every writer here.
    pub fn unit(&mut self) -> Result<(), KeyError> {
        self.push(&[UNIT])
    }

    /// Writes `None`.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    pub fn none(&mut self) -> Result<(), KeyError> {
        self.push(&[NONE])
    }

    /// Writes a `bool`.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    pub fn bool(&mut self, value: bool) -> Result<(), KeyError> {
        self.push(&[if value { TRUE } else { FALSE }])
    }

    /// Writes a signed integer of any width; equal to [`unsigned`](Self::unsigned) of its value.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    #[inline]
    pub fn signed(&mut self, value: i128) -> Result<(), KeyError> {
        self.integer(if value < 0 { NEGATIVE } else { 0 }, value.unsigned_abs())
    }

    /// Writes an unsigned integer of any width.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    #[inline]
    pub fn unsigned(&mut self, value: u128) -> Result<(), KeyError> {
        self.integer(0, value)
    }

    /// Writes a float; an `f32` is widened first, which is exact. All NaNs are one.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    pub fn float(&mut self, value: f64) -> Result<(), KeyError> {
        let bits = if value.is_nan() { NAN } else { value.to_bits() };
        let [a, b, c, d, e, f, g, h] = bits.to_be_bytes();
        self.push(&[FLOAT, a, b, c, d, e, f, g, h])
    }

    /// Writes a text.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    #[inline]
    pub fn str(&mut self, value: &str) -> Result<(), KeyError> {
        self.sized(STR, value.as_bytes())
    }

    /// Writes what `value` displays as, as a text, without making a `String`.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit), and where `value` fails to be displayed.
    pub fn text(&mut self, value: &(impl fmt::Display + ?Sized)) -> Result<(), KeyError> {
        let frame = self.mark();
        self.room(0)?;
        // Not a level of nesting, but the pieces of the text are no outermost values.
        self.depth += 1;
        let written = self.header(STR).and_then(|()| {
            let mut text = Text { out: self, error: None };
            let displayed = write!(text, "{value}");
            let failed = text.error;
            displayed.map_err(|fmt::Error| {
                failed.unwrap_or_else(|| KeyError::refused("its `Display` failed"))
            })
        });
        self.finish(frame, Order::Kept, written)
    }

    /// Writes bytes. A sequence of small integers is a [`seq`](Self::seq), which is distinct.
    ///
    /// # Errors
    ///
    /// As [`unit`](Self::unit).
    pub fn bytes(&mut self, value: &[u8]) -> Result<(), KeyError> {
        self.sized(BYTES, value)
    }
}

/// Values that hold values.
impl KeyEncoder {
    /// Writes `Some`, holding the one value that `held` writes.
    ///
    /// # Errors
    ///
    /// Those of `held`; where the outermost value grows over 1 MiB or [`MAX_DEPTH`] deep, as
    /// every writer here.
    pub fn some(
        &mut self,
        held: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        self.nested(|out| {
            out.push(&[SOME])?;
            held(out)
        })
    }

    /// Writes a newtype: the one value that `held` writes and nothing else.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some).
    pub fn newtype(
        &mut self,
        held: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        self.nested(held)
    }

    /// Writes a sequence of the values that `elements` writes.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some).
    pub fn seq(
        &mut self,
        elements: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        self.frame(SEQ, Order::Kept, elements)
    }

    /// Writes a set of the values that `elements` writes, in any order.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some).
    pub fn set(
        &mut self,
        elements: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        self.frame(SET, Order::Elements, elements)
    }

    /// Writes a map: `entries` writes a key, its value, the next key, and so on, in any order.
    /// A struct is a map from the names of its fields.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some), and where the last key has no value.
    pub fn map(
        &mut self,
        entries: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        self.frame(MAP, Order::Entries, entries)
    }

    /// Writes an enum's variant that holds nothing.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some).
    pub fn unit_variant(&mut self, name: &str) -> Result<(), KeyError> {
        self.variant(name, |_| Ok(()))
    }

    /// Writes an enum's variant, holding the one value that `held` writes: the field itself where
    /// there is one without a name, else a [`seq`](Self::seq) or [`map`](Self::map) of all.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some).
    pub fn variant(
        &mut self,
        name: &str,
        held: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        self.frame(VARIANT, Order::Kept, |out| {
            out.str(name)?;
            held(out)
        })
    }

    /// Writes a hash of the one value that `held` writes; people are shown `***`.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some).
    pub fn secret(
        &mut self,
        held: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        let mut inner = Self { depth: self.depth, ..Self::default() };
        inner.nested(held)?;
        let hash = blake3::derive_key(SECRET_CONTEXT, inner.as_bytes());
        self.nested(|out| {
            out.push(&[SECRET])?;
            out.push(&hash)
        })
    }

    /// Writes anything that serde can serialize.
    ///
    /// # Errors
    ///
    /// As [`some`](Self::some), and where the value's `Serialize` fails.
    pub fn serialize<T: serde::Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        let frame = self.mark();
        let written = value.serialize(super::serializer::ValueSerializer::new(self));
        // An outer `Serialize` may swallow this error and go on: leave nothing half-written.
        if written.is_err() {
            self.rewind(frame);
        }
        written
    }

    /// Writes the elements of a collection.
    pub(super) fn each<T: CacheKey>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> Result<(), KeyError> {
        values.into_iter().try_for_each(|value| value.encode_key(self))
    }
}

/// What the writers above, and the serializer, are made of.
impl KeyEncoder {
    /// Starts a value of variable size; [`close`](Self::close) or [`rewind`](Self::rewind) ends
    /// it.
    pub(super) fn open(&mut self, tag: u8) -> Result<Frame, KeyError> {
        let frame = self.enter()?;
        self.header(tag).inspect_err(|_| self.rewind(frame))?;
        Ok(frame)
    }

    /// Ends a value that is whole.
    pub(super) fn close(&mut self, frame: Frame, order: Order) -> Result<(), KeyError> {
        const SHORTENED: KeyError = KeyError::Malformed("it cleared the encoder while writing");
        let value = self.buffer.as_mut_slice().get_mut(frame.start..).ok_or(SHORTENED)?;
        let (header, held) = value.split_at_mut_checked(HEADER).ok_or(SHORTENED)?;
        match order {
            Order::Kept => {}
            Order::Elements => sort_elements(held)?,
            Order::Entries => sort_entries(held)?,
        }
        let len = u32::try_from(held.len()).map_err(|_| KeyError::TooLarge)?;
        if let [_, room @ ..] = header {
            room.copy_from_slice(&len.to_be_bytes());
        }
        self.depth = frame.depth;
        Ok(())
    }

    /// Drops a value that failed, and all that it held.
    pub(super) fn rewind(&mut self, frame: Frame) {
        self.buffer.truncate(frame.start);
        self.depth = frame.depth;
    }

    fn frame(
        &mut self,
        tag: u8,
        order: Order,
        held: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        let frame = self.open(tag)?;
        let written = held(self);
        self.finish(frame, order, written)
    }

    fn finish(
        &mut self,
        frame: Frame,
        order: Order,
        written: Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        let closed = written.and_then(|()| self.close(frame, order));
        if closed.is_err() {
            self.rewind(frame);
        }
        closed
    }

    fn nested(
        &mut self,
        held: impl FnOnce(&mut Self) -> Result<(), KeyError>,
    ) -> Result<(), KeyError> {
        let frame = self.enter()?;
        let written = held(self);
        match written {
            Ok(()) => self.depth = frame.depth,
            Err(_) => self.rewind(frame),
        }
        written
    }

    fn enter(&mut self) -> Result<Frame, KeyError> {
        if self.depth >= MAX_DEPTH {
            return Err(KeyError::TooDeep);
        }
        let frame = self.mark();
        if self.depth == 0 {
            self.value_start = frame.start;
        }
        self.depth += 1;
        Ok(frame)
    }

    pub(super) fn mark(&self) -> Frame {
        Frame { start: self.buffer.len(), depth: self.depth }
    }

    #[inline]
    fn integer(&mut self, sign: u8, magnitude: u128) -> Result<(), KeyError> {
        let Ok(small) = u64::try_from(magnitude) else {
            return self.large_integer(sign, magnitude);
        };
        let len = 8 - small.leading_zeros() / 8;
        let [a, b, c, d, e, f, g, h] = small.rotate_right(8 * len).to_be_bytes();
        // `len` is at most 8.
        let (len, bytes) = (2 + len as usize, [INTEGER, sign | len as u8, a, b, c, d, e, f, g, h]);
        self.room(len)?;
        self.buffer.push_first(&bytes, len);
        Ok(())
    }

    fn large_integer(&mut self, sign: u8, magnitude: u128) -> Result<(), KeyError> {
        let len = 16 - magnitude.leading_zeros() / 8;
        let mut bytes = [0; 18];
        let (head, digits) = bytes.split_at_mut(2);
        // `len` is at most 16.
        head.copy_from_slice(&[INTEGER, sign | len as u8]);
        digits.copy_from_slice(&magnitude.rotate_right(8 * len).to_be_bytes());
        let len = 2 + len as usize;
        self.room(len)?;
        self.buffer.push_first(&bytes, len);
        Ok(())
    }

    #[inline]
    fn sized(&mut self, tag: u8, value: &[u8]) -> Result<(), KeyError> {
        self.room(HEADER.saturating_add(value.len()))?;
        // Below the limit, so that the length fits.
        let [a, b, c, d] = (value.len() as u32).to_be_bytes();
        self.buffer.push(&[tag, a, b, c, d]);
        self.buffer.push(value);
        Ok(())
    }

    fn header(&mut self, tag: u8) -> Result<(), KeyError> {
        self.push(&[tag, 0, 0, 0, 0])
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) -> Result<(), KeyError> {
        self.room(bytes.len())?;
        self.buffer.push(bytes);
        Ok(())
    }

    /// Checks the limit before anything is copied. At depth 0 a new outermost value starts.
    #[inline]
    fn room(&mut self, more: usize) -> Result<(), KeyError> {
        if self.depth == 0 {
            self.value_start = self.buffer.len();
        }
        let used = self.buffer.len().saturating_sub(self.value_start);
        if more > MAX_VALUE_BYTES.saturating_sub(used) {
            return Err(KeyError::TooLarge);
        }
        Ok(())
    }
}

/// Takes what a `Display` writes, and keeps the reason where it does not fit.
struct Text<'a> {
    out: &'a mut KeyEncoder,
    error: Option<KeyError>,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.push(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}
