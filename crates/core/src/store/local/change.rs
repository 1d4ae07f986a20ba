//! Delete, copy and rename.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path as FilePath;

use object_store::path::Path;
use object_store::{CopyMode, PutMode, RenameTargetMode, Result};

use super::write::{self, ATTEMPTS};
use super::{LocalFiles, failure};

enum Renamed {
    Here,
    OtherDisk,
}

impl LocalFiles {
    /// Removes an object, and the folders that this leaves empty.
    pub(super) fn remove(&self, location: &Path) -> Result<()> {
        let file = self.file_to_read(location)?;
        let failed = |error| failure::reading("delete", location, &file, &error);
        // Looked at first, so that deleting from a folder that is not there makes no lock files.
        if fs::symlink_metadata(&file).map_err(failed)?.is_dir() {
            return Err(failure::not_found(location, &file, "a folder, not an object"));
        }
        let locks = self.lock(&[location])?;
        fs::remove_file(&file).map_err(failed)?;
        drop(locks);
        self.remove_empty_folders(&file);
        Ok(())
    }

    /// The content is copied, not linked: an object that was damaged in place would take its copy
    /// along. Where the file system can share blocks between copies, the system does so by itself.
    pub(super) fn copy_object(&self, from: &Path, to: &Path, mode: CopyMode) -> Result<()> {
        let source = self.open(from)?;
        let target = self.file_to_write(to)?;
        let temporary = self.temporary(to, &target)?;
        io::copy(&mut &source.file, &mut &temporary.file)
            .map_err(|error| failure::writing("write", to, &target, &error))?;
        temporary.seal(to)?;
        let mode = match mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        self.publish(temporary, to, &target, &mode)
    }

    pub(super) fn rename_object(
        &self,
        from: &Path,
        to: &Path,
        mode: RenameTargetMode,
    ) -> Result<()> {
        let source = self.open(from)?.path;
        let target = self.file_to_write(to)?;
        let locks = self.lock(&[from, to])?;
        if mode == RenameTargetMode::Create {
            locks.as_ref().ok_or_else(|| write::no_locks(to))?;
            self.check(to, &target, &PutMode::Create)?;
        }
        match self.rename_file((from, &source), (to, &target))? {
            Renamed::Here => {}
            Renamed::OtherDisk => {
                drop(locks);
                return self.move_by_copy(from, to, mode);
            }
        }
        drop(locks);
        self.sync_folders(to, &target)?;
        self.sync_folders(from, &source)?;
        self.remove_empty_folders(&source);
        Ok(())
    }

    fn rename_file(
        &self,
        (from, source): (&Path, &FilePath),
        (to, target): (&Path, &FilePath),
    ) -> Result<Renamed> {
        for _ in 0..ATTEMPTS {
            match write::rename(source, target) {
                Ok(()) => return Ok(Renamed::Here),
                // A link led to another file system.
                Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                    return Ok(Renamed::OtherDisk);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    fs::symlink_metadata(source)
                        .map_err(|error| failure::reading("rename", from, source, &error))?;
                    self.create_folder(to, target.parent().unwrap_or(self.root()))?;
                }
                Err(error) => return Err(failure::writing("rename to", to, target, &error)),
            }
        }
        Err(write::no_folder(to, target))
    }

    fn move_by_copy(&self, from: &Path, to: &Path, mode: RenameTargetMode) -> Result<()> {
        let mode = match mode {
            RenameTargetMode::Overwrite => CopyMode::Overwrite,
            RenameTargetMode::Create => CopyMode::Create,
        };
        self.copy_object(from, to, mode)?;
        self.remove(from)
    }

    /// The system refuses to remove a folder with anything in it, a temporary file included; who
    /// is about to make one in a folder that goes makes the folder again.
    fn remove_empty_folders(&self, file: &FilePath) {
        let below = |folder: &&FilePath| folder.starts_with(&self.root) && **folder != *self.root;
        for folder in file.ancestors().skip(1).take_while(below) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}
