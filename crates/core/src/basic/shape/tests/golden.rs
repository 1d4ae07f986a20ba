//! Frozen hashes. A change here makes every entry of such a type be computed anew.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU8;
use std::time::Duration;

use serde::Deserialize;

use super::shape;

macro_rules! golden {
    ($($type:ty => $hash:literal,)*) => {
        #[test]
        fn hashes_are_frozen() {
            let found = [$((stringify!($type), shape::<$type>().hex().to_owned()),)*];
            let frozen = [$((stringify!($type), $hash.to_owned()),)*];
            assert_eq!(found, frozen);
        }
    };
}

golden! {
    i64 => "8c5dd18d71db07d69e40704005e7e8cc552fd5b3672c12ba845b832894ecbeaa",
    String => "f3c5b8f7674818ba4227b6d99a7f45e1319add17a0292986a9aa32dd4b372412",
    Vec<f64> => "dab3a173a27794417256e57d36bca340a2c1733a1cba0e4ff0321bf409551849",
    (u8, Option<char>, ()) => "34abd9a7eae738947f943ebdabf692d96bd66545a22d79618652fae9f667e2ed",
    BTreeMap<String, Vec<Option<(u8, [i16; 2])>>> => "ea2a8bc8a6b0439edbae5ba7c75781a387a21ae397b5a67932e7fabe72f17461",
    Result<usize, Box<str>> => "e703d0a53b4608a8c7215719f4c6c6fc6b9dc24332d24c0638ea22bc28b22d74",
    Observation => "8810b4e42f31e1d54ca0a612533659e2c4c53c735bb9e1116a1843c6836bede8",
    Tree => "c19898fefeaafde71ffe23877b7399966aa9f10a39000878e9b5e726e16f8955",
    Vec<List> => "3de55738ec91e2fcefe2005b4dd2f76ad33dab7ce5d0c3a0d99aff87b0c64a75",
    Duration => "0a3087d7226e6674582f1a6aae60fe53b7853db163d30a64b47eaaebb65a50b2",
    (NonZeroU8, std::path::PathBuf, std::net::IpAddr) => "1d2ecc6371ffc62be637e1b5e04d3838806d7d8c7020606ece1aff5180df0a79",
    (chrono::NaiveDate, chrono::DateTime<chrono::Utc>, u32) => "9dd0c1905850327b233a1a5ed75c74f2ea0eb37020ae54ce354adaa3bdb3a56f",
    uuid::Uuid => "7220e4159911f3c53f62ade00c50a8fafacf37609bad29cb486b4a4fcccfe175",
    HashMap<u8, serde_json::Value> => "269fe49b79e6f8506be849510786bff38594631221f9203230caaafd9628df1d",
    (Option<Refuses>, u32) => "e49b0b58674143848b3fb9ed03179a3297a78d3d7738d02ca3a2f18467e68e2f",
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Observation {
    station: String,
    celsius: f32,
    #[serde(rename = "type")]
    kind: Kind,
    readings: Vec<f64>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Kind {
    Manual,
    Automatic { interval: u32 },
    Mixed(u8, u8),
    Other(String),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Tree {
    children: Vec<Tree>,
    label: u8,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum List {
    Cons(i32, Box<List>),
    Nil,
}

/// Is seen in part alone: the hash holds what dummies reach, so they are frozen too.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Refuses;

impl TryFrom<String> for Refuses {
    type Error = &'static str;

    fn try_from(_: String) -> Result<Self, Self::Error> {
        Err("no")
    }
}
