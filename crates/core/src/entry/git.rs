//! The commit that a working tree stands at, read from the files of its repository.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The commit of the repository that `dir` lies in.
///
/// The home folder's own repository, if it is one, is not looked at: what lies there keeps
/// somebody's settings, not the sources of what is computed.
pub(super) fn commit_around(dir: &Path) -> Option<String> {
    let home = env::home_dir();
    let folders = dir.ancestors().take_while(|folder| home.as_deref() != Some(*folder));
    // An empty path is the end of a relative one, and would mean the working directory.
    let mut folders = folders.filter(|folder| !folder.as_os_str().is_empty());
    let repository = folders.find_map(|folder| repository_at(&folder.join(".git")))?;
    commit_of(&repository)
}

/// The repository's own folder: `.git`, or what a worktree's `.git` file points to.
fn repository_at(dot_git: &Path) -> Option<PathBuf> {
    if dot_git.is_dir() {
        return Some(dot_git.to_owned());
    }
    let pointer = line(dot_git)?;
    let target = pointer.strip_prefix("gitdir:")?.trim();
    Some(dot_git.parent()?.join(target))
}

fn commit_of(repository: &Path) -> Option<String> {
    let head = line(&repository.join("HEAD"))?;
    let Some(name) = head.strip_prefix("ref:") else { return hash(&head) };
    let name = name.trim();
    if !name.starts_with("refs/") || name.split('/').any(|part| part == "..") {
        return None;
    }
    // A worktree has its own HEAD, and shares the branches of the main repository.
    let common = line(&repository.join("commondir"))
        .map_or_else(|| repository.to_owned(), |common| repository.join(common));
    [repository, common.as_path()]
        .into_iter()
        .find_map(|folder| hash(&line(&folder.join(name))?))
        .or_else(|| packed(&common, name))
}

fn packed(repository: &Path, name: &str) -> Option<String> {
    let packed = fs::read_to_string(repository.join("packed-refs")).ok()?;
    let found = packed.lines().find_map(|line| match line.split_once(' ') {
        Some((commit, found)) if found.trim() == name => Some(commit),
        _ => None,
    });
    hash(found?)
}

fn line(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

fn hash(text: &str) -> Option<String> {
    let is_hash = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| text.to_owned())
}
