//! No test touches the environment or the working directory of the process: all are in `Sources`.

mod asked;
mod code;
mod crates;
mod environment;
mod errors;
mod example;
mod files;
mod layers;
mod places;
mod properties;
mod settings;

use std::path::{Path, PathBuf};

use super::{Compiled, Scope, Settings, Sources, resolve};

/// A folder of its own with a home and a repository in it.
pub(super) struct World {
    folder: tempfile::TempDir,
    pub(super) sources: Sources,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { sources: Sources::default(), folder };
        std::fs::create_dir_all(world.path("project/.git")).unwrap();
        std::fs::create_dir_all(world.path("home")).unwrap();
        world.sources.cwd = Some(world.path("project"));
        world.sources.home = Some(world.path("home"));
        world
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(relative)
    }

    pub(super) fn file(self, relative: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(super) fn project(self, text: &str) -> Self {
        self.file("project/nuthatch.toml", text)
    }

    pub(super) fn cwd(mut self, relative: &str) -> Self {
        std::fs::create_dir_all(self.path(relative)).unwrap();
        self.sources.cwd = Some(self.path(relative));
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.push((name.into(), value.into()));
        self
    }

    pub(super) fn code(mut self, name: &str, value: impl Into<toml::Value>) -> Self {
        self.sources.code.set(OWN, name, value.into()).unwrap();
        self
    }

    pub(super) fn resolve(&self) -> Settings {
        resolve(&self.sources).unwrap()
    }

    /// The error's text, with the world's folder left out.
    pub(super) fn error(&self) -> String {
        let error = resolve(&self.sources).unwrap_err().to_string();
        error.replace(&self.path("").display().to_string(), "/")
    }
}

pub(super) const OWN: Scope = Scope {
    package: "app",
    version: "1.0.0",
    manifest_dir: "/nowhere/app",
    file: "src/main.rs",
    line: 7,
    compiled: Compiled::Unknown,
};

pub(super) const DEPENDENCY: Scope = Scope {
    package: "weather-lib",
    version: "0.3.0",
    manifest_dir: "/nowhere/weather-lib-0.3.0",
    file: "/nowhere/weather-lib-0.3.0/src/lib.rs",
    line: 3,
    compiled: Compiled::Unknown,
};

pub(super) fn root(settings: &Settings) -> &str {
    &settings.root.as_ref().unwrap().filesystem
}

pub(super) fn origin(settings: &Settings, key: &str) -> String {
    settings.origin(key).unwrap().to_string()
}

pub(super) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
