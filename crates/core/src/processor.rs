//! Processors: code around a cached function that takes some of its arguments out of the key and
//! does to the stored whole what they say.

#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::backend::Backends;
use crate::entry::Extent;
use crate::error::{Error, Result};
use crate::returns::{Converts, Fallible, Returns, Shape, Split};
use crate::time::TimeRange;

/// Does something to what a cached function returns, on every call: clips it, converts it,
/// validates it.
///
/// Root and mirrors hold the whole value, and the arguments that a processor takes are in no key
/// there: one entry serves them all. The local location and the memo hold what processors made of
/// it. Each processor runs once on a value that is returned, those nearest to the function first.
///
/// # Contract
///
/// - [`process`](Processor::process) gives equal values for equal ones: it depends on the value, on
///   the arguments that it took, and on what [`options`](Processor::options) tells.
/// - What a processor took is settled when the call is made; nothing is shared between calls.
///
/// # Example
///
/// ```
/// use nuthatch_core::processor::Processor;
///
/// /// The first rows of a table.
/// struct Head(usize);
///
/// impl<T: Send + 'static> Processor<Vec<T>> for Head {
///     fn name(&self) -> &str {
///         "head"
///     }
///     fn options(&self) -> String {
///         self.0.to_string()
///     }
///     fn process(&self, mut rows: Vec<T>) -> nuthatch_core::Result<Vec<T>> {
///         rows.truncate(self.0);
///         Ok(rows)
///     }
/// }
/// assert_eq!(Head(2).process(vec![1, 2, 3])?, [1, 2]);
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
pub trait Processor<T>: Send + Sync {
    /// The name, in keys and manifests.
    fn name(&self) -> &str;

    /// What tells it from others of its name, readable; in keys and manifests.
    fn options(&self) -> String {
        String::new()
    }

    /// Makes of the whole what the call returns.
    ///
    /// # Errors
    ///
    /// The value cannot be processed; the call fails with this.
    fn process(&self, value: T) -> Result<T>;

    /// The time that a whole value covers, noted in the manifest when it is stored; `None` where
    /// it is not known without working the value out.
    fn time_extent(&self, value: &T) -> Option<Extent> {
        let _ = value;
        None
    }

    /// Checks what is returned, after all processors, on calls with `validate(true)`.
    ///
    /// # Errors
    ///
    /// What is wrong with the value.
    fn validate(&self, value: &T) -> Result<(), String> {
        let _ = value;
        Ok(())
    }

    /// The range of time that the call asks for, noted in the manifest when it computes.
    fn asked_range(&self) -> Option<Extent> {
        None
    }

    /// The range of time outside of which nothing of a whole value changes what
    /// [`process`](Processor::process) gives: a backend that can tell leaves the rest unread. It
    /// is asked of the processor that runs first.
    fn reads_within(&self) -> Option<TimeRange> {
        None
    }

    /// Checks whether a recalled entry has what the call asks for. What it lacks is always told,
    /// and is an error on calls with `validate(true)` unless it is tolerated.
    ///
    /// # Errors
    ///
    /// What the entry does not have.
    fn check(&self, recalled: &Recalled<'_>) -> Result<(), Lack> {
        let _ = recalled;
        Ok(())
    }
}

/// What a recalled entry does not have of what a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// What it lacks, in words.
    pub why: String,
    /// Whether a call with `validate(true)` takes it all the same.
    pub tolerated: bool,
}

/// What the manifest of a recalled entry says of its time.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Recalled<'a> {
    /// The time that the data covers.
    pub time_extent: Option<&'a Extent>,
    /// The range that was asked for when it was computed.
    pub asked_range: Option<&'a Extent>,
}

impl<'a> Recalled<'a> {
    pub(crate) fn new(time_extent: Option<&'a Extent>, asked_range: Option<&'a Extent>) -> Self {
        Self { time_extent, asked_range }
    }
}

/// The processors of one call, in the order in which they run.
pub struct Processors<T>(Vec<Box<dyn Processor<T>>>);

impl<T> Processors<T> {
    /// None yet; the macros write this.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// With one more, which runs last.
    #[must_use]
    pub fn with(mut self, processor: impl Processor<T> + 'static) -> Self {
        self.0.push(Box::new(processor));
        self
    }

    /// What they make of a value, for a call as people read it.
    ///
    /// # Errors
    ///
    /// One of them fails.
    pub(crate) fn process(&self, mut value: T, call: impl Fn() -> String) -> Result<T> {
        for processor in &self.0 {
            let failed = |error| failed(call(), processor.name(), error);
            value = processor.process(value).map_err(failed)?;
        }
        Ok(value)
    }

    /// Whether they accept what a call returns.
    ///
    /// # Errors
    ///
    /// One of them does not.
    pub(crate) fn validate(&self, value: &T, call: impl Fn() -> String) -> Result<()> {
        self.0.iter().try_for_each(|processor| {
            let refused = |why| {
                let why = format!("it does not accept the value: {why}");
                failed(call(), processor.name(), Error::other(why))
            };
            processor.validate(value).map_err(refused)
        })
    }

    /// What an entry lacks; what is not tolerated before what is.
    pub(crate) fn check(&self, recalled: &Recalled<'_>) -> Option<Lack> {
        let lacks = self.0.iter().filter_map(|processor| processor.check(recalled).err());
        lacks.min_by_key(|lack| lack.tolerated)
    }

    pub(crate) fn time_extent(&self, value: &T) -> Option<Extent> {
        self.0.iter().find_map(|processor| processor.time_extent(value))
    }

