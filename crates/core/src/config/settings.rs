//! The configuration, resolved: every parameter has its value, and says where it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::asked::ConfigParameter;
use super::origin::{Origin, Wrong};
use super::parameters::DEFAULT_LOCAL;
use super::scope::Scope;
use super::secrets::{MASK, Masked, Wiped, masked_url, shown_option, shown_text};
use super::values::{
    CommitPolicy, ManifestIdentity, OnBusy, OnStoreFailure, Progress, Verify, shown_bytes,
    shown_span,
};
use crate::error::Result;
use crate::mode::CacheMode;

/// The whole configuration.
///
/// `Display` prints a line `key = value  (origin)` for each parameter, `***` in place of what looks
/// like a secret, and then the mirrors of each dependency under a line that names the crate.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The team's lake, where one is configured.
    pub root: Option<LocationSettings>,
    /// This machine's own location; `None` only where none is configured and the home folder is
    /// not known. [`Settings::local`] says so.
    pub local: Option<LocationSettings>,
    /// The program's mirrors, in the order in which they are read.
    pub mirrors: Vec<LocationSettings>,
    /// Which locations are read and written; [`Settings::mode`] fills in the default.
    pub cache_mode: Option<CacheMode>,
    /// Keeps the entries of one scenario apart from those of others.
    pub namespace: Option<String>,
    /// Whether results are kept in memory too.
    pub memoize: bool,
    /// What the results kept in memory may weigh together, in bytes.
    pub memo_size: u64,
    /// Whether local files are flushed to the disk.
    pub durable: bool,
    /// What happens when a computed value cannot be stored.
    pub on_store_failure: OnStoreFailure,
    /// Whether manifests name the user, host and git commit.
    pub manifest_identity: ManifestIdentity,
    /// How an entry is committed.
    pub commit: CommitPolicy,
    /// How long data that was replaced is kept.
    pub grace: Duration,
    /// Names of locations, and how filesystems begin, that are neither read nor written: root and
    /// mirrors that are out of reach from here. They are in no other field.
    pub skipped_filesystems: Vec<String>,
    /// How long a location is waited for that is not on this machine.
    pub timeout: Duration,
    /// Whether one process at a time computes an entry; where nothing is said, that is so for all
    /// backends but `basic`.
    pub lease: Option<bool>,
    /// For how long a lease holds whose owner is not heard of.
    pub lease_ttl: Duration,
    /// How long a call waits for another process that computes its entry.
    pub lease_wait: Duration,
    /// What a call does that finds another process computing its entry.
    pub on_busy: OnBusy,
    /// Whether what is read is compared with its checksums.
    pub verify: Verify,
    /// Who is told of the progress of long transfers.
    pub progress: Progress,
    pub(crate) skipped: Skipped,
    pub(crate) dependencies: Vec<Dependency>,
    /// How often code had set parameters.
    pub(crate) revision: u64,
    pub(crate) origins: BTreeMap<String, Origin>,
    pub(crate) warnings: Vec<String>,
}

/// One location.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct LocationSettings {
    /// `root`, `local`, `mirror`, `mirror-NAME`.
    pub name: String,
    /// A URL or an absolute path.
    pub filesystem: String,
    /// What the filesystem's builder takes, but for what functions give.
    pub filesystem_options: toml::Table,
    pub(crate) asked: Asked,
    /// The backends that have a table of their own.
    pub backends: BTreeMap<String, BackendSettings>,
    /// Where `filesystem` was said.
    pub origin: Origin,
}

/// One backend in one location.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct BackendSettings {
    /// A URL or an absolute path: the backend's own, else the location's.
    pub filesystem: String,
    /// The backend's own over the location's. A filesystem of another kind than the location's
    /// takes nothing of the location's options.
    pub filesystem_options: toml::Table,
    /// The backend's other options, but for what functions give. A variable gives each as text.
    pub options: toml::Table,
    pub(crate) asked: Asked,
    pub(crate) options_asked: Asked,
}

