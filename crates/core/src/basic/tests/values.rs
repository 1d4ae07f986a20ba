//! Types that the bincode format carries.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU8, NonZeroU64, Wrapping};
use std::ops::{Bound, Range};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{by_bincode, envelope, open};

#[test]
fn numbers_come_back() {
    by_bincode((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
    by_bincode((u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX));
    by_bincode((isize::MIN, usize::MAX, true, false));
    by_bincode((Wrapping(7_u8), NonZeroU8::MIN, NonZeroU64::MAX));
}

#[test]
fn floats_come_back_bit_by_bit() {
    let payload = f64::from_bits(0x7ff8_dead_beef_0001);
    for float in [0.0, -0.0, 1.5, f64::INFINITY, f64::NAN, -f64::NAN, payload, f64::MIN_POSITIVE] {
        let back: f64 = open(&envelope(&float)).expect("it is recalled");
        assert_eq!(back.to_bits(), float.to_bits());
    }
    for float in [-0.0, f32::NAN, f32::from_bits(0x7fc0_1234), f32::MAX] {
        let back: f32 = open(&envelope(&float)).expect("it is recalled");
        assert_eq!(back.to_bits(), float.to_bits());
    }
}

#[test]
fn text_comes_back() {
    by_bincode(String::new());
    by_bincode("Tromsø \0 🌧".to_owned());
    by_bincode(vec!['a', 'ø', '€', '🌧', '\0', char::MAX]);
    by_bincode((Box::<str>::from("box"), PathBuf::from("a/b c")));
}

#[test]
fn nothing_and_something_come_back_however_nested() {
    by_bincode(());
    by_bincode((None::<Option<Option<u8>>>, Some(None::<Option<u8>>), Some(Some(None::<u8>))));
    by_bincode((Some(()), None::<()>, Some(Some(3_u8))));
    by_bincode(Result::<u8, String>::Err("no".to_owned()));
}

#[test]
fn collections_come_back() {
    by_bincode(vec![vec![1_u8], vec![], vec![2, 3]]);
    by_bincode(HashMap::from([((1_u8, 'a'), vec![1.5]), ((2, 'b'), vec![])]));
    by_bincode(BTreeMap::from([(Some(false), "x".to_owned()), (None, String::new())]));
    by_bincode(HashSet::from(["a".to_owned(), "b".to_owned(), "c".to_owned()]));
    by_bincode((BTreeSet::from([3, 1, 2]), VecDeque::from([1_u8]), LinkedList::from([1_i64, 2])));
    by_bincode(([1_u64; 32], [(); 3], [[0.5_f32; 2]; 2]));
    by_bincode((1..9, Range { start: 'a', end: 'z' }, Bound::Included(5_u8)));
    let heap = BinaryHeap::from([3, 1, 2]);
    let heap: BinaryHeap<i32> = open(&envelope(&heap)).expect("it is recalled");
    assert_eq!(heap.into_sorted_vec(), [1, 2, 3]);
}

#[test]
fn times_and_places_come_back() {
    by_bincode((Duration::new(5, 7), SystemTime::UNIX_EPOCH + Duration::new(9, 1)));
    by_bincode::<Vec<IpAddr>>(vec![[10, 0, 0, 1].into(), [0_u16, 1, 2, 3, 4, 5, 6, 7].into()]);
    by_bincode(SocketAddr::from(([127, 0, 0, 1], 80)));
    by_bincode(chrono::DateTime::<chrono::Utc>::from_timestamp(1_700_000_000, 5));
    by_bincode(vec![chrono::NaiveDate::MAX, chrono::NaiveDate::MIN]);
    by_bincode(vec![uuid::Uuid::nil(), uuid::Uuid::max()]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Empty {}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct EmptyTuple();

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Millimetres(f64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Station {
    #[serde(rename = "id")]
    number: u32,
    #[serde(default)]
    names: Vec<String>,
    #[serde(skip)]
    connection: Option<u8>,
    #[serde(with = "halves")]
    rain: f64,
    marker: PhantomData<Station>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reading {
    Missing,
    Rain(Millimetres),
    Wind(f32, u16),
    Clouds {
        octas: u8,
        kinds: Vec<Reading>,
    },
    #[serde(rename = "sun")]
    Sunshine(Option<Duration>),
}

mod halves {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        ((value * 2.0) as i64).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        i64::deserialize(from).map(|twice| twice as f64 / 2.0)
    }
}

#[test]
fn structs_come_back() {
    by_bincode((Unit, Empty {}, EmptyTuple(), Millimetres(0.5), Pair(1, "b".to_owned())));
    by_bincode(Station {
        number: 7,
        names: vec!["Bergen".to_owned()],
        rain: 2.5,
        ..Station::default()
    });
}

#[test]
fn what_serde_leaves_out_comes_back_as_its_default() {
    let station = Station { connection: Some(1), ..Station::default() };
    let back: Station = open(&envelope(&station)).expect("it is recalled");
    assert_eq!(back, Station::default());
}

#[test]
fn enums_come_back() {
    by_bincode(vec![
        Reading::Missing,
        Reading::Rain(Millimetres(3.5)),
        Reading::Wind(1.0, 270),
        Reading::Clouds { octas: 8, kinds: vec![Reading::Missing, Reading::Sunshine(None)] },
        Reading::Sunshine(Some(Duration::from_secs(1))),
    ]);
}

#[test]
fn a_variant_behind_a_skipped_one_keeps_its_meaning() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        First(u8),
        #[serde(skip)]
        #[allow(dead_code)]
        Hidden(u8),
        Last(u8),
    }
    // serde counts the hidden one when it writes and not when it reads.
    by_bincode(Kind::First(1));
    super::by_name(Kind::Last(2));
}

#[test]
fn bytes_come_back() {
    by_bincode(Blob(vec![0, 1, 255]));
}

/// Bytes as serde knows them, rather than a list of numbers.
#[derive(Debug, PartialEq)]
pub(super) struct Blob(pub(super) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Blob;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }
        }
        from.deserialize_bytes(Visitor)
    }
}
