//! Who computes, on which machine, and at which commit of the sources.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::{env, fs};

use super::git;

/// What a manifest says of who computed its entry.
///
/// It is gathered once a process (the commit, once a crate), without starting any program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The user's name.
    pub user: Option<String>,
    /// The machine's name.
    pub host: Option<String>,
    /// The commit that the sources stood at.
    pub git_commit: Option<String>,
}

impl Origin {
    /// User and host of this process.
    #[must_use]
    pub fn of_process() -> &'static Self {
        static PROCESS: LazyLock<Origin> =
            LazyLock::new(|| Origin { user: user(), host: host(), git_commit: None });
        &PROCESS
    }

    /// User and host, with the commit of the repository around `manifest_dir` (where a crate was
    /// compiled), else of that around the working directory.
    #[must_use]
    pub fn of_crate(manifest_dir: &str) -> Arc<Self> {
        static CRATES: LazyLock<Mutex<HashMap<String, Arc<Origin>>>> =
            LazyLock::new(Mutex::default);
        let mut crates = CRATES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = crates.get(manifest_dir) {
            return Arc::clone(known);
        }
        let origin = Arc::new(Self {
            git_commit: git::commit_around(Path::new(manifest_dir))
                .or_else(|| env::current_dir().ok().and_then(|dir| git::commit_around(&dir))),
            ..Self::of_process().clone()
        });
        crates.insert(manifest_dir.to_owned(), Arc::clone(&origin));
        origin
    }
}

fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| filled(env::var(name).ok()))
}

fn host() -> Option<String> {
    filled(fs::read_to_string("/proc/sys/kernel/hostname").ok())
        .or_else(|| filled(fs::read_to_string("/etc/hostname").ok()))
        .or_else(|| ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|n| filled(env::var(n).ok())))
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
