//! Bytes that are not what was written: an error that says so, and never a value.

use std::sync::Arc;

use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Station {
    name: String,
    rain: Vec<f64>,
    height: Option<i32>,
}

fn station() -> Station {
    Station { name: "Bergen".to_owned(), rain: vec![0.5, 1.5], height: Some(12) }
}

/// Every byte flipped in several ways, every truncation, and some bytes too many.
fn damaged(envelope: &[u8]) -> Vec<Vec<u8>> {
    let flipped = (0..envelope.len()).flat_map(|at| {
        [0x01, 0x80, 0xff].map(|mask| {
            let mut envelope = envelope.to_vec();
            envelope[at] ^= mask;
            envelope
        })
    });
    let truncated = (0..envelope.len()).map(|length| envelope[..length].to_vec());
    let extended = [1, 32, 80].map(|more| [envelope, &vec![0; more]].concat());
    flipped.chain(truncated).chain(extended).collect()
}

#[test]
fn every_damage_to_an_inlined_value_is_an_error() {
    let (bincode, named) = (envelope(&station()), envelope(&json!({"a": [1, null]})));
    for bytes in damaged(&bincode) {
        let error = open::<Station>(&bytes).expect_err("it is damaged");
        assert!(error.is_damaged(), "{error}");
    }
    for bytes in damaged(&named) {
        let error = open::<serde_json::Value>(&bytes).expect_err("it is damaged");
        assert!(error.is_damaged(), "{error}");
    }
}

#[test]
fn every_damage_to_an_object_is_an_error_that_names_it() {
    let target = target(&memory(), 0);
    let written = store(&station(), &target).expect("it is stored");
    let source = source::<Station>(&target, written);
    let path = Path::from("data/aa/key/generation/value.bin");
    for bytes in damaged(&envelope(&station())) {
        pollster::block_on(target.store.put(&path, bytes.into())).expect("it is put");
        let error = recall::<Station>(&source).expect_err("it is damaged");
        let Error::Damaged { object, .. } = &error else { panic!("{error}") };
        assert_eq!(object, "local (memory://lake/data/aa/key/generation)/value.bin");
    }
    pollster::block_on(target.store.delete(&path)).expect("it is deleted");
    let error = recall::<Station>(&source).expect_err("it is gone");
    assert!(error.is_damaged() && error.to_string().contains("it is gone"), "{error}");
}

#[test]
fn text_that_is_no_base64_is_damage() {
    let target = target(&memory(), INLINE);
    let written = store(&station(), &target).expect("it is stored");
    let source = source::<Station>(&target, written);
    for text in ["", "?", "AAA", "ø"] {
        let record = Stored { inline: Some(text.to_owned()), ..(*source.record).clone() };
        let source = Source { record: Arc::new(record), ..source.clone() };
        assert!(recall::<Station>(&source).expect_err("it is damaged").is_damaged());
    }
}

#[test]
fn another_type_is_named_with_both_shapes() {
    let target = target(&memory(), INLINE);
    let written = store(&station(), &target).expect("it is stored");
    let source = source::<Station>(&target, written);
    let error = recall::<Vec<u64>>(&source).expect_err("it is another type");
    let Error::TypeChanged { why, .. } = error else { panic!("{error}") };
    for part in [type_name::<Station>(), type_name::<Vec<u64>>()] {
        assert!(why.contains(part), "{why}");
    }
    for shape in [Backend::<Station>::type_shape(&Basic), Backend::<Vec<u64>>::type_shape(&Basic)] {
        assert!(why.contains(&shape.expect("it has a shape")), "{why}");
    }
}

#[test]
fn a_codec_of_a_newer_release_is_told_so() {
    let mut bytes = envelope(&1_u8);
    bytes[7] = 3;
    bytes.truncate(bytes.len() - 32);
    super::super::envelope::seal(&mut bytes);
    let error = open::<u8>(&bytes).expect_err("nobody knows codec 3");
    assert!(matches!(error, Error::NewerLayout { found: 3, known: 2, .. }), "{error}");
}

#[test]
fn a_file_of_something_else_is_damage() {
    let mut bytes =
        b"a file that ends in the checksum of what stands before it, by chance".to_vec();
    super::super::envelope::seal(&mut bytes);
    let error = open::<u8>(&bytes).expect_err("it is no envelope");
    assert!(error.is_damaged(), "{error}");
}

#[test]
fn a_type_that_refuses_what_was_stored_says_so() {
    #[derive(Debug, Serialize)]
    struct Even(u8);
    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: serde::Deserializer<'de>>(
            from: D,
        ) -> std::result::Result<Self, D::Error> {
            match u8::deserialize(from)? {
                odd if odd % 2 == 1 => Err(serde::de::Error::custom("it is odd")),
                even => Ok(Self(even)),
            }
        }
    }
    let error = open::<Even>(&envelope(&Even(3))).expect_err("it is odd");
    assert!(matches!(error, Error::Backend { doing: "decode", .. }), "{error}");
    assert!(error.to_string().ends_with("generation): it is odd"), "{error}");
}

#[test]
fn a_damaged_large_object_is_an_error() {
    let target = target(&memory(), 0);
    let value: Vec<u64> = (0..300_000).collect();
    let written = store(&value, &target).expect("it is stored");
    let path = Path::from("data/aa/key/generation/value.bin");
    let bytes = pollster::block_on(async { target.store.get(&path).await?.bytes().await });
    let bytes = bytes.expect("it is there").to_vec();
    let source = source::<Vec<u64>>(&target, written);
    // In the magic, the shape, the length, the count, the middle, the end, and the checksum.
    for at in [0, 7, 9, 41, 48, 55, bytes.len() / 2, bytes.len() - 33, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        pollster::block_on(target.store.put(&path, damaged.into())).expect("it is put");
        let error = recall::<Vec<u64>>(&source).expect_err("it is damaged");
        assert!(error.is_damaged(), "{at}: {error}");
    }
}
