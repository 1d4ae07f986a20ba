//! The static description that `#[cache]` leaves behind, and the identity made from it.

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
    /// `upsert_keys(…)`.
    pub upsert_keys: &'static [&'static str],
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
        upsert_keys: &[],
    };
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
}
