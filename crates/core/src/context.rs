//! The call context: which cached calls this code runs under, what they pass on, and what they
//! have read.
//!
//! A frame is pushed around every body and every [`with`]. The current frame is a
//! thread-local; around an async body it is set at each poll and taken back after it, so that
//! `join!` and `FuturesUnordered` inherit it, and other tasks and threads never see it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll};

use crate::entry::Input;
use crate::flight::RunId;
use crate::key::Key;
use crate::mode::CacheMode;
use crate::options::{Options, Recompute, merged};
use crate::run::Session;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Frame>>> = const { RefCell::new(None) };
}

/// Runs `body` with these options on every cached call inside it, on this thread.
///
/// ```
/// use nuthatch_core::context::with;
/// use nuthatch_core::mode::CacheMode;
/// use nuthatch_core::options::Options;
///
/// let answer = with(Options::new().cache_mode(CacheMode::Off), || 6 * 7);
/// assert_eq!(answer, 42);
/// ```
pub fn with<R>(options: Options, body: impl FnOnce() -> R) -> R {
    Context(Some(Frame::scope(current(), options))).in_scope(body)
}

/// Runs `future` with these options on every cached call inside it, in this task.
pub fn with_async<F: Future>(
    options: Options,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    // The enclosing frame is taken at the first poll, as it is for a call.
    let mut options = Some(options);
    let mut future = Box::pin(future);
    let mut frame = None;
    std::future::poll_fn(move |cx| {
        if let Some(options) = options.take() {
            frame = Some(Frame::scope(current(), options));
        }
        let _entered = Entered::new(frame.clone());
        future.as_mut().poll(cx)
    })
}

/// The call context of the current code, to be carried by hand into spawned work.
///
/// ```
/// use nuthatch_core::context::Context;
///
/// let context = Context::current();
/// std::thread::spawn(move || context.in_scope(|| { /* cached calls inherit the options */ }));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Context(Option<Arc<Frame>>);

impl Context {
    /// The context that this code runs in.
    pub fn current() -> Self {
        Self(current())
    }

    /// The context inside a frame.
    pub(crate) fn of(frame: Arc<Frame>) -> Self {
        Self(Some(frame))
    }

    /// Runs `body` in this context.
    pub fn in_scope<R>(&self, body: impl FnOnce() -> R) -> R {
        let _entered = Entered::new(self.0.clone());
        body()
    }

    /// Polls `future` in this context, wherever it is polled.
    pub fn scope<F: Future>(self, future: F) -> Scoped<Pin<Box<F>>> {
        self.scope_unpin(Box::pin(future))
    }

    /// As [`scope`](Self::scope), for a future that is pinned already.
    pub(crate) fn scope_unpin<F: Future + Unpin>(self, future: F) -> Scoped<F> {
        Scoped { frame: self.0, future }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = ancestors(self.0.as_ref()).count();
        f.debug_struct("Context").field("depth", &depth).finish()
    }
}

/// A future that is polled in a context of its own.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Scoped<F> {
    frame: Option<Arc<Frame>>,
    future: F,
}

impl<F: Future + Unpin> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let _entered = Entered::new(self.frame.clone());
        Pin::new(&mut self.future).poll(cx)
    }
}

/// One level of the call stack: a running body, or a [`with`].
#[derive(Debug)]
pub(crate) struct Frame {
    parent: Option<Arc<Frame>>,
    /// The run whose body this is; none for a `with`.
    pub(crate) run: Option<RunId>,
    pub(crate) inherited: Inherited,
    /// None in a `with` that stands around outermost calls, and asks none of them to recompute.
    pub(crate) outermost: Option<Arc<Outermost>>,
    lineage: Mutex<Vec<Input>>,
}

/// What a frame passes on to the calls inside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inherited {
    pub(crate) mode: Option<CacheMode>,
    pub(crate) retry_null: Option<bool>,
    pub(crate) strict: Option<bool>,
    pub(crate) recompute: Named,
    pub(crate) memoize: Named,
    /// Whose configuration it is; the process's where it is none.
    pub(crate) session: Option<Arc<Session>>,
    /// Of a `with`: holds for all calls inside, below the call's own options.
    pub(crate) scope: Option<Arc<Options>>,
}

/// Names that reach nested calls, each remembering whether it met its function.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named {
    pub(crate) all: bool,
    sets: Vec<Arc<NameSet>>,
}

#[derive(Debug)]
struct NameSet {
    option: &'static str,
    names: Vec<(String, AtomicBool)>,
}

