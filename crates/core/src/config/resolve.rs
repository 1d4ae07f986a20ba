//! From the layers to the settings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::code::{Code, CrateLayer};
use super::discover::Files;
use super::embedded::Brought;
use super::environment::{Environment, environment};
use super::layer::{BackendLayer, Filesystem, Layer, LocationLayer, Options, Said};
use super::origin::{Origin, Tracked, Wrong};
use super::parameters::{
    DEFAULT_GRACE, DEFAULT_LEASE_TTL, DEFAULT_LEASE_WAIT, DEFAULT_LOCAL, DEFAULT_MEMO_SIZE,
    DEFAULT_TIMEOUT, GLOBALS,
};
use super::places::Places;
use super::reader;
use super::scope::Standing;
use super::settings::{Asked, BackendSettings, Dependency, LocationSettings, Settings, Skipped};
use super::values::{CommitPolicy, ManifestIdentity, OnBusy, OnStoreFailure, Progress, Verify};
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
        let mut warnings = self.files.warnings.clone();
        let is_own = |part: &CrateLayer| part.standing.is_own();
        let embedded = match self.files.project {
            Some(_) => None,
            None => own_file(code.crates.iter().filter(|part| is_own(part)), &mut warnings),
        };
        let project = match (&self.files.project, embedded) {
            (Some(layer), _) => layer.clone(),
            (None, Some(brought)) => brought.layer.clone()?,
            (None, None) => Layer::default(),
        };
        let files = project.combine(self.files.user.clone());
        let layers = code.crates.iter().filter(|part| is_own(part)).map(|part| &part.layer);
        let others = std::iter::once(&files).chain(layers);
        let Environment { layer, allow_installed } = environment(&self.sources.env, others)?;
        let mut merged = layer.combine(files);
        for part in code.crates.iter().filter(|part| allow_installed || is_own(part)) {
            merged = part.said()?.combine(merged);
        }
        let places = Places {
            env: &self.sources.env,
            cwd: self.sources.cwd.as_deref(),
            home: self.sources.home.as_deref(),
            foreign: false,
        };
        let mut settings = settings(merged, places)?;
        settings.revision = code.revision;
        settings.warnings = warnings;
        let foreign = |part: &&CrateLayer| !is_own(part);
        for part in code.crates.iter().filter(foreign) {
            dependency(part, allow_installed, places, &mut settings);
        }
        Ok(settings)
    }
}

/// The file that the program was compiled with: that of the crate which is the program, else that
/// of the first of its crates which has one.
fn own_file<'a>(
    own: impl Iterator<Item = &'a CrateLayer>,
    warnings: &mut Vec<String>,
) -> Option<&'a Brought> {
    let own: Vec<&CrateLayer> = own.collect();
    warnings.extend(own.iter().flat_map(|part| part.notes.clone()));
    let with_file = own.iter().filter(|part| part.brought.is_some());
    let highest = with_file.clone().map(|part| part.standing).max()?;
    let is_program = highest == Standing::Program;
    let mut files = with_file
        .filter(|part| !is_program || part.standing == highest)
        .filter_map(|part| Some((part.scope.package, part.brought.as_ref()?)));
    let (package, brought) = files.next()?;
    if let Some((other, ignored)) = files.find(|(_, other)| other.path != brought.path) {
        warnings.push(format!(
            "{package} and {other} were compiled with a file each, and {} is used, not {}; start \
             the program where its nuthatch.toml is found, or say `nuthatch::program!()` in the \
             crate whose file counts",
            brought.path, ignored.path,
        ));
    }
    Some(brought)
}

fn settings(layer: Layer, places: Places<'_>) -> Result<Settings, Wrong> {
    let mut origins: BTreeMap<String, Origin> =
        GLOBALS.iter().map(|known| (known.name.to_owned(), Origin::Default)).collect();
    origins.extend(layer.globals.origins().into_iter().map(|(n, o)| (n.to_owned(), o)));
    let mut locations = Locations { places, origins };
    let globals = layer.globals;
    let skipped = Skipped::new(globals.skipped_filesystems.as_ref(), places)?;
    let root = locations.optional("root", layer.root)?.filter(|root| !skipped.has(root));
    let local = locations.local(layer.local)?;
    let mirrors = layer.mirrors.into_iter().map(|(name, mirror)| locations.needed(&name, mirror));
    let mut mirrors = mirrors.collect::<Result<Vec<_>, _>>()?;
    mirrors.retain(|mirror| !skipped.has(mirror));
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
        skipped_filesystems: said_or(globals.skipped_filesystems, Vec::new()),
        timeout: said_or(globals.timeout, DEFAULT_TIMEOUT),
        lease: globals.lease.map(|said| said.value),
        lease_ttl: said_or(globals.lease_ttl, DEFAULT_LEASE_TTL),
        lease_wait: said_or(globals.lease_wait, DEFAULT_LEASE_WAIT),
        on_busy: said_or(globals.on_busy, OnBusy::Wait),
        verify: said_or(globals.verify, Verify::Full),
        progress: said_or(globals.progress, Progress::Auto),
        skipped,
        dependencies: Vec::new(),
        revision: 0,
        origins,
        warnings: Vec::new(),
    })
}

