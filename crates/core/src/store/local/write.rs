//! Whole writes: a temporary file beside the object, then a rename under the path's lock.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path as FilePath, PathBuf};
use std::time::SystemTime;

use object_store::path::Path;
use object_store::{Attributes, Error, PutMode, PutOptions, PutPayload, PutResult, Result};

use super::read::{self, HASHED};
use super::{LocalFiles, TEMPORARY, failure};
use crate::fresh;

/// How often a folder that others keep removing is made anew before a write gives up. Each round
/// needs a deletion at the very moment between two system calls.
pub(super) const ATTEMPTS: usize = 100;

impl LocalFiles {
    pub(super) fn write(
        &self,
        location: &Path,
        payload: &PutPayload,
        options: &PutOptions,
    ) -> Result<PutResult> {
        refuse_attributes(&options.attributes)?;
        let target = self.file_to_write(location)?;
        let mut temporary = self.temporary(location, &target)?;
        for chunk in payload {
            temporary
                .file
                .write_all(chunk)
                .map_err(|error| failure::writing("write", location, &target, &error))?;
        }
        let e_tag = if payload.content_length() as u64 <= HASHED {
            read::content_etag(payload.iter().map(AsRef::as_ref))
        } else {
            temporary.seal(location)?
        };
        self.publish(temporary, location, &target, &options.mode)?;
        Ok(PutResult { e_tag: Some(e_tag), version: None })
    }

    /// A new file in the folder of `target`, so that the rename stays on one file system.
    pub(super) fn temporary(&self, location: &Path, target: &FilePath) -> Result<Temporary> {
        let folder = target.parent().unwrap_or(&self.root);
        for _ in 0..ATTEMPTS {
            let path = folder.join(format!("{TEMPORARY}{}", fresh::ulid()));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Temporary { file, path, published: false }),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.create_folder(location, folder)?;
                }
                // A forked child draws the same random numbers as its parent.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failure::writing("write", location, target, &error)),
            }
        }
        Err(no_folder(location, target))
    }

    /// Puts a complete temporary file in the place of `target`, on the condition of `mode`.
    pub(super) fn publish(
        &self,
        mut temporary: Temporary,
        location: &Path,
        target: &FilePath,
        mode: &PutMode,
    ) -> Result<()> {
        let failed = |error| failure::writing("write", location, target, &error);
        if self.durable {
            temporary.file.sync_all().map_err(failed)?;
        }
        let locks = self.lock(&[location])?;
        if locks.is_none() && *mode != PutMode::Overwrite {
            return Err(no_locks(location));
        }
        self.check(location, target, mode)?;
        rename(&temporary.path, target).map_err(failed)?;
        temporary.published = true;
        drop(locks);
        self.sync_folders(location, target)
    }

    /// Whether what is there now is what `mode` asks for. The path's lock is held.
    pub(super) fn check(&self, location: &Path, target: &FilePath, mode: &PutMode) -> Result<()> {
        match mode {
            PutMode::Overwrite => Ok(()),
            PutMode::Create => match fs::metadata(target) {
                // The rename will say what it thinks of a folder in the way.
                Ok(metadata) if metadata.is_dir() => Ok(()),
                Ok(_) => Err(failure::exists(location, target)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(failure::writing("create", location, target, &error)),
            },
            PutMode::Update(version) => {
                let Some(expected) = &version.e_tag else {
                    let why = format!("cannot update {location}: no etag says which version");
                    return Err(failure::generic(why));
                };
                match self.current_etag(location) {
                    Ok(current) if current == *expected => Ok(()),
                    Ok(current) => Err(failure::precondition(
                        location,
                        format!("it is at {current} and was to be replaced at {expected}"),
                    )),
                    Err(Error::NotFound { .. }) => Err(failure::precondition(
                        location,
                        format!("it is gone and was to be replaced at {expected}"),
                    )),
                    Err(error) => Err(error),
                }
            }
        }
    }

    pub(super) fn create_folder(&self, location: &Path, folder: &FilePath) -> Result<()> {
        let missing: Vec<&FilePath> = match self.durable {
            true => folder.ancestors().take_while(|folder| !folder.exists()).collect(),
            false => Vec::new(),
        };
        match fs::create_dir_all(folder) {
            Ok(()) => {}
            // Somebody tidies up, and a folder was removed after it was made or found: the caller
            // tries again.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && !is_in_the_way(folder) => {
                return Ok(());
            }
            Err(error) => return Err(failure::writing("create", location, folder, &error)),
        }
        for parent in missing.into_iter().filter_map(FilePath::parent) {
            sync_folder(parent)
                .map_err(|error| failure::writing("sync", location, parent, &error))?;
        }
        Ok(())
    }

    /// Makes a file's name durable. All folders up to the root, since another writer may have
    /// made one of them and not have come to this point yet.
    pub(super) fn sync_folders(&self, location: &Path, target: &FilePath) -> Result<()> {
        if !self.durable {
            return Ok(());
        }
        let inside = |folder: &&FilePath| folder.starts_with(&self.root);
        for folder in target.ancestors().skip(1).take_while(inside) {
            sync_folder(folder)
                .map_err(|error| failure::writing("sync", location, folder, &error))?;
        }
        Ok(())
    }
}

