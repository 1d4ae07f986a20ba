//! Listings, and the temporary files that a crash left.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, Metadata, ReadDir};
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

use super::super::ROOT;
use super::{LOCKS, LocalFiles, TEMPORARY, failure, read};

/// A temporary file that no upload has written to for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleTemporary {
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written to.
    pub modified: SystemTime,
}

impl LocalFiles {
    /// The temporary files that were last written to before `older_than`, by the clock of the
    /// file system: what a writer left that was killed. They can simply be deleted.
    ///
    /// Choose a time before which no upload can have begun to wait; on a shared file system take
    /// it from a file that was just written there, since clocks differ.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn stale_temporaries(&self, older_than: SystemTime) -> Result<Vec<StaleTemporary>> {
        let mut stale = Vec::new();
        for found in Walk::new(self, &Path::ROOT, Wanted::Temporaries) {
            let Found { file, metadata, .. } = found?;
            let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
            if modified < older_than {
                stale.push(StaleTemporary { file, bytes: metadata.len(), modified });
            }
        }
        Ok(stale)
    }

    pub(super) fn objects_below(
        &self,
        prefix: Option<&Path>,
    ) -> impl Iterator<Item = Result<ObjectMeta>> + Send + use<> {
        let prefix = prefix.unwrap_or(&ROOT);
        Walk::new(self, prefix, Wanted::Objects).map(|found| Ok(found?.meta()))
    }

    pub(super) fn level_below(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.unwrap_or(&ROOT);
        let mut common_prefixes = BTreeSet::new();
        let mut objects = Vec::new();
        let mut walk = Walk::new(self, prefix, Wanted::Objects);
        walk.enter_folders = false;
        for found in walk {
            let found = found?;
            if !found.metadata.is_dir() {
                objects.push(found.meta());
            } else if let Some(first) = Walk::new(self, &found.location, Wanted::Objects).next() {
                // A folder without an object below it is no prefix of anything.
                first?;
                common_prefixes.insert(found.location);
            }
        }
        Ok(ListResult { common_prefixes: common_prefixes.into_iter().collect(), objects })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Objects,
    Temporaries,
}

struct Found {
    location: Path,
    file: PathBuf,
    metadata: Metadata,
}

impl Found {
    fn meta(self) -> ObjectMeta {
        ObjectMeta {
            location: self.location,
            last_modified: read::modified(&self.metadata),
            size: self.metadata.len(),
            e_tag: read::identity_etag(&self.metadata),
            version: None,
        }
    }
}

/// Goes through a folder and those below it, in no particular order.
///
/// What disappears on the way was not there. Names that cannot be object paths (not UTF-8, with
/// control characters) are no objects.
struct Walk {
    folders: Vec<Folder>,
    /// A folder that could not be read, told before anything else.
    failed: Option<object_store::Error>,
    wanted: Wanted,
    enter_folders: bool,
}

struct Folder {
    entries: ReadDir,
    path: PathBuf,
    location: Path,
}

impl Walk {
    fn new(store: &LocalFiles, prefix: &Path, wanted: Wanted) -> Self {
        let mut walk = Self { folders: Vec::new(), failed: None, wanted, enter_folders: true };
        if prefix.is_root() {
            walk.enter(store.root.to_path_buf(), Path::ROOT);
        } else if let Ok(path) = store.file_to_read(prefix) {
            walk.enter(path, prefix.clone());
        }
        walk
    }

    fn enter(&mut self, path: PathBuf, location: Path) {
        match fs::read_dir(&path) {
            Ok(entries) => self.folders.push(Folder { entries, path, location }),
            Err(error) if is_absent(&error) => {}
            Err(error) => self.failed = Some(failure::reading("list", &location, &path, &error)),
        }
    }

    /// What an entry is to this walk; folders are entered, or returned where they are not.
    fn visit(&mut self, entry: &DirEntry, parent: &Path) -> io::Result<Option<Found>> {
        let Some((location, is_temporary)) = classify(entry, parent) else { return Ok(None) };
        let file = entry.path();
        let kind = entry.file_type()?;
        let metadata = match kind.is_symlink() {
            true => fs::metadata(&file)?,
            // Not needed of a folder that is entered, and a system call each.
            false if kind.is_dir() && self.enter_folders => {
                if !is_temporary {
                    self.enter(file, location);
                }
                return Ok(None);
            }
            false => entry.metadata()?,
        };
        if metadata.is_dir() {
            if self.enter_folders && !is_temporary && !self.is_inside(&file)? {
                self.enter(file, location);
                return Ok(None);
            }
            let shown = !self.enter_folders && !is_temporary;
            return Ok(shown.then_some(Found { location, file, metadata }));
        }
        let wanted = is_temporary == (self.wanted == Wanted::Temporaries);
        Ok((wanted && metadata.is_file()).then_some(Found { location, file, metadata }))
    }

    /// Whether a link leads to a folder that this walk is in the middle of.
    fn is_inside(&self, link: &FilePath) -> io::Result<bool> {
        let target = fs::canonicalize(link)?;
        for folder in &self.folders {
            if fs::canonicalize(&folder.path)? == target {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Iterator for Walk {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            let folder = self.folders.last_mut()?;
            let Some(entry) = folder.entries.next() else {
                self.folders.pop();
                continue;
            };
            let location = folder.location.clone();
            let failed = |error| failure::reading("list", &location, &folder.path, &error);
            match entry {
                Err(error) => {
                    let error = failed(error);
                    self.folders.pop();
                    return Some(Err(error));
                }
                Ok(entry) => match self.visit(&entry, &location) {
                    Ok(None) => {}
                    Ok(Some(found)) => return Some(Ok(found)),
                    Err(error) if is_absent(&error) => {}
                    Err(error) => {
                        let file = entry.path();
                        return Some(Err(failure::reading("list", &location, &file, &error)));
                    }
                },
            }
        }
    }
}

/// The entry's path as an object, and whether its name is that of a temporary file.
fn classify(entry: &DirEntry, parent: &Path) -> Option<(Path, bool)> {
    let name = entry.file_name();
    let name = name.to_str()?;
    if parent.is_root() && name == LOCKS {
        return None;
    }
    let location = match parent.is_root() {
        true => Path::parse(name),
        false => Path::parse(format!("{parent}/{name}")),
    };
    Some((location.ok()?, name.starts_with(TEMPORARY)))
}

/// Gone since it was named, or a file where a folder was asked for.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}
