//! The static description that `#[cache]` leaves behind, and the identity made from it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::config::{self, Compiled, Embedded, Scope};
use crate::error::{Error, Result};

/// A cached function: its definition, and its identity once it was called.
#[derive(Debug)]
pub struct Function {
    definition: Definition,
    identity: OnceLock<Result<Identity, Misnamed>>,
}

impl Function {
    /// A function that was not called yet.
    #[must_use]
    pub const fn new(definition: Definition) -> Self {
        Self { definition, identity: OnceLock::new() }
    }

    /// What the attribute said.
    #[must_use]
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// A number that tells functions of one process apart, also two versions of one crate.
    pub(crate) fn address(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The identity, made and registered at the first call.
    ///
    /// # Errors
    ///
    /// Where another function of this crate has the same identity, or where the identity would
    /// depend on type parameters: both need `name = "…"`.
    pub(crate) fn identity(&self, enclosing: fn() -> &'static str) -> Result<&Identity> {
        let identity = self.identity.get_or_init(|| {
            config::describe(self.definition.scope(), self.definition.embedded);
            let identity = Identity::new(&self.definition, enclosing())?;
            register(&self.definition, &identity)?;
            Ok(identity)
        });
        identity.as_ref().map_err(|misnamed| Error::Usage {
            function: self.definition.ident.to_owned(),
            message: misnamed.0.clone(),
        })
    }
}

/// Why a function has no identity.
#[derive(Debug, Clone)]
struct Misnamed(String);

/// What a function is known by: crate, module, enclosing items and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    path: String,
    folder: String,
    short: usize,
}

impl Identity {
    fn new(definition: &Definition, enclosing: &str) -> Result<Self, Misnamed> {
        if let Some(name) = definition.name {
            return Ok(Self::of(format!("{}::{name}", definition.package), name));
        }
        if enclosing.contains('<') {
            return Err(Misnamed(format!(
                "a method of the generic type `{enclosing}` has no identity of its own; give it \
                 `#[cache(in_impl, name = \"…\")]` ({})",
                place(definition),
            )));
        }
        let (target, module) =
            definition.module.split_once("::").unwrap_or((definition.module, ""));
        let mut segments = vec![owner(definition.package, target)];
        let items = if definition.in_impl {
            // The type may stand in another module, or be another crate's.
            let item = enclosing.strip_prefix(definition.module).unwrap_or(enclosing);
            format!("{module}::{item}::{}", definition.ident)
        } else {
            // The companion stands beside the function, so its path names what encloses both.
            let around = enclosing.rsplit_once("::").map_or("", |(around, _)| around);
            let around = around.strip_prefix(target).unwrap_or(around);
            format!("{around}::{}", definition.ident)
        };
        let named = items.split("::").filter(|s| !s.is_empty() && *s != "{{closure}}");
        segments.extend(named.map(str::to_owned));
        Ok(Self::of(segments.join("::"), definition.ident))
    }

    fn of(path: String, short: &str) -> Self {
        let folder = path.replace("::", ".");
        Self { short: path.len() - short.len(), folder, path }
    }

    /// `crate::module::function`, as it stands in keys and names.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// `crate.module.function`, as it stands in object paths before it is made safe.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The function's own name, as people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.get(self.short..).unwrap_or(&self.path)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// The crate of an identity: the package, and the target where it has another name (an example,
/// a test, a second binary).
fn owner(package: &str, target: &str) -> String {
    if package.replace('-', "_") == target {
        package.to_owned()
    } else {
        format!("{package}::{target}")
    }
}

/// Refuses a second function with the identity of a first. Two versions of one crate may share.
fn register(definition: &Definition, identity: &Identity) -> Result<(), Misnamed> {
    type Known = HashMap<(String, String, String), String>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let here = place(definition);
    let key = (
        definition.package.to_owned(),
        definition.package_version.to_owned(),
        identity.path.clone(),
    );
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get_or_insert_with(HashMap::new).entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(here);
            Ok(())
        }
        Entry::Occupied(entry) if *entry.get() == here => Ok(()),
        Entry::Occupied(entry) => Err(Misnamed(format!(
            "two functions have the identity `{identity}`, at {} and at {here}, and would read \
             each other's results; give one of them `#[cache(name = \"…\")]`",
            entry.get(),
        ))),
    }
}