    /// What the first of them reads of a whole value.
    pub(crate) fn reads_within(&self) -> Option<TimeRange> {
        self.0.first()?.reads_within()
    }

    pub(crate) fn asked_range(&self) -> Option<Extent> {
        self.0.iter().find_map(|processor| processor.asked_range())
    }

    /// Names and options, as manifests have them.
    pub(crate) fn readable(&self) -> Vec<crate::entry::Processor> {
        let readable = self.0.iter().map(|processor| crate::entry::Processor {
            name: processor.name().to_owned(),
            options: processor.options(),
        });
        readable.collect()
    }

    /// Names and options, as keys have them.
    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        let keys = self.0.iter().map(|processor| {
            let (name, options) = (processor.name(), processor.options());
            // The length tells where the name ends.
            [&(name.len() as u64).to_be_bytes()[..], name.as_bytes(), options.as_bytes()].concat()
        });
        keys.collect()
    }
}

fn failed(call: String, processor: &str, error: Error) -> Error {
    let source = match error {
        // What the processor's author has made is to be found again.
        Error::Other(source) => source,
        error => error.into(),
    };
    Error::Processor { call, processor: processor.to_owned(), source }
}

impl<T> Default for Processors<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Processors<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|processor| (processor.name(), processor.options()));
        f.debug_map().entries(shown).finish()
    }
}

/// A return type whose values are processed; the macros write this.
pub struct Processed<K, R, T> {
    returns: K,
    processors: Arc<Result<Processors<T>, Error>>,
    marker: PhantomData<fn() -> R>,
}

impl<K, R, T> Processed<K, R, T> {
    /// The answers about a return type, with the processors of a call, or why there are none.
    pub fn new(returns: K, processors: Result<Processors<T>, Error>) -> Self {
        Self { returns, processors: Arc::new(processors), marker: PhantomData }
    }
}

impl<K: Clone, R, T> Clone for Processed<K, R, T> {
    fn clone(&self) -> Self {
        let (returns, processors) = (self.returns.clone(), Arc::clone(&self.processors));
        Self { returns, processors, marker: PhantomData }
    }
}

impl<K, R, T> fmt::Debug for Processed<K, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Processed").field(&self.processors).finish()
    }
}

impl<K, R, T> Returns<R> for Processed<K, R, T>
where
    K: Returns<R, Body = R, Value = T, Engine = T>,
    T: Send + Sync + 'static,
{
    type Body = R;
    type Value = T;
    type Engine = T;

    fn split(&self, returned: R) -> Split<T, R> {
        self.returns.split(returned)
    }
    fn join(&self, value: Option<T>) -> Option<R> {
        self.returns.join(value)
    }
    fn fail(&self, error: Error) -> Result<R, Error> {
        self.returns.fail(error)
    }
    fn has_null(&self) -> bool {
        self.returns.has_null()
    }
    fn same(&self, value: T) -> Result<T, T> {
        Ok(value)
    }
    fn copy(&self, value: &T) -> Option<T> {
        self.returns.copy(value)
    }
    fn value_backends(&self) -> Backends<T> {
        self.returns.value_backends()
    }
    fn engine_backends(&self) -> Backends<T> {
        self.returns.engine_backends()
    }
    fn processors(&self) -> Option<Result<&Processors<T>, &Error>> {
        Some(self.processors.as_ref().as_ref())
    }
}

/// A return type that can hold what goes wrong with a processor that may fail on any call.
#[diagnostic::on_unimplemented(
    message = "a time series can fail, and this return type has no place for the error",
    label = "return a `Result` whose error converts from `nuthatch::Error`",
    note = "a text may name no time, and a value may have no such dimension: `nuthatch::Result<T>` \
            tells the caller"
)]
pub trait HoldsErrors {}

impl<T, E, Null, By, Copying> HoldsErrors
    for Shape<Fallible<T, E>, Null, By, Copying, Converts<E>>
{
}

/// The answers about a return type, where it holds errors; the macros write this.
pub fn holding_errors<K: HoldsErrors>(returns: K) -> K {
    returns
}

/// Why the processors of a function that is not cached could not be made, as it returns that;
/// the macros write this.
///
/// # Panics
///
/// The return type has no place for the error.
pub fn refused<R, K: Returns<R>>(returns: &K, function: &str) -> Option<R> {
    let Some(Err(error)) = returns.processors() else { return None };
    let (function, message) = (function.to_owned(), error.to_string());
    Some(give_up_unless_held(returns, Error::Usage { function, message }))
}

/// Processes what a function that is not cached returns; the macros write this.
///
/// # Panics
///
/// A processor fails, and the return type has no place for its error.
pub fn process<R, K>(returns: &K, function: &str, returned: K::Body) -> R
where
    K: Returns<R, Engine = <K as Returns<R>>::Value>,
{
    let value = match returns.split(returned) {
        Split::Failed(failed) => return failed,
        Split::Null => None,
        Split::Value(value) => Some(value),
    };
    let processed = match (returns.processors(), value) {
        (Some(Ok(processors)), Some(value)) => {
            match processors.process(value, || function.to_owned()) {
                Ok(value) => Some(value),
                Err(error) => return give_up_unless_held(returns, error),
            }
        }
        (_, value) => value,
    };
    let gone = "what was taken apart can be put together";
    returns.join(processed).unwrap_or_else(|| give_up_unless_held(returns, Error::other(gone)))
}

fn give_up_unless_held<R, K: Returns<R>>(returns: &K, error: Error) -> R {
    returns.fail(error).unwrap_or_else(|error| {
        panic!("{error}; return a `Result` whose error converts from `nuthatch::Error`")
    })
}