impl Named {
    /// Adds what one call or `with` says.
    pub(crate) fn add(&mut self, option: &'static str, which: Option<&Recompute>) {
        match which {
            Some(Recompute::All) => self.all = true,
            Some(Recompute::Names(names)) => {
                let names = names.iter().map(|n| (n.clone(), AtomicBool::new(false))).collect();
                self.sets.push(Arc::new(NameSet { option, names }));
            }
            Some(Recompute::This(_)) | None => {}
        }
    }

    /// Whether anything is meant.
    fn asks(&self) -> bool {
        self.all || !self.sets.is_empty()
    }

    /// Whether a function of this identity is meant.
    pub(crate) fn meets(&self, identity: &str) -> bool {
        let mut met = self.all;
        for (name, seen) in self.sets.iter().flat_map(|set| &set.names) {
            if names(name, identity) {
                seen.store(true, Ordering::Relaxed);
                met = true;
            }
        }
        met
    }

    /// Another call has met these names, or has told which it did not.
    fn settle(&self) {
        let names = self.sets.iter().flat_map(|set| &set.names);
        names.for_each(|(_, seen)| seen.store(true, Ordering::Relaxed));
    }

    /// The names in an order of their own, whoever said them.
    fn sorted(&self) -> Vec<&str> {
        let names = self.sets.iter().flat_map(|set| &set.names);
        let mut names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Drop for NameSet {
    fn drop(&mut self) {
        for (name, seen) in &self.names {
            if !seen.load(Ordering::Relaxed) {
                tracing::warn!(
                    target: "nuthatch",
                    "{}(\"{name}\") matched no call: a name is a function's name or a `::` suffix \
                     of its identity, and a function that is recalled does not call the ones \
                     nested in it",
                    self.option,
                );
            }
        }
    }
}

/// Whether `name` is `identity` or a suffix of it at a `::`.
pub(crate) fn names(name: &str, identity: &str) -> bool {
    identity.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
}

/// What the calls under one outermost call share: what was recomputed.
#[derive(Debug, Default)]
pub(crate) struct Outermost {
    /// Whether it is done, or still under way.
    recomputed: Mutex<HashMap<Key, bool>>,
}

impl Outermost {
    /// The right to recompute this key, which is given once.
    pub(crate) fn claim(self: &Arc<Self>, key: Key) -> Option<Claim> {
        match self.keys().entry(key) {
            Entry::Occupied(_) => None,
            Entry::Vacant(entry) => {
                entry.insert(false);
                Some(Claim { outermost: Arc::clone(self), key, done: false })
            }
        }
    }

    /// Whether the key was recomputed, by this outermost call or for it.
    pub(crate) fn has_recomputed(&self, key: &Key) -> bool {
        self.keys().get(key).is_some_and(|done| *done)
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Key, bool>> {
        self.recomputed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to recompute a key. Dropped before it is done (an error, a panic, a cancelled
/// future), it is free again.
#[derive(Debug)]
pub(crate) struct Claim {
    outermost: Arc<Outermost>,
    key: Key,
    done: bool,
}

impl Claim {
    pub(crate) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut keys = self.outermost.keys();
        if self.done {
            keys.insert(self.key, true);
        } else {
            keys.remove(&self.key);
        }
    }
}

impl Frame {
    /// The frame of a `with`.
    fn scope(parent: Option<Arc<Self>>, options: Options) -> Arc<Self> {
        let mut inherited = parent.as_ref().map(|p| p.inherited.clone()).unwrap_or_default();
        inherited.take(&options);
        if let Some(Recompute::This(true)) = options.recompute {
            inherited.recompute.all = true;
        }
        if let Some(Recompute::This(true)) = options.memoize {
            inherited.memoize.all = true;
        }
        let within = inherited.scope.take();
        inherited.scope = Some(Arc::new(options.over(within.as_deref())));
        let outermost = parent.as_ref().and_then(|p| p.outermost.clone());
        let outermost = outermost.or_else(|| inherited.recompute.asks().then(Arc::default));
        Arc::new(Self { parent, run: None, inherited, outermost, lineage: Mutex::default() })
    }

    /// The frame around the body of a call.
    pub(crate) fn body(
        parent: Option<Arc<Self>>,
        run: RunId,
        inherited: Inherited,
        outermost: Arc<Outermost>,
    ) -> Arc<Self> {
        let (run, outermost) = (Some(run), Some(outermost));
        Arc::new(Self { parent, run, inherited, outermost, lineage: Mutex::default() })
    }

    /// Notes that an entry was read (or made) while this frame's body ran. A `with` hands it up.
    pub(crate) fn note(&self, inputs: &[Input]) {
        match (self.run, &self.parent) {
            (None, Some(parent)) => parent.note(inputs),
            (None, None) => {}
            (Some(_), _) => {
                let mut lineage = self.lineage.lock().unwrap_or_else(PoisonError::into_inner);
                for input in inputs {
                    if !lineage.contains(input) {
                        lineage.push(input.clone());
                    }
                }
            }
        }
    }

    /// What the body has read.
    pub(crate) fn lineage(&self) -> Vec<Input> {
        self.lineage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Inherited {
    /// Takes over what a call's options pass on.
    pub(crate) fn take(&mut self, options: &Options) {
        self.mode = options.mode.or(self.mode);
        self.retry_null = options.retry_null.or(self.retry_null);
        self.strict = options.strict.or(self.strict);
        self.recompute.add("recompute", options.recompute.as_ref());
        self.memoize.add("memoize", options.memoize.as_ref());
    }

    /// What nested calls would do otherwise: calls join only where these bytes are equal too.
    pub(crate) fn joining(&self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // Each configuration has flights of its own.
        let Self { mode: _, session: _, retry_null, strict, recompute, memoize, scope } = self;
        if retry_null.is_none()
            && strict.is_none()
            && scope.is_none()
            && !recompute.asks()
            && !memoize.asks()
        {
            return;
        }
        // Writing to a Vec cannot fail. The mode is among what is resolved.
        let _ = write!(out, "{retry_null:?}{strict:?}");
        for named in [recompute, memoize] {
            let _ = write!(out, "{}{:?}", named.all, named.sorted());
        }
        if let Some(scope) = scope {
            scope.joining(out);
        }
    }

    /// A running call does what these options ask for.
    pub(crate) fn settle(&self) {
        self.recompute.settle();
        self.memoize.settle();
    }
}

impl Options {
    /// These options over weaker ones, for scopes within scopes.
    fn over(mut self, weaker: Option<&Self>) -> Self {
        let Some(weaker) = weaker.cloned() else { return self };
        self.namespace = self.namespace.or(weaker.namespace);
        if self.backend.is_none() {
            self.backend = weaker.backend;
            self.backend_options = merged(weaker.backend_options, self.backend_options);
        }
        if self.storage_backend.is_none() {
            self.storage_backend = weaker.storage_backend;
            self.storage_backend_options =
                merged(weaker.storage_backend_options, self.storage_backend_options);
        }
        self.validate = self.validate.or(weaker.validate);
        self.cache = self.cache.or(weaker.cache);
        self
    }

    /// What of a scope holds for nested calls, and is not handed down otherwise.
    fn joining(&self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // Not by `Debug`, which masks what looks like a secret. Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
            self.namespace,
            self.backend,
            self.backend_options,
            self.storage_backend,
            self.storage_backend_options,
            self.validate,
            self.cache,
        );
    }
}

/// The frame that this code runs in.
///
/// None, too, where a thread is ending and its context is gone: a destructor may call what is cached.
pub(crate) fn current() -> Option<Arc<Frame>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// The configuration that this code runs in, where it is not the process's.
pub(crate) fn session() -> Option<Arc<Session>> {
    let session = |current: &RefCell<Option<Arc<Frame>>>| {
        current.borrow().as_ref()?.inherited.session.clone()
    };
    CURRENT.try_with(session).ok().flatten()
}

/// The current context, in another configuration.
pub(crate) fn with_session(session: Arc<Session>) -> Context {
    let parent = current();
    let mut inherited = parent.as_ref().map(|p| p.inherited.clone()).unwrap_or_default();
    inherited.session = Some(session);
    // What was recomputed for one configuration was not for another.
    let outermost = inherited.recompute.asks().then(Arc::default);
    let lineage = Mutex::default();
    Context(Some(Arc::new(Frame { parent, run: None, inherited, outermost, lineage })))
}

/// Whether this code runs in no frame at all: the quick question of the memo's path.
pub(crate) fn is_outermost() -> bool {
    CURRENT.try_with(|current| current.borrow().is_none()).unwrap_or(true)
}

/// The frame and those around it, inside out.
pub(crate) fn ancestors(frame: Option<&Arc<Frame>>) -> impl Iterator<Item = &Arc<Frame>> {
    std::iter::successors(frame, |frame| frame.parent.as_ref())
}

/// Sets the current frame, and takes it back when dropped, also in a panic.
struct Entered(Option<Arc<Frame>>);

impl Entered {
    fn new(frame: Option<Arc<Frame>>) -> Self {
        Self(CURRENT.try_with(|current| current.replace(frame)).ok().flatten())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Where it is gone, there is nothing to take back.
        let _ = CURRENT.try_with(|current| current.replace(self.0.take()));
    }
}
