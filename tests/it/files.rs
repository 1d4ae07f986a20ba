//! What lies in a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below `folder`, by its path there, with its content.
pub(crate) fn under(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    files
}

/// The manifests below a location's folder.
pub(crate) fn manifests(location: &Path) -> Vec<PathBuf> {
    of(location, |path| path.contains("/entries/") && path.ends_with(".json"))
}

/// The data files below a location's folder.
pub(crate) fn data(location: &Path) -> Vec<PathBuf> {
    of(location, |path| path.contains("/data/"))
}

/// The one manifest below a location's folder.
pub(crate) fn only_manifest(location: &Path) -> PathBuf {
    let [manifest] = <[PathBuf; 1]>::try_from(manifests(location)).expect("one entry");
    manifest
}

/// Writes every file below a folder into another, data before the manifests that name it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (path, content) in under(from) {
        let file = to.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
}

fn of(location: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let files = under(location).into_keys();
    files.filter(|path| wanted(path)).map(|path| location.join(path)).collect()
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(content) = fs::read(&path) {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, content);
        }
    }
}
