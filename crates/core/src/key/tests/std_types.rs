//! Every type of std that has a key, against serde's form and against its neighbours.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsStr, OsString};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::super::CacheKey;
use super::{both, key};

/// All of them have one key, whatever the type.
macro_rules! same {
    ($first:expr $(, $other:expr)* $(,)?) => {{
        let first = both($first);
        $(assert_eq!(first, both($other), "{}", stringify!($other));)*
    }};
}

#[test]
fn integers_are_their_value() {
    same!(
        3_u8,
        3_u16,
        3_u32,
        3_u64,
        3_u128,
        3_usize,
        3_i8,
        3_i16,
        3_i32,
        3_i64,
        3_i128,
        3_isize,
        NonZero::new(3_u8).unwrap(),
        Wrapping(3_i64),
        Saturating(3_u16),
        Reverse(3)
    );
}

#[test]
fn floats_are_their_value_and_no_integers() {
    same!(1.5_f32, 1.5_f64);
    same!(f32::NAN, f64::NAN, -f64::NAN, f64::from_bits(0x7ff8_dead_beef_0001));
    assert_ne!(both(0.0), both(-0.0));
    assert_ne!(both(1.0), both(1));
    assert_ne!(both(0.1_f32), both(0.1_f64));
}

#[test]
fn texts_are_their_text() {
    same!("a", 'a', String::from("a"), Cow::Borrowed("a"), Box::<str>::from("a"), Path::new("a"));
    assert_eq!(both(CString::from(c"a")), both(c"a"));
    assert_ne!(both(c"a"), both("a"));
}

#[test]
fn borrowed_is_owned() {
    let value = vec![1, 2];
    same!(&value, &&value, &mut value.clone(), Box::new(&value), Cow::Borrowed(&*value));
    assert_eq!(key(Rc::new(&value)), both(&value));
    assert_eq!(key(Arc::<[i32]>::from(&*value)), both(&value));
    same!(3, Cell::new(3), RefCell::new(3), &Cell::new(3));
}

#[test]
fn sequences_are_their_elements() {
    same!(
        [1, 2],
        (1, 2),
        (1_u8, 2_i64),
        vec![1, 2],
        &[1, 2][..],
        VecDeque::from([1, 2]),
        LinkedList::from([1, 2])
    );
    same!((1,), [1], vec![1]);
    assert_eq!(key([7; 40]), both(vec![7; 40]));
    assert_ne!(both([1, 2]), both([2, 1]));
    assert_ne!(both(((1, 2), 3)), both((1, (2, 3))));
    assert_ne!(both(((1, 2), 3)), both((1, 2, 3)));
}

#[test]
fn tuples_up_to_sixteen_are_arguments() {
    let tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    assert_eq!(both(tuple), key((0..16).collect::<Vec<_>>()));
}

#[test]
fn sets_and_maps_are_their_members() {
    same!(HashSet::from([1, 2, 300]), BTreeSet::from([300, 2, 1]), BinaryHeap::from([2, 300, 1]));
    same!(HashMap::from([(1, "a"), (2, "b")]), BTreeMap::from([(2, "b"), (1, "a")]));
    assert_ne!(both(HashMap::from([(1, 2)])), both([(1, 2)]));
    assert_ne!(both(HashMap::from([(1, 2), (3, 4)])), both(HashMap::from([(1, 4), (3, 2)])));
}

#[test]
fn emptiness_has_a_kind() {
    let empty = [
        both(()),
        both(None::<u8>),
        both(""),
        both(c""),
        both(0),
        both(false),
        both(Vec::<u8>::new()),
        both(HashSet::<u8>::new()),
        both(HashMap::<u8, u8>::new()),
        both(0.0),
    ];
    assert_eq!(empty.iter().collect::<HashSet<_>>().len(), empty.len());
    same!((), PhantomData::<u8>);
}

#[test]
fn options_nest() {
    let levels = [both(None::<u8>), both(Some(None::<u8>)), both(Some(Some(1))), both(Some(1))];
    assert_eq!(levels.iter().collect::<HashSet<_>>().len(), levels.len());
    assert_ne!(both(Some(())), both(None::<()>));
}

#[test]
fn variants_of_std() {
    assert_ne!(both(Ok::<u8, u8>(1)), both(Err::<u8, u8>(1)));
    assert_ne!(both(Bound::Included(1)), both(Bound::Excluded(1)));
    both(Bound::<u8>::Unbounded);
    let orderings = [Ordering::Less, Ordering::Equal, Ordering::Greater].map(key);
    assert_eq!(orderings.iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn ranges_are_told_apart() {
    let ranges = [both(1..2), both(1..=2), both(1..), both(..2), key(..=2), key(..), both((1, 2))];
    assert_eq!(ranges.iter().collect::<HashSet<_>>().len(), ranges.len());
    same!(1_u8..2, 1_i64..2);
}

#[test]
fn durations_and_times_are_exact() {
    assert_ne!(both(Duration::from_nanos(1)), both(Duration::ZERO));
    both(Duration::MAX);
    both(UNIX_EPOCH);
    both(UNIX_EPOCH + Duration::from_nanos(1_500_000_000));
    // serde refuses these.
    let before = [1, 500_000_000, 999_999_999, 1_000_000_000, 1_000_000_001];
    let times = before.map(|nanos| key(UNIX_EPOCH - Duration::from_nanos(nanos)));
    assert_eq!(times.iter().collect::<HashSet<_>>().len(), times.len());
    assert_eq!(
        key(UNIX_EPOCH - Duration::from_millis(1)),
        key(BTreeMap::from([("secs_since_epoch", -1), ("nanos_since_epoch", 999_000_000)]))
    );
}

#[test]
fn paths_are_their_text() {
    same!(Path::new("a/b"), PathBuf::from("a/b"), "a/b");
    same!(OsStr::new("a"), OsString::from("a"));
    assert_ne!(both(OsStr::new("a")), both("a"));
}

#[cfg(unix)]
#[test]
fn paths_that_are_not_utf8_are_exact() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = |bytes| key(Path::new(OsStr::from_bytes(bytes)));
    assert_ne!(path(b"a\xff"), path(b"a\xfe"));
    assert_ne!(path(b"a\xff"), path("a\u{fffd}".as_bytes()));
    assert_eq!(path(b"a\xff"), both(OsStr::from_bytes(b"a\xff")));
}

#[test]
fn addresses_are_their_text() {
    same!(Ipv4Addr::LOCALHOST, IpAddr::V4(Ipv4Addr::LOCALHOST), "127.0.0.1");
    same!(Ipv6Addr::LOCALHOST, IpAddr::V6(Ipv6Addr::LOCALHOST), "::1");
    same!("[::1]:80".parse::<SocketAddr>().unwrap(), "[::1]:80".parse::<SocketAddrV6>().unwrap());
    same!("1.2.3.4:80".parse::<SocketAddr>().unwrap(), "1.2.3.4:80");
    both(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 7));
    let flow = |flow| key(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, flow, 0));
    assert_ne!(flow(0), flow(1));
    assert_ne!(flow(1), flow(2));
}

#[test]
fn unsized_values_are_keys() {
    fn of<T: CacheKey + ?Sized>(value: &T) -> Vec<u8> {
        key(value)
    }
    assert_eq!(of("a"), key("a"));
    assert_eq!(of(&[1, 2][..]), key([1, 2]));
    assert_eq!(of(Path::new("a")), key("a"));
    assert_eq!(of::<dyn CacheKey>(&1), key(1));
}