fn said_or<T>(said: Option<Tracked<T>>, default: T) -> T {
    said.map_or(default, |said| said.value)
}

impl Skipped {
    fn new(said: Option<&Tracked<Vec<String>>>, places: Places<'_>) -> Result<Self, Wrong> {
        let mut skipped = Self::default();
        let Some(Tracked { value: texts, origin }) = said else { return Ok(skipped) };
        for text in texts {
            if text == "local" {
                let why = "`local` cannot be skipped; choose a `cache_mode` that does not use it";
                return Err(Wrong::new(why, origin));
            }
            if reader::is_location(text) {
                skipped.0.push(text.clone());
                continue;
            }
            let filesystem = Filesystem { text: text.clone(), base: None };
            let filesystem = places.expand(&Tracked::new(filesystem, origin.clone()))?;
            skipped.0.push(filesystem.trim_end_matches('/').to_owned());
        }
        Ok(skipped)
    }

    fn has(&self, location: &LocationSettings) -> bool {
        self.0.iter().any(|skipped| {
            let below = location.filesystem.strip_prefix(skipped.as_str());
            location.name == *skipped
                || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// A dependency's root and mirrors become mirrors that serve its own functions. All else that it
/// sets is the program's to say. What cannot be used of it is a warning.
fn dependency(
    part: &CrateLayer,
    allow_installed: bool,
    places: Places<'_>,
    settings: &mut Settings,
) {
    let package = part.scope.package;
    settings.warnings.extend(part.notes.iter().cloned());
    let mut ignored = |Wrong { message, origin }: &Wrong| {
        let warning = format!("the mirrors of {package} are not used: {message} ({origin})");
        settings.warnings.push(warning);
    };
    // Where dependencies may configure the program, what their code sets has done so.
    let said = if allow_installed { Ok(Layer::default()) } else { part.said() };
    let mut layer = said.inspect_err(&mut ignored).unwrap_or_default();
    match part.brought.as_ref().map(|brought| &brought.layer) {
        Some(Ok(brought)) => layer = layer.combine(brought.clone()),
        Some(Err(wrong)) => ignored(wrong),
        None => {}
    }
    let places = Places { foreign: true, ..places };
    let mut locations = Locations { places, origins: BTreeMap::new() };
    let mut mirrors = Vec::new();
    for (name, location) in layer.locations().filter(|(name, _)| *name != "local") {
        let name_here = format!("mirror-{package}-{name}");
        let found = match name {
            "root" => locations.optional(&name_here, location.clone()),
            _ => locations.needed(&name_here, location.clone()).map(Some),
        };
        match found {
            Ok(found) => mirrors.extend(found),
            Err(wrong) => ignored(&wrong),
        }
    }
    mirrors.retain(|mirror| !settings.skipped.has(mirror));
    if !mirrors.is_empty() {
        let origins = locations.origins;
        settings.dependencies.push(Dependency { scope: part.scope, mirrors, origins });
    }
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
        let (filesystem_options, asked) =
            self.table(&format!("{name}.filesystem_options"), options);
        let name = name.to_owned();
        Ok(LocationSettings { name, filesystem, filesystem_options, asked, backends, origin })
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
        let (filesystem_options, asked) =
            self.table(&format!("{place}.filesystem_options"), options);
        let (options, options_asked) = self.table(place, own.options);
        Ok(BackendSettings { filesystem, filesystem_options, options, asked, options_asked })
    }

    /// The options that are known, and those that functions give.
    fn table(&mut self, place: &str, options: Options) -> (toml::Table, Asked) {
        let mut table = toml::Table::new();
        let mut asked = Asked::default();
        for (name, Tracked { value, origin }) in options.0 {
            let shown = if name.is_empty() { place.to_owned() } else { format!("{place}.{name}") };
            // What code has set stands, whatever a function gives as a whole.
            let set = matches!(origin, Origin::Code { .. });
            self.origins.insert(shown, origin);
            match value {
                Said::Value(value) => {
                    if set {
                        asked.keep.insert(name.clone());
                    }
                    table.insert(name, value);
                }
                Said::Asked(parameter) => {
                    asked.functions.insert(name, parameter);
                }
            }
        }
        (table, asked)
    }
}

/// `None` for a path.
fn scheme(filesystem: &str) -> Option<&str> {
    filesystem.split_once("://").map(|(scheme, _)| scheme)
}
