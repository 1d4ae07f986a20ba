//! What one call is to do: its own options, those of the context, the attribute's and the
//! configuration's, in that order, made into one plan.

use std::sync::Arc;

use crate::arguments::Arguments;
use crate::config::{OnBusy, Settings, Verify};
use crate::context::{Frame, Inherited, Outermost};
use crate::function::{Definition, OptionValue};
use crate::key::{Key, Level};
use crate::mode::{CacheMode, ModeRow};
use crate::options::{Options, Recompute};

use super::Said;

/// The resolved options of one call.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) mode: CacheMode,
    pub(crate) row: ModeRow,
    /// Whether the call asks to compute although there may be an entry.
    pub(crate) recompute: bool,
    pub(crate) memoize: bool,
    pub(crate) namespace: Option<String>,
    /// The backend that is read, where one was named.
    pub(crate) backend: Option<String>,
    pub(crate) backend_options: toml::Table,
    /// The backend that is written, where one was named.
    pub(crate) storage_backend: Option<String>,
    pub(crate) storage_backend_options: toml::Table,
    pub(crate) retry_null: bool,
    /// Whether the body may not run: by option, by attribute or by mode.
    pub(crate) strict: bool,
    pub(crate) validate: bool,
    pub(crate) upsert: bool,
    /// Whether root and mirrors serve this call (`cache`, `cache_disable_if`).
    pub(crate) cache: bool,
    /// Whether one process at a time computes; where nothing is said, the backend decides.
    pub(crate) lease: Option<bool>,
    pub(crate) on_busy: OnBusy,
    /// Whether what is read is compared with its checksums.
    pub(crate) verify: Verify,
    /// What the body's own calls inherit.
    pub(crate) inherited: Inherited,
    pub(crate) outermost: Arc<Outermost>,
}

impl Plan {
    /// What the call and its function say to a backend, where they name it.
    pub(crate) fn options_of(&self, backend: &str) -> Option<&toml::Table> {
        match (self.storage_backend.as_deref(), self.backend.as_deref()) {
            (Some(storage), _) if storage == backend => Some(&self.storage_backend_options),
            (_, Some(read)) if read == backend => Some(&self.backend_options),
            _ => None,
        }
    }

    /// What they say to the backend that is written.
    pub(crate) fn options_written(&self) -> &toml::Table {
        match self.storage_backend {
            Some(_) => &self.storage_backend_options,
            None => &self.backend_options,
        }
    }

    pub(crate) fn new(
        definition: &Definition,
        identity: &str,
        said: Option<&Said>,
        frame: Option<&Arc<Frame>>,
        settings: &Settings,
    ) -> Self {
        let none = Options::new();
        let own = said.map_or(&none, |said| &said.options);
        let mut inherited = frame.map(|frame| frame.inherited.clone()).unwrap_or_default();
        inherited.take(own);
        let scope = inherited.scope.clone();
        let scope = scope.as_deref().unwrap_or(&none);

        let default_mode =
            if settings.root.is_some() { CacheMode::Write } else { CacheMode::ReadOnly };
        let mode = inherited.mode.or(settings.cache_mode).unwrap_or(default_mode);
        let row = mode.row();
        let said_here = |which: &Option<Recompute>| match which {
            Some(Recompute::This(this)) => Some(*this),
            _ => None,
        };
        // Both are asked in any case, so that a name counts as met.
        let named = inherited.recompute.meets(identity);
        let recompute = said_here(&own.recompute).unwrap_or(named);
        let memoized = inherited.memoize.meets(identity);
        let memoize =
            said_here(&own.memoize).unwrap_or(memoized || definition.memoize || settings.memoize);
        let (backend, backend_options) = chosen(
            (&own.backend, &own.backend_options),
            (&scope.backend, &scope.backend_options),
            (definition.backend, definition.backend_options),
        );
        let (storage_backend, storage_backend_options) = chosen(
            (&own.storage_backend, &own.storage_backend_options),
            (&scope.storage_backend, &scope.storage_backend_options),
            (definition.storage_backend, definition.storage_backend_options),
        );
        let namespace = own.namespace.as_deref().or(scope.namespace.as_deref());
        let namespace = namespace.or(definition.namespace).or(settings.namespace.as_deref());
        let cache = own.cache.or(scope.cache).unwrap_or(definition.cache);
        Self {
            mode,
            row,
            recompute,
            memoize,
            namespace: namespace.map(str::to_owned),
            backend,
            backend_options,
            storage_backend,
            storage_backend_options,
            retry_null: inherited.retry_null.unwrap_or(false),
            strict: inherited.strict.unwrap_or(definition.strict) || !row.computes,
            validate: own.validate.or(scope.validate).unwrap_or(false),
            upsert: said.is_some_and(|said| said.upsert),
            cache: cache && !said.is_some_and(|said| said.disabled),
            lease: own.lease.or(scope.lease).or(definition.lease).or(settings.lease),
            on_busy: own.on_busy.or(scope.on_busy).unwrap_or(settings.on_busy),
            verify: settings.verify,
            outermost: frame.and_then(|frame| frame.outermost.clone()).unwrap_or_default(),
            inherited,
        }
    }

