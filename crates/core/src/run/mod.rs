//! The run loop: memo, flight, locations, body, commit.
//!
//! | file | holds |
//! |---|---|
//! | this one | the memo's quick path, and the way into a run |
//! | [`request`], [`plan`] | a call made ready: its options resolved |
//! | [`session`], [`places`] | what calls share: memo, flights, the configured locations opened |
//! | [`place`] | one location: looking up and reading |
//! | [`generation`] | one generation on its way into a location: written, guarded, committed |
//! | [`lead`] | joining a running call, or leading: what joined calls and the memo share |
//! | [`produce`] | recalling, else computing and storing |
//! | [`lease`] | one computation across processes |
//! | [`process`] | the same for calls with processors |
//! | [`recall`] | reading a value from the locations, in order |
//! | [`fetch`] | an entry copied into the local location object by object |
//! | [`keep`] | storing a value: asking, writing, committing |
//! | [`upsert`] | merging a value into the stored one |
//! | [`share`] | an entry that several processes fill |
//! | [`convert`] | one value in several backends, or as several types |
//! | [`rewrite`] | an entry that lies otherwise than its options ask, written anew |
//! | [`queries`] | what can be asked of an entry without computing it |
//! | [`report`] | one event an outcome, and the counts |

mod convert;
mod fetch;
mod generation;
mod keep;
mod lead;
mod lease;
mod place;
mod places;
mod plan;
mod process;
mod produce;
pub(crate) mod queries;
mod recall;
mod report;
mod request;
mod rewrite;
mod session;
pub(crate) mod share;
mod upsert;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::arguments::Arguments;
use crate::config;
use crate::context::{self, Frame};
use crate::entry::Input;
use crate::error::Error;
use crate::returns::{Returns, Split};
use crate::stats::{COUNTERS, count};

use self::lead::Run;
pub(crate) use self::place::Place;
pub(crate) use self::request::{Request, Said};
pub(crate) use self::session::Session;

/// A result as the memo and joined calls hold it.
#[derive(Debug)]
pub(crate) struct Remembered<E> {
    /// None for a null entry.
    value: Option<E>,
    /// The seconds that computing it had taken.
    seconds: f64,
    /// The entry it is or comes from, for the lineage of whoever uses it.
    inputs: Vec<Input>,
    /// What that entry does not have of what is asked for, to be told at every call.
    lack: Option<String>,
}

/// A memo hit of a call that says nothing for itself, outside any other call: no future, no
/// plan, no lock but the memo's.
#[inline]
pub(crate) fn quick<R, K: Returns<R>>(arguments: &Arguments, returns: &K) -> Option<R> {
    let definition = arguments.function().definition();
    if !context::is_outermost() || arguments.failed().is_some() {
        return None;
    }
    config::read(|settings| {
        if !definition.memoize && !settings.memoize {
            return None;
        }
        let namespace = definition.namespace.or(settings.namespace.as_deref());
        // Outside of any context there is no other session.
        let session = Session::of_process();
        let remembered = session.memo_get::<K::Engine>(arguments, namespace)?;
        if remembered.lack.is_some() {
            return None;
        }
        let returned = hand_out(returns, &remembered)?;
        report::from_memo(arguments, namespace, remembered.seconds);
        Some(returned)
    })
    .ok()?
}

/// Gives what the call gives: from memory, from a location, or from its body.
pub(crate) async fn execute<R, F, K>(request: Request, returns: K, body: F) -> R
where
    K: Returns<R>,
    F: Future<Output = K::Body> + Unpin,
{
    if let Some(Err(error)) = returns.processors() {
        // Before the body runs: what it would return cannot be processed.
        let error =
            Error::Usage { function: request.arguments.shown(), message: error.to_string() };
        return fail(&request, &returns, error);
    }
    let frame = context::current();
    let prepared = match request.prepare() {
        Ok(prepared) => prepared,
        Err(error) => return without_cache(&request, returns, body, error).await,
    };
    let run = Run::new(&request, &prepared, returns, frame);
    let plan = &prepared.plan;
    if plan.memoize
        && !plan.recompute
        && !plan.upsert
        && !run.unkeyable()
        && let Some(returned) = run.recalled_from_memo()
    {
        return returned;
    }
    boxed(|| run.fly(body)).await
}

/// Runs the body where the cache itself cannot be used; a strict call fails instead.
async fn without_cache<R, F, K>(request: &Request, returns: K, body: F, error: Error) -> R
where
    K: Returns<R>,
    F: Future<Output = K::Body> + Unpin,
{
    let error = match returns.fail(error) {
        Ok(returned) => return returned,
        Err(error) => error,
    };
    if request.is_strict() {
        give_up(&request.arguments, &error);
    }
    report::cache_unusable(&request.arguments, &error);
    count(&COUNTERS.uncached);
    match returns.split(body.await) {
        Split::Failed(failed) => {
            count(&COUNTERS.failed);
            failed
        }
        Split::Null => rejoin(request, &returns, None),
        Split::Value(value) => {
            let value = match returns.processors() {
                Some(Ok(processors)) => {
                    match processors.process(value, || request.arguments.shown()) {
                        Ok(value) => value,
                        Err(error) => return fail(request, &returns, error),
                    }
                }
                _ => value,
            };
            let engine = produce::as_engine(request, &returns, value).await;
            engine.map_or_else(
                |error| fail(request, &returns, error),
                |value| rejoin(request, &returns, Some(value)),
            )
        }
    }
}

/// A remembered result, as the call returns it: a copy, which the caller may change.
fn hand_out<R, K: Returns<R>>(returns: &K, remembered: &Remembered<K::Engine>) -> Option<R> {
    match &remembered.value {
        Some(value) => returns.join(Some(returns.copy(value)?)),
        None => returns.join(None),
    }
}

/// A result, as the call returns it.
fn rejoin<R, K: Returns<R>>(request: &Request, returns: &K, value: Option<K::Engine>) -> R {
    returns.join(value).unwrap_or_else(|| {
        let message = "the result is null, and the engine's return type holds no null".to_owned();
        fail(request, returns, Error::Usage { function: request.arguments.shown(), message })
    })
}

/// An error, as the call returns it.
///
/// # Panics
///
/// Where the return type holds no error of nuthatch: only strict calls, upserts and engines come
/// here.
fn fail<R, K: Returns<R>>(request: &Request, returns: &K, error: Error) -> R {
    match returns.fail(error) {
        Ok(returned) => returned,
        Err(error) => give_up(&request.arguments, &error),
    }
}

/// The end of a call that has nothing to return, and no room for an error.
fn give_up(arguments: &Arguments, error: &Error) -> ! {
    panic!(
        "{error}; `{}` returns no `Result` whose error converts from `nuthatch::Error`, so this \
         call can only panic",
        arguments.function().definition().ident,
    )
}

/// Notes in the calling body's lineage what it has read.
fn note(frame: Option<&Arc<Frame>>, inputs: &[Input]) {
    if let Some(frame) = frame {
        frame.note(inputs);
    }
}

/// Empties the memo of this process.
pub(crate) fn clear_memo() {
    Session::current().clear_memo();
}

/// Makes a future on the heap, leaving nothing of it in the frame of who awaits it: a chain of
/// cached functions that call each other goes as deep as a stack of such frames.
#[inline(never)]
fn boxed<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(make())
}
