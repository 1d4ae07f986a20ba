//! The configuration of the process: resolved at first use, and again when code sets a parameter.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwap, Cache};
use toml::Value;

use super::asked::ConfigParameter;
use super::code::{Code, CrateLayer};
use super::embedded::Embedded;
use super::origin::Wrong;
use super::resolve::{Resolver, Sources};
use super::scope::{Compiled, Scope};
use super::settings::Settings;
use crate::error::Result;

/// The process's configuration.
///
/// It is resolved at the first use of nuthatch: files, environment and working directory are read
/// then, and not again. What code sets later takes effect for the calls that follow.
///
/// # Errors
///
/// [`Error::Config`](crate::Error::Config) where the configuration cannot be used; every later call
/// tells the same, until code sets what mends it.
///
/// ```
/// let settings = nuthatch_core::config::current()?;
/// println!("{settings}");
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
pub fn current() -> Result<Arc<Settings>> {
    match &**outcome().load() {
        Ok(settings) => Ok(Arc::clone(settings)),
        Err(wrong) => Err(wrong.clone().into()),
    }
}

/// Reads the process's configuration without taking a share in it, which many threads at once would
/// have to take turns for: each thread keeps its own, for as long as nothing was set anew. This is
/// for paths that count nanoseconds.
///
/// # Errors
///
/// As [`current`].
pub fn read<R>(reader: impl FnOnce(&Settings) -> R) -> Result<R> {
    thread_local!(static SEEN: Cell<Option<Seen>> = const { Cell::new(None) });

    // None is there at first, while a reader reads again, and where the thread is ending.
    let kept = SEEN.try_with(Cell::take).ok().flatten();
    let mut seen = kept.unwrap_or_else(|| Cache::new(outcome()));
    let read = match &**seen.load() {
        Ok(settings) => Ok(reader(settings)),
        Err(wrong) => Err(wrong.clone().into()),
    };
    let _ = SEEN.try_with(|kept| kept.set(Some(seen)));
    read
}

/// The configuration as one thread has seen it last.
type Seen = Cache<&'static ArcSwap<Outcome>, Arc<Outcome>>;

/// Sets a parameter in code; [`set_parameter!`](crate::set_parameter!) says from where.
///
/// # Errors
///
/// [`Error::Config`](crate::Error::Config) where no parameter has that name, or where it takes
/// something else; nothing is set then.
pub fn set_parameter(scope: Scope, name: &str, value: impl Into<Value>) -> Result<()> {
    set_parameters(scope, &[(name, value.into())])
}

/// Sets several parameters in code, all or none.
///
/// # Errors
///
/// As [`set_parameter`].
pub fn set_parameters(scope: Scope, values: &[(&str, Value)]) -> Result<()> {
    let mut process = lock();
    process.code.add(scope, values)?;
    renew(process);
    Ok(())
}

/// Says that the crate is the program's own; [`program!`](crate::program!) says from where.
pub fn program(scope: Scope) {
    describe(Scope { compiled: Compiled::Program, ..scope }, None);
}

/// Makes known a crate that has cached functions, with the configuration it was compiled with.
pub(crate) fn describe(scope: Scope, embedded: Option<Embedded>) {
    let mut process = lock();
    if process.code.describe(scope, embedded) {
        renew(process);
    }
}

/// How often the process has learned something of its crates.
pub(crate) fn changes() -> u64 {
    CHANGES.load(Ordering::Acquire)
}

/// What dependencies bring along for their own functions, after so many changes.
pub(crate) fn foreign() -> (u64, Vec<CrateLayer>) {
    let mut process = lock();
    process.declare();
    let foreign = process.code.crates.iter().filter(|known| !known.standing.is_own());
    (changes(), foreign.cloned().collect())
}

/// Resolves anew what was resolved before; before the first use there is nothing to renew.
fn renew(mut process: MutexGuard<'_, Process>) {
    CHANGES.fetch_add(1, Ordering::Release);
    let Some(outcome) = OUTCOME.get() else { return };
    let (renewed, warnings) = process.resolve();
    outcome.store(Arc::new(renewed));
    drop(process);
    tell(&warnings);
}

