//! The attributes and derives of nuthatch.
//!
//! Programs depend on the crate `nuthatch`, which re-exports them; what they emit goes through
//! `nuthatch::__private`.

mod cache;
mod cache_key;
mod embed;
mod parameter;
mod processor;

use proc_macro::TokenStream;

/// The function keeps its signature. Beside it stands its companion, of the same name:
/// `monthly::call(…)` gives a call whose options can be set before it is awaited, and
/// `monthly::key(…)`, `entry(…)`, `uri(…)`, `forget(…)` and `original(…)` (the body, never cached)
/// are shortcuts. A synchronous function is cached in the same way; its call ends in `.run()`.
///
/// # Keys
///
/// | key | meaning |
/// |---|---|
/// | `cache = false` | root and mirrors are off, unless a call says otherwise |
/// | `namespace = "…"` | a part of the lake of its own |
/// | `version = "…"` | raise it when the code's meaning changes: older entries are no longer found |
/// | `cache_args(a, b)` | these arguments make the key; without it, all do |
/// | `skip(a, self)` | these are in no key and no record: pools, progress bars, `&mut` arguments |
/// | `cache_disable_if = *a > 3` | an expression over the arguments, each by reference; true turns root and mirrors off for the call |
/// | `backend = "…"`, `backend_options(chunk = 3)` | what is read, and written where no storage backend is said |
/// | `storage_backend = "…"`, `storage_backend_options(…)` | what is written |
/// | `engine = T` | the type that `f::call(…)` reads a stored value as |
/// | `memoize` | keep results in memory too |
/// | `upsert_keys("time")` | what tells rows or labels apart when results are merged |
/// | `strict` | never compute: what is not cached is an error |
/// | `lease`, `lease = false` | whether one process at a time computes an entry; where nothing is said, not for values of `basic` |
/// | `name = "…"` | the identity, instead of the path of modules and the name |
/// | `companion = Name`, `companion = none` | the companion's name where it would clash; or none |
/// | `in_impl` | the function stands in an `impl` block: its companions are `f_call`, `f_key`, … |
/// | `crate = path` | where nuthatch is, when it is renamed or re-exported |
///
/// # The companion
///
/// It has the function's name among types and modules, where a function has none. Where a module,
/// struct, trait or enum of that name stands beside the function, the compiler says at the
/// attribute that "the name `daily` is defined multiple times" (E0428): give the companion another
/// with `companion = Daily`, and say `Daily::call(…)`; or have none with `companion = none`.
///
/// # Other attributes
///
/// An attribute above `#[cache]` sees the cached function. Below it, documentation, `must_use` and
/// `deprecated` stay on the function, `cfg` governs all that is emitted, lint levels hold for the
/// function and its body, and everything else (`#[tracing::instrument]`, `#[inline]`) goes to the
/// body, which runs only when a result is computed; the body's own name is `original`.
///
/// # Recursion
///
/// As with any async function, recursion goes through a box: `Box::pin(f(n - 1)).await`, and with
/// options `Box::pin(f::call(n - 1).memoize(true).local()).await`. A synchronous function calls
/// itself as it is.
///
/// # Methods
///
/// In an `impl` the companion's functions stand beside the method: `f_call(&self, …)`, `f_key`,
/// and so on. `self` is an argument like others: part of the key, unless `skip(self)` says
/// otherwise. Methods of generic types need a `name`. Where `in_impl` is forgotten, and neither a
/// receiver nor `Self` gives the place away, the compiler says that a "struct is not supported in
/// `trait`s or `impl`s": the companion.
///
/// A trait's methods cannot be cached, neither in the trait nor in its implementations: two traits
/// could give one type two methods of one identity. Cache a free function, and call it from the
/// method. A macro cannot see what a method stands in, so it is the compiler that refuses it, at
/// `in_impl`: in an implementation by saying that
/// `length_cannot_be_cached_in_a_trait__cache_a_free_function_and_call_it` is not a member of the
/// trait (E0438), in the trait itself by E0449.
///
/// # Configuration
///
/// The crate's `nuthatch.toml`, or its metadata in `Cargo.toml`, is compiled in, so that a library
/// brings its lake along: whoever depends on it recalls its data by calling its functions. The crate
/// is compiled anew when the file changes; that a file has appeared is noticed by Cargo where the
/// package has a build script, if only `fn main() {}`, and said at run time otherwise. What looks
/// like a secret in it is a mistake.
///
/// # Errors
///
/// Every mistake is reported at once, at the word that caused it, with the fix. The function itself
/// is emitted all the same, so that the rest of the program is checked as if it were there.
#[proc_macro_attribute]
pub fn cache(attribute: TokenStream, item: TokenStream) -> TokenStream {
    cache::expand(attribute.into(), item.into()).into()
}

