//! The folders of the project, and those outside it that are kept between runs.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Result;

#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// The root of the workspace.
    pub(crate) root: PathBuf,
    /// What cargo builds: outside the clone, so that a fresh clone finds it again.
    pub(crate) target: PathBuf,
    /// Programs that a step has installed.
    pub(crate) tools: PathBuf,
    /// What the fuzzers found worth keeping.
    pub(crate) corpus: PathBuf,
}

impl Places {
    pub(crate) fn find() -> Result<Self> {
        let here = env::current_dir()?;
        let root = workspace_root(&here)
            .ok_or_else(|| format!("{} is not inside the project", here.display()))?;
        let cache = cache_folder(|name| env::var_os(name))?;
        let target = target_folder(|name| env::var_os(name), &cache);
        Ok(Self {
            root: root.to_owned(),
            target: here.join(target),
            tools: cache.join("tools"),
            corpus: cache.join("corpus"),
        })
    }
}

fn workspace_root(from: &Path) -> Option<&Path> {
    from.ancestors().find(|folder| folder.join("crates/xtask/Cargo.toml").is_file())
}

fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    Ok(caches.ok_or("neither HOME nor XDG_CACHE_HOME is set: where to build?")?.join("nuthatch"))
}

/// The same rule as in `.ci/run`, for those who call `cargo xtask` themselves.
fn target_folder(variable: impl Fn(&str) -> Option<OsString>, cache: &Path) -> PathBuf {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_TARGET_DIR")
        .or_else(|| set("NUTHATCH_TARGET_DIR"))
        .unwrap_or_else(|| cache.join("target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    #[test]
    fn the_cache_is_found_by_xdg_then_home() {
        let both = cache_folder(environment(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]));
        assert_eq!(both.unwrap(), Path::new("/x/nuthatch"));
        let empty = cache_folder(environment(&[("XDG_CACHE_HOME", ""), ("HOME", "/h")]));
        assert_eq!(empty.unwrap(), Path::new("/h/.cache/nuthatch"));
        assert!(cache_folder(environment(&[])).is_err());
    }

    #[test]
    fn the_build_folder_is_the_one_asked_for_and_else_in_the_cache() {
        let cache = Path::new("/c");
        let asked = [("NUTHATCH_TARGET_DIR", "/n"), ("CARGO_TARGET_DIR", "/t")];
        assert_eq!(target_folder(environment(&asked), cache), Path::new("/t"));
        assert_eq!(target_folder(environment(&asked[..1]), cache), Path::new("/n"));
        assert_eq!(target_folder(environment(&[]), cache), Path::new("/c/target"));
    }
}
