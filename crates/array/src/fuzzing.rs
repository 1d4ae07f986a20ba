//! A way in for fuzzers: an array that nobody wrote, where a stored one is expected.

use std::sync::Arc;

use nuthatch_core::runtime::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::Value;

use crate::zarr;

/// Larger arrays, and larger chunks, take longer, and say no more.
const ELEMENTS: u64 = 1 << 14;

/// Opens a Zarr group of one array, and reads it. `input` is the array's document, of either
/// version of the format, then a byte of zero, and what its first chunk holds.
///
/// Nothing panics, whatever the bytes are. The answer is whether elements were read.
pub fn read_array(input: &[u8]) -> bool {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (document, chunk) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    if serde_json::from_slice(document).is_ok_and(|document| is_large(&document)) {
        return false;
    }
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let put = |path: &str, parts: &[&[u8]]| {
        // Memory takes everything.
        drop(block_on(store.put(&Path::from(path), parts.concat().into())));
    };
    let start: &[u8] =
        br#"{"zarr_format":3,"node_type":"group","consolidated_metadata":{"metadata":{"x":"#;
    match document.windows(12).any(|word| word == br#""compressor""#) {
        true => put(".zmetadata", &[br#"{"metadata":{"x/.zarray":"#, document, b"}}"]),
        false => put("zarr.json", &[start, document, b"}}}"]),
    }
    for key in ["0", "0.0", "0.0.0", "c", "c/0", "c/0/0", "c/0/0/0"] {
        put(&format!("x/{key}"), &[chunk]);
    }
    let read: nuthatch_core::Result<bool> = block_on(async {
        let dataset = zarr::foreign(&store, "").await?;
        drop(dataset.to_string());
        let loaded = dataset.load().await?;
        drop(loaded.to_string());
        Ok(!loaded.variables().is_empty())
    });
    read.unwrap_or(false)
}

/// Whether any list of numbers in a document, be it a shape or not, says many elements.
fn is_large(document: &Value) -> bool {
    match document {
        Value::Array(all) => {
            let product = all.iter().filter_map(Value::as_u64).fold(1, u64::saturating_mul);
            product > ELEMENTS || all.iter().any(is_large)
        }
        Value::Object(members) => members.values().any(is_large),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::read_array;

    /// What zarr-python wrote: the seeds of the fuzzer.
    fn seeds() -> Vec<Vec<u8>> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/array");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        files.into_iter().map(|file| fs::read(file).unwrap()).collect()
    }

    /// Numbers that are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end.max(1) as u64) as usize
        }

        fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
            all[self.below(all.len())]
        }
    }

    fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        let end = bytes.iter().position(|byte| *byte == 0).unwrap();
        match dice.below(6) {
            0 => bytes.truncate(end + 1 + dice.below(bytes.len() - end)),
            1 => {
                let other = &seeds[dice.below(seeds.len())];
                let start = other.iter().position(|byte| *byte == 0).unwrap();
                bytes.splice(end.., other[start..].iter().copied());
            }
            2 => {
                let at = dice.below(end);
                bytes[at] = 1 + dice.below(127) as u8;
            }
            3 => {
                let digits: Vec<usize> =
                    (0..end).filter(|at| bytes[*at].is_ascii_digit()).collect();
                let at = digits[dice.below(digits.len())];
                let numbers = ["-1", "0", "3", "255", "4294967296", "18446744073709551615", "1e9"];
                bytes.splice(at..=at, dice.one_of(&numbers).bytes());
            }
            _ => {
                for _ in 0..=dice.below(3) {
                    let at = end + 1 + dice.below(bytes.len() - end - 1);
                    bytes[at] ^= 1 << dice.below(8);
                }
            }
        }
        bytes
    }

    #[test]
    fn what_the_fuzzer_begins_with_is_read() {
        let seeds = seeds();
        assert!(seeds.len() > 30, "{}", seeds.len());
        for seed in &seeds {
            assert!(read_array(seed), "{}", String::from_utf8_lossy(seed));
        }
    }

    #[test]
    fn thousands_of_damaged_arrays_are_read_or_refused_and_none_panics() {
        let (seeds, mut dice) = (seeds(), Dice(0x9e37_79b9_7f4a_7c15));
        let mut read = 0;
        for turn in 0..4000 {
            let input = mutated(&seeds, &mut dice);
            let outcome = std::panic::catch_unwind(|| read_array(&input));
            let outcome = outcome.unwrap_or_else(|_| {
                panic!("input {turn} panics: {}", String::from_utf8_lossy(&input))
            });
            read += u32::from(outcome);
        }

        assert!((300..3500).contains(&read), "{read} of 4000 were read");
    }
}
