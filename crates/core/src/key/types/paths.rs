//! Paths and the operating system's strings.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::key::{CacheKey, KeyEncoder, KeyError};

/// A path that is UTF-8 is its text. Any other is keyed exactly, as its `OsStr`; serde gives up
/// there. Spelling counts: `a/b` and `a/./b` are two paths.
impl CacheKey for Path {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self.to_str() {
            Some(text) => out.str(text),
            None => self.as_os_str().encode_key(out),
        }
    }
}

impl CacheKey for PathBuf {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.as_path().encode_key(out)
    }
}

/// As serde has it, with the kind of system: an `OsStr` of Unix never equals one of Windows. What
/// is shared between the two is better passed as a `Path` or `str`.
impl CacheKey for OsStr {
    #[cfg(unix)]
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        use std::os::unix::ffi::OsStrExt as _;
        out.variant("Unix", |out| self.as_bytes().encode_key(out))
    }

    #[cfg(windows)]
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        use std::os::windows::ffi::OsStrExt as _;
        out.variant("Windows", |out| out.seq(|out| out.each(self.encode_wide())))
    }

    #[cfg(not(any(unix, windows)))]
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match self.to_str() {
            Some(text) => out.str(text),
            None => Err(KeyError::refused("it is not UTF-8, and this system has no other form")),
        }
    }
}

impl CacheKey for OsString {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        self.as_os_str().encode_key(out)
    }
}
