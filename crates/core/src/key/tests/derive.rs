//! `#[derive(CacheKey)]`: what it writes is what serde writes for a plain type.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use nuthatch_macros::CacheKey;
use serde::Serialize;

use super::super::{CacheKey as _, KeyEncoder, KeyError};
use super::{both, key, serde_key, try_serde_key};

/// Stands for the crate `nuthatch`.
mod face {
    pub(super) mod __private {
        pub(in super::super) use super::super::super::super::{
            CacheKey, KeyEncoder, KeyError, probe,
        };
    }
}

#[derive(CacheKey, Serialize)]
#[cache_key(crate = face)]
struct Unit;

#[derive(CacheKey, Serialize)]
#[cache_key(crate = face)]
struct Newtype(Vec<u8>);

#[derive(CacheKey, Serialize)]
#[cache_key(crate = face)]
struct Tuple(u8, &'static str);

#[derive(CacheKey, Serialize)]
#[cache_key(crate = face)]
struct Empty {}

#[derive(CacheKey, Serialize)]
#[cache_key(crate = face)]
struct Station<'a, T> {
    name: &'a str,
    id: T,
    r#type: Kind,
    readings: HashMap<String, f64>,
}

#[derive(CacheKey, Serialize)]
#[cache_key(crate = face)]
enum Kind {
    Unit,
    Newtype(Newtype),
    Tuple(u8, Option<Box<Kind>>),
    Named { out: u8, self_: bool },
    NoFields(),
    NoNames {},
}

fn station(id: i64) -> Station<'static, i64> {
    Station {
        name: "Sand Point",
        id,
        r#type: Kind::Named { out: 1, self_: true },
        readings: HashMap::from([("a".into(), 1.0), ("b".into(), 2.0)]),
    }
}

#[test]
fn a_derived_key_is_that_of_serde() {
    both(Unit);
    both(Newtype(vec![1]));
    both(Tuple(1, "a"));
    both(Empty {});
    both(station(7));
    both(Kind::Unit);
    both(Kind::Newtype(Newtype(vec![1, 2])));
    both(Kind::Tuple(1, Some(Box::new(Kind::Unit))));
    both(Kind::Named { out: 1, self_: false });
    both(Kind::NoFields());
    both(Kind::NoNames {});
}

#[test]
fn fields_tell_values_apart() {
    assert_ne!(both(station(7)), both(station(8)));
    assert_ne!(both(Kind::Tuple(1, None)), both(Kind::Tuple(2, None)));
}

#[test]
fn deep_values_are_too_deep_and_no_overflow() {
    let deep = (0..1000).fold(Kind::Unit, |kind, _| Kind::Tuple(1, Some(Box::new(kind))));
    assert_eq!(deep.encode_key(&mut KeyEncoder::new()), Err(KeyError::TooDeep));
    assert_eq!(try_serde_key(&deep), Err(KeyError::TooDeep));
}

#[test]
fn fields_may_have_serde_alone() {
    #[derive(Serialize)]
    struct OnlySerde(u8);
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    struct Holder {
        field: OnlySerde,
        list: Vec<OnlySerde>,
    }
    let holder = Holder { field: OnlySerde(1), list: vec![OnlySerde(2)] };
    #[derive(Serialize)]
    struct Plain {
        field: u8,
        list: [u8; 1],
    }
    assert_eq!(key(holder), serde_key(Plain { field: 1, list: [2] }));
}

#[test]
fn a_skipped_field_is_in_no_key() {
    struct NoKey;
    #[derive(CacheKey, Serialize)]
    #[cache_key(crate = face)]
    struct Shown {
        id: u8,
        #[serde(skip)]
        #[cache_key(skip)]
        pool: Option<NoKey>,
    }
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    enum Variant {
        Tuple(u8, #[cache_key(skip)] NoKey),
        Named {
            id: u8,
            #[cache_key(skip)]
            pool: NoKey,
        },
    }
    let with_pool = Shown { id: 1, pool: Some(NoKey) };
    assert!(with_pool.pool.is_some());
    assert_eq!(both(with_pool), both(Shown { id: 1, pool: None }));
    assert_eq!(key(Shown { id: 1, pool: None }), key(BTreeMap::from([("id", 1)])));
    assert_ne!(key(Variant::Tuple(1, NoKey)), key(Variant::Tuple(2, NoKey)));
    let named = |id| Variant::Named { id, pool: NoKey };
    if let Variant::Named { pool, .. } = named(1) {
        let NoKey = pool;
    }
    assert_ne!(key(named(1)), key(named(2)));
}

#[test]
fn a_renamed_field_keeps_its_key() {
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    struct Before {
        size: u8,
    }
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    struct After {
        #[cache_key(rename = "size")]
        length: u8,
    }
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    enum Old {
        Unit,
    }
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    enum New {
        #[cache_key(rename = "Unit")]
        Nothing,
    }
    assert_eq!(key(Before { size: 1 }), key(After { length: 1 }));
    assert_eq!(key(Old::Unit), key(New::Nothing));
}

#[test]
fn generics_of_every_kind() {
    #[derive(CacheKey, Serialize)]
    #[cache_key(crate = face)]
    struct Generic<'a, T, U: ?Sized, const N: usize>
    where
        T: Clone,
    {
        many: &'a [T],
        text: &'a U,
        marker: PhantomData<[u8; N]>,
    }
    #[derive(CacheKey, Serialize)]
    #[cache_key(crate = face, bound = "T: Serialize")]
    struct Bound<T> {
        value: T,
    }
    #[derive(Serialize)]
    struct OnlySerde(u8);

    both(Generic::<_, str, 3> { many: &[1, 2], text: "a", marker: PhantomData });
    both(Bound { value: OnlySerde(1) });
}

#[test]
fn an_enum_without_variants_can_be_derived() {
    #[derive(CacheKey)]
    #[cache_key(crate = face)]
    enum Never {}
    assert_eq!(key(None::<Never>), key(None::<u8>));
}

#[test]
fn constants_of_the_users_do_not_clash() {
    #[expect(non_upper_case_globals, dead_code, reason = "a name that generated code might use")]
    const out: u8 = 3;
    #[derive(CacheKey, Serialize)]
    #[cache_key(crate = face)]
    enum Shape {
        Rect { width: u8, encoder: u8 },
        Newtype(u8),
    }
    both(Shape::Rect { width: 1, encoder: 2 });
    both(Shape::Newtype(1));
}
