//! A payload in an order that does not depend on hash maps.

use super::tag;

/// The bytes of a payload with the elements of every sequence and the entries of every map
/// sorted. For comparisons only: bytes that are no payload give some other bytes.
pub(super) fn sorted(payload: &[u8]) -> Vec<u8> {
    let mut rest = payload;
    value(&mut rest)
}

/// The deepest nesting was checked when the payload was written or read.
fn value(rest: &mut &[u8]) -> Vec<u8> {
    let Some(tag) = take(rest, 1).first().copied() else { return Vec::new() };
    let mut bytes = vec![tag];
    match tag {
        tag::SOME => bytes.extend(value(rest)),
        tag::I8 | tag::U8 => bytes.extend(take(rest, 1)),
        tag::I16 | tag::U16 => bytes.extend(take(rest, 2)),
        tag::I32 | tag::U32 | tag::F32 | tag::CHAR => bytes.extend(take(rest, 4)),
        tag::I64 | tag::U64 | tag::F64 => bytes.extend(take(rest, 8)),
        tag::I128 | tag::U128 => bytes.extend(take(rest, 16)),
        tag::STR | tag::BYTES => {
            let length = take(rest, 8);
            bytes.extend(length);
            let length = length.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
            bytes.extend(take(rest, usize::try_from(length).unwrap_or(usize::MAX)));
        }
        tag::SEQ => bytes.extend(elements(rest, value)),
        tag::MAP => bytes.extend(elements(rest, |rest| {
            let mut entry = value(rest);
            entry.extend(value(rest));
            entry
        })),
        _ => {}
    }
    bytes
}

fn elements(rest: &mut &[u8], element: impl Fn(&mut &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut elements = Vec::new();
    while let Some(next) = rest.first()
        && *next != tag::END
    {
        elements.push(element(rest));
    }
    let mut sorted: Vec<u8> = {
        elements.sort_unstable();
        elements.concat()
    };
    sorted.extend(take(rest, 1));
    sorted
}

fn take<'p>(rest: &mut &'p [u8], length: usize) -> &'p [u8] {
    let (taken, left) = rest.split_at(length.min(rest.len()));
    *rest = left;
    taken
}
