//! One bounded cache of the memo.

use std::fmt;
use std::mem::{size_of, take};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use super::Memoized;
use super::key::{AlreadyHashed, Hashed, MemoKey};

/// A cache that leaves it to its user to drop what it has evicted, once no lock is held: a large
/// value takes its time, and one of a user's own type may call a cached function.
pub(super) struct Tier<X> {
    cache: Cache<MemoKey, Memoized<X>, ByWeight, AlreadyHashed, Evictions<X>>,
    evictions: Evictions<X>,
}

/// What an entry takes of the capacity: the value, its key, and the cache's own records.
pub(super) fn weight<X>(key: &MemoKey, value: &Memoized<X>) -> u64 {
    const RECORDS: usize = 32;
    let own = size_of::<MemoKey>() + size_of::<Memoized<X>>() + RECORDS + key.heap_bytes();
    value.weight.saturating_add(own as u64)
}

impl<X: Clone> Tier<X> {
    pub(super) fn new(shards: usize, capacity: u64) -> Self {
        // How many evicted keys are still known is derived from this; nothing is allocated.
        const EXPECTED: usize = 1 << 16;

        let evictions = Evictions(Arc::default());
        let options = OptionsBuilder::new()
            .shards(shards)
            .estimated_items_capacity(EXPECTED)
            .weight_capacity(capacity)
            // Nothing heavier than the hot part is admitted. A tier of one shard admits what
            // fits at all; it is the one for few and heavy values.
            .hot_allocation(if shards == 1 { 1.0 } else { 0.97 })
            .build()
            .expect("everything that is required is set");
        let cache =
            Cache::with_options(options, ByWeight, AlreadyHashed::default(), evictions.clone());
        Self { cache, evictions }
    }

    pub(super) fn get(&self, key: &Hashed<'_>) -> Option<Memoized<X>> {
        self.cache.get(key)
    }

    pub(super) fn insert(&self, key: MemoKey, value: Memoized<X>) {
        self.cache.insert(key, value);
    }

    pub(super) fn remove(&self, key: &Hashed<'_>) -> Option<Memoized<X>> {
        // Most often there is none, and looking takes no exclusive lock.
        let found = self.cache.contains_key(key).then(|| self.cache.remove(key)).flatten();
        found.map(|(_, value)| value)
    }

    pub(super) fn clear(&self) {
        self.cache.drain().for_each(drop);
    }

    pub(super) fn set_capacity(&self, capacity: u64) {
        // Rounded down, since the cache rounds the share of each shard up; never to nothing,
        // since the cache forgets its proportions then.
        let capacity = capacity - capacity % self.cache.num_shards() as u64;
        self.cache.set_capacity(capacity.max(1));
    }

    /// Drops what was evicted; the caller holds no lock.
    pub(super) fn drop_evicted(&self) {
        let evicted = take(&mut *self.evictions.lock());
        // The lock is let go before: what is dropped may itself call what is memoized.
        drop(evicted);
    }

    pub(super) fn len(&self) -> usize {
        self.cache.len()
    }

    pub(super) fn weight(&self) -> u64 {
        self.cache.weight()
    }
}

impl<X> fmt::Debug for Tier<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tier").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
struct ByWeight;

impl<X> Weighter<MemoKey, Memoized<X>> for ByWeight {
    fn weight(&self, key: &MemoKey, value: &Memoized<X>) -> u64 {
        weight(key, value)
    }
}

type Entry<X> = (MemoKey, Memoized<X>);

/// Keeps what is evicted until the locks are free.
struct Evictions<X>(Arc<Mutex<Vec<Entry<X>>>>);

impl<X> Evictions<X> {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry<X>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<X> Clone for Evictions<X> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<X> Lifecycle<MemoKey, Memoized<X>> for Evictions<X> {
    type RequestState = Vec<Entry<X>>;

    fn begin_request(&self) -> Vec<Entry<X>> {
        Vec::new()
    }

    fn on_evict(&self, evicted: &mut Vec<Entry<X>>, key: MemoKey, value: Memoized<X>) {
        evicted.push((key, value));
    }

    fn end_request(&self, mut evicted: Vec<Entry<X>>) {
        if !evicted.is_empty() {
            self.lock().append(&mut evicted);
        }
    }
}
