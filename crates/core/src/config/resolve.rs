//! From the layers to the settings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::code::{Code, CrateLayer};
use super::discover::Files;
use super::environment::{Environment, environment};
use super::layer::{BackendLayer, Filesystem, Layer, LocationLayer, Options};
use super::origin::{Origin, Tracked, Wrong};
use super::parameters::{DEFAULT_GRACE, DEFAULT_LOCAL, DEFAULT_MEMO_SIZE, GLOBALS};
use super::places::Places;
use super::settings::{BackendSettings, Dependency, LocationSettings, Settings};
use super::values::{CommitPolicy, ManifestIdentity, OnStoreFailure};
use crate::error::Result;

/// Everything that a configuration is made from. The default is a program without environment,
/// folders or code.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The environment's variables.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory, where the search for the project's file begins.
    pub cwd: Option<PathBuf>,
    /// The home folder; one that is no absolute path counts as unknown.
    pub home: Option<PathBuf>,
    /// What code has set.
    pub code: Code,
}

impl Sources {
    /// Those of this process, but for what code has set.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            env: std::env::vars_os().collect(),
            cwd: std::env::current_dir().ok(),
            home: std::env::home_dir(),
            code: Code::default(),
        }
    }
}

/// Reads the files and merges all layers.
///
/// # Errors
///
/// [`Error::Config`](crate::Error::Config), with the file and line, variable or place in code, where
/// a layer says what cannot be used.
pub fn resolve(sources: &Sources) -> Result<Settings> {
    Ok(Resolver::new(sources.clone())?.resolve(&sources.code)?)
}

/// The sources, their files read: what stays the same while code sets parameters.
#[derive(Debug)]
pub(crate) struct Resolver {
    sources: Sources,
    files: Files,
}

impl Resolver {
    pub(crate) fn new(mut sources: Sources) -> Result<Self, Wrong> {
        sources.home = sources.home.filter(|home| home.is_absolute());
        let mut files = Files::read(sources.cwd.as_deref(), sources.home.as_deref())?;
        if sources.cwd.is_none() {
            let warning = "the working directory is not known, so no nuthatch.toml is looked for";
            files.warnings.push(warning.to_owned());
        }
        Ok(Self { sources, files })
    }

    /// Merges what code has set over the environment over the files.
    pub(crate) fn resolve(&self, code: &Code) -> Result<Settings, Wrong> {
        let layers = code.crates.iter().filter(|part| part.scope.is_own()).map(|part| &part.layer);
        let others = std::iter::once(&self.files.layer).chain(layers);
        let Environment { layer, allow_installed } = environment(&self.sources.env, others)?;
        let is_own = |part: &&CrateLayer| allow_installed || part.scope.is_own();
        let (own, foreign): (Vec<_>, Vec<_>) = code.crates.iter().partition(is_own);
        let merged =
            own.into_iter().fold(layer.combine(self.files.layer.clone()), |weaker, part| {
                part.layer.clone().combine(weaker)
            });
        let places = Places {
            env: &self.sources.env,
            cwd: self.sources.cwd.as_deref(),
            home: self.sources.home.as_deref(),
        };
        let mut settings = settings(merged, places)?;
        settings.warnings = self.files.warnings.clone();
        for part in foreign {
            match dependency(part, places) {
                Ok(dependency) => settings.dependencies.push(dependency),
                Err(wrong) => settings.warnings.push(ignored(part, &wrong)),
            }
        }
        Ok(settings)
    }
}

fn settings(layer: Layer, places: Places<'_>) -> Result<Settings, Wrong> {
    let mut origins: BTreeMap<String, Origin> =
        GLOBALS.iter().map(|known| (known.name.to_owned(), Origin::Default)).collect();
    origins.extend(layer.globals.origins().into_iter().map(|(n, o)| (n.to_owned(), o)));
    let mut locations = Locations { places, origins };
    let root = locations.optional("root", layer.root)?;
    let local = locations.local(layer.local)?;
    let mirrors = layer.mirrors.into_iter().map(|(name, mirror)| locations.needed(&name, mirror));
    let mirrors = mirrors.collect::<Result<_, _>>()?;
    let globals = layer.globals;
    let origins = locations.origins;
    Ok(Settings {
        root,
        local,
        mirrors,
        cache_mode: globals.cache_mode.map(|said| said.value),
        namespace: globals.namespace.map(|said| said.value),
        memoize: said_or(globals.memoize, false),
        memo_size: said_or(globals.memo_size, DEFAULT_MEMO_SIZE),
        durable: said_or(globals.durable, false),
        on_store_failure: said_or(globals.on_store_failure, OnStoreFailure::Warn),
        manifest_identity: said_or(globals.manifest_identity, ManifestIdentity::Full),
        commit: said_or(globals.commit, CommitPolicy::Conditional),
        grace: said_or(globals.grace, DEFAULT_GRACE),
        dependencies: Vec::new(),
        origins,
        warnings: Vec::new(),
    })
}

