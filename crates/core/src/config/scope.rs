//! Which crate speaks, and whether it is the program's own.

/// What Cargo told the compiler of a crate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compiled {
    /// Nothing that is known here; then the crate's source paths tell.
    #[default]
    Unknown,
    /// A program (a binary or an example), or a crate that says so of itself:
    /// [`program!`](crate::program!).
    Program,
    /// A crate of the program's own workspace.
    Own,
    /// A dependency.
    Dependency,
}

/// The place in code that sets a parameter; [`set_parameter!`](crate::set_parameter!) takes it from
/// its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// `CARGO_PKG_NAME`.
    pub package: &'static str,
    /// `CARGO_PKG_VERSION`.
    pub version: &'static str,
    /// `CARGO_MANIFEST_DIR`.
    pub manifest_dir: &'static str,
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
    /// What is known of the crate beside its paths.
    pub compiled: Compiled,
}

/// How sure it is that a crate is the program's own, or is not; what is surer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// By the paths in its code, which may be remapped.
    Guessed { own: bool },
    /// By how the compiler was called, or by where the package lies.
    Known { own: bool },
    /// It is the program itself.
    Program,
}

impl Standing {
    pub(crate) fn is_own(self) -> bool {
        matches!(self, Self::Program | Self::Known { own: true } | Self::Guessed { own: true })
    }
}

impl Scope {
    /// The program itself, for settings that are made by no line of source.
    #[must_use]
    pub const fn program() -> Self {
        let compiled = Compiled::Program;
        Self { package: "the program", version: "", manifest_dir: "", file: "", line: 0, compiled }
    }

    /// Whether the crate is the program's own, not a dependency: Cargo compiles the crates of one
    /// workspace by relative paths, and all others by absolute ones.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.standing().is_own()
    }

    pub(crate) fn standing(&self) -> Standing {
        match self.compiled {
            Compiled::Program => Standing::Program,
            _ if self.is_documentation() => Standing::Program,
            Compiled::Own => Standing::Known { own: true },
            Compiled::Dependency => Standing::Known { own: false },
            // Remapped paths may look relative; Cargo's own variables are never remapped.
            Compiled::Unknown if self.is_downloaded() => Standing::Known { own: false },
            Compiled::Unknown => Standing::Guessed { own: !is_absolute(self.file) },
        }
    }

    /// Whether both are of one crate in one version, from one place.
    pub(crate) fn is_same_crate(&self, other: &Self) -> bool {
        (self.package, self.version, self.manifest_dir)
            == (other.package, other.version, other.manifest_dir)
    }

    /// Whether this is the code of a documentation test. rustdoc writes those of one crate into a
    /// file of a temporary folder; they are programs, never dependencies.
    fn is_documentation(&self) -> bool {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        name.starts_with("doctest_bundle_")
    }

    /// Whether Cargo has unpacked the package: below `registry/src` or `git/checkouts`.
    fn is_downloaded(&self) -> bool {
        let parts: Vec<&str> = self.manifest_dir.split(['/', '\\']).collect();
        parts.windows(2).any(|pair| matches!(pair, ["registry", "src"] | ["git", "checkouts"]))
    }
}

/// By the text, not by `Path`: the compiler may have run on another system.
fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':')
}

/// Says that the crate which calls it is the program's own, whatever its paths look like.
///
/// Cargo compiles the crates of a workspace by relative paths and dependencies by absolute ones,
/// and nuthatch tells them apart by that: the configuration of a dependency serves that crate's
/// functions only. Where this cannot tell (a library that `cargo install` has downloaded together
/// with its binary, another build tool), a program says so itself, at the beginning of `main`.
///
/// ```
/// nuthatch_core::program!();
/// ```
#[macro_export]
macro_rules! program {
    () => {
        $crate::config::program($crate::__scope!())
    };
}
