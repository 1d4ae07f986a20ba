//! Values as people read them.

use super::MAX_DEPTH;
use super::grammar::Value;

/// How long [`readable`] lets a value become, in characters.
pub const READABLE_CHARS: usize = 240;

/// One encoded value as people read it, much as Rust writes it, cut to [`READABLE_CHARS`].
///
/// Secrets are `***`. Bytes that are no value are `<not a value>`. The text is for people alone:
/// nothing is told apart by it.
///
/// ```
/// use nuthatch_core::key::{CacheKey, KeyEncoder, Secret, readable};
///
/// let mut encoder = KeyEncoder::new();
/// (1, 1.0, "a", Some(true), Secret::new(String::from("hunter2"))).encode_key(&mut encoder)?;
/// assert_eq!(readable(encoder.as_bytes()), r#"[1, 1.0, "a", Some(true), ***]"#);
/// # Ok::<(), nuthatch_core::key::KeyError>(())
/// ```
#[must_use]
pub fn readable(encoded: &[u8]) -> String {
    readable_within(encoded, READABLE_CHARS)
}

/// As [`readable`], cut to `chars` characters; what is cut ends in `…`.
#[must_use]
pub fn readable_within(encoded: &[u8], chars: usize) -> String {
    let mut text = Text { text: String::new(), room: chars };
    // A cut is no error: what fits was written, and `…` stands at its end.
    let _: Option<()> = text.value(encoded, 0);
    text.text
}

/// Text with an end. Its writers return `None` once it is full, and then all of them stop.
struct Text {
    text: String,
    room: usize,
}

impl Text {
    fn value(&mut self, encoded: &[u8], depth: u32) -> Option<()> {
        let Some((value, _)) = Value::read(encoded) else {
            return self.push_str("<not a value>");
        };
        if depth > MAX_DEPTH {
            return self.push_str("<too deep>");
        }
        match value {
            Value::Unit => self.push_str("()"),
            Value::None => self.push_str("None"),
            Value::Some(held) => self.held("Some", held, depth),
            Value::Bool(value) => self.push_str(if value { "true" } else { "false" }),
            Value::Integer { negative, magnitude } => {
                self.push_str(if negative { "-" } else { "" })?;
                self.push_str(&magnitude.to_string())
            }
            Value::Float(value) => self.push_str(&format!("{value:?}")),
            Value::Str(value) => self.quoted(value),
            Value::Bytes(value) => self.bytes(value),
            Value::Seq(values) => self.list(['[', ']'], values, depth, false),
            Value::Set(values) => self.list(['{', '}'], values, depth, false),
            Value::Map(entries) => self.list(['{', '}'], entries, depth, true),
            Value::Variant { name, held: [] } => self.push_str(name),
            Value::Variant { name, held } => self.held(name, held, depth),
            Value::Secret => self.push_str("***"),
        }
    }

    fn held(&mut self, name: &str, held: &[u8], depth: u32) -> Option<()> {
        self.push_str(name)?;
        self.push('(')?;
        self.value(held, depth + 1)?;
        self.push(')')
    }

    fn list(
        &mut self,
        [open, close]: [char; 2],
        mut values: &[u8],
        depth: u32,
        map: bool,
    ) -> Option<()> {
        self.push(open)?;
        let mut count = 0_usize;
        while !values.is_empty() {
            if count > 0 {
                self.push_str(if map && count % 2 == 1 { ": " } else { ", " })?;
            }
            self.value(values, depth + 1)?;
            // What is no value was said to be none; nothing after it can be found.
            values = Value::read(values).map_or(&[], |(_, rest)| rest);
            count += 1;
        }
        self.push(close)
    }

    fn quoted(&mut self, text: &str) -> Option<()> {
        self.push('"')?;
        for char in text.chars() {
            match char {
                '\'' => self.push('\'')?,
                char => char.escape_debug().try_for_each(|char| self.push(char).ok_or(())).ok()?,
            }
        }
        self.push('"')
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.push_str("b\"")?;
        for &byte in bytes {
            for escaped in std::ascii::escape_default(byte) {
                self.push(char::from(escaped))?;
            }
        }
        self.push('"')
    }

    fn push_str(&mut self, text: &str) -> Option<()> {
        text.chars().try_for_each(|char| self.push(char).ok_or(())).ok()
    }

    fn push(&mut self, char: char) -> Option<()> {
        if self.room == 0 {
            // The last character makes way for the sign that something is missing.
            if self.text.pop().is_some() {
                self.text.push('…');
            }
            return None;
        }
        self.text.push(char);
        self.room -= 1;
        Some(())
    }
}
