//! The configuration that a crate brings along: its file, compiled in by `#[cache]`.

use std::path::Path;
use std::sync::Arc;

use super::document::{cargo_toml, nuthatch_toml};
use super::layer::Layer;
use super::origin::Wrong;
use super::reader;
use super::scope::Scope;

/// The file of a crate's configuration, as it was when the crate was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// The file; one named `Cargo.toml` holds the configuration in its metadata.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
    /// Why a packaged crate would not have it.
    pub unpackaged: Option<&'static str>,
}

/// What a crate has brought along, read once.
#[derive(Debug, Clone)]
pub(crate) struct Brought {
    pub(crate) path: &'static str,
    pub(crate) layer: Result<Layer, Wrong>,
}

impl Brought {
    pub(crate) fn new(embedded: &Embedded) -> Self {
        Self { path: embedded.path, layer: read(embedded) }
    }
}

fn read(embedded: &Embedded) -> Result<Layer, Wrong> {
    let path = Path::new(embedded.path);
    let items = if is_manifest(path) {
        cargo_toml(path, embedded.text)?.unwrap_or_default()
    } else {
        nuthatch_toml(path, embedded.text)?
    };
    let base: Option<Arc<Path>> = path.parent().map(Arc::from);
    reader::layer(items, base.as_ref())
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "Cargo.toml")
}

/// What is to be said where the crate was compiled before its file became what it is now. Only
/// where the source is still there can this be known.
pub(crate) fn outdated(scope: &Scope, embedded: Option<&Embedded>) -> Option<String> {
    const REMEDY: &str = "build the crate anew (Cargo notices the file by itself where the package \
                          has a build.rs, if only `fn main() {}`)";
    let package = scope.package;
    let Some(embedded) = embedded else {
        if scope.manifest_dir.is_empty() {
            return None;
        }
        let path = Path::new(scope.manifest_dir).join("nuthatch.toml");
        return path.is_file().then(|| {
            let path = path.display();
            format!(
                "{package} was compiled before {path} was there, and does not know it; {REMEDY}"
            )
        });
    };
    let now = std::fs::read_to_string(embedded.path).ok()?;
    let path = Path::new(embedded.path);
    let same =
        now == embedded.text || (is_manifest(path) && metadata(&now) == metadata(embedded.text));
    (!same).then(|| {
        let path = path.display();
        format!("{package} was compiled before {path} became what it is now; {REMEDY}")
    })
}

/// What a manifest says of nuthatch: the rest of it may change.
fn metadata(manifest: &str) -> Option<[Option<toml::Value>; 2]> {
    let mut manifest: toml::Table = toml::from_str(manifest).ok()?;
    Some(["package", "workspace"].map(|of| {
        let metadata = manifest.get_mut(of)?.get_mut("metadata")?;
        metadata.get("nuthatch").cloned()
    }))
}