fn place(definition: &Definition) -> String {
    format!("{}:{}:{}", definition.file, definition.line, definition.column)
}

/// What `#[cache]` knows of a function when it expands.
///
/// Everything that was not said stands at its value in [`Definition::DEFAULT`].
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// `CARGO_PKG_NAME` of the crate that holds the function.
    pub package: &'static str,
    /// `CARGO_PKG_VERSION` of that crate.
    pub package_version: &'static str,
    /// `CARGO_MANIFEST_DIR` of that crate, as it was compiled.
    pub manifest_dir: &'static str,
    /// `module_path!()`.
    pub module: &'static str,
    /// The function's own name.
    pub ident: &'static str,
    /// `name = "…"`, which replaces all of the identity but the crate.
    pub name: Option<&'static str>,
    /// Whether the function stands in an `impl` block (`in_impl`).
    pub in_impl: bool,
    /// Whether the body is blocking code, no future.
    pub sync: bool,
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
    /// `column!()`.
    pub column: u32,
    /// A hash of the function's source tokens without spacing, in hex.
    pub fingerprint: &'static str,
    /// The arguments that are recorded, sorted by name; skipped ones are not among them.
    pub arguments: &'static [Argument],
    /// `cache = false`: root and mirrors are off unless a call says otherwise.
    pub cache: bool,
    /// `namespace = "…"`.
    pub namespace: Option<&'static str>,
    /// `version = "…"`.
    pub version: Option<&'static str>,
    /// `backend = "…"`: what is read, and written where `storage_backend` is not said.
    pub backend: Option<&'static str>,
    /// `backend_options(…)`.
    pub backend_options: &'static [(&'static str, OptionValue)],
    /// `storage_backend = "…"`: what is written.
    pub storage_backend: Option<&'static str>,
    /// `storage_backend_options(…)`.
    pub storage_backend_options: &'static [(&'static str, OptionValue)],
    /// `memoize`.
    pub memoize: bool,
    /// `strict`.
    pub strict: bool,
    /// `lease`: whether one process at a time computes an entry.
    pub lease: Option<bool>,
    /// `upsert_keys(…)`.
    pub upsert_keys: &'static [&'static str],
    /// Whether Cargo has compiled the crate as the program's own.
    pub compiled: Compiled,
    /// The configuration of the crate.
    pub embedded: Option<Embedded>,
}

impl Definition {
    /// What holds where an attribute says nothing.
    pub const DEFAULT: Self = Self {
        package: "",
        package_version: "",
        manifest_dir: "",
        module: "",
        ident: "",
        name: None,
        in_impl: false,
        sync: false,
        file: "",
        line: 0,
        column: 0,
        fingerprint: "",
        arguments: &[],
        cache: true,
        namespace: None,
        version: None,
        backend: None,
        backend_options: &[],
        storage_backend: None,
        storage_backend_options: &[],
        memoize: false,
        strict: false,
        lease: None,
        upsert_keys: &[],
        compiled: Compiled::Unknown,
        embedded: None,
    };

    /// The crate, and where in it the function stands.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        Scope {
            package: self.package,
            version: self.package_version,
            manifest_dir: self.manifest_dir,
            file: self.file,
            line: self.line,
            compiled: self.compiled,
        }
    }
}

/// One recorded argument of a cached function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// The name in the source.
    pub name: &'static str,
    /// Whether it is part of the key of root and mirrors. One that is not (a processor takes it,
    /// or `cache_args` leaves it out) is part of the local level's key alone.
    pub in_key: bool,
}

/// A literal in `backend_options(…)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptionValue {
    /// `true`, `false`.
    Bool(bool),
    /// `365`.
    Integer(i64),
    /// `0.5`.
    Float(f64),
    /// `"zstd"`.
    Str(&'static str),
    /// `["a", "b"]`.
    List(&'static [OptionValue]),
    /// `chunking(time = 365, lat = 50)`.
    Table(&'static [(&'static str, OptionValue)]),
}
