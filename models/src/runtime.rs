//! What single flight takes from nuthatch's runtime, between the threads of a model checker.
//!
//! There is no watchdog: what it sees is time going by, and in a model none does. A wait that it
//! would end is a deadlock here.

use std::cell::RefCell;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::{SmallVec, smallvec};

/// Where futures are polled: a thread, or one [`block_on`] on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(u64);

pub(crate) type Places = SmallVec<[Place; 4]>;

shuttle::thread_local! {
    static PLACES: RefCell<Places> = RefCell::new(smallvec![Place::new()]);
}

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn all_of_thread() -> Places {
        PLACES.with(|places| places.borrow().clone())
    }

    pub(crate) fn thread() -> Option<Self> {
        PLACES.with(|places| places.borrow().first().copied())
    }

    pub(crate) fn current() -> Option<Self> {
        PLACES.with(|places| places.borrow().last().copied())
    }
}

/// As nuthatch's: blocks the thread until the future is ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    PLACES.with(|places| places.borrow_mut().push(Place::new()));
    let output = shuttle::future::block_on(future);
    PLACES.with(|places| places.borrow_mut().pop());
    output
}

/// There is nothing to be spawned but the watchdog.
pub(crate) fn spawn_detached<F>(watchdog: F) -> std::io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    drop(watchdog);
    Ok(())
}