/// Those options of one table that functions give, when they are needed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Asked {
    /// By name; the one without a name gives a whole table.
    pub(crate) functions: BTreeMap<String, &'static ConfigParameter>,
    /// The options that stand, whatever a whole table says.
    pub(crate) keep: BTreeSet<String>,
}

/// `skipped_filesystems`, expanded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skipped(pub(crate) Vec<String>);

/// The mirrors that a dependency has brought along for its own functions.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) scope: Scope,
    pub(crate) mirrors: Vec<LocationSettings>,
    pub(crate) origins: BTreeMap<String, Origin>,
}

impl Settings {
    /// The mode of calls that ask for none.
    #[must_use]
    pub fn mode(&self) -> CacheMode {
        let default = if self.root.is_some() { CacheMode::Write } else { CacheMode::ReadOnly };
        self.cache_mode.unwrap_or(default)
    }

    /// This machine's own location.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) where none is configured and the home folder is not
    /// known.
    pub fn local(&self) -> Result<&LocationSettings> {
        let missing = || {
            let message = format!(
                "the local location lies in {DEFAULT_LOCAL}, and the home folder is not known; \
                 set HOME to a full path, or `local.filesystem`"
            );
            Wrong::new(message, Origin::Default).into()
        };
        self.local.as_ref().ok_or_else(missing)
    }

    /// The mirrors that a crate has brought along. They serve its own functions and no others, after
    /// the program's mirrors.
    #[must_use]
    pub fn mirrors_of(&self, scope: &Scope) -> &[LocationSettings] {
        let of = |known: &&Dependency| known.scope.is_same_crate(scope);
        self.dependencies.iter().find(of).map_or(&[], |known| &known.mirrors)
    }

    /// Where the value of that dotted key came from: `root.filesystem`, `memo_size`,
    /// `root.zarr.filesystem_options.region`. `None` where there is no such value.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.origins.get(key)
    }

    /// What a person should know of how the configuration was found; told once as it is resolved.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Every location of the program: root, local, mirrors.
    pub fn locations(&self) -> impl Iterator<Item = &LocationSettings> {
        self.root.iter().chain(&self.local).chain(&self.mirrors)
    }

    /// Whether all that holds for every location is as it was, and no code has set anything since.
    pub(crate) fn has_equal_globals(&self, other: &Self) -> bool {
        self.revision == other.revision
            && self.durable == other.durable
            && self.grace == other.grace
            && self.timeout == other.timeout
            && self.commit == other.commit
            && self.manifest_identity == other.manifest_identity
            && self.progress == other.progress
    }

    fn lines(&self) -> Vec<(String, String)> {
        let word = |word: &str| format!("\"{word}\"");
        let mut lines = vec![("cache_mode".to_owned(), word(self.mode().as_str()))];
        lines.extend(self.namespace.iter().map(|n| ("namespace".to_owned(), shown_text(n))));
        lines.extend(self.lease.iter().map(|lease| ("lease".to_owned(), lease.to_string())));
        let rest = [
            ("memoize", self.memoize.to_string()),
            ("memo_size", shown_bytes(self.memo_size)),
            ("durable", self.durable.to_string()),
            ("on_store_failure", word(self.on_store_failure.as_str())),
            ("manifest_identity", word(self.manifest_identity.as_str())),
            ("commit", word(self.commit.as_str())),
            ("grace", shown_span(self.grace)),
            ("timeout", shown_span(self.timeout)),
            ("lease_ttl", shown_span(self.lease_ttl)),
            ("lease_wait", shown_span(self.lease_wait)),
            ("on_busy", word(self.on_busy.as_str())),
            ("verify", word(self.verify.as_str())),
            ("progress", word(self.progress.as_str())),
        ];
        lines.extend(rest.map(|(name, value)| (name.to_owned(), value)));
        if !self.skipped_filesystems.is_empty() {
            let skipped: Vec<_> = self.skipped_filesystems.iter().map(|s| shown_text(s)).collect();
            lines.push(("skipped_filesystems".to_owned(), format!("[{}]", skipped.join(", "))));
        }
        self.locations().for_each(|location| location.lines(&mut lines));
        lines
    }
}

