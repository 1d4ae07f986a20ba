//! What the attributes' output names. Not for programs: it changes without notice.

pub use crate::cacheable::{AskCacheable, known};
pub use crate::engine::{CallExt, WithEngine};
pub use crate::{argument, returned, returns};
pub use nuthatch_core::Error;
pub use nuthatch_core::arguments::Arguments;
pub use nuthatch_core::call::{Call, Query};
pub use nuthatch_core::config::inventory;
pub use nuthatch_core::config::{
    Ask, Compiled, ConfigParameter, Declared, Embedded, ParameterValue, Scope,
};
pub use nuthatch_core::entry::manifest::Manifest;
pub use nuthatch_core::function::{Argument, Definition, Function, OptionValue};
pub use nuthatch_core::key::{CacheKey, Key, KeyEncoder, KeyError, probe};
pub use nuthatch_core::processor::{Processed, Processors, holding_errors, process, refused};
pub use nuthatch_core::returns::{ByNothing, Probe, Returns, Shape};
pub use nuthatch_core::timeseries::Timeseries;

/// The questions that `returns!` asks of a return type.
pub mod questions {
    pub use crate::cacheable::AskCacheable;
    pub use crate::cacheable::default::{AskDefault, AskDelta};
    pub use nuthatch_core::returns::questions::*;
}

/// What `f::key(…)` gives.
pub type KeyResult = crate::Result<Key>;

/// Classifies a return type by type, not by spelling: `Result`, `Option`, [`crate::Cacheable`],
/// serde, `Clone`, and an error that nuthatch's converts into.
///
/// After the type stand a module of [`known`], by whose words it is told that the type cannot be
/// stored, and whether the function names a `backend` or leaves that to the type's `default`.
#[doc(hidden)]
#[macro_export]
macro_rules! returns {
    ($returned:ty) => {
        $crate::returns!($returned, any, default)
    };
    ($returned:ty, $known:ident, $by:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::known::$known::*;
        #[allow(unused_imports)]
        use $crate::__private::questions::*;
        let outcome = (&$crate::__private::Probe::<$returned>::new()).outcome();
        let nullable = (&outcome.inner()).nullable();
        let value = nullable.value();
        let medium = (&&&value).medium();
        $crate::default_backend!($by, value);
        let cloning = (&value).cloning();
        let converting = (&outcome.error()).convert();
        $crate::__private::Shape::new(outcome, nullable, medium, cloning, converting)
    }};
}

/// Asks whether the default backend of a type is compiled in, where it is the one to be used.
#[doc(hidden)]
#[macro_export]
macro_rules! default_backend {
    (default, $value:ident) => {
        (&$value).default_backend()
    };
    (named, $value:ident) => {};
}

/// The same of a function that is not cached, whose values need no backend.
#[doc(hidden)]
#[macro_export]
macro_rules! returned {
    ($returned:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::questions::*;
        let outcome = (&$crate::__private::Probe::<$returned>::new()).outcome();
        let nullable = (&outcome.inner()).nullable();
        let cloning = (&nullable.value()).cloning();
        let converting = (&outcome.error()).convert();
        let medium = $crate::__private::ByNothing::default();
        $crate::__private::Shape::new(outcome, nullable, medium, cloning, converting)
    }};
}

/// Records one argument by reference.
#[doc(hidden)]
#[macro_export]
macro_rules! argument {
    ($arguments:ident, $argument:tt) => {
        $arguments.record(|out| {
            #[allow(unused_imports)]
            use $crate::__private::probe::*;
            (&&&$crate::__private::probe::Argument(&$argument)).encode(out)
        })
    };
}
