//! Options whose values a function of the user's gives: `#[config_parameter]`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::OnceLock;

use futures::FutureExt;
use futures::future::{BoxFuture, poll_fn};
use toml::Value;
use zeroize::Zeroize;

use super::document::{Item, Node};
use super::layer::Layer;
use super::origin::{Origin, Wrong};
use super::reader;
use super::scope::Scope;
use super::secrets::{MASK, wipe};
use crate::key::Secret;
use crate::runtime;

/// A function that gives the value of an option, as `#[config_parameter]` leaves it behind. It is
/// called when the option is first needed, and never again in this process.
pub struct ConfigParameter {
    /// The crate that has the function, which is the one whose locations it serves.
    pub scope: Scope,
    /// The function's name.
    pub function: &'static str,
    /// `root`, `local`, `mirror`, `mirror-NAME`.
    pub location: &'static str,
    /// The backend in that location whose option it is.
    pub backend: Option<&'static str>,
    /// `password`, `filesystem_options`, `filesystem_options.token`.
    pub name: &'static str,
    /// Whether its value is shown nowhere.
    pub secret: bool,
    /// How the function is called.
    pub ask: Ask,
    /// What it gave.
    pub answer: OnceLock<Answer>,
}

/// What a function gave, kept as it is shown nowhere: a value, or why there is none.
pub type Answer = Secret<Given>;

/// See [`Answer`].
#[derive(Clone)]
pub struct Given(pub(crate) Result<Value, String>);

impl Default for Given {
    fn default() -> Self {
        Self(Err(String::new()))
    }
}

impl Zeroize for Given {
    fn zeroize(&mut self) {
        match &mut self.0 {
            Ok(value) => wipe(value),
            Err(why) => why.zeroize(),
        }
    }
}

/// How a function is called.
#[derive(Clone, Copy)]
pub enum Ask {
    /// On the thread that needs the value.
    Sync(fn() -> Result<Value, String>),
    /// On nuthatch's runtime.
    Async(fn() -> BoxFuture<'static, Result<Value, String>>),
}

/// A [`ConfigParameter`], as it is registered.
#[derive(Debug)]
pub struct Declared(pub &'static ConfigParameter);

inventory::collect!(Declared);

impl ConfigParameter {
    /// Those of every crate that is linked into this program.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        inventory::iter::<Declared>.into_iter().map(|declared| declared.0)
    }

    /// What it says, as code would: an option whose value is not known yet.
    pub(crate) fn layer(&'static self) -> Result<Layer, Wrong> {
        let names = [Some(self.location), self.backend].into_iter().flatten();
        let origin = self.origin();
        let keys: Vec<&str> = names.chain(self.name.split('.')).collect();
        let asked = Item { key: String::new(), origin: origin.clone(), node: Node::Asked(self) };
        let tree = keys.into_iter().rev().fold(asked, |inner, key| match inner.key.as_str() {
            "" => Item { key: key.to_owned(), ..inner },
            _ => {
                Item { key: key.to_owned(), origin: origin.clone(), node: Node::Table(vec![inner]) }
            }
        });
        reader::layer(vec![tree], None)
    }

    /// The value, asked for at the first need.
    pub(crate) fn value(&'static self) -> Result<&'static Value, Wrong> {
        if ASKING.with_borrow(|asking| asking.contains(&self)) {
            let why = "calls a cached function that needs its value; take the value from elsewhere";
            return Err(self.wrong(why));
        }
        let answer = self.answer.get_or_init(|| Secret::new(Given(self.asked())));
        answer.expose().0.as_ref().map_err(|why| self.wrong(why))
    }

    /// Whether an option of this name is its secret.
    pub(crate) fn hides(&self, option: &str) -> bool {
        let gives = |answer: &Answer| {
            let table = answer.expose().0.as_ref().ok().and_then(Value::as_table);
            table.is_some_and(|table| table.contains_key(option))
        };
        let own = self.name.rsplit('.').next();
        self.secret && (own == Some(option) || self.answer.get().is_some_and(gives))
    }

    pub(crate) fn wrong(&self, why: impl fmt::Display) -> Wrong {
        let place = [Some(self.location), self.backend, Some(self.name)];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let message = format!("`{}`, given by `{}()`, {why}", place.join("."), self.function);
        Wrong::new(message, self.origin())
    }

    fn origin(&self) -> Origin {
        let Scope { package, file, line, .. } = self.scope;
        Origin::Code { package, file, line }
    }

    /// Calls the function. What a panic or an error says may hold the secret.
    fn asked(&'static self) -> Result<Value, String> {
        let outcome = match self.ask {
            Ask::Sync(ask) => catch_unwind(|| {
                let _asking = Asking::enter(self);
                ask()
            })
            .ok(),
            Ask::Async(ask) => {
                let asking = AssertUnwindSafe(self.marked(async move { ask().await }));
                let spawned = runtime::spawn(asking.catch_unwind());
                match runtime::block_on(spawned) {
                    Ok(outcome) => outcome.ok(),
                    Err(error) => Some(Err(format!("cannot be asked for: {error}"))),
                }
            }
        };
        match outcome {
            Some(Ok(value)) => self.accepted(value),
            Some(Err(_)) if self.secret => {
                Err("is not known: the function failed (what it said may hold the secret, and is \
                     not repeated); have the function tell it, without the value"
                    .to_owned())
            }
            Some(Err(why)) => Err(format!("is not known: the function failed: {why}")),
            None => Err("is not known: the function panicked; return an error instead".to_owned()),
        }
    }

    /// A whole table of options holds what a store's builder takes.
    fn accepted(&self, value: Value) -> Result<Value, String> {
        let is_plain = |value: &Value| !value.is_table() && !value.is_array();
        let expected = match self.name {
            "filesystem_options" if !value.as_table().is_some_and(|t| t.values().all(is_plain)) => {
                "a table of text, numbers, true or false"
            }
            name if name.starts_with("filesystem_options.") && !is_plain(&value) => {
                "text, a number, true or false"
            }
            _ => return Ok(value),
        };
        Err(format!("must be {expected}, and the function returns something else"))
    }

    /// Has it known, wherever the future is polled, that this parameter is being asked for.
    async fn marked<F: Future>(&'static self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _asking = Asking::enter(self);
            future.as_mut().poll(context)
        })
        .await
    }
}