pub(crate) type Outcome = Result<Arc<Settings>, Wrong>;

/// Written only while [`PROCESS`] is locked, so that no parameter is lost between two writers.
static OUTCOME: OnceLock<ArcSwap<Outcome>> = OnceLock::new();

/// Written only while [`PROCESS`] is locked.
static CHANGES: AtomicU64 = AtomicU64::new(0);

static PROCESS: Mutex<Process> =
    Mutex::new(Process { resolver: None, code: Code::new(), told: Vec::new() });

struct Process {
    /// What files, environment and folders said at the first use.
    resolver: Option<Result<Resolver, Wrong>>,
    code: Code,
    /// The warnings that were told, each once.
    told: Vec<String>,
}

impl Process {
    /// Makes known the functions that give options, also those of a library that was loaded since.
    fn declare(&mut self) {
        ConfigParameter::all().for_each(|parameter| self.code.declare(parameter));
    }

    /// The configuration as it is now, and the warnings that are new.
    fn resolve(&mut self) -> (Outcome, Vec<String>) {
        self.declare();
        let read = || Resolver::new(Sources::of_process());
        let outcome = match self.resolver.get_or_insert_with(read) {
            Ok(resolver) => resolver.resolve(&self.code).map(Arc::new),
            Err(wrong) => Err(wrong.clone()),
        };
        let mut warnings: Vec<String> =
            outcome.iter().flat_map(|settings| settings.warnings().to_vec()).collect();
        warnings.retain(|warning| !self.told.contains(warning));
        self.told.extend_from_slice(&warnings);
        (outcome, warnings)
    }
}

fn outcome() -> &'static ArcSwap<Outcome> {
    if let Some(outcome) = OUTCOME.get() {
        return outcome;
    }
    let mut process = lock();
    let mut warnings = Vec::new();
    let outcome = OUTCOME.get_or_init(|| {
        let (first, new) = process.resolve();
        warnings = new;
        ArcSwap::from_pointee(first)
    });
    drop(process);
    tell(&warnings);
    outcome
}

/// Called with nothing locked: a subscriber may itself read the configuration.
fn tell(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!(target: "nuthatch", "configuration: {warning}");
    }
}

fn lock() -> MutexGuard<'static, Process> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets one parameter of the configuration, or several, all or none.
///
/// A parameter is named as in `nuthatch.toml`, with dots: `local.filesystem`,
/// `root.zarr.filesystem`. What code sets is stronger than every other layer, and takes effect for
/// the calls that follow. It belongs to the crate that says it: set by a dependency, it serves that
/// crate's own functions, and sets nothing of the program's.
///
/// # Errors
///
/// [`Error::Config`](crate::Error::Config) where no parameter has that name, or where it takes
/// something else; nothing is set then.
///
/// ```
/// use nuthatch_core::set_parameter;
///
/// set_parameter!("filesystem", "memory://lake")?;
/// set_parameter!({
///     "local.filesystem" => "/var/cache/lake",
///     "memo_size" => "512 MiB",
///     "durable" => true,
/// })?;
/// assert!(set_parameter!("filesytem", "memory://lake").is_err());
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
#[macro_export]
macro_rules! set_parameter {
    ({ $($name:expr => $value:expr),+ $(,)? }) => {
        $crate::config::set_parameters(
            $crate::__scope!(),
            &[$(($name, $crate::config::Value::from($value))),+],
        )
    };
    ($name:expr, $value:expr $(,)?) => {
        $crate::config::set_parameter($crate::__scope!(), $name, $value)
    };
}

/// The [`Scope`] of the caller.
#[doc(hidden)]
#[macro_export]
macro_rules! __scope {
    () => {
        $crate::config::Scope {
            package: ::core::env!("CARGO_PKG_NAME"),
            version: ::core::env!("CARGO_PKG_VERSION"),
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
            file: ::core::file!(),
            line: ::core::line!(),
            compiled: match ::core::option_env!("CARGO_BIN_NAME") {
                ::core::option::Option::Some(_) => $crate::config::Compiled::Program,
                ::core::option::Option::None => $crate::config::Compiled::Unknown,
            },
        }
    };
}
