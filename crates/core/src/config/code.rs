//! What code sets, kept apart by the crate that says it.

use toml::Value;

use super::document::{Item, Node};
use super::layer::Layer;
use super::origin::{Origin, Wrong};
use super::reader;
use crate::error::Result;

/// The place in code that sets a parameter; [`set_parameter!`](crate::set_parameter!) takes it from
/// its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// `CARGO_PKG_NAME`.
    pub package: &'static str,
    /// `CARGO_PKG_VERSION`.
    pub version: &'static str,
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
}

impl Scope {
    /// The program itself, for settings that are made by no line of source.
    #[must_use]
    pub const fn program() -> Self {
        Self { package: "the program", version: "", file: "", line: 0 }
    }

    /// Whether the crate is the program's own, not a dependency: Cargo compiles the crates of one
    /// workspace by relative paths, and all others by absolute ones.
    #[must_use]
    pub fn is_own(&self) -> bool {
        // By the text, not by `Path`: the compiler may have run on another system.
        let drive = self.file.as_bytes().get(1) == Some(&b':');
        !(self.file.starts_with(['/', '\\']) || drive) || self.is_documentation()
    }

    /// Whether this is the code of a documentation test. rustdoc writes those of one crate into a
    /// file of a temporary folder; they are programs, never dependencies.
    fn is_documentation(&self) -> bool {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        name.starts_with("doctest_bundle_")
    }
}

/// What code has set: the strongest layer.
///
/// A dependency's parameters are kept for that crate's own functions, and set nothing of the
/// program's.
#[derive(Debug, Clone, Default)]
pub struct Code {
    pub(crate) crates: Vec<CrateLayer>,
}

/// What the code of one crate has set.
#[derive(Debug, Clone)]
pub(crate) struct CrateLayer {
    pub(crate) scope: Scope,
    pub(crate) layer: Layer,
}

impl Code {
    /// Nothing set.
    #[must_use]
    pub const fn new() -> Self {
        Self { crates: Vec::new() }
    }

    /// Sets the parameter of that dotted name: `filesystem`, `local.filesystem`,
    /// `root.zarr.filesystem`. A table sets all that it holds. What is set last counts.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) where no parameter has that name, or where it takes
    /// something else; nothing is set then.
    pub fn set(&mut self, scope: Scope, name: &str, value: Value) -> Result<()> {
        Ok(self.add(scope, &[(name, value)])?)
    }

    pub(crate) fn add(&mut self, scope: Scope, values: &[(&str, Value)]) -> Result<(), Wrong> {
        let Scope { package, file, line, .. } = scope;
        let origin = Origin::Code { package, file, line };
        let mut all = Layer::default();
        for (name, value) in values {
            let item = item(name, value.clone(), &origin);
            all = reader::layer(vec![item], None)?.combine(all);
        }
        let same = |known: &&mut CrateLayer| {
            let known = known.scope;
            known.package == package
                && known.version == scope.version
                && known.is_own() == scope.is_own()
        };
        match self.crates.iter_mut().find(same) {
            Some(known) => known.layer = all.combine(std::mem::take(&mut known.layer)),
            None => self.crates.push(CrateLayer { scope, layer: all }),
        }
        Ok(())
    }
}

/// `root.zarr.filesystem = value` as the tree that a file would hold.
fn item(name: &str, value: Value, origin: &Origin) -> Item {
    let item = |key: &str, node| Item { key: key.to_owned(), origin: origin.clone(), node };
    // No parameter is deeper, and the tree is walked by recursion.
    let mut keys: Vec<&str> = name.splitn(8, '.').collect();
    let last = keys.pop().unwrap_or_default();
    let inner = item(last, Node::from_value(value, origin));
    keys.into_iter().rev().fold(inner, |inner, key| item(key, Node::Table(vec![inner])))
}
