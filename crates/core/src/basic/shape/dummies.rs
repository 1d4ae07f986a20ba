//! The values that a traced type is fed, in the order in which they are tried.
//!
//! Most types take the first. Those that check what they read (a date in text, a number that is
//! not zero) refuse some, and are offered the next. What is found out about a type stands in its
//! hash: **these tables, their order and the limits in `graph` are frozen**, as a golden test of
//! types that need them sees to.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Error, Visitor};

use super::nodes::Leaf;

/// How many different dummies there are for a leaf.
pub(super) fn count(leaf: Leaf) -> u32 {
    let count = match leaf {
        Leaf::Bool => 2,
        Leaf::F32 | Leaf::F64 => FLOATS.len(),
        Leaf::Char => CHARS.len(),
        Leaf::Str => STRINGS.len(),
        Leaf::Bytes => BYTES.len(),
        Leaf::Unit => 1,
        Leaf::Any => ANY,
        _ => NUMBERS.len(),
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// An integer of any width. Where it does not fit, the greatest that does.
pub(super) fn number<N: TryFrom<u16>>(turn: u32, max: N) -> N {
    N::try_from(pick(&NUMBERS, turn)).unwrap_or(max)
}

pub(super) fn bool(turn: u32) -> bool {
    !turn.is_multiple_of(2)
}

pub(super) fn f32(turn: u32) -> f32 {
    pick(&FLOATS, turn)
}

pub(super) fn char(turn: u32) -> char {
    pick(&CHARS, turn)
}

pub(super) fn string(turn: u32) -> String {
    pick(&STRINGS, turn).to_owned()
}

/// Digits, so that they are text as well, and hold no NUL.
pub(super) fn bytes(turn: u32) -> Vec<u8> {
    vec![b'1'; pick(&BYTES, turn)]
}

/// The number of elements of a sequence or of entries of a map.
pub(super) fn length(turn: u32) -> usize {
    pick(&LENGTHS, turn)
}

/// The same where a recursive type must come to an end.
pub(super) fn short_length(turn: u32) -> usize {
    pick(&SHORT_LENGTHS, turn)
}

/// Feeds a visitor that takes whatever stands in a self-describing format.
pub(super) fn any<'de, V: Visitor<'de>, E: Error>(turn: u32, visitor: V) -> Result<V::Value, E> {
    match turn as usize % ANY {
        0 => visitor.visit_unit(),
        1 => visitor.visit_u64(1),
        2 => visitor.visit_string("a".to_owned()),
        3 => visitor.visit_map(MapDeserializer::new(std::iter::empty::<((), ())>())),
        4 => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<()>())),
        5 => visitor.visit_bool(true),
        _ => visitor.visit_f64(1.0),
    }
}

/// Feeds a visitor that takes the name or the number of a field.
pub(super) fn identifier<'de, V, E>(turn: u32, visitor: V) -> Result<V::Value, E>
where
    V: Visitor<'de>,
    E: Error,
{
    if turn.is_multiple_of(2) { visitor.visit_str("a") } else { visitor.visit_u64(0) }
}

fn pick<D: Copy + Default, const N: usize>(dummies: &[D; N], turn: u32) -> D {
    dummies.get(turn as usize % N).copied().unwrap_or_default()
}

const ANY: usize = 7;

/// Small, because some types take a number for a size and allocate it. From the third on they
/// grow, so that the ends of a range can be told apart and in order.
const NUMBERS: [u16; 16] = [1, 0, 2, 3, 4, 7, 10, 12, 24, 31, 60, 100, 200, 1000, 1970, 2000];

const FLOATS: [f32; 6] = [1.0, 0.0, 0.5, 2.0, 100.0, -1.0];

const CHARS: [char; 4] = ['a', '1', 'A', ' '];

const BYTES: [usize; 11] = [1, 16, 0, 4, 8, 12, 20, 24, 32, 48, 64];

const LENGTHS: [usize; 8] = [1, 2, 0, 3, 4, 6, 8, 16];

const SHORT_LENGTHS: [usize; 8] = [0, 1, 2, 3, 4, 6, 8, 16];

const STRINGS: [&str; 45] = [
    "1",
    "a",
    "",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "2000-01-01T00:00:00",
    "00:00:00",
    "00000000-0000-0000-0000-000000000001",
    "127.0.0.1",
    "::1",
    "127.0.0.1:1",
    "[::1]:1",
    "127.0.0.0/8",
    "http://a.example/",
    "a.example",
    "a@a.example",
    "a/b",
    "text/plain",
    "1.0.0",
    "P1D",
    "PT1S",
    "1s",
    "UTC",
    "+00:00",
    "2000-01-01T00:00:00+00:00[UTC]",
    "2000-01-01 00:00:00",
    "2000-01-01 00:00:00 UTC",
    "2000-01",
    "2000",
    "Mon",
    "January",
    "en",
    "USD",
    "#000000",
    "true",
    "0x01",
    "00:00:00:00:00:00",
    "{}",
    "[]",
    "AA==",
    "00000000",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "00000000000000000000000000000001",
    "0000000000000000000000000000000000000001",
    "0000000000000000000000000000000000000000000000000000000000000001",
];
