//! Frozen bytes. What stands here is in entries that people have stored: a change of any literal
//! makes all of them unfindable, and needs a new encoding version.
//!
//! The literals were written from the grammar in `docs/decisions/0002-canonical-keys.md`, not
//! printed by the code.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde::Serialize;

use super::super::{CacheKey, Generic, Key, KeyEncoder, KeyParts, Level, Secret};
use super::{both, hex, key, serde_key};

macro_rules! frozen {
    ($($name:ident: $($value:expr => $bytes:literal),+ $(,)?;)*) => {$(
        #[test]
        fn $name() {
            $(assert_eq!(hex(&both($value)), $bytes, "{}", stringify!($value));)+
        }
    )*};
}

frozen! {
    units_and_options:
        () => "01",
        None::<u8> => "02",
        Some(()) => "0301",
        Some(None::<u8>) => "0302",
        Some(Some(true)) => "030305";
    booleans:
        false => "04",
        true => "05";
    integers:
        0 => "0600",
        1_u8 => "060101",
        127_i8 => "06017f",
        255_u64 => "0601ff",
        256 => "06020100",
        65_536_u32 => "0603010000",
        -1 => "068101",
        -256_i16 => "06820100",
        i64::MIN => "06888000000000000000",
        u64::MAX => "0608ffffffffffffffff",
        u128::from(u64::MAX) + 1 => "0609010000000000000000",
        i128::MIN => "069080000000000000000000000000000000",
        u128::MAX => "0610ffffffffffffffffffffffffffffffff";
    floats:
        0.0 => "070000000000000000",
        -0.0 => "078000000000000000",
        1.0 => "073ff0000000000000",
        1.5_f32 => "073ff8000000000000",
        0.1_f32 => "073fb99999a0000000",
        0.1 => "073fb999999999999a",
        f64::INFINITY => "077ff0000000000000",
        -f32::NAN => "077ff8000000000000",
        f64::NAN => "077ff8000000000000";
    texts_and_bytes:
        "" => "0800000000",
        "a" => "080000000161",
        'a' => "080000000161",
        "é" => "0800000002c3a9",
        c"ab" => "09000000026162";
    sequences:
        [0_u8; 0] => "0a00000000",
        [1, 2] => "0a00000006060101060102",
        (1, "a") => "0a00000009060101080000000161",
        [[1], [2]] => "0a000000100a000000030601010a00000003060102";
    sets:
        BTreeSet::<u8>::new() => "0b00000000",
        BTreeSet::from([2, 1]) => "0b00000006060101060102",
        // By their bytes: shorter integers first, and negative ones after positive ones.
        BTreeSet::from([-1, 256, 3]) => "0b0000000a06010306020100068101";
    maps:
        BTreeMap::<u8, u8>::new() => "0c00000000",
        HashMap::from([("b", 1), ("a", 2)]) => "0c00000012080000000161060102080000000162060101",
        // Shorter names first.
        Duration::new(1, 2) => "0c0000001908000000047365637306010108000000056e616e6f73060102";
    variants:
        Ok::<u8, u8>(1) => "0d0000000a08000000024f6b060101",
        std::ops::Bound::<u8>::Unbounded => "0d0000000e0800000009556e626f756e646564";
    ranges:
        1..2 => "0c000000180800000003656e6406010208000000057374617274060101",
        1..=2 => "0d00000030080000000e52616e6765496e636c75736976650c00000018\
            0800000003656e6406010208000000057374617274060101";
}

