//! What holds many values.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use crate::key::{CacheKey, KeyEncoder, KeyError};

macro_rules! collections {
    ($writer:ident: $({$($generics:tt)*} $type:ty;)*) => {$(
        impl<T: CacheKey, $($generics)*> CacheKey for $type {
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                out.$writer(|out| out.each(self.iter()))
            }
        }
    )*};
}

collections! { seq:
    {} [T];
    {const N: usize} [T; N];
    {} Vec<T>;
    {} VecDeque<T>;
    {} LinkedList<T>;
}

// A heap is a set that may hold a value twice: the order in which it keeps them means nothing.
collections! { set:
    {} BTreeSet<T>;
    {S} HashSet<T, S>;
    {} BinaryHeap<T>;
}

impl<K: CacheKey, V: CacheKey> CacheKey for BTreeMap<K, V> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        entries(out, self)
    }
}

impl<K: CacheKey, V: CacheKey, S> CacheKey for HashMap<K, V, S> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        entries(out, self)
    }
}

fn entries<'a, K: CacheKey + 'a, V: CacheKey + 'a>(
    out: &mut KeyEncoder,
    entries: impl IntoIterator<Item = (&'a K, &'a V)>,
) -> Result<(), KeyError> {
    out.map(|out| {
        entries.into_iter().try_for_each(|(key, value)| {
            key.encode_key(out)?;
            value.encode_key(out)
        })
    })
}

macro_rules! tuples {
    ($(($($type:ident $index:tt),+))*) => {$(
        impl<$($type: CacheKey),+> CacheKey for ($($type,)+) {
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                out.seq(|out| {
                    $(self.$index.encode_key(out)?;)+
                    Ok(())
                })
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15)
}
