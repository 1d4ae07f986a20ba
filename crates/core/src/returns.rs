//! What a cached function returns, taken apart and put together again.
//!
//! `#[cache]` classifies the return type by type, not by spelling: [`Probe`] is asked five times,
//! by autoref specialisation, and the answers make a [`Shape`], which is a [`Returns`].

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::backend::{Backend, Backends};
use crate::basic::Basic;
use crate::error::Error;
use crate::processor::Processors;

/// How a call's return type `R` holds the value that is stored, and how to make an `R` again.
///
/// `#[cache]` implements it by [`Shape`]; an engine wraps one.
pub trait Returns<R>: Clone + Send + Sync {
    /// What the body returns: `R` itself, except under an engine.
    type Body;
    /// What the body's value is stored as.
    type Value: Send + Sync + 'static;
    /// What a stored value is read as: `Value`, except under an engine.
    type Engine: Send + Sync + 'static;

    /// Takes what the body returned apart.
    fn split(&self, returned: Self::Body) -> Split<Self::Value, R>;
    /// Puts a value into the return type, where it can hold that.
    fn join(&self, value: Option<Self::Engine>) -> Option<R>;
    /// Puts an error into the return type, where it can hold one.
    ///
    /// # Errors
    ///
    /// The error itself, where the return type cannot.
    fn fail(&self, error: Error) -> Result<R, Error>;
    /// Whether the return type has a place for "there is no value".
    fn has_null(&self) -> bool;
    /// The engine's value, where it is the stored one.
    ///
    /// # Errors
    ///
    /// The value itself, where the engine is another type and a backend must convert.
    fn same(&self, value: Self::Value) -> Result<Self::Engine, Self::Value>;
    /// A copy, where the type is `Clone`.
    fn copy(&self, value: &Self::Engine) -> Option<Self::Engine>;
    /// The backends that the value can be stored in.
    fn value_backends(&self) -> Backends<Self::Value>;
    /// The backends that the engine can read.
    fn engine_backends(&self) -> Backends<Self::Engine>;
    /// The processors of the call, or why they could not be made; `None` where there are none.
    fn processors(&self) -> Option<Result<&Processors<Self::Value>, &Error>> {
        None
    }
}

/// What a body returned, taken apart.
#[derive(Debug)]
pub enum Split<T, R> {
    /// A value, to be stored.
    Value(T),
    /// `None`, to be stored as a null entry.
    Null,
    /// An error of the body, never stored.
    Failed(R),
}

/// Asks one question of a type, by autoref specialisation.
pub struct Probe<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Probe<T> {
    /// A question about `T`.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: ?Sized> Clone for Probe<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: ?Sized> Copy for Probe<T> {}
impl<T: ?Sized> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe<{}>", std::any::type_name::<T>())
    }
}

/// The traits of the questions, to be imported without names where one is asked. [`AskNoMedium`]
/// is not among them: other words may stand in for it.
pub mod questions {
    pub use super::{
        AskClone, AskConvert, AskNoClone, AskNoConvert, AskOption, AskOptionless, AskPlain,
        AskResult, AskSerde,
    };
}

macro_rules! question {
    ($(#[$doc:meta])* $name:ident :: $method:ident on [$($generics:tt)*] $for:ty => $answer:ty $(where $($bounds:tt)*)?) => {
        $(#[$doc])*
        pub trait $name {
            /// The answer.
            type Answer;
            /// Asks.
            fn $method(&self) -> Self::Answer;
        }
        impl<$($generics)*> $name for $for $(where $($bounds)*)? {
            type Answer = $answer;
            fn $method(&self) -> Self::Answer {
                Default::default()
            }
        }
    };
}

question!(/// The type is a `Result`.
    AskResult::outcome on [T, E] Probe<Result<T, E>> => Fallible<T, E>);
question!(/// The type is anything.
    AskPlain::outcome on [R] &Probe<R> => Infallible<R>);
question!(/// The type is an `Option`.
    AskOption::nullable on [T] Probe<Option<T>> => Nullable<T>);
question!(/// The type is anything.
    AskOptionless::nullable on [T] &Probe<T> => Present<T>);
question!(/// The type is stored by serde, in the backend `basic`.
    AskSerde::medium on [T] &Probe<T> => BySerde<T> where T: Serialize + DeserializeOwned + Send + Sync + 'static);
question!(/// The type can be copied for several callers.
    AskClone::cloning on [T] Probe<T> => Cloned<T> where T: Clone);
question!(/// The type cannot be copied.
    AskNoClone::cloning on [T] &Probe<T> => NotCloned<T>);
question!(/// nuthatch's error converts into the type.
    AskConvert::convert on [E] Probe<E> => Converts<E> where E: From<Error>);
question!(/// nuthatch's error does not convert into the type.
    AskNoConvert::convert on [E] &Probe<E> => DoesNotConvert<E>);

/// The type is stored by nothing: the last resort of the question about backends, asked as
/// `(&&&probe).medium()`.
pub trait AskNoMedium<T> {
    /// Fails to compile, and says why.
    fn medium(&self) -> ByNothing<T>
    where
        T: Storable;
}
impl<T> AskNoMedium<T> for Probe<T> {
    fn medium(&self) -> ByNothing<T>
    where
        T: Storable,
    {
        ByNothing::default()
    }
}

/// Implemented by nothing: its message is what the author of a function reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored by nuthatch",
    label = "this function returns it",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it (and own what it holds: `'static`, `Send` and `Sync`), or implement `nuthatch::Cacheable`",
    note = "in a generic function only the written bounds count: `T: nuthatch::Cacheable`, or those of serde"
)]
pub trait Storable {}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident<$($param:ident),*>;)*) => {$(
        $(#[$doc])*
        pub struct $name<$($param),*>(PhantomData<fn() -> ($($param,)*)>);
        impl<$($param),*> Default for $name<$($param),*> {
            fn default() -> Self { Self(PhantomData) }
        }
        impl<$($param),*> Clone for $name<$($param),*> {
            fn clone(&self) -> Self { *self }
        }
        impl<$($param),*> Copy for $name<$($param),*> {}
        impl<$($param),*> fmt::Debug for $name<$($param),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::any::type_name::<Self>())
            }
        }
    )*};
}

