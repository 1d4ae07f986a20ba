//! A call of a cached function: its options, and the ways to end it.

use std::any::Any;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use crate::arguments::Arguments;
use crate::config::OnBusy;
use crate::entry::manifest::Manifest;
use crate::error::Result;
use crate::key::Key;
use crate::mode::CacheMode;
use crate::options::{Options, Recompute};
use crate::returns::Returns;
use crate::run::{self, Request};
use crate::runtime;
use crate::ticket::Ticket;

/// A call that has its arguments and waits for its options.
///
/// `f::call(args)` makes one. It ends with `.await` (which needs `Send`), [`local`](Call::local)
/// (which does not) or [`run`](Call::run) (which blocks), and then gives what `f(args)` gives.
#[must_use = "a call does nothing until it ends: `.await`, `.local().await` or `.run()`"]
pub struct Call<'call, R, F, K> {
    arguments: Arguments,
    own: Option<Box<Own<'call, R>>>,
    returns: K,
    body: F,
}

/// What one call says for itself; most calls say nothing.
struct Own<'call, R> {
    options: Options,
    upsert: bool,
    disabled: bool,
    post_process: Option<PostProcess<'call, R>>,
    /// What was said in an order that means nothing, and what to say instead.
    misused: Option<&'static str>,
    marker: PhantomData<&'call ()>,
}

const PROCESSED_BEFORE_ENGINE: &str = "`post_process` was said before `engine`, about a type that \
    the call no longer returns; say `engine` first, and `post_process` of what it reads";

type PostProcess<'call, R> = Box<dyn FnOnce(R) -> R + Send + 'call>;

impl<R> Default for Own<'_, R> {
    fn default() -> Self {
        Self {
            options: Options::new(),
            upsert: false,
            disabled: false,
            post_process: None,
            misused: None,
            marker: PhantomData,
        }
    }
}

