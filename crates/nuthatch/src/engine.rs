//! Engines: reading a stored value as another type.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use nuthatch_core::backend::Backends;
use nuthatch_core::call::Call;
use nuthatch_core::processor::Processors;
use nuthatch_core::returns::{Returns, Split};

use crate::{Cacheable, Error};

/// A return type whose value can be read as `U` instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read through an engine",
    label = "needs a function that returns `Result<T, _>` or `Option<T>`",
    note = "a stored value may be one that `{U}` is not read from, and `{Self}` has no place for that"
)]
pub trait WithEngine<U>: Sized {
    /// The return type with `U` in place of the value.
    type Output;
    /// The same failure in the other type, where this is one.
    fn failed(self) -> Option<Self::Output>;
    /// A value of the engine, as it is returned.
    fn value(value: Option<U>) -> Option<Self::Output>;
}

impl<T, E, U> WithEngine<U> for Result<T, E> {
    type Output = Result<U, E>;
    fn failed(self) -> Option<Self::Output> {
        self.err().map(Err)
    }
    fn value(value: Option<U>) -> Option<Self::Output> {
        value.map(Ok)
    }
}

impl<T, U> WithEngine<U> for Option<T> {
    type Output = Option<U>;
    fn failed(self) -> Option<Self::Output> {
        None
    }
    fn value(value: Option<U>) -> Option<Self::Output> {
        Some(value)
    }
}

/// Engines for calls.
///
/// # Example
///
/// ```
/// use nuthatch::Stored;
/// use nuthatch::prelude::*;
///
/// #[cache]
/// fn days(month: u32) -> nuthatch::Result<u8> {
///     Ok(if month == 2 { 28 } else { 31 })
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// // Read as the type that the caller works with, by way of what `basic` has stored.
/// let Stored(days): Stored<u8> = days::call(3).engine::<Stored<u8>>().run()?;
/// assert_eq!(days, 31);
/// # Ok(())
/// # }
/// ```
pub trait CallExt<'call, R, F, K> {
    /// Reads the stored value as `U`, and returns that. Say it before
    /// [`post_process`](Call::post_process): what was said of another type cannot be kept, and the
    /// call is refused.
    fn engine<U>(self) -> Call<'call, R::Output, F, Engine<K, R, U>>
    where
        U: Cacheable,
        R: WithEngine<U>;
}

impl<'call, R, F, K> CallExt<'call, R, F, K> for Call<'call, R, F, K>
where
    K: Returns<R>,
    F: Future<Output = K::Body>,
{
    fn engine<U>(self) -> Call<'call, R::Output, F, Engine<K, R, U>>
    where
        U: Cacheable,
        R: WithEngine<U>,
    {
        self.returning(|returns| Engine { returns, marker: PhantomData })
    }
}

/// What a call returns under an engine.
pub struct Engine<K, R, U> {
    returns: K,
    marker: PhantomData<fn() -> (R, U)>,
}

impl<K: Clone, R, U> Clone for Engine<K, R, U> {
    fn clone(&self) -> Self {
        Self { returns: self.returns.clone(), marker: PhantomData }
    }
}
impl<K, R, U> fmt::Debug for Engine<K, R, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine<{}>", std::any::type_name::<U>())
    }
}

impl<R, U, K> Returns<R::Output> for Engine<K, R, U>
where
    K: Returns<R>,
    R: WithEngine<U>,
    U: Cacheable,
{
    type Body = K::Body;
    type Value = K::Value;
    type Engine = U;

    fn split(&self, returned: K::Body) -> Split<K::Value, R::Output> {
        match self.returns.split(returned) {
            Split::Value(value) => Split::Value(value),
            Split::Null => Split::Null,
            // A failure that the other type cannot hold is a null: `Option` has no other.
            Split::Failed(failed) => failed.failed().map_or(Split::Null, Split::Failed),
        }
    }
    fn join(&self, value: Option<U>) -> Option<R::Output> {
        R::value(value)
    }
    fn fail(&self, error: Error) -> Result<R::Output, Error> {
        let message = error.to_string();
        self.returns.fail(error)?.failed().ok_or_else(|| Error::other(message))
    }
    fn has_null(&self) -> bool {
        self.returns.has_null() && R::value(None).is_some()
    }
    fn same(&self, value: K::Value) -> Result<U, K::Value> {
        let mut value = Some(value);
        let same = (&mut value as &mut dyn Any).downcast_mut::<Option<U>>().and_then(Option::take);
        match (same, value) {
            (Some(same), _) => Ok(same),
            (None, Some(value)) => Err(value),
            (None, None) => unreachable!("a value is taken only where it is returned"),
        }
    }
    fn copy(&self, value: &U) -> Option<U> {
        value.duplicate()
    }
    fn value_backends(&self) -> Backends<K::Value> {
        self.returns.value_backends()
    }
    fn engine_backends(&self) -> Backends<U> {
        U::backends()
    }
    fn processors(&self) -> Option<std::result::Result<&Processors<K::Value>, &Error>> {
        self.returns.processors()
    }
}