answers! {
    /// A `Result<T, E>`.
    Fallible<T, E>;
    /// Not a `Result`.
    Infallible<R>;
    /// An `Option<T>`, whose `None` is stored as a null entry.
    Nullable<T>;
    /// Not an `Option`.
    Present<T>;
    /// Stored through serde.
    BySerde<T>;
    /// Stored by nothing. It is a [`Medium`] all the same, so that the compiler has one mistake
    /// to tell and not three.
    ByNothing<T>;
    /// `Clone`.
    Cloned<T>;
    /// Not `Clone`: never memoized, waiters read the store.
    NotCloned<T>;
    /// `From<nuthatch::Error>`.
    Converts<E>;
    /// Holds no error of nuthatch.
    DoesNotConvert<E>;
}

impl<T, E> Fallible<T, E> {
    /// The next question: about the `Ok` type.
    #[must_use]
    pub fn inner(&self) -> Probe<T> {
        Probe::new()
    }
    /// The next question: about the error.
    #[must_use]
    pub fn error(&self) -> Probe<E> {
        Probe::new()
    }
}
impl<R> Infallible<R> {
    /// The next question: about the type itself.
    #[must_use]
    pub fn inner(&self) -> Probe<R> {
        Probe::new()
    }
    /// There is no error to ask about.
    #[must_use]
    pub fn error(&self) -> Probe<Never> {
        Probe::new()
    }
}
impl<T> Nullable<T> {
    /// The next question: about the type within.
    #[must_use]
    pub fn value(&self) -> Probe<T> {
        Probe::new()
    }
}
impl<T> Present<T> {
    /// The next question: about the type itself.
    #[must_use]
    pub fn value(&self) -> Probe<T> {
        Probe::new()
    }
}

/// The error of a function that returns no `Result`.
#[derive(Debug, Clone, Copy)]
pub enum Never {}

/// How a type is stored: the answer to the question about its backends.
pub trait Medium<T>: Copy + Send + Sync {
    /// The backends, the default first.
    fn backends(&self) -> Backends<T>;
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> BySerde<T> {
    const BACKENDS: Backends<T> = &[&Basic as &dyn Backend<T>];
}
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Medium<T> for BySerde<T> {
    fn backends(&self) -> Backends<T> {
        Self::BACKENDS
    }
}
impl<T: 'static> Medium<T> for ByNothing<T> {
    fn backends(&self) -> Backends<T> {
        &[]
    }
}

/// Whether a type can be copied: the answer to that question.
pub trait Cloning<T>: Copy + Send + Sync {
    /// A copy, where there can be one.
    fn copy(&self, value: &T) -> Option<T>;
}
impl<T: Clone> Cloning<T> for Cloned<T> {
    fn copy(&self, value: &T) -> Option<T> {
        Some(value.clone())
    }
}
impl<T> Cloning<T> for NotCloned<T> {
    fn copy(&self, _: &T) -> Option<T> {
        None
    }
}

/// Whether an error type holds nuthatch's: the answer to that question.
pub trait Converting<E>: Copy + Send + Sync {
    /// The user's error, or nuthatch's back.
    ///
    /// # Errors
    ///
    /// The error itself, where the type cannot hold it.
    fn convert(&self, error: Error) -> Result<E, Error>;
}
impl<E: From<Error>> Converting<E> for Converts<E> {
    fn convert(&self, error: Error) -> Result<E, Error> {
        Ok(E::from(error))
    }
}
impl<E> Converting<E> for DoesNotConvert<E> {
    fn convert(&self, error: Error) -> Result<E, Error> {
        Err(error)
    }
}