#[test]
fn serde_kinds_of_structs_and_variants() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct Newtype(u8);
    #[derive(Serialize)]
    struct Tuple(u8, u8);
    #[derive(Serialize)]
    struct Named {
        b: u8,
        a: u8,
    }
    #[derive(Serialize)]
    enum Kind {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Named { a: u8 },
    }

    assert_eq!(hex(&serde_key(Unit)), "01");
    assert_eq!(hex(&serde_key(Newtype(1))), "060101");
    assert_eq!(hex(&serde_key(Tuple(1, 2))), "0a00000006060101060102");
    assert_eq!(
        hex(&serde_key(Named { b: 1, a: 2 })),
        "0c00000012080000000161060102080000000162060101"
    );
    assert_eq!(hex(&serde_key(Kind::Unit)), "0d000000090800000004556e6974");
    assert_eq!(hex(&serde_key(Kind::Newtype(1))), "0d0000000f08000000074e657774797065060101");
    assert_eq!(
        hex(&serde_key(Kind::Tuple(1, 2))),
        "0d0000001508000000055475706c650a00000006060101060102"
    );
    assert_eq!(
        hex(&serde_key(Kind::Named { a: 1 })),
        "0d0000001808000000054e616d65640c00000009080000000161060101"
    );
}

#[test]
fn secrets() {
    // blake3's key derivation with the context `nuthatch 2026 secret key argument`, over the
    // bytes of the text `hunter2`.
    let hash =
        blake3::derive_key("nuthatch 2026 secret key argument", b"\x08\x00\x00\x00\x07hunter2");
    assert_eq!(hex(&key(Secret::new(String::from("hunter2")))), format!("0e{}", hex(&hash)));
    assert_eq!(hex(&key(Secret::new(String::from("hunter2")))), SECRET);
}

const SECRET: &str = "0e2ee8e92cdbe2884c69c187038214ccac4e6a1657cd0f59a3d412e0cd7e12320d";

/// The part with this tag, as the grammar has it.
fn part(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u64::try_from(bytes.len()).unwrap();
    [&[tag][..], &len.to_be_bytes(), bytes].concat()
}

#[test]
fn a_key_of_every_part() {
    let mut window = KeyEncoder::new();
    3.encode_key(&mut window).unwrap();
    let parts = KeyParts {
        identity: "weather::daily::smoothed",
        generics: &[("N", Generic::Const(b"\x06\x01\x04")), ("T", Generic::Type("f64"))],
        namespace: Some("test"),
        version: Some("0.1.0"),
        level: Level::Processed,
        arguments: &[("end", b"\x02"), ("window", window.as_bytes())],
        processors: &[b"timeseries"],
    };
    let preimage = [
        part(1, &[1]),
        part(2, b"weather::daily::smoothed"),
        part(3, b"N"),
        part(4, b"\x06\x01\x04"),
        part(3, b"T"),
        part(5, b"f64"),
        part(6, b"test"),
        part(7, b"0.1.0"),
        part(8, b"processed"),
        part(9, b"end"),
        part(10, b"\x02"),
        part(9, b"window"),
        part(10, b"\x06\x01\x03"),
        part(11, b"timeseries"),
    ];
    assert_eq!(parts.key(), Key::from_bytes(*blake3::hash(&preimage.concat()).as_bytes()));
    assert_eq!(parts.key().to_hex(), FULL);
}

const FULL: &str = "a4987c00d1b476b1e518077e18f7a91754324d139a298dfcbae6d565d9904d9d";

#[test]
fn a_key_of_the_fewest_parts() {
    let parts = KeyParts {
        identity: "weather::sst",
        generics: &[],
        namespace: None,
        version: None,
        level: Level::Whole,
        arguments: &[],
        processors: &[],
    };
    let preimage = [part(1, &[1]), part(2, b"weather::sst"), part(8, b"whole")].concat();
    assert_eq!(parts.key(), Key::from_bytes(*blake3::hash(&preimage).as_bytes()));
    assert_eq!(parts.key().to_hex(), FEWEST);
    assert_eq!(parts.key().short(), "ypbnkeaui3yqlk2ikqjepxouih");
    assert_eq!(parts.key().shard(), "yp");
}

const FEWEST: &str = "c3c2d5101446f105ab48541247ddd441f8cc080293472575eb968b3562a10274";
