//! nuthatch's own tokio runtime, and the one adapter between async and blocking code.
//!
//! Store I/O, timers and async callbacks run on a few threads of nuthatch's own, so a store's
//! client never depends on a runtime that the caller may drop, block or not have at all. Bodies
//! of cached functions run where their caller runs them.
//!
//! The runtime starts when it is first needed, and is never shut down: a process that exits in
//! mid-write leaves the old entry or the new one, whatever its threads were doing. It does not
//! survive `fork`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{io, thread};

use smallvec::{SmallVec, smallvec};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::coop::unconstrained;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::{MissedTickBehavior, interval};

use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// Runs `future` on nuthatch's runtime; what is returned can be awaited on any executor.
///
/// The future starts at once. Dropping what is returned cancels it; work that must go on is for
/// [`spawn_detached`].
///
/// # Errors
///
/// The returned future gives an error where the runtime's threads cannot be started.
///
/// # Panics
///
/// A panic of `future` goes on in who awaits it.
///
/// ```
/// use nuthatch_core::runtime;
///
/// let answer = runtime::block_on(runtime::spawn(async { 6 * 7 }))?;
/// assert_eq!(answer, 42);
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
pub fn spawn<F>(future: F) -> Spawned<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match handle() {
        Ok(handle) => Spawned::Running(handle.spawn(future)),
        Err(error) => Spawned::NotStarted(Some(error)),
    }
}

/// Runs `future` on nuthatch's runtime, whether anybody waits for it or not.
///
/// # Errors
///
/// When the runtime's threads cannot be started; `future` is dropped then.
pub fn spawn_detached<F>(future: F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    handle().map(|handle| drop(handle.spawn(future)))
}

/// Blocks the calling thread until `future` is ready: the one way from blocking to async code.
///
/// It works from plain threads, inside any tokio runtime, nested in itself, and under rayon. The
/// future is polled on the calling thread, within nuthatch's runtime: timers and spawned tasks
/// of `future` are driven by nuthatch's threads. They could not be left to the caller's runtime,
/// whose driver may be waiting for the very thread that is blocked here.
///
/// ```
/// assert_eq!(nuthatch_core::runtime::block_on(async { 42 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let _place = PlaceGuard::enter();
    // Inside a task of the caller's runtime, tokio's cooperative budget would run out and never
    // be refilled, and every tokio future would stay pending: hence `unconstrained`.
    let future = unconstrained(future);
    if is_worker() {
        // One of our own threads gives its place to another: the I/O that `future` waits for may
        // have no thread left otherwise.
        return block_in_place(|| pollster::block_on(future));
    }
    match (Surroundings::of_thread(), handle()) {
        (Surroundings::Tokio, Ok(handle)) => {
            let _entered = handle.enter();
            pollster::block_on(polled_again(future, handle))
        }
        (Surroundings::Plain, Ok(handle)) => {
            let _entered = handle.enter();
            pollster::block_on(future)
        }
        // Without a runtime, what needs none still works.
        (Surroundings::Ending, _) | (_, Err(_)) => pollster::block_on(future),
    }
}

/// As [`block_on`], for a future that ends in blocking code: that code finds the runtime that the
/// calling thread is in, or none, as if nothing stood between it and its caller.
///
/// Futures that need a runtime are not for this one; [`within`] gives them nuthatch's.
pub fn block_on_in_place<F: Future>(future: F) -> F::Output {
    let _place = PlaceGuard::enter();
    let future = unconstrained(future);
    if is_worker() {
        return block_in_place(|| pollster::block_on(future));
    }
    if Surroundings::of_thread() == Surroundings::Tokio
        && let Ok(handle) = handle()
    {
        return pollster::block_on(polled_again(future, handle));
    }
    pollster::block_on(future)
}

/// Polls `future` where it is awaited, and within nuthatch's runtime: its timers and spawned
/// tasks are driven by nuthatch's threads, whatever executor awaits it.
pub async fn within<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        // Without a runtime, what needs none still works.
        let ending = Surroundings::of_thread() == Surroundings::Ending;
        let _entered = (!ending).then(|| handle().map(Handle::enter));
        future.as_mut().poll(context)
    })
    .await
}

/// The handle of nuthatch's runtime, which is started when there is none yet.
///
/// # Errors
///
/// When its threads cannot be started. The next call tries again.
pub fn handle() -> Result<&'static Handle> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());

    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle());
    }
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle());
    }
    let runtime = start().map_err(cannot_start)?;
    Ok(RUNTIME.get_or_init(|| runtime).handle())
}