impl PartialEq for ConfigParameter {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for ConfigParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigParameter")
            .field("function", &self.function)
            .field("location", &self.location)
            .field("backend", &self.backend)
            .field("name", &self.name)
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Sync",
            Self::Async(_) => "Async",
        })
    }
}

thread_local! {
    /// The functions that run on this thread now.
    static ASKING: RefCell<Vec<&'static ConfigParameter>> = const { RefCell::new(Vec::new()) };
}

struct Asking;

impl Asking {
    fn enter(parameter: &'static ConfigParameter) -> Self {
        ASKING.with_borrow_mut(|asking| asking.push(parameter));
        Self
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKING.with_borrow_mut(|asking| asking.pop());
    }
}

/// What a function with `#[config_parameter]` may return: text, a number, true or false, a table of
/// them; as it is, as a [`Secret`], or as a `Result` of either.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of a configuration parameter",
    note = "return text, a number, a bool, or a map of them; as it is, as a `nuthatch::Secret`, or \
            as a `Result`"
)]
pub trait ParameterValue {
    /// The value as a file would hold it.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn into_value(self) -> Result<Value, String>;
}

macro_rules! values {
    ($($plain:ty),*) => {$(
        impl ParameterValue for $plain {
            fn into_value(self) -> Result<Value, String> {
                Ok(self.into())
            }
        }
    )*};
}

values!(String, &str, bool, i8, i32, i64, u8, u32, f32, f64, Value, toml::Table);

impl<V: ParameterValue + Zeroize + Default> ParameterValue for Secret<V> {
    fn into_value(self) -> Result<Value, String> {
        self.into_exposed().into_value()
    }
}

impl<V: ParameterValue, E: fmt::Display> ParameterValue for Result<V, E> {
    fn into_value(self) -> Result<Value, String> {
        self.map_err(|error| error.to_string())?.into_value()
    }
}

impl<K: Into<String>, V: ParameterValue> ParameterValue for BTreeMap<K, V> {
    fn into_value(self) -> Result<Value, String> {
        table(self)
    }
}

impl<K: Into<String>, V: ParameterValue, S> ParameterValue for HashMap<K, V, S> {
    fn into_value(self) -> Result<Value, String> {
        table(self)
    }
}

fn table<K: Into<String>, V: ParameterValue>(
    entries: impl IntoIterator<Item = (K, V)>,
) -> Result<Value, String> {
    let entry = |(key, value): (K, V)| Ok((key.into(), value.into_value()?));
    entries.into_iter().map(entry).collect::<Result<toml::Table, String>>().map(Value::Table)
}