    /// What a recomputation is noted by in the outermost call.
    pub(crate) fn recomputed_key(&self, arguments: &Arguments) -> Option<Key> {
        let level = if self.row.writes_local { Level::Processed } else { Level::Whole };
        arguments.key(level, self.namespace.as_deref()).ok()
    }

    pub(crate) fn reads_root(&self) -> bool {
        self.row.reads_root && self.cache
    }

    pub(crate) fn writes_root(&self) -> bool {
        self.row.writes_root && self.cache
    }

    /// The options that tell one call from another of the same key: calls join only where these
    /// bytes are equal.
    pub(crate) fn joining(&self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "{}{}{}{}{}{}{}{}{}{:?}",
            self.mode.as_str(),
            u8::from(self.recompute),
            u8::from(self.memoize),
            u8::from(self.retry_null),
            u8::from(self.strict),
            u8::from(self.validate),
            u8::from(self.cache),
            self.verify,
            self.on_busy,
            self.lease,
        );
        self.inherited.joining(out);
        let plain = self.backend.is_none() && self.storage_backend.is_none();
        if plain && self.backend_options.is_empty() && self.storage_backend_options.is_empty() {
            return;
        }
        let _ = write!(
            out,
            "{:?}{:?}{:?}{:?}",
            self.backend, self.backend_options, self.storage_backend, self.storage_backend_options
        );
    }
}

/// A backend and its options: the call's, else the scope's, else the attribute's. Options given
/// without a backend's name stand over those of the weaker levels.
fn chosen(
    own: (&Option<String>, &toml::Table),
    scope: (&Option<String>, &toml::Table),
    attribute: (Option<&'static str>, &'static [(&'static str, OptionValue)]),
) -> (Option<String>, toml::Table) {
    let mut options: toml::Table =
        attribute.1.iter().map(|(name, value)| ((*name).to_owned(), value.to_toml())).collect();
    let mut backend = attribute.0.map(str::to_owned);
    for (name, stronger) in [scope, own] {
        if let Some(name) = name {
            // The options of another backend mean nothing to this one.
            if backend.as_ref().is_some_and(|weaker| weaker != name) {
                options.clear();
            }
            backend = Some(name.clone());
        }
        options.extend(stronger.clone());
    }
    (backend, options)
}

impl OptionValue {
    fn to_toml(self) -> toml::Value {
        match self {
            Self::Bool(value) => value.into(),
            Self::Integer(value) => value.into(),
            Self::Float(value) => value.into(),
            Self::Str(value) => value.into(),
            Self::List(values) => {
                toml::Value::Array(values.iter().map(|value| value.to_toml()).collect())
            }
            Self::Table(members) => {
                let members =
                    members.iter().map(|(name, value)| ((*name).to_owned(), value.to_toml()));
                toml::Value::Table(members.collect())
            }
        }
    }
}
