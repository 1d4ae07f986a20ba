//! Progress of long transfers: shown on the terminal, or told to the program's own hook.
//!
//! What is seen is what passes through a store: a value that is read from a location or written to
//! one, in objects. Tables in databases pass through none, and a local file that is read counts as
//! read when it is opened. Short transfers are nobody's concern: only what moves 8 MB or more is told.
//!
//! The parameter `progress` says who is told:
//!
//! | `progress` | a hook is set | the terminal is one | neither |
//! |---|---|---|---|
//! | `auto` | the hook | a bar on standard error (feature `progress`) | nobody |
//! | `on` | the hook | a bar, or lines without the feature | lines on standard error |
//! | `off` | nobody | nobody | nobody |

mod lines;
mod watched;

#[cfg(feature = "progress")]
mod bars;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use object_store::ObjectStore;

use crate::config::Progress;
use watched::Watched;

/// What is shorter, in bytes, is not told.
pub(crate) const LONG: u64 = 8 * 1024 * 1024;

/// How many bytes lie between two tellings.
const STEP: u64 = 1024 * 1024;

/// Which way a transfer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a location.
    Read,
    /// To a location.
    Write,
}

/// How far a long transfer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// Tells the transfers of a process apart: several may be on their way at once.
    pub id: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// The function whose value it is.
    pub function: String,
    /// The location's name.
    pub location: String,
    /// The bytes that were moved so far. They are those of objects: more than [`total`](Self::total)
    /// where a part is read twice, fewer where not all is wanted.
    pub bytes: u64,
    /// The size of the stored value in bytes; not known of one that is being written.
    pub total: Option<u64>,
    /// Whether it is over, done or given up; nothing is told of it afterwards.
    pub is_over: bool,
}

impl fmt::Display for Transfer {
    /// `reading weather.daily from root`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, location, .. } = self;
        match self.direction {
            Direction::Read => write!(f, "reading {function} from {location}"),
            Direction::Write => write!(f, "writing {function} to {location}"),
        }
    }
}

type Observer = Arc<dyn Fn(&Transfer) + Send + Sync>;

static HOOK: RwLock<Option<Observer>> = RwLock::new(None);

/// Tells `hook` of every long transfer from now on, in place of the terminal: when 8 MB were moved,
/// after every further megabyte, and when it is over.
///
/// It is called on the thread that moves the bytes, perhaps on several at once, and is waited for: it
/// should only take note. One that panics is warned about, and changes nothing else. With
/// `progress = "off"` it is not called.
///
/// ```
/// use nuthatch_core::progress::on_progress;
///
/// on_progress(|transfer| match transfer.total {
///     Some(total) => eprintln!("{transfer}: {} %", 100 * transfer.bytes / total.max(1)),
///     None => eprintln!("{transfer}: {} bytes", transfer.bytes),
/// });
/// ```
pub fn on_progress(hook: impl Fn(&Transfer) + Send + Sync + 'static) {
    let guarded = move |transfer: &Transfer| {
        static WARNED: AtomicBool = AtomicBool::new(false);
        let told = catch_unwind(AssertUnwindSafe(|| hook(transfer)));
        if told.is_err() && !WARNED.swap(true, Ordering::Relaxed) {
            tracing::warn!(target: "nuthatch", "the hook of `on_progress` panicked; mend it");
        }
    };
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(guarded));
}

/// The store, watched where somebody wants to know and the transfer may be long.
pub(crate) fn watched(
    store: Arc<dyn ObjectStore>,
    how: Progress,
    begin: impl FnOnce() -> Transfer,
) -> Arc<dyn ObjectStore> {
    let Some(observer) = observer(how) else { return store };
    let transfer = begin();
    match transfer.total {
        Some(total) if total < LONG => store,
        _ => Arc::new(Watched::new(store, transfer, observer)),
    }
}

impl Transfer {
    pub(crate) fn new(
        direction: Direction,
        function: &str,
        location: &dyn fmt::Display,
        total: Option<u64>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            direction,
            function: function.to_owned(),
            location: location.to_string(),
            bytes: 0,
            total,
            is_over: false,
        }
    }
}

fn observer(how: Progress) -> Option<Observer> {
    if how == Progress::Off {
        return None;
    }
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    hook.or_else(|| shown(how))
}

/// What is shown on standard error.
fn shown(how: Progress) -> Option<Observer> {
    #[cfg(feature = "progress")]
    if bars::can_be_seen() {
        return Some(bars::observer());
    }
    (how == Progress::On).then(lines::observer)
}

/// `120 MB`, rounded down.
fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}