/// Work on nuthatch's runtime; see [`spawn`].
#[must_use = "dropping it cancels the work"]
pub enum Spawned<T> {
    /// The work was handed to the runtime.
    #[doc(hidden)]
    Running(JoinHandle<T>),
    /// The runtime could not be started.
    #[doc(hidden)]
    NotStarted(Option<Error>),
}

impl<T> Future for Spawned<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        match self.get_mut() {
            Self::Running(task) => Poll::Ready(match ready!(Pin::new(task).poll(context)) {
                Ok(value) => Ok(value),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(error) => Err(Error::other(error)),
                },
            }),
            Self::NotStarted(error) => Poll::Ready(Err(error
                .take()
                .unwrap_or_else(|| Error::other("a spawned future was polled after its end")))),
        }
    }
}

impl<T> Unpin for Spawned<T> {}

impl<T> Drop for Spawned<T> {
    fn drop(&mut self) {
        if let Self::Running(task) = self {
            task.abort();
        }
    }
}

impl<T> fmt::Debug for Spawned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawned").finish_non_exhaustive()
    }
}

/// Where futures are polled: a thread, or one [`block_on`] on it. While a thread is inside a
/// `block_on`, nothing is polled in its outer places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(u64);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The calling thread's places, the outermost first: the thread itself, then each `block_on`
    /// that it is in. Empty where the thread is so near its end that nobody knows any more.
    pub(crate) fn all_of_thread() -> Places {
        PLACES.try_with(|places| places.borrow().clone()).unwrap_or_default()
    }

    /// The outermost of them: the thread.
    pub(crate) fn thread() -> Option<Self> {
        PLACES.try_with(|places| places.borrow().first().copied()).ok().flatten()
    }

    /// The innermost of them.
    pub(crate) fn current() -> Option<Self> {
        PLACES.try_with(|places| places.borrow().last().copied()).ok().flatten()
    }
}

/// Several places of one thread.
pub(crate) type Places = SmallVec<[Place; 4]>;

thread_local! {
    static PLACES: RefCell<Places> = RefCell::new(smallvec![Place::new()]);
    static WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Makes a place of its own of one `block_on`.
struct PlaceGuard;

impl PlaceGuard {
    fn enter() -> Self {
        _ = PLACES.try_with(|places| places.borrow_mut().push(Place::new()));
        Self
    }
}

impl Drop for PlaceGuard {
    fn drop(&mut self) {
        _ = PLACES.try_with(|places| places.borrow_mut().pop());
    }
}

fn is_worker() -> bool {
    WORKER.try_with(Cell::get).unwrap_or(false)
}

/// What the calling thread is to tokio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    /// The thread knows no runtime.
    Plain,
    /// The thread is inside some runtime, whose tasks it may be holding up.
    Tokio,
    /// The thread ends, and tokio's thread-locals are gone: to enter a runtime would panic.
    Ending,
}

impl Surroundings {
    fn of_thread() -> Self {
        match Handle::try_current() {
            Ok(_) => Self::Tokio,
            Err(error) if error.is_thread_local_destroyed() => Self::Ending,
            Err(_) => Self::Plain,
        }
    }
}

/// Polls `future` every few milliseconds, woken or not.
///
/// `tokio::task::yield_now` leaves its waker with the worker thread that it finds itself on, to
/// be woken when the worker's turn ends. A blocked worker's turn never ends.
async fn polled_again<F: Future>(future: F, driver: &Handle) -> F::Output {
    let mut future = pin!(future);
    let mut ticks = {
        let _entered = driver.enter();
        interval(Duration::from_millis(5))
    };
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(output);
        }
        while ticks.poll_tick(context).is_ready() {}
        Poll::Pending
    })
    .await
}

/// Builds the runtime on a thread of its own: tokio panics where it can start no thread, and
/// where the caller's thread-locals are gone, and here either becomes an error.
fn start() -> io::Result<Runtime> {
    let builder = thread::Builder::new().name("nuthatch-io-0".to_owned());
    let built = builder.spawn(build)?.join();
    built.unwrap_or_else(|panic| Err(io::Error::other(panic_message(&*panic))))
}

fn build() -> io::Result<Runtime> {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);

    // The threads only move bytes and timers; bodies run elsewhere.
    let threads = thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name_fn(|| format!("nuthatch-io-{}", NUMBER.fetch_add(1, Ordering::Relaxed)))
        .on_thread_start(|| WORKER.set(true))
        .enable_all()
        .build()
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("tokio panicked").to_owned()
}

fn cannot_start(error: io::Error) -> Error {
    Error::other(format!(
        "nuthatch's I/O threads cannot be started: {error}; raise the limit of threads or memory \
         of this process"
    ))
}
