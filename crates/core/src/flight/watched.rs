//! Tells a future that nobody polls from one that is at work.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::sync::{Arc, Mutex, lock};
use crate::runtime::Place;

pin_project! {
    /// A leading run as a future, whose progress the registry sees; made by
    /// [`Lead::watch`](super::Lead::watch).
    #[must_use = "futures do nothing unless awaited"]
    pub struct Watched<F> {
        #[pin]
        future: F,
        progress: Arc<Progress>,
        waker: Waker,
    }
}

impl<F: Future> Watched<F> {
    pub(super) fn new(future: F, progress: Arc<Progress>) -> Self {
        let waker = Waker::from(Arc::clone(&progress));
        Self { future, progress, waker }
    }

    #[cfg(test)]
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _polling = this.progress.begin_poll(context.waker());
        this.future.poll(&mut Context::from_waker(this.waker))
    }
}

impl<F> fmt::Debug for Watched<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// What is known of a leading future. It is the future's waker, too.
#[derive(Debug)]
pub(super) struct Progress(Mutex<State>);

#[derive(Debug)]
struct State {
    polling: bool,
    /// Since when it could be polled, where it was woken and not polled yet.
    woken: Option<Instant>,
    /// Where it was polled last.
    place: Option<Place>,
    /// Who is to be woken when it is.
    outer: Option<Waker>,
}

impl Progress {
    /// That of a future which is about to be polled by the calling thread.
    pub(super) fn new() -> Self {
        let place = Place::current();
        Self(Mutex::new(State { polling: false, woken: None, place, outer: None }))
    }

    pub(super) fn place(&self) -> Option<Place> {
        lock(&self.0).place
    }

    /// Whether the future was woken longer ago than `limit` and has not been polled since. One
    /// that is being polled, or awaits what is not ready, never is.
    pub(super) fn is_stalled(&self, now: Instant, limit: Duration) -> bool {
        let state = lock(&self.0);
        let woken = state.woken.filter(|_| !state.polling);
        woken.is_some_and(|since| now.saturating_duration_since(since) >= limit)
    }

    fn begin_poll(&self, outer: &Waker) -> Polling<'_> {
        let replaced = {
            let mut state = lock(&self.0);
            state.polling = true;
            state.woken = None;
            state.place = Place::current();
            match &state.outer {
                Some(known) if known.will_wake(outer) => None,
                _ => state.outer.replace(outer.clone()),
            }
        };
        // Outside of the lock: a task may end with its last waker, and take anything with it.
        drop(replaced);
        Polling(self)
    }

    fn woken(&self) -> Option<Waker> {
        let mut state = lock(&self.0);
        state.woken.get_or_insert_with(Instant::now);
        state.outer.clone()
    }
}

/// Ends with the poll, by a panic too.
struct Polling<'a>(&'a Progress);

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        lock(&self.0.0).polling = false;
    }
}

impl Wake for Progress {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(outer) = self.woken() {
            outer.wake();
        }
    }
}
