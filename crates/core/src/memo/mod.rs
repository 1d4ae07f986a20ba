//! The memo: results in memory, bounded in bytes.
//!
//! A hit takes no allocation: it is found by the canonical bytes of a call as they are borrowed,
//! and what is handed out is shared. Whoever hands a value on to users clones it first.
//!
//! # Two tiers
//!
//! Threads that hit at once should not meet at one lock, so the memo is sharded. But a shard of
//! the cache admits nothing that is heavier than its own share of the capacity, and a table of
//! 500 MB belongs in a memo of 2 GB. So what is heavier than 1/256 of the capacity is held apart,
//! in one shard that may grow to 7/8 of the capacity, or to the weight of its one heaviest value.
//! The light values have what is left. Both tiers evict by CLOCK-PRO, which keeps what is used
//! often through a scan over what is used once.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::key::MemoKeyRef;

use self::key::{Hashed, MemoKey, Seed};
use self::tier::Tier;

mod key;
mod tier;

#[cfg(test)]
mod tests;

/// Results in memory. `X` is what its user keeps beside each value.
pub struct Memo<X> {
    seed: Seed,
    light: Tier<X>,
    heavy: Tier<X>,
    capacity: AtomicU64,
    /// How often a value was made anew or removed, of all keys that share a place here.
    changes: [AtomicU64; CHANGES],
    /// Held while the capacity is divided anew between the tiers.
    dividing: Mutex<()>,
}

/// A remembered result; its clones are the same value.
#[derive(Clone)]
pub struct Memoized<X> {
    /// The value, of the type that is called the engine in its key.
    pub value: Arc<dyn Any + Send + Sync>,
    /// What the value weighs, in bytes, as its backend says.
    pub weight: u64,
    /// What the memo's user keeps beside it.
    pub extra: X,
}

impl<X: Clone> Memo<X> {
    /// The capacity where none is configured: 2 GB.
    pub const DEFAULT_CAPACITY: u64 = 2_000_000_000;

