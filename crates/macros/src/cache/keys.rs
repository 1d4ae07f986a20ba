//! The attribute's keys: how each is written, and what to say of a word that is none.

use proc_macro2::Ident;
use syn::Error;

use super::suggest::{enumerate, nearest};

/// A key of `#[cache(…)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Cache,
    Namespace,
    Version,
    CacheArgs,
    Skip,
    CacheDisableIf,
    Backend,
    BackendOptions,
    StorageBackend,
    StorageBackendOptions,
    Engine,
    Memoize,
    UpsertKeys,
    Strict,
    Lease,
    Name,
    Companion,
    InImpl,
    Crate,
}

/// Each key, its name, and how it is written.
const KEYS: [(Key, &str, &str); 19] = [
    (Key::Cache, "cache", "cache = false"),
    (Key::Namespace, "namespace", "namespace = \"experiments\""),
    (Key::Version, "version", "version = \"0.1.0\""),
    (Key::CacheArgs, "cache_args", "cache_args(a, b)"),
    (Key::Skip, "skip", "skip(pool, self)"),
    (Key::CacheDisableIf, "cache_disable_if", "cache_disable_if = *window > 3"),
    (Key::Backend, "backend", "backend = \"basic\""),
    (Key::BackendOptions, "backend_options", "backend_options(chunk = 3, codec = \"zstd\")"),
    (Key::StorageBackend, "storage_backend", "storage_backend = \"basic\""),
    (
        Key::StorageBackendOptions,
        "storage_backend_options",
        "storage_backend_options(chunk = 3, codec = \"zstd\")",
    ),
    (Key::Engine, "engine", "engine = polars::DataFrame"),
    (Key::Memoize, "memoize", "memoize"),
    (Key::UpsertKeys, "upsert_keys", "upsert_keys(\"time\")"),
    (Key::Strict, "strict", "strict"),
    (Key::Lease, "lease", "lease"),
    (Key::Name, "name", "name = \"weather::monthly\""),
    (Key::Companion, "companion", "companion = Name` or `companion = none"),
    (Key::InImpl, "in_impl", "in_impl"),
    (Key::Crate, "crate", "crate = path::to::nuthatch"),
];

/// Words of other caches and of older spellings, with what to write instead.
const OTHER_WORDS: [(&[&str], &str); 7] = [
    (
        &["args", "arguments", "key", "keys"],
        "name the arguments that make the key with `cache_args(a, b)`",
    ),
    (&["ignore", "exclude", "skip_args"], "leave arguments out with `skip(a, b)`"),
    (&["backend_kwargs"], "write `backend_options(chunk = 3)`"),
    (&["storage_backend_kwargs"], "write `storage_backend_options(chunk = 3)`"),
    (&["timeseries", "processor"], "processors are attributes of their own, above `#[cache]`"),
    (
        &["ttl", "time", "expires"],
        "entries do not expire; raise `version = \"…\"` to leave old ones behind",
    ),
    (&["disable_if", "cache_if", "condition"], "write `cache_disable_if = *window > 3`"),
];

/// Options of one call, which no attribute sets.
const CALL_OPTIONS: [&str; 9] = [
    "recompute",
    "cache_mode",
    "retry_null",
    "upsert",
    "validate",
    "validate_data",
    "post_process",
    "mode",
    "on_busy",
];

impl Key {
    /// The key that `word` names, or what to write instead.
    pub(crate) fn of(word: &Ident) -> syn::Result<Self> {
        let text = word.to_string();
        match KEYS.iter().find(|(_, name, _)| *name == text) {
            Some((key, ..)) => Ok(*key),
            None => Err(Error::new(word.span(), unknown(&text))),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// How the key is written, as an example.
    pub(crate) fn form(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        let row = KEYS.iter().find(|(key, ..)| *key == self);
        row.map_or(("", ""), |(_, name, form)| (name, form))
    }
}

fn unknown(word: &str) -> String {
    let names = || KEYS.iter().map(|(_, name, _)| *name);
    if let Some((_, fix)) = OTHER_WORDS.iter().find(|(words, _)| words.contains(&word)) {
        return format!("`#[cache]` has no key `{word}`: {fix}");
    }
    if CALL_OPTIONS.contains(&word) {
        let method = match word {
            "mode" => "cache_mode",
            "validate_data" => "validate",
            other => other,
        };
        return format!("`{word}` is an option of one call: `f::call(…).{method}(…)`");
    }
    match nearest(word, names()) {
        Some(name) => format!("`#[cache]` has no key `{word}`; did you mean `{name}`?"),
        None => format!("`#[cache]` has no key `{word}`; its keys are {}", enumerate(names())),
    }
}
