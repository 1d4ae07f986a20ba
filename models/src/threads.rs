//! What single flight locks with: `shuttle`'s, which decides at each of them who goes on.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, PoisonError, Weak};

pub(crate) use shuttle::sync::{Mutex, MutexGuard};