/// A file that is no object yet, and is removed unless it becomes one.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) file: File,
    pub(super) path: PathBuf,
    published: bool,
}

impl Temporary {
    /// Makes the content final, and gives the etag of the object that this file becomes.
    pub(super) fn seal(&self, location: &Path) -> Result<String> {
        let failed = |error| failure::writing("write", location, &self.path, &error);
        // The time of the last write is that of the file system's last tick, which several
        // versions may share. Where it cannot be set, that has to do.
        if let Err(error) = self.file.set_modified(SystemTime::now()) {
            tracing::debug!(target: "nuthatch", %location, %error, "cannot set a file's time");
        }
        let metadata = self.file.metadata().map_err(failed)?;
        match read::identity_etag(&metadata) {
            Some(etag) => Ok(etag),
            None => {
                let content = fs::read(&self.path).map_err(failed)?;
                Ok(read::content_etag([content.as_slice()]))
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            let file = self.path.display();
            tracing::debug!(target: "nuthatch", %file, %error, "a temporary file stays behind");
        }
    }
}

pub(super) fn refuse_attributes(attributes: &Attributes) -> Result<()> {
    match attributes.is_empty() {
        true => Ok(()),
        false => Err(failure::unsupported("local files have no attributes".to_owned())),
    }
}

pub(super) fn no_folder(location: &Path, target: &FilePath) -> Error {
    let target = target.display();
    failure::generic(format!("cannot write {location}: the folder of {target} keeps being removed"))
}

pub(super) fn no_locks(location: &Path) -> Error {
    failure::unsupported(format!(
        "cannot write {location} conditionally: this file system has no locks; use another one, \
         or commit = \"last-writer-wins\" where one writer at a time is certain"
    ))
}

/// Whether something else than a folder is where a folder or one above it should be.
fn is_in_the_way(folder: &FilePath) -> bool {
    folder.ancestors().any(|folder| match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_symlink() => !folder.is_dir(),
        Ok(metadata) => !metadata.is_dir(),
        Err(_) => false,
    })
}

/// An empty folder is nothing, as objects go; it gives way.
pub(super) fn rename(from: &FilePath, to: &FilePath) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            fs::remove_dir(to)?;
            fs::rename(from, to)
        }
        done => done,
    }
}

#[cfg(unix)]
fn sync_folder(folder: &FilePath) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        // Emptied and removed by somebody since: there is nothing left to make durable.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Elsewhere a folder cannot be opened as a file, and a rename is on disk when the journal is.
#[cfg(not(unix))]
fn sync_folder(_: &FilePath) -> io::Result<()> {
    Ok(())
}
