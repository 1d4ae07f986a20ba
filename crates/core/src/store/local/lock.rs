//! The 256 lock files that make conditional writes atomic among processes.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path as FilePath;

use object_store::Result;
use object_store::path::Path;

use super::super::ROOT;
use super::{LOCKS, LocalFiles, failure};

/// The locks of the paths that a change touches; closing the files lets them go.
#[derive(Debug)]
pub(super) struct Locks(#[expect(dead_code, reason = "held, not read")] Vec<File>);

impl LocalFiles {
    /// Waits for the locks of these paths. `None` where the file system has no locks.
    ///
    /// The wait blocks the thread. It is short, since a lock is held for a check and a rename and
    /// never across an await; so no task can wait for one that its own thread holds.
    ///
    /// The files are opened anew each time. A lock belongs to the open file, so two threads that
    /// shared a handle would not exclude each other, nor would a process and the child it forked.
    pub(super) fn lock(&self, locations: &[&Path]) -> Result<Option<Locks>> {
        let mut numbers: Vec<u8> = locations.iter().map(|location| number(location)).collect();
        // One order for all, or two renames could wait for each other.
        numbers.sort_unstable();
        numbers.dedup();
        let mut files = Vec::with_capacity(numbers.len());
        for number in numbers {
            let path = self.root.join(format!("{LOCKS}/{number:02x}"));
            match acquire(&path) {
                Ok(Some(file)) => files.push(file),
                Ok(None) => return Ok(None),
                Err(error) => {
                    let location = locations.first().copied().unwrap_or(&ROOT);
                    return Err(failure::writing("lock", location, &path, &error));
                }
            }
        }
        Ok(Some(Locks(files)))
    }
}

/// Two hex digits, by a hash that is the same in every process and release.
fn number(location: &Path) -> u8 {
    let [first, ..] = *blake3::hash(location.as_ref().as_bytes()).as_bytes();
    first
}

fn acquire(path: &FilePath) -> io::Result<Option<File>> {
    loop {
        let file = open(path)?;
        if !wait(&file)? {
            return Ok(None);
        }
        // Whoever removes the whole root while it is in use takes the lock files with it. Those
        // who lock the removed file and those who lock its successor must not miss each other.
        if !is_removed(&file)? {
            return Ok(Some(file));
        }
    }
}

/// Whether the lock was had; `false` where there are none.
fn wait(file: &File) -> io::Result<bool> {
    loop {
        match file.lock() {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return without_locks(file, error),
        }
    }
}

/// Some systems refuse locks by an error that says so, others by one of their own. That it is
/// refused at once, even when nobody is asked to wait, is common to them.
fn without_locks(file: &File, error: io::Error) -> io::Result<bool> {
    match file.try_lock() {
        Err(TryLockError::Error(_)) => Ok(false),
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Err(error),
    }
}

fn open(path: &FilePath) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            options.create(true).truncate(false).open(path)
        }
        // Somebody else's lock file: local file systems lock what can only be read, too.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(path),
        opened => opened,
    }
}

#[cfg(unix)]
fn is_removed(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) == 0)
}

#[cfg(not(unix))]
fn is_removed(_: &File) -> io::Result<bool> {
    Ok(false)
}
