//! Types that people store: all of them are seen whole.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::CString;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI128, NonZeroU8, NonZeroUsize, Saturating, Wrapping};
use std::ops::{Bound, Range, RangeFrom, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};

use super::{complete, differ, same};

#[test]
fn types_of_the_standard_library() {
    complete::<(bool, char, i8, i16, i32, i64, i128, isize)>();
    complete::<(u8, u16, u32, u64, u128, usize, f32, f64, (), String)>();
    complete::<(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u16)>();
    complete::<([u8; 32], [[f32; 3]; 3], [(); 0], [String; 1])>();
    complete::<(Vec<u8>, VecDeque<u8>, LinkedList<u8>, BinaryHeap<u8>, Box<[u8]>)>();
    complete::<(BTreeSet<u8>, HashSet<u8>, BTreeMap<u8, u8>, HashMap<u8, u8>)>();
    complete::<(Cow<'static, str>, Box<str>, CString, PathBuf, Box<Path>)>();
    complete::<(Duration, SystemTime, Option<Duration>, Vec<SystemTime>)>();
    complete::<(IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr)>();
    complete::<(NonZeroU8, NonZeroI128, NonZeroUsize, Wrapping<u8>, Saturating<u8>, Reverse<u8>)>();
    complete::<(Cell<u8>, RefCell<u8>, Mutex<u8>, RwLock<u8>, PhantomData<String>)>();
    complete::<(Range<u8>, RangeInclusive<f64>, RangeFrom<u8>, Bound<u8>)>();
    complete::<(Result<u8, String>, Option<Option<()>>, Box<Option<Box<u8>>>)>();
    complete::<HashMap<String, Vec<Option<(u8, Result<Duration, IpAddr>)>>>>();
}

#[test]
fn types_of_well_known_crates() {
    complete::<chrono::DateTime<chrono::Utc>>();
    complete::<chrono::DateTime<chrono::FixedOffset>>();
    complete::<chrono::NaiveDate>();
    complete::<chrono::NaiveDateTime>();
    complete::<chrono::NaiveTime>();
    complete::<(chrono::Weekday, chrono::Month)>();
    complete::<uuid::Uuid>();
    complete::<BTreeMap<chrono::NaiveDate, Vec<uuid::Uuid>>>();
}

#[test]
fn what_stands_behind_a_type_that_checks_its_text_is_seen() {
    differ::<(chrono::NaiveDate, uuid::Uuid, u32), (chrono::NaiveDate, uuid::Uuid, u64)>();
    differ::<(NonZeroU8, Duration, u32), (NonZeroU8, Duration, u64)>();
}

#[test]
fn attributes_of_serde() {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields, bound = "T: Deserialize<'de>")]
    #[allow(dead_code)]
    struct Station<T> {
        #[serde(rename = "ID")]
        station_id: T,
        #[serde(default)]
        height: Option<f64>,
        #[serde(with = "seconds")]
        since: Duration,
        #[serde(deserialize_with = "seconds::deserialize")]
        until: Duration,
        #[serde(skip)]
        cached: Option<Never>,
        #[serde(default = "seconds::zero")]
        offset: u64,
        nothing: Nothing,
        marker: PhantomData<T>,
    }
    #[derive(Deserialize)]
    struct Nothing;
    mod seconds {
        use super::*;

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
            u64::deserialize(d).map(Duration::from_secs)
        }

        pub(super) fn zero() -> u64 {
            0
        }
    }
    complete::<Station<String>>();
    complete::<Vec<Station<(u8, i128)>>>();
    differ::<Station<u8>, Station<u16>>();
}

#[test]
fn a_remote_definition_has_the_shape_of_the_type() {
    #[allow(dead_code)]
    struct Foreign {
        x: u8,
        y: String,
    }
    #[derive(Deserialize)]
    #[serde(remote = "Foreign")]
    #[allow(dead_code)]
    struct Definition {
        x: u8,
        y: String,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Holder {
        #[serde(with = "Definition")]
        it: Foreign,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Own {
        it: Inner,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        x: u8,
        y: String,
    }
    complete::<Holder>();
    same::<Holder, Own>();
}

#[derive(Deserialize)]
enum Never {}

#[test]
fn a_type_without_values_is_gone_around() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct T<E> {
        never: Option<Never>,
        list: Vec<Never>,
        map: HashMap<String, Never>,
        result: Result<u8, Never>,
        end: E,
    }
    complete::<T<u8>>();
    differ::<T<u8>, T<u16>>();
    differ::<Option<Never>, Option<()>>();
}

#[test]
fn values_that_are_checked_when_they_are_made() {
    #[derive(Deserialize)]
    #[serde(try_from = "(u8, u8)")]
    struct Ascending;
    impl TryFrom<(u8, u8)> for Ascending {
        type Error = &'static str;
        fn try_from((low, high): (u8, u8)) -> Result<Self, Self::Error> {
            if low < high { Ok(Self) } else { Err("not ascending") }
        }
    }
    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct Version;
    impl TryFrom<String> for Version {
        type Error = &'static str;
        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text.split('.').count() == 3 { Ok(Self) } else { Err("not a version") }
        }
    }
    #[derive(Deserialize)]
    #[serde(try_from = "Vec<u8>")]
    struct Three;
    impl TryFrom<Vec<u8>> for Three {
        type Error = &'static str;
        fn try_from(list: Vec<u8>) -> Result<Self, Self::Error> {
            if list.len() == 3 { Ok(Self) } else { Err("not three") }
        }
    }
    #[derive(Deserialize)]
    #[serde(from = "Option<u8>")]
    struct Lenient;
    impl From<Option<u8>> for Lenient {
        fn from(_: Option<u8>) -> Self {
            Self
        }
    }
    #[derive(Deserialize)]
    #[serde(try_from = "Choice")]
    struct OnlyTheLast;
    #[derive(Deserialize)]
    enum Choice {
        First,
        Second(u8),
        Last { x: u8 },
    }
    impl TryFrom<Choice> for OnlyTheLast {
        type Error = String;
        fn try_from(choice: Choice) -> Result<Self, Self::Error> {
            match choice {
                Choice::Last { x } if x < 4 => Ok(Self),
                Choice::Last { x } | Choice::Second(x) => Err(format!("{x}")),
                Choice::First => Err("first".to_owned()),
            }
        }
    }
    complete::<Ascending>();
    complete::<Vec<Option<Version>>>();
    complete::<(Three, u8)>();
    complete::<Lenient>();
    complete::<(OnlyTheLast, u8)>();
    differ::<
        (Ascending, Version, Three, OnlyTheLast, u8),
        (Ascending, Version, Three, OnlyTheLast, u16),
    >();
}

#[test]
fn many_enums_side_by_side_and_nested() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Deep<T> {
        A,
        B(T),
        C { x: T, y: Vec<T> },
        D(Box<T>, u8),
    }
    complete::<Deep<Deep<Deep<Deep<u8>>>>>();
    differ::<Deep<Deep<Deep<Deep<u8>>>>, Deep<Deep<Deep<Deep<u16>>>>>();
    complete::<Vec<(Deep<u8>, Deep<u16>, Option<Deep<u32>>, Result<Deep<u64>, Deep<i8>>)>>();
}