fn said_or<T>(said: Option<Tracked<T>>, default: T) -> T {
    said.map_or(default, |said| said.value)
}

/// A dependency's root and mirrors become mirrors that serve its own functions. All else that it
/// sets is the program's to say.
fn dependency(part: &CrateLayer, places: Places<'_>) -> Result<Dependency, Wrong> {
    let mut locations = Locations { places, origins: BTreeMap::new() };
    let mut mirrors = Vec::new();
    for (name, location) in part.layer.locations().filter(|(name, _)| *name != "local") {
        let name_here = format!("mirror-{}-{name}", part.scope.package);
        let found = match name {
            "root" => locations.optional(&name_here, location.clone())?,
            _ => Some(locations.needed(&name_here, location.clone())?),
        };
        mirrors.extend(found);
    }
    Ok(Dependency { package: part.scope.package, version: part.scope.version, mirrors })
}

fn ignored(part: &CrateLayer, wrong: &Wrong) -> String {
    let Wrong { message, origin } = wrong;
    format!("the mirrors of {} are not used: {message} ({origin})", part.scope.package)
}

/// Turns what is said of locations into locations, and keeps the origins.
struct Locations<'a> {
    places: Places<'a>,
    origins: BTreeMap<String, Origin>,
}

impl Locations<'_> {
    /// A location that need not be: without a filesystem there is none. Options alone (a user's
    /// credentials for every project) make no location; a backend that lies elsewhere needs one,
    /// as manifests lie in the location's filesystem.
    fn optional(
        &mut self,
        name: &str,
        layer: LocationLayer,
    ) -> Result<Option<LocationSettings>, Wrong> {
        let moved = layer.backends.values().any(|backend| backend.filesystem.is_some());
        if layer.filesystem.is_none() && !moved {
            return Ok(None);
        }
        self.needed(name, layer).map(Some)
    }

    fn local(&mut self, mut layer: LocationLayer) -> Result<Option<LocationSettings>, Wrong> {
        if layer.filesystem.is_none() {
            if self.places.home.is_none() {
                return Ok(None);
            }
            let filesystem = Filesystem { text: DEFAULT_LOCAL.to_owned(), base: None };
            layer.filesystem = Some(Tracked::new(filesystem, Origin::Default));
        }
        self.needed("local", layer).map(Some)
    }

    fn needed(&mut self, name: &str, layer: LocationLayer) -> Result<LocationSettings, Wrong> {
        let Some(written) = layer.filesystem else {
            let message = format!("`{name}` has no `filesystem`; give it a URL or a path");
            return Err(Wrong::new(message, layer.named.unwrap_or(Origin::Default)));
        };
        let filesystem = self.places.expand(&written)?;
        let origin = written.origin;
        self.origins.insert(format!("{name}.filesystem"), origin.clone());
        let options = layer.filesystem_options;
        let mut backends = BTreeMap::new();
        for (backend, own) in layer.backends {
            let place = format!("{name}.{backend}");
            let own = self.backend(&place, own, (&filesystem, &origin), &options)?;
            backends.insert(backend, own);
        }
        let filesystem_options = self.table(&format!("{name}.filesystem_options"), options);
        let name = name.to_owned();
        Ok(LocationSettings { name, filesystem, filesystem_options, backends, origin })
    }

    fn backend(
        &mut self,
        place: &str,
        own: BackendLayer,
        (location, origin): (&str, &Origin),
        location_options: &Options,
    ) -> Result<BackendSettings, Wrong> {
        let (filesystem, origin) = match &own.filesystem {
            Some(written) => (self.places.expand(written)?, written.origin.clone()),
            None => (location.to_owned(), origin.clone()),
        };
        let same_kind = scheme(&filesystem) == scheme(location);
        let weaker = if same_kind { location_options.clone() } else { Options::default() };
        self.origins.insert(format!("{place}.filesystem"), origin);
        let options = own.filesystem_options.combine(weaker);
        Ok(BackendSettings {
            filesystem,
            filesystem_options: self.table(&format!("{place}.filesystem_options"), options),
            options: self.table(place, own.options),
        })
    }

    fn table(&mut self, place: &str, options: Options) -> toml::Table {
        let mut table = toml::Table::new();
        for (name, Tracked { value, origin }) in options.0 {
            self.origins.insert(format!("{place}.{name}"), origin);
            table.insert(name, value);
        }
        table
    }
}

/// `None` for a path.
fn scheme(filesystem: &str) -> Option<&str> {
    filesystem.split_once("://").map(|(scheme, _)| scheme)
}
