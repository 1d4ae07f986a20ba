//! Which file is the configuration of a crate: the nearest one, up to the root of its workspace or
//! repository.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file that is compiled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) path: String,
    /// Why a packaged crate would not have it.
    pub(crate) unpackaged: Option<String>,
}

/// The file and its text, looked for from the package's folder upwards.
pub(crate) fn find(package: &Path) -> Result<Option<(PathBuf, String)>, String> {
    for folder in folders(package)? {
        let (own, manifest) = (folder.join("nuthatch.toml"), folder.join("Cargo.toml"));
        let own_text = text(&own)?;
        let manifest_text = text(&manifest)?.filter(|text| has_metadata(text));
        match (own_text, manifest_text) {
            (Some(_), Some(_)) => {
                return Err(format!(
                    "both {} and the metadata in {} hold a configuration; keep one",
                    own.display(),
                    manifest.display(),
                ));
            }
            (Some(text), None) => return Ok(Some((own, text))),
            (None, Some(text)) => return Ok(Some((manifest, text))),
            (None, None) => {}
        }
    }
    Ok(None)
}

/// The package's folder, and those above it up to the root of its workspace or repository. A
/// packaged crate has none above: it was unpacked into a folder of Cargo's.
fn folders(package: &Path) -> Result<Vec<&Path>, String> {
    let unpacked = [".cargo-checksum.json", "Cargo.toml.orig", ".cargo-ok"];
    if unpacked.iter().any(|name| package.join(name).exists()) && !package.join(".git").exists() {
        return Ok(vec![package]);
    }
    let mut folders = Vec::new();
    for folder in package.ancestors() {
        folders.push(folder);
        if folder.join(".git").exists() || is_workspace(folder)? {
            return Ok(folders);
        }
    }
    // No root is known, and what lies above may be anybody's.
    Ok(vec![package])
}

fn is_workspace(folder: &Path) -> Result<bool, String> {
    let manifest = text(&folder.join("Cargo.toml"))?;
    let manifest = manifest.filter(|manifest| manifest.contains("workspace"));
    Ok(manifest.and_then(|manifest| table(&manifest)).is_some_and(|m| m.contains_key("workspace")))
}

/// Whether a manifest holds a configuration.
pub(crate) fn has_metadata(manifest: &str) -> bool {
    if !(manifest.contains("metadata") && manifest.contains("nuthatch")) {
        return false;
    }
    let Some(manifest) = table(manifest) else { return false };
    ["package", "workspace"].iter().any(|of| {
        let metadata = manifest.get(*of).and_then(|of| of.get("metadata"));
        metadata.and_then(|metadata| metadata.get("nuthatch")).is_some()
    })
}

/// Cargo has read the manifest before, so it is valid.
pub(crate) fn table(manifest: &str) -> Option<toml::Table> {
    toml::from_str(manifest).ok()
}

pub(crate) fn text(path: &Path) -> Result<Option<String>, String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| format!("{} is not UTF-8; save it as UTF-8", path.display())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        // Another user's folder is as good as empty; a file that is there must be readable.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && !path.exists() => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}
