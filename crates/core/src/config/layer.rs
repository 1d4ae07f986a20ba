//! One layer: what it says, all of it optional, and how it lies over a weaker one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::Value;

use super::asked::ConfigParameter;
use super::origin::{Origin, Tracked, Wrong};
pub(crate) use super::parameters::Globals;
use super::secrets::{masked_url, shown_option};

/// What one layer says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Layer {
    pub(crate) globals: Globals,
    pub(crate) root: LocationLayer,
    pub(crate) local: LocationLayer,
    /// In the order of configuration.
    pub(crate) mirrors: Vec<(String, LocationLayer)>,
}

/// What one layer says of one location.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LocationLayer {
    /// Where the location is named first.
    pub(crate) named: Option<Origin>,
    pub(crate) filesystem: Option<Tracked<Filesystem>>,
    pub(crate) filesystem_options: Options,
    pub(crate) backends: BTreeMap<String, BackendLayer>,
}

/// What one layer says of one backend in one location.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct BackendLayer {
    pub(crate) filesystem: Option<Tracked<Filesystem>>,
    pub(crate) filesystem_options: Options,
    pub(crate) options: Options,
}

/// A filesystem as it is written, expanded only once it is known to be the strongest.
#[derive(Clone, PartialEq)]
pub(crate) struct Filesystem {
    pub(crate) text: String,
    /// What a relative path is relative to; the working directory where it is `None`.
    pub(crate) base: Option<Arc<Path>>,
}

/// Options, each with its origin. One without a name stands for a whole table, which a function
/// gives.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Options(pub(crate) BTreeMap<String, Tracked<Said>>);

/// What is said of an option.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Value(Value),
    /// A function gives it, when it is needed.
    Asked(&'static ConfigParameter),
}

impl Layer {
    /// What both say, and of what both say, what `self` says.
    ///
    /// Mirrors keep the order of the weaker layer, so that setting one option of a mirror does not
    /// move it ahead of others; new ones follow.
    pub(crate) fn combine(self, weaker: Self) -> Self {
        let mut mirrors = weaker.mirrors;
        for (name, stronger) in self.mirrors {
            match mirrors.iter_mut().find(|(known, _)| *known == name) {
                Some((_, mirror)) => *mirror = stronger.combine(std::mem::take(mirror)),
                None => mirrors.push((name, stronger)),
            }
        }
        Self {
            globals: self.globals.combine(weaker.globals),
            root: self.root.combine(weaker.root),
            local: self.local.combine(weaker.local),
            mirrors,
        }
    }

    /// The location of that name, made where it is a mirror that is not there yet.
    pub(crate) fn location(&mut self, name: &str) -> &mut LocationLayer {
        match name {
            "root" => &mut self.root,
            "local" => &mut self.local,
            _ => {
                let known = self.mirrors.iter().position(|(mirror, _)| mirror == name);
                let index = known.unwrap_or_else(|| {
                    self.mirrors.push((name.to_owned(), LocationLayer::default()));
                    self.mirrors.len() - 1
                });
                &mut self.mirrors[index].1
            }
        }
    }

    /// Every location with its name: root, local, mirrors.
    pub(crate) fn locations(&self) -> impl Iterator<Item = (&str, &LocationLayer)> {
        let mirrors = self.mirrors.iter().map(|(name, mirror)| (name.as_str(), mirror));
        [("root", &self.root), ("local", &self.local)].into_iter().chain(mirrors)
    }
}

impl LocationLayer {
    pub(crate) fn combine(self, weaker: Self) -> Self {
        let mut backends = weaker.backends;
        for (name, stronger) in self.backends {
            let backend = backends.entry(name).or_default();
            *backend = stronger.combine(std::mem::take(backend));
        }
        Self {
            named: self.named.or(weaker.named),
            filesystem: self.filesystem.or(weaker.filesystem),
            filesystem_options: self.filesystem_options.combine(weaker.filesystem_options),
            backends,
        }
    }
}

impl BackendLayer {
    pub(crate) fn combine(self, weaker: Self) -> Self {
        Self {
            filesystem: self.filesystem.or(weaker.filesystem),
            filesystem_options: self.filesystem_options.combine(weaker.filesystem_options),
            options: self.options.combine(weaker.options),
        }
    }
}

impl Options {
    pub(crate) fn combine(self, weaker: Self) -> Self {
        let mut options = weaker.0;
        options.extend(self.0);
        Self(options)
    }
}

/// Puts a value where the layer has none yet: one layer says a thing once.
pub(crate) fn put<T>(
    place: &mut Option<Tracked<T>>,
    name: &str,
    value: T,
    origin: &Origin,
) -> Result<(), Wrong> {
    if let Some(other) = place {
        let message = format!("`{name}` is given twice, here and at {}; keep one", other.origin);
        return Err(Wrong::new(message, origin));
    }
    *place = Some(Tracked::new(value, origin.clone()));
    Ok(())
}

impl fmt::Debug for Filesystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} below {:?}", masked_url(&self.text), self.base)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, option): (&String, &Tracked<Said>)| {
            let value = match &option.value {
                Said::Value(value) => shown_option(name, value),
                Said::Asked(parameter) => format!("{}()", parameter.function),
            };
            (name.clone(), (value, option.origin.clone()))
        };
        f.debug_map().entries(self.0.iter().map(shown)).finish()
    }
}
