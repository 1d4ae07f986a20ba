//! Envelopes as they lie on disk. These bytes are frozen: what this release wrote, every later
//! one reads.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{envelope, open};

/// What is written is `hex`, and `hex` is read.
#[track_caller]
fn frozen<T: super::Value + PartialEq + std::fmt::Debug>(value: T, hex: &str) {
    let written = HEXLOWER_PERMISSIVE.encode(&envelope(&value));
    let hex: String = hex.split_whitespace().collect();
    assert_eq!(written, hex, "{value:?}");
    let stored = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).expect("hexadecimal digits");
    assert_eq!(open::<T>(&stored).expect("the frozen envelope is read"), value);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Reading {
    Missing,
    Rain(f64),
    Wind { speed: f32, gusts: Vec<u16> },
}

#[test]
fn a_number() {
    frozen(
        42_i64,
        "
         896e75740d0a1a 01
         8c5dd18d71db07d69e40704005e7e8cc552fd5b3672c12ba845b832894ecbeaa
         0800000000000000
         2a00000000000000
         c3975f364dc5729642655babc2c73a5d261c32074072b6b943761d8ef57e22e4",
    );
}

#[test]
fn values_of_the_bincode_format() {
    frozen(
        (
            (1_u8, -2_i16, 3_u32, -4_i64, 5_u128, 1.5_f32, -0.0_f64, true, 'ø'),
            ("Tromsø".to_owned(), Some(None::<u8>), ()),
            BTreeMap::from([(1_u8, [Reading::Missing, Reading::Rain(0.5)])]),
            Reading::Wind { speed: 2.0, gusts: vec![7, 9] },
        ),
        "
         896e75740d0a1a 01
         3e2df4cc16fa72297da18286686d67a0ce0dc715c4eb5a51c35a4d7cec82a2ed
         6c00000000000000
         01feff03000000fcffffffffffffff0500000000000000000000000000000000
         00c03f000000000000008001c3b8070000000000000054726f6d73c3b8010001
         00000000000000010000000001000000000000000000e03f0200000000000040
         020000000000000007000900
         75b5204ee5437946dc5e8173e6136af049e53daceb017548319350447dc0825b",
    );
}

#[test]
fn values_of_the_named_format() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        any: serde_json::Value,
        small: (i8, i16, i32, i64, i128),
        great: (u8, u16, u32, u64, u128),
        floats: (f32, f64),
        options: (Option<u8>, Option<()>, Option<Option<u8>>, Option<u8>),
        text: (char, String, super::values::Blob),
        variants: Vec<Reading>,
    }
    frozen(
        Everything {
            any: json!({"a": [null, true, 1]}),
            small: (-1, -2, -3, -4, i128::MIN),
            great: (1, 2, 3, 4, u128::MAX),
            floats: (1.5, -0.0),
            options: (None, Some(()), Some(None), Some(1)),
            text: ('ø', "x".to_owned(), super::values::Blob(vec![1, 2])),
            variants: vec![
                Reading::Missing,
                Reading::Rain(0.5),
                Reading::Wind { speed: 2.0, gusts: vec![] },
            ],
        },
        "
         896e75740d0a1a 02
         9ca67ce6de21fe8fb398d0419a4a1781044b3e4f10b49f65be9713f777ed1670
         5f01000000000000
         15120300000000000000616e7915120100000000000000611400040d01000000
         000000001616120500000000000000736d616c6c1405ff06feff07fdffffff08
         fcffffffffffffff090000000000000000000000000000008016120500000000
         0000006772656174140a010b02000c030000000d04000000000000000effffff
         ffffffffffffffffffffffffff16120600000000000000666c6f617473140f00
         00c03f100000000000000080161207000000000000006f7074696f6e73140102
         0002010a0116120400000000000000746578741411f800000012010000000000
         00007813020000000000000001021612080000000000000076617269616e7473
         141207000000000000004d697373696e67151204000000000000005261696e10
         000000000000e03f161512040000000000000057696e64151205000000000000
         0073706565640f000000401205000000000000006775737473141616161616
         ef6b7116d8389de9c94d73ba7b9c5ae17b283b58a1b45eb506818c42495093c0",
    );
}