impl LocationSettings {
    /// Where a backend's data lies: its own filesystem and options, else the location's.
    #[must_use]
    pub fn place(&self, backend: &str) -> (&str, &toml::Table) {
        match self.backends.get(backend) {
            Some(own) => (&own.filesystem, &own.filesystem_options),
            None => (&self.filesystem, &self.filesystem_options),
        }
    }

    /// The options of the backend's own table; empty where it has none.
    #[must_use]
    pub fn backend_options(&self, backend: &str) -> toml::Table {
        self.backends.get(backend).map(|own| own.options.clone()).unwrap_or_default()
    }

    /// Has the functions give what opening the location needs.
    pub(crate) fn ask(&self) -> Result<()> {
        let backends = self.backends.values().map(|backend| &backend.asked);
        for asked in std::iter::once(&self.asked).chain(backends) {
            asked.functions.values().try_for_each(|parameter| parameter.value().map(drop))?;
        }
        Ok(())
    }

    fn lines(&self, lines: &mut Vec<(String, String)>) {
        let name = &self.name;
        lines.push((format!("{name}.filesystem"), shown_text(&self.filesystem)));
        let place = format!("{name}.filesystem_options");
        option_lines(lines, &place, &self.filesystem_options, &self.asked);
        for (backend, own) in &self.backends {
            let place = format!("{name}.{backend}");
            lines.push((format!("{place}.filesystem"), shown_text(&own.filesystem)));
            let filesystem = format!("{place}.filesystem_options");
            option_lines(lines, &filesystem, &own.filesystem_options, &own.asked);
            option_lines(lines, &place, &own.options, &own.options_asked);
        }
    }
}

fn option_lines(
    lines: &mut Vec<(String, String)>,
    place: &str,
    options: &toml::Table,
    asked: &Asked,
) {
    let line = |(name, value): (&String, _)| (format!("{place}.{name}"), shown_option(name, value));
    lines.extend(options.iter().map(line));
    let line = |(name, parameter): (&String, &&ConfigParameter)| {
        let key = if name.is_empty() { place.to_owned() } else { format!("{place}.{name}") };
        (key, if parameter.secret { MASK.to_owned() } else { format!("{}()", parameter.function) })
    };
    lines.extend(asked.functions.iter().map(line));
}

impl Asked {
    /// `options` with what the functions give; each is called at the first need, and not again.
    ///
    /// # Errors
    ///
    /// A function gives no value. What it would have given is not repeated.
    pub(crate) fn over(&self, options: &toml::Table) -> Result<Wiped> {
        let mut whole = Wiped(options.clone());
        // The one without a name comes first.
        for (name, parameter) in &self.functions {
            match parameter.value()? {
                toml::Value::Table(table) if name.is_empty() => {
                    let given = table.iter().filter(|(name, _)| !self.keep.contains(*name));
                    whole.0.extend(given.map(|(name, value)| (name.clone(), value.clone())));
                }
                value => {
                    whole.0.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(whole)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in self.lines() {
            let origin = self.origins.get(&key).unwrap_or(&Origin::Default);
            writeln!(f, "{key} = {value}  ({origin})")?;
        }
        for Dependency { scope, mirrors, origins } in &self.dependencies {
            writeln!(f, "# for the functions of {} {}", scope.package, scope.version)?;
            let mut lines = Vec::new();
            mirrors.iter().for_each(|mirror| mirror.lines(&mut lines));
            for (key, value) in lines {
                let origin = origins.get(&key).unwrap_or(&Origin::Default);
                writeln!(f, "{key} = {value}  ({origin})")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for LocationSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocationSettings")
            .field("name", &self.name)
            .field("filesystem", &masked_url(&self.filesystem))
            .field("filesystem_options", &Masked(&self.filesystem_options))
            .field("backends", &self.backends)
            .field("origin", &self.origin)
            .finish()
    }
}

impl fmt::Debug for BackendSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendSettings")
            .field("filesystem", &masked_url(&self.filesystem))
            .field("filesystem_options", &Masked(&self.filesystem_options))
            .field("options", &Masked(&self.options))
            .finish()
    }
}