/// Clips what a function returns along time, by two of its arguments.
///
/// The arguments `start_time` and `end_time` are taken out of the key: root and mirrors hold the
/// whole series, the memo and the local location what lies between, both ends included. They may
/// be text (`"2008"`, `"2008-02"`, `"2008-02-29"`, `"2008-02-29T12:30"`), dates and times of chrono
/// or jiff, or an `Option`, where `None` is an open end.
///
/// | key | meaning |
/// |---|---|
/// | `dim = "time"`, `dim = ["time", "date"]` | the dimension or column of time; the first that a value has counts |
/// | `start = from`, `end = to` | the arguments, where they have other names |
/// | `tolerance = "30 days"` | how much less than is asked for an entry may have where it is validated: 365 days |
///
/// A recalled entry that has less than is asked for, and was not computed for as much, is told by a
/// warning on every call; with `validate(true)` it is an error, unless it is tolerated. Compute it
/// anew with `recompute(true)` in a mode that overwrites. The attribute stands above or below
/// `#[cache]`, or on a function that is not cached.
///
/// # Errors
///
/// A function without the two arguments does not compile, nor one whose return type has no place
/// for nuthatch's error. A text that names no time, or an end before the beginning, is an error
/// before the body runs; a value without the dimension is one when it is clipped.
#[proc_macro_attribute]
pub fn timeseries(attribute: TokenStream, item: TokenStream) -> TokenStream {
    processor::expand("timeseries", attribute.into(), item.into()).into()
}

/// Puts a processor of your own around a function: `#[processor(Head::new(10))]`.
///
/// Arguments that it takes are out of the key of root and mirrors:
/// `#[processor(Head::new(*count), takes(count))]`, where the expression has them by reference.
/// Processors may be chained in any order and number; those nearest to the function run first.
/// What is in neither an argument nor the processor's `options` must not change what it makes.
///
/// # Errors
///
/// What a processor refuses is `Error::Processor`, of that call; what was stored stays.
///
/// # Panics
///
/// A processor fails, and the function returns no `Result` that holds nuthatch's error.
#[proc_macro_attribute]
pub fn processor(attribute: TokenStream, item: TokenStream) -> TokenStream {
    processor::expand("processor", attribute.into(), item.into()).into()
}

/// Has a function give an option of a location, or of a backend in it, when it is first needed.
///
/// Writing the attribute is enough: the function may be private, and nobody calls it. It is called
/// once a process, when a location or backend that has the option is first used, on the thread that
/// needs it; an async one on nuthatch's runtime. It takes no arguments and returns text, a number,
/// a bool, a map of them; as it is, as a `Secret`, or as a `Result`.
///
/// | key | meaning |
/// |---|---|
/// | `"password"` | an option of the backend, as `[nuthatch.root.sql]` holds it |
/// | `"filesystem_options.token"`, `"filesystem_options"` | an option of the filesystem, or several as a map |
/// | `location = "root"` | `root` (meant where none is named), `local`, `mirror` or `mirror-NAME` |
/// | `backend = "sql"` | the backend in that location |
/// | `secret` | neither the value nor what the function says when it fails is shown anywhere |
/// | `crate = path` | where nuthatch is, when it is renamed or re-exported |
///
/// It beats files and variables; `set_parameter!` beats it. It serves the locations of the crate
/// that declares it: in a library, those that the library brings along for its own functions, and
/// never the program's; in a program, the program's, and never those of a library.
///
/// # Errors
///
/// A function that fails, panics or gives something else leaves the location (or, of a backend's
/// option, the backend in it) out of use: a warning and a miss, an error in strict calls, with the
/// parameter's and the function's name.
#[proc_macro_attribute]
pub fn config_parameter(attribute: TokenStream, item: TokenStream) -> TokenStream {
    parameter::expand(attribute.into(), item.into()).into()
}

/// Derives `CacheKey`: a value of this type can be an argument of a cached function.
///
/// A struct is keyed as a map from the names of its fields, a tuple struct as a sequence, a
/// struct of one unnamed field as that field, an enum by the name of its variant. That is what
/// serde writes for a plain type too, so a type may change from one to the other and keep its
/// keys. Unlike serde's form, it always holds every field: serde's attributes are not followed.
/// Where they leave a field out (`serde(skip)`), the derive asks for `cache_key(skip)` to say
/// whether the key does so too.
///
/// A field needs `CacheKey` or `serde::Serialize`.
///
/// | attribute | on | does |
/// |---|---|---|
/// | `#[cache_key(skip)]` | field | leaves it out: values that differ in it alone are one |
/// | `#[cache_key(rename = "old")]` | field, variant | keeps the key when a name changes |
/// | `#[cache_key(bound = "T: Serialize")]` | type | replaces `T: CacheKey` for every type parameter |
/// | `#[cache_key(crate = path)]` | type | where `nuthatch` is, if it goes by another name |
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    cache_key::derive(item.into()).into()
}