/// All answers about one return type.
#[derive(Debug, Clone, Copy)]
pub struct Shape<Outcome, Null, By, Copying, Converted> {
    outcome: PhantomData<Outcome>,
    null: PhantomData<Null>,
    medium: By,
    cloning: Copying,
    converting: Converted,
}

impl<Outcome, Null, By, Copying, Converted> Shape<Outcome, Null, By, Copying, Converted> {
    /// Puts the answers together.
    pub fn new(_: Outcome, _: Null, medium: By, cloning: Copying, converting: Converted) -> Self {
        Self { outcome: PhantomData, null: PhantomData, medium, cloning, converting }
    }
}

/// Writes the parts of `Returns` that every shape has alike.
macro_rules! alike {
    ($value:ty) => {
        type Value = $value;
        type Engine = $value;

        fn same(&self, value: $value) -> Result<$value, $value> {
            Ok(value)
        }
        fn copy(&self, value: &$value) -> Option<$value> {
            self.cloning.copy(value)
        }
        fn value_backends(&self) -> Backends<$value> {
            self.medium.backends()
        }
        fn engine_backends(&self) -> Backends<$value> {
            self.medium.backends()
        }
    };
}

impl<T, E, By, Copying, Converted> Returns<Result<T, E>>
    for Shape<Fallible<T, E>, Present<T>, By, Copying, Converted>
where
    T: Send + Sync + 'static,
    By: Medium<T>,
    Copying: Cloning<T>,
    Converted: Converting<E>,
{
    type Body = Result<T, E>;
    alike!(T);

    fn split(&self, returned: Result<T, E>) -> Split<T, Result<T, E>> {
        match returned {
            Ok(value) => Split::Value(value),
            Err(error) => Split::Failed(Err(error)),
        }
    }
    fn join(&self, value: Option<T>) -> Option<Result<T, E>> {
        value.map(Ok)
    }
    fn fail(&self, error: Error) -> Result<Result<T, E>, Error> {
        self.converting.convert(error).map(Err)
    }
    fn has_null(&self) -> bool {
        false
    }
}

impl<T, E, By, Copying, Converted> Returns<Result<Option<T>, E>>
    for Shape<Fallible<Option<T>, E>, Nullable<T>, By, Copying, Converted>
where
    T: Send + Sync + 'static,
    By: Medium<T>,
    Copying: Cloning<T>,
    Converted: Converting<E>,
{
    type Body = Result<Option<T>, E>;
    alike!(T);

    fn split(&self, returned: Result<Option<T>, E>) -> Split<T, Result<Option<T>, E>> {
        match returned {
            Ok(Some(value)) => Split::Value(value),
            Ok(None) => Split::Null,
            Err(error) => Split::Failed(Err(error)),
        }
    }
    fn join(&self, value: Option<T>) -> Option<Result<Option<T>, E>> {
        Some(Ok(value))
    }
    fn fail(&self, error: Error) -> Result<Result<Option<T>, E>, Error> {
        self.converting.convert(error).map(Err)
    }
    fn has_null(&self) -> bool {
        true
    }
}

impl<T, By, Copying, Converted> Returns<Option<T>>
    for Shape<Infallible<Option<T>>, Nullable<T>, By, Copying, Converted>
where
    T: Send + Sync + 'static,
    By: Medium<T>,
    Copying: Cloning<T>,
    Converted: Copy + Send + Sync,
{
    type Body = Option<T>;
    alike!(T);

    fn split(&self, returned: Option<T>) -> Split<T, Option<T>> {
        returned.map_or(Split::Null, Split::Value)
    }
    fn join(&self, value: Option<T>) -> Option<Option<T>> {
        Some(value)
    }
    fn fail(&self, error: Error) -> Result<Option<T>, Error> {
        Err(error)
    }
    fn has_null(&self) -> bool {
        true
    }
}

impl<T, By, Copying, Converted> Returns<T>
    for Shape<Infallible<T>, Present<T>, By, Copying, Converted>
where
    T: Send + Sync + 'static,
    By: Medium<T>,
    Copying: Cloning<T>,
    Converted: Copy + Send + Sync,
{
    type Body = T;
    alike!(T);

    fn split(&self, returned: T) -> Split<T, T> {
        Split::Value(returned)
    }
    fn join(&self, value: Option<T>) -> Option<T> {
        value
    }
    fn fail(&self, error: Error) -> Result<T, Error> {
        Err(error)
    }
    fn has_null(&self) -> bool {
        false
    }
}
