//! Which files are read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::{Item, cargo_toml, nuthatch_toml};
use super::layer::Layer;
use super::origin::Wrong;
use super::reader;

/// The layers of files, and what is to be said about them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Files {
    /// `~/.nuthatch.toml`.
    pub(crate) user: Layer,
    /// What was found from the working directory upwards, if anything.
    pub(crate) project: Option<Layer>,
    pub(crate) warnings: Vec<String>,
}

impl Files {
    /// Reads the user's file and the project's.
    pub(crate) fn read(cwd: Option<&Path>, home: Option<&Path>) -> Result<Self, Wrong> {
        let mut files = Self::default();
        if let Some(home) = home {
            let path = home.join(".nuthatch.toml");
            if let Some(text) = files.text(&path)? {
                files.user = layer(&path, nuthatch_toml(&path, &text)?)?;
            }
        }
        for folder in cwd.into_iter().flat_map(Path::ancestors) {
            if files.is_everybodys(folder) || files.project(folder)? || is_last(folder, home) {
                break;
            }
        }
        Ok(files)
    }

    /// Reads the configuration of a folder; whether it has one.
    fn project(&mut self, folder: &Path) -> Result<bool, Wrong> {
        let (own, cargo) = (folder.join("nuthatch.toml"), folder.join("Cargo.toml"));
        let own_text = self.text(&own)?;
        let cargo_items = match self.text(&cargo)? {
            Some(text) => cargo_toml(&cargo, &text)?,
            None => None,
        };
        match (own_text, cargo_items) {
            (Some(_), Some(_)) => {
                let message = format!(
                    "both nuthatch.toml and the metadata in {} hold a configuration; keep one",
                    cargo.display()
                );
                return Err(Wrong::new(message, own.display()));
            }
            (Some(text), None) => self.project = Some(layer(&own, nuthatch_toml(&own, &text)?)?),
            (None, Some(items)) => self.project = Some(layer(&cargo, items)?),
            (None, None) => {}
        }
        Ok(self.project.is_some())
    }

    /// The text of a file, if there is one. A folder that may not be entered (another user's home,
    /// kept by `sudo`) is as good as empty; a file that is there and cannot be read is an error.
    fn text(&mut self, path: &Path) -> Result<Option<String>, Wrong> {
        let wrong = |why: String| Wrong::new(why, path.display());
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(wrong("this is not a file; rename or remove it".to_owned())),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => return Ok(None),
                ErrorKind::PermissionDenied => {
                    let warning = format!("cannot look for {}: {error}", path.display());
                    self.warnings.push(warning);
                    return Ok(None);
                }
                _ => return Err(wrong(format!("cannot look at the file: {error}"))),
            },
        }
        let bytes = std::fs::read(path).map_err(|error| {
            wrong(format!("cannot read the file: {error}; make it readable for this user"))
        })?;
        String::from_utf8(bytes).map(Some).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            let why = "the file is not UTF-8; save it as UTF-8";
            Wrong::new(why, format!("{}:{}", path.display(), line + 1))
        })
    }

    /// Whether everybody may put files into the folder, as into `/tmp`: what lies there may be
    /// another user's, and the search goes no further.
    fn is_everybodys(&mut self, folder: &Path) -> bool {
        let shared = is_shared(folder);
        let file = folder.join("nuthatch.toml");
        if shared && file.exists() {
            let warning = format!(
                "{} is not read, as everybody may write to its folder; move it into one of your own",
                file.display()
            );
            self.warnings.push(warning);
        }
        shared
    }
}

fn layer(path: &Path, items: Vec<Item>) -> Result<Layer, Wrong> {
    let base: Option<Arc<Path>> = path.parent().map(Arc::from);
    reader::layer(items, base.as_ref())
}

/// The repository's root and home are looked in, and nothing above them.
fn is_last(folder: &Path, home: Option<&Path>) -> bool {
    let is_home = |home: &Path| {
        home == folder || home.canonicalize().is_ok_and(|home: PathBuf| home == folder)
    };
    folder.join(".git").exists() || home.is_some_and(is_home)
}

#[cfg(unix)]
fn is_shared(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const STICKY_AND_WRITABLE_BY_ALL: u32 = 0o1002;
    let mode = std::fs::metadata(folder).map(|metadata| metadata.mode());
    mode.is_ok_and(|mode| mode & STICKY_AND_WRITABLE_BY_ALL == STICKY_AND_WRITABLE_BY_ALL)
}

#[cfg(not(unix))]
fn is_shared(_: &Path) -> bool {
    false
}