impl<'call, R, F, K> Call<'call, R, F, K>
where
    K: Returns<R>,
    F: Future<Output = K::Body>,
{
    /// A call without options; `#[cache]` writes this.
    #[inline]
    pub fn new(mut arguments: Arguments, returns: K, body: F) -> Self {
        if let Some(Ok(processors)) = returns.processors() {
            arguments.processed_by(processors.keys());
        }
        Self { arguments, own: None, returns, body }
    }

    /// What `cache_disable_if` says of these arguments; `#[cache]` writes this.
    #[inline]
    pub fn cache_disabled_if(mut self, disabled: bool) -> Self {
        if disabled {
            self.own().disabled = true;
        }
        self
    }

    /// Reads the value as another type; the face's `engine::<T>()` writes this.
    #[doc(hidden)]
    pub fn returning<R2, K2>(self, returns: impl FnOnce(K) -> K2) -> Call<'call, R2, F, K2>
    where
        K2: Returns<R2, Body = K::Body>,
    {
        let own = self.own.map(|own| {
            let Own { options, upsert, disabled, post_process, misused, .. } = *own;
            let misused = misused.or(post_process.map(|_| PROCESSED_BEFORE_ENGINE));
            Box::new(Own { options, upsert, disabled, misused, ..Own::default() })
        });
        let returns = returns(self.returns);
        Call { arguments: self.arguments, own, returns, body: self.body }
    }

    /// Several options at once, as though each were said here: what was said before stays where
    /// `options` does not say otherwise.
    pub fn options(self, options: Options) -> Self {
        self.with(|own| own.and(options))
    }

    /// Which locations are read and written. Reaches nested calls.
    pub fn cache_mode(self, mode: CacheMode) -> Self {
        self.with(|options| options.cache_mode(mode))
    }

    /// Computes although there may be an entry: `true` for this call, names for the calls of
    /// these functions however deep, [`Recompute::All`] for all.
    pub fn recompute(self, which: impl Into<Recompute>) -> Self {
        self.with(|options| options.recompute(which))
    }

    /// Keeps the result in memory, and takes it from there: `true` for this call, names for the
    /// calls of these functions however deep, [`Recompute::All`] for all.
    pub fn memoize(self, which: impl Into<Recompute>) -> Self {
        self.with(|options| options.memoize(which))
    }

    /// Keeps the entries of a scenario apart from those of others.
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        self.with(|options| options.namespace(namespace))
    }

    /// The backend that is read, and written where no storage backend is named.
    pub fn backend(self, name: impl Into<String>) -> Self {
        self.with(|options| options.backend(name))
    }

    /// Options of the backend.
    pub fn backend_options(self, options: toml::Table) -> Self {
        self.with(|own| own.backend_options(options))
    }

    /// The backend that is written, where it is another than the one read.
    pub fn storage_backend(self, name: impl Into<String>) -> Self {
        self.with(|options| options.storage_backend(name))
    }

    /// Options of the storage backend.
    pub fn storage_backend_options(self, options: toml::Table) -> Self {
        self.with(|own| own.storage_backend_options(options))
    }

    /// Merges the new value into the stored one by the function's `upsert_keys`, and returns the
    /// merged whole. Where the entry lacks the backend that is written, that is added first, by
    /// conversion.
    pub fn upsert(mut self, upsert: bool) -> Self {
        self.own().upsert = upsert;
        self
    }

    /// Computes again where the entry is null. Reaches nested calls.
    pub fn retry_null(self, retry: bool) -> Self {
        self.with(|options| options.retry_null(retry))
    }

    /// Never computes: a miss is [`Error::NotCached`](crate::Error::NotCached). Reaches nested
    /// calls.
    pub fn strict(self, strict: bool) -> Self {
        self.with(|options| options.strict(strict))
    }

    /// Lets processors validate what is returned.
    pub fn validate(self, validate: bool) -> Self {
        self.with(|options| options.validate(validate))
    }

    /// `false` switches root and mirrors off; the memo and the local location still serve.
    pub fn cache(self, cache: bool) -> Self {
        self.with(|options| options.cache(cache))
    }

    /// Whether one process at a time computes the entry, of all that share its location. Where
    /// nothing is said, that is so for all backends but `basic`.
    pub fn lease(self, lease: bool) -> Self {
        self.with(|options| options.lease(lease))
    }

    /// What is done where another process is computing the entry: wait for it, compute as well,
    /// or give [`Error::Busy`](crate::Error::Busy).
    pub fn on_busy(self, on_busy: OnBusy) -> Self {
        self.with(|options| options.on_busy(on_busy))
    }

    /// Runs last, on what this call returns; its result is in no key, memo or location. Said
    /// several times, all of them run, in that order.
    ///
    /// Where the call has an `engine`, say that first: what was said of another type cannot be
    /// kept, and the call is refused.
    pub fn post_process(mut self, f: impl FnOnce(R) -> R + Send + 'call) -> Self
    where
        R: 'call,
    {
        let earlier = self.own().post_process.take();
        self.own().post_process = Some(match earlier {
            Some(earlier) => Box::new(move |returned| f(earlier(returned))),
            None => Box::new(f),
        });
        self
    }

    /// The result, as a future that need not be `Send`.
    ///
    /// # Panics
    ///
    /// As [`run`](Call::run).
    pub fn local(self) -> impl Future<Output = R> {
        let Self { arguments, own, returns, body } = self;
        // The loop passes the body on through several futures, each of which would hold it: in a
        // chain of cached functions their sizes would multiply.
        let body = Box::pin(body);
        async move {
            let (own, post_process) = own.map_or_else(Default::default, |own| own.parts());
            let returned = run::execute(Request::new(arguments, own), returns, body).await;
            match post_process {
                Some(post_process) => post_process(returned),
                None => returned,
            }
        }
    }

    /// The result, blocking this thread until it is there. It works on plain threads, inside any
    /// runtime and under rayon.
    ///
    /// # Panics
    ///
    /// Where the call may only fail, and its return type holds no error of nuthatch: a strict call
    /// that finds nothing, or a value that cannot be stored under `on_store_failure = "error"`. A
    /// panic of the body goes on here.
    #[inline]
    pub fn run(self) -> R {
        if self.own.is_none()
            && let Some(returned) = run::quick(&self.arguments, &self.returns)
        {
            return returned;
        }
        if self.is_sync() {
            return runtime::block_on_in_place(self.local());
        }
        runtime::block_on(self.local())
    }

    /// The key of the entry in root and mirrors.
    ///
    /// # Errors
    ///
    /// Where an argument cannot be a key, or the function has no identity of its own.
    pub fn key(self) -> Result<Key> {
        self.request().key()
    }

    /// The manifest of the first entry that this call would read, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Query::run`]; also where an argument cannot be a key.
    pub fn entry(self) -> Query<'static, Option<Manifest>> {
        let request = self.request();
        Query::new(async move { run::queries::entry(&request).await })
    }

    /// Where the first entry that this call would read lies: the URI of its data, or of its
    /// manifest where the value is inlined.
    ///
    /// # Errors
    ///
    /// As [`entry`](Call::entry).
    pub fn uri(self) -> Query<'static, Option<String>> {
        let request = self.request();
        Query::new(async move { run::queries::uri(&request).await })
    }

    /// As [`uri`](Call::uri), and computes the entry where it is absent.
    ///
    /// # Errors
    ///
    /// As [`entry`](Call::entry); [`Error::Usage`](crate::Error::Usage) where the call stores
    /// nothing: in a mode that writes no location, or after an error of the body.
    pub fn ensure_uri(self) -> Query<'call, String>
    where
        R: Send + 'call,
        F: Send + 'call,
        K: 'call,
        K::Body: Send,
    {
        let asked = Request::new(self.arguments.clone(), self.own.as_deref().map(Own::said));
        let in_place = self.is_sync();
        let computing = self.into_future();
        let query = Query::new(async move {
            if let Some(uri) = run::queries::uri(&asked).await? {
                return Ok(uri);
            }
            drop(computing.await);
            run::queries::uri(&asked).await?.ok_or_else(|| asked.nothing_stored())
        });
        Query { in_place, ..query }
    }

    /// Begins the entry for several processes, which fill it region by region and of which one
    /// [`commit`](Call::commit)s it whole. `template` is a value whose parts are there or are to
    /// be filled; the body does not run, and nothing is visible before the commit.
    ///
    /// What a template is, the backend says: for `zarr`, the coordinates, and arrays that are
    /// `DataArray::unfilled`; `nuthatch::array::Filling` writes their regions.
    ///
    /// # Errors
    ///
    /// The call writes no location, or its backend cannot be written by several; a good entry is
    /// there in a mode that asks, and nobody says to replace it; the template is of another type
    /// than the function's value; or the location cannot be
    /// written.
    pub fn begin<T: Any + Send + Sync>(self, template: T) -> Query<'static, Ticket> {
        let backends = self.returns.value_backends();
        let request = self.request();
        // The value's type is known to the compiler, and has no name here.
        let template: Box<dyn Any + Send + Sync> = Box::new(template);
        Query::new(async move {
            match template.downcast::<K::Value>() {
                Ok(template) => run::share::begin(request, backends, *template).await,
                Err(_) => Err(crate::Error::Usage {
                    function: request.arguments.shown(),
                    message: format!(
                        "the template is a {}, and the function's value is a {}",
                        std::any::type_name::<T>(),
                        std::any::type_name::<K::Value>()
                    ),
                }),
            }
        })
    }

    /// Checks that every part of what was begun is there, and commits the entry: all of it is
    /// visible from then on, and nothing before. Its manifest.
    ///
    /// The commit is conditional as every other is. Committing a ticket again, or by several
    /// processes at once, commits it once, and all of them are given the entry.
    ///
    /// # Errors
    ///
    /// A part was not written, or by two processes with different content: each error names
    /// it, and once that is mended the ticket can be committed.
    /// [`Error::Conflict`](crate::Error::Conflict) where another value was committed since the
    /// beginning, in a mode that asks: what was written is kept for the grace time, and a call in
    /// [`CacheMode::Overwrite`] commits it over the other. [`Error::Usage`](crate::Error::Usage)
    /// where the ticket is another call's.
    pub fn commit(self, ticket: &Ticket) -> Query<'static, Manifest> {
        let backends = self.returns.value_backends();
        let asked = self.returns.processors().and_then(|made| made.ok()?.asked_range());
        let (request, ticket) = (self.request(), ticket.clone());
        Query::new(run::share::commit(request, backends, ticket, asked))
    }

    /// Forgets the entry in the locations that this call's mode writes: from then on it is a
    /// miss. Whether there was one.
    ///
    /// # Errors
    ///
    /// As [`entry`](Call::entry); also where the location cannot be written.
    pub fn forget(self) -> Query<'static, bool> {
        let (backends, request) = (self.returns.value_backends(), self.request());
        Query::new(async move { run::queries::forget(&request, backends).await })
    }

    fn is_sync(&self) -> bool {
        self.arguments.function().definition().sync
    }

    fn own(&mut self) -> &mut Own<'call, R> {
        self.own.get_or_insert_default()
    }

    fn with(mut self, change: impl FnOnce(Options) -> Options) -> Self {
        let own = self.own();
        own.options = change(std::mem::take(&mut own.options));
        self
    }

    fn request(self) -> Request {
        Request::new(self.arguments, self.own.map(|own| own.said()))
    }
}

