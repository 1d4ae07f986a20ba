//! What rayon tells of its pools.
//!
//! A worker of a pool that waits for stolen jobs runs others meanwhile, on top of what waits. If
//! such a job is blocked in single flight, the jobs below it on its thread are blocked too, and
//! nothing in their contexts shows who needs them. What can be known is whether a thread has
//! anything to do.

use crate::runtime::Place;

/// The calling thread, where it is a worker of a pool.
pub(super) fn current() -> Option<Place> {
    rayon_core::current_thread_index().and_then(|_| Place::thread())
}

/// Lets each worker of the calling thread's pool say so when it has nothing else to do than to
/// wait for jobs that others took. A worker that computes does not.
pub(super) fn when_idle(say: impl Fn(Place) + Send + Sync + 'static) {
    if rayon_core::current_thread_index().is_some() {
        rayon_core::spawn_broadcast(move |_| current().into_iter().for_each(&say));
    }
}
