//! What single flight takes from `std::sync`. Its model (`models/`) puts a model checker's in
//! this place.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
