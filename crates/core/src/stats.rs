//! What the cache did in this process: hits by level, misses and why, seconds saved, bytes.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

mod hits;

/// Declares the counters once: what [`Stats`] shows, and the atomics behind it.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts since the process started, or since [`reset_stats`].
        #[derive(Debug, Clone, Copy, Default, PartialEq)]
        #[non_exhaustive]
        pub struct Stats {
            /// Results taken from memory.
            pub memo_hits: u64,
            $($(#[$doc])* pub $name: u64,)*
            /// Seconds of computing that hits have saved: for each, what making its entry took.
            pub seconds_saved: f64,
        }

        /// The counters behind [`Stats`].
        #[derive(Debug)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
            nanoseconds_saved: AtomicU64,
        }

        pub(crate) static COUNTERS: Counters = Counters {
            $($name: AtomicU64::new(0),)*
            nanoseconds_saved: AtomicU64::new(0),
        };

        /// The counts of this process.
        ///
        /// ```
        /// let stats = nuthatch_core::stats::stats();
        /// println!("{stats}");
        /// assert_eq!(stats.hits() + stats.computed(), 0);
        /// ```
        #[must_use]
        pub fn stats() -> Stats {
            let memo = hits::total();
            let saved = COUNTERS.nanoseconds_saved.load(Ordering::Relaxed);
            Stats {
                memo_hits: memo.count,
                $($name: COUNTERS.$name.load(Ordering::Relaxed),)*
                seconds_saved: Duration::from_nanos(saved.wrapping_add(memo.nanoseconds_saved))
                    .as_secs_f64(),
            }
        }

        /// Sets all counts to zero.
        pub fn reset_stats() {
            hits::reset();
            $(COUNTERS.$name.store(0, Ordering::Relaxed);)*
            COUNTERS.nanoseconds_saved.store(0, Ordering::Relaxed);
        }
    };
}

counters! {
    /// Results taken from this machine's own location.
    local_hits,
    /// Results taken from the root.
    root_hits,
    /// Results taken from a mirror.
    mirror_hits,
    /// Results taken from another call of the same key that was running.
    joined,
    /// Bodies run because there was no entry.
    absent,
    /// Bodies run because a call asked to recompute.
    recomputed,
    /// Bodies run because the entry was damaged, of another type, or null and to be retried.
    unusable,
    /// Bodies run because caching was off for the call: mode, attribute, or an argument that
    /// cannot be a key.
    uncached,
    /// Bodies, among those that ran, that returned an error: nothing of theirs is stored.
    failed,
    /// Strict calls that found no entry to return, and ran no body.
    not_cached,
    /// Locations that could not be read, each a warning and a miss.
    unreachable,
    /// Values that could not be stored, each a warning.
    store_failures,
    /// Entries written.
    stored,
    /// Bytes of values read from locations; of a lazy value those of its parts, as they are read.
    bytes_read,
    /// Bytes of values written to locations.
    bytes_written,
}

impl Stats {
    /// Results that were not computed.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.memo_hits + self.local_hits + self.root_hits + self.mirror_hits + self.joined
    }

    /// Bodies that ran.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.absent + self.recomputed + self.unusable + self.uncached
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "recalled {} (memo {}, local {}, root {}, mirrors {}, joined {}), {:.3} s of computing saved",
            self.hits(),
            self.memo_hits,
            self.local_hits,
            self.root_hits,
            self.mirror_hits,
            self.joined,
            self.seconds_saved,
        )?;
        writeln!(
            f,
            "computed {} (absent {}, recomputed {}, unusable {}, uncached {}), of which {} failed; \
             {} strict calls found nothing",
            self.computed(),
            self.absent,
            self.recomputed,
            self.unusable,
            self.uncached,
            self.failed,
            self.not_cached,
        )?;
        write!(
            f,
            "stored {}, {} B read, {} B written, {} store failures, {} locations out of reach",
            self.stored, self.bytes_read, self.bytes_written, self.store_failures, self.unreachable,
        )
    }
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Adds bytes.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// Adds seconds of computing that a hit saved.
pub(crate) fn saved(seconds: f64) {
    add(&COUNTERS.nanoseconds_saved, nanoseconds(seconds));
}

/// Counts a hit in memory, and the seconds of computing that it saved.
#[inline]
pub(crate) fn memo_hit(seconds: f64) {
    hits::count(nanoseconds(seconds));
}

/// Nonsense from a foreign manifest counts nothing.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn nanoseconds(seconds: f64) -> u64 {
    const CENTURY: f64 = 3e9;
    if (0.0..CENTURY).contains(&seconds) { (seconds * 1e9) as u64 } else { 0 }
}