    /// An empty memo that holds up to `capacity` bytes; with 0 it holds nothing.
    ///
    /// ```
    /// use std::any::TypeId;
    /// use std::sync::Arc;
    /// use nuthatch_core::memo::{Memo, MemoKeyRef, Memoized};
    ///
    /// let memo = Memo::new(Memo::<()>::DEFAULT_CAPACITY);
    /// let key = MemoKeyRef {
    ///     function: 1,
    ///     instance: 0,
    ///     engine: TypeId::of::<f64>(),
    ///     scope: b"namespace",
    ///     arguments: b"window",
    /// };
    /// memo.insert(&key, Memoized { value: Arc::new(20.5), weight: 8, extra: () });
    /// assert_eq!(memo.get(&key).unwrap().value.downcast_ref(), Some(&20.5));
    /// ```
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            seed: Seed::default(),
            light: Tier::new(LIGHT_SHARDS, capacity),
            heavy: Tier::new(1, heavy_share(capacity)),
            capacity: AtomicU64::new(capacity),
            changes: [const { AtomicU64::new(0) }; CHANGES],
            dividing: Mutex::new(()),
        }
    }

    /// The value of `key`, if it is remembered.
    #[must_use]
    pub fn get(&self, key: &MemoKeyRef<'_>) -> Option<Memoized<X>> {
        let key = self.seed.hash(key);
        self.light.get(&key).or_else(|| self.heavy.get(&key))
    }

    /// Remembers `value`, in place of another one of the same key, if the memo can hold it at
    /// all. Others go where there is no room.
    pub fn insert(&self, key: &MemoKeyRef<'_>, value: Memoized<X>) {
        let hashed = self.seed.hash(key);
        let owned = MemoKey::from(&hashed);
        let weight = tier::weight(&owned, &value);
        if weight <= self.light_limit() {
            self.remove_heavy(&hashed);
            self.light.insert(owned, value);
        } else {
            // An older value goes in any case: it is not the key's value any more.
            self.take_out(&hashed);
            self.insert_heavy(owned, value, weight);
        }
        self.drop_evicted();
    }

    /// Forgets the value of `key`, and whatever is being read of it by now.
    pub fn remove(&self, key: &MemoKeyRef<'_>) {
        let key = self.seed.hash(key);
        self.changes_of(&key).fetch_add(1, Ordering::SeqCst);
        self.take_out(&key);
    }

    /// To be asked before a value is read, for [`insert_read`](Self::insert_read).
    #[must_use]
    pub fn moment(&self, key: &MemoKeyRef<'_>) -> Moment {
        Moment(self.changes_of(&self.seed.hash(key)).load(Ordering::SeqCst))
    }

    /// Remembers a value that was just made: what is being read of its key by now is older.
    pub fn insert_new(&self, key: &MemoKeyRef<'_>, value: Memoized<X>) {
        self.changes_of(&self.seed.hash(key)).fetch_add(1, Ordering::SeqCst);
        self.insert(key, value);
    }

    /// Remembers a value that was read since that moment, unless its key's was made anew or
    /// removed meanwhile.
    pub fn insert_read(&self, key: &MemoKeyRef<'_>, value: Memoized<X>, since: Moment) {
        let hashed = self.seed.hash(key);
        let is_still = || self.changes_of(&hashed).load(Ordering::SeqCst) == since.0;
        if is_still() {
            self.insert(key, value);
            // A change in between had nothing to take out yet.
            if !is_still() {
                self.take_out(&hashed);
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.light.clear();
        self.heavy.clear();
        self.divide(&self.dividing());
        self.drop_evicted();
    }

    /// Changes the capacity; values go until the rest fits.
    pub fn set_capacity(&self, capacity: u64) {
        {
            let dividing = self.dividing();
            self.capacity.store(capacity, Ordering::Relaxed);
            self.heavy.set_capacity(heavy_share(capacity));
            self.divide(&dividing);
        }
        self.drop_evicted();
    }

    /// How many bytes the memo may hold.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.capacity.load(Ordering::Relaxed)
    }

    /// How many values are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.light.len() + self.heavy.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes are held: the values' own weights, their keys, and what the memo itself
    /// needs for each.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.light.weight() + self.heavy.weight()
    }

    fn take_out(&self, key: &Hashed<'_>) {
        self.light.remove(key);
        self.remove_heavy(key);
    }

    fn changes_of(&self, key: &Hashed<'_>) -> &AtomicU64 {
        &self.changes[key.place(CHANGES)]
    }

    /// What is heavier goes to the heavy tier: half of the least share that a shard of the light
    /// tier can have.
    fn light_limit(&self) -> u64 {
        self.capacity() / (2 * 8 * LIGHT_SHARDS as u64)
    }

    fn insert_heavy(&self, key: MemoKey, value: Memoized<X>, weight: u64) {
        let dividing = self.dividing();
        let capacity = self.capacity();
        if weight <= capacity {
            let share = heavy_share(capacity).max(weight);
            self.heavy.set_capacity(share);
            // Room is made before the value comes, so that the bound holds at every moment.
            self.light.set_capacity(capacity - (self.heavy.weight() + weight).min(share));
            self.heavy.insert(key, value);
            self.divide(&dividing);
        }
    }

    fn remove_heavy(&self, key: &Hashed<'_>) {
        if self.heavy.remove(key).is_some() {
            self.divide(&self.dividing());
        }
    }

    fn drop_evicted(&self) {
        self.light.drop_evicted();
        self.heavy.drop_evicted();
    }

    /// Leaves to the light tier what the heavy one does not hold.
    fn divide(&self, _dividing: &MutexGuard<'_, ()>) {
        self.light.set_capacity(self.capacity().saturating_sub(self.heavy.weight()));
    }

    fn dividing(&self) -> MutexGuard<'_, ()> {
        self.dividing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A moment in the life of a key's value.
#[derive(Debug, Clone, Copy)]
pub struct Moment(u64);

/// Keys that share a place cost each other a value that is read once more, and nothing worse.
const CHANGES: usize = 256;

/// Enough for the threads of a large machine to meet rarely.
const LIGHT_SHARDS: usize = 16;

/// What the heavy tier may take of the capacity; a heavier value is held all the same, alone.
fn heavy_share(capacity: u64) -> u64 {
    capacity - capacity / 8
}

impl<X: Clone> fmt::Debug for Memo<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo")
            .field("len", &self.len())
            .field("weight", &self.weight())
            .field("capacity", &self.capacity())
            .finish()
    }
}

impl<X: fmt::Debug> fmt::Debug for Memoized<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memoized")
            .field("weight", &self.weight)
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}
