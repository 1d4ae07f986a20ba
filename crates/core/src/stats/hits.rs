//! Hits in memory, counted by each thread for itself: threads that hit at once would otherwise
//! take turns at one counter, which costs each more than the hit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Hits, and the nanoseconds of computing that they saved.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Hits {
    pub(super) count: u64,
    pub(super) nanoseconds_saved: u64,
}

/// Counts a hit of this thread.
#[inline]
pub(super) fn count(nanoseconds_saved: u64) {
    let hit = Hits { count: 1, nanoseconds_saved };
    // A thread that ends, and whose own counts are gone, adds to those of the ended.
    if OWN.try_with(|own| own.0.add(hit)).is_err() {
        let mut threads = threads();
        threads.ended = threads.ended.plus(hit);
    }
}

/// All threads' hits since the last [`reset`].
pub(super) fn total() -> Hits {
    let threads = threads();
    threads.total().minus(threads.forgotten)
}

/// Counts from zero again. What threads have counted stays as it is, since they alone write it.
pub(super) fn reset() {
    let mut threads = threads();
    threads.forgotten = threads.total();
}

thread_local! {
    static OWN: Own = Own::registered();
}

static THREADS: Mutex<Threads> = Mutex::new(Threads {
    running: Vec::new(),
    ended: Hits { count: 0, nanoseconds_saved: 0 },
    forgotten: Hits { count: 0, nanoseconds_saved: 0 },
});

/// What all threads have counted.
struct Threads {
    running: Vec<Arc<Tally>>,
    ended: Hits,
    /// The total when it was last set to zero.
    forgotten: Hits,
}

/// What one thread has counted. It alone writes it, so that no write need be exclusive.
#[derive(Debug, Default)]
struct Tally {
    count: AtomicU64,
    nanoseconds_saved: AtomicU64,
}

/// The tally of this thread, known to the others as long as the thread lives.
struct Own(Arc<Tally>);

impl Own {
    fn registered() -> Self {
        let tally = Arc::new(Tally::default());
        threads().running.push(Arc::clone(&tally));
        Self(tally)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut threads = threads();
        threads.running.retain(|tally| !Arc::ptr_eq(tally, &self.0));
        threads.ended = threads.ended.plus(self.0.read());
    }
}

impl Tally {
    #[inline]
    fn add(&self, hit: Hits) {
        let Hits { count, nanoseconds_saved } = self.read().plus(hit);
        self.count.store(count, Ordering::Relaxed);
        self.nanoseconds_saved.store(nanoseconds_saved, Ordering::Relaxed);
    }

    #[inline]
    fn read(&self) -> Hits {
        Hits {
            count: self.count.load(Ordering::Relaxed),
            nanoseconds_saved: self.nanoseconds_saved.load(Ordering::Relaxed),
        }
    }
}

impl Threads {
    fn total(&self) -> Hits {
        self.running.iter().map(|tally| tally.read()).fold(self.ended, Hits::plus)
    }
}

impl Hits {
    #[inline]
    fn plus(self, other: Self) -> Self {
        Self {
            count: self.count.wrapping_add(other.count),
            nanoseconds_saved: self.nanoseconds_saved.wrapping_add(other.nanoseconds_saved),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            count: self.count.wrapping_sub(other.count),
            nanoseconds_saved: self.nanoseconds_saved.wrapping_sub(other.nanoseconds_saved),
        }
    }
}

fn threads() -> MutexGuard<'static, Threads> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{count, reset, total};

    /// Under nextest each test is a process of its own; nothing else here hits the memo.
    #[test]
    fn what_ended_and_running_threads_count_is_summed_and_set_to_zero() {
        let before = total();
        count(5);
        std::thread::spawn(|| (0..3).for_each(|_| count(7))).join().unwrap();
        let (send, wait) = std::sync::mpsc::channel::<()>();
        let (counted, ready) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            count(11);
            counted.send(()).unwrap();
            wait.recv().unwrap();
            count(13);
        });
        ready.recv().unwrap();
        let hits = total().minus(before);
        assert_eq!((hits.count, hits.nanoseconds_saved), (5, 5 + 21 + 11));

        reset();
        assert_eq!((total().count, total().nanoseconds_saved), (0, 0));
        send.send(()).unwrap();
        running.join().unwrap();
        assert_eq!((total().count, total().nanoseconds_saved), (1, 13));
    }

    #[test]
    fn a_hit_of_a_thread_that_is_ending_counts() {
        struct Last;
        impl Drop for Last {
            fn drop(&mut self) {
                count(17);
            }
        }
        thread_local!(static LAST: Last = const { Last });

        let before = total();
        // Made first, dropped last: this thread's own tally is gone by then.
        std::thread::spawn(|| LAST.with(|_| count(1))).join().unwrap();
        let hits = total().minus(before);
        assert_eq!((hits.count, hits.nanoseconds_saved), (2, 18));
    }
}