impl<'call, R> Own<'call, R> {
    fn said(&self) -> run::Said {
        let Self { options, upsert, disabled, misused, .. } = self;
        let (options, upsert, disabled, misused) = (options.clone(), *upsert, *disabled, *misused);
        run::Said { options, upsert, disabled, misused }
    }

    fn parts(self) -> (Option<run::Said>, Option<PostProcess<'call, R>>) {
        let said = run::Said {
            options: self.options,
            upsert: self.upsert,
            disabled: self.disabled,
            misused: self.misused,
        };
        (Some(said), self.post_process)
    }
}

impl<'call, R, F, K> IntoFuture for Call<'call, R, F, K>
where
    R: Send + 'call,
    F: Future<Output = K::Body> + Send + 'call,
    K: Returns<R> + 'call,
    K::Body: Send,
{
    type Output = R;
    type IntoFuture = Pin<Box<dyn Future<Output = R> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.local())
    }
}

impl<R, F, K> fmt::Debug for Call<'_, R, F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

/// A question about a call's entry, answered by `.await` or, blocking, by [`run`](Query::run).
#[must_use = "a question is not asked until it ends: `.await` or `.run()`"]
pub struct Query<'call, T> {
    future: Pin<Box<dyn Future<Output = Result<T>> + Send + 'call>>,
    /// Whether it may run the body of a synchronous function.
    in_place: bool,
}

impl<'call, T> Query<'call, T> {
    fn new(future: impl Future<Output = Result<T>> + Send + 'call) -> Self {
        Self { future: Box::pin(future), in_place: false }
    }

    /// The answer, blocking this thread until it is there.
    ///
    /// # Errors
    ///
    /// Where the configuration cannot be used, or the location is out of reach.
    pub fn run(self) -> Result<T> {
        if self.in_place {
            return runtime::block_on_in_place(self.future);
        }
        runtime::block_on(self.future)
    }
}

impl<'call, T> IntoFuture for Query<'call, T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T>> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        self.future
    }
}

impl<T> fmt::Debug for Query<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query")
    }
}
