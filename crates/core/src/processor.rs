//! Processors: code around a cached function that takes some of its arguments out of the key and
//! does to the stored whole what they say.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::backend::Backends;
use crate::entry::Extent;
use crate::error::{Error, Result};
use crate::returns::{Returns, Split};

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

    /// Checks what is returned, on calls with `validate(true)`.
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

    /// Checks whether a recalled entry has what the call asks for: always told, and an error on
    /// calls with `validate(true)`.
    ///
    /// # Errors
    ///
    /// What the entry does not have.
    fn check(&self, recalled: &Recalled<'_>) -> Result<(), String> {
        let _ = recalled;
        Ok(())
    }
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

    /// What they make of a value.
    ///
    /// # Errors
    ///
    /// One of them fails, or does not accept its result where they are to `validate`.
    pub fn process(&self, mut value: T, validate: bool) -> Result<T> {
        for processor in &self.0 {
            value = processor.process(value)?;
            if validate && let Err(why) = processor.validate(&value) {
                return Err(Error::other(format!(
                    "{} does not accept it: {why}",
                    processor.name()
                )));
            }
        }
        Ok(value)
    }

    pub(crate) fn check(&self, recalled: &Recalled<'_>) -> Result<(), String> {
        self.0.iter().try_for_each(|processor| processor.check(recalled))
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

/// Processes what a function that is not cached returns; the macros write this.
///
/// # Panics
///
/// A processor fails, and the return type has no place for its error.
pub fn process<R, K>(returns: &K, returned: K::Body) -> R
where
    K: Returns<R, Engine = <K as Returns<R>>::Value>,
{
    let failed = |error: Error| {
        returns.fail(error).unwrap_or_else(|error| {
            panic!("{error}; return a `Result` whose error converts from `nuthatch::Error`")
        })
    };
    let value = match returns.split(returned) {
        Split::Failed(failed) => return failed,
        Split::Null => None,
        Split::Value(value) => Some(value),
    };
    let processed = match (returns.processors(), value) {
        (Some(Err(error)), _) => return failed(Error::other(error.to_string())),
        (Some(Ok(processors)), Some(value)) => match processors.process(value, false) {
            Ok(value) => Some(value),
            Err(error) => return failed(error),
        },
        (_, value) => value,
    };
    let gone = "what was taken apart can be put together";
    returns.join(processed).unwrap_or_else(|| failed(Error::other(gone)))
}
