//! What single flight takes from `std::sync`, in one place: a model checker replaces it in
//! `crate::threads`.

pub(super) use crate::threads::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError, Weak};

/// Locks, whether or not a thread panicked while it held the lock: nothing of the caller's runs
/// under these locks, so the state behind them is whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
