//! The commit is read from a repository's files, however it is kept there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::git::commit_around;
use super::*;

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";

fn put(root: &Path, file: &str, text: &str) -> PathBuf {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_branch_is_followed_from_below() {
    let tree = folder();
    put(tree.path(), ".git/HEAD", "ref: refs/heads/main\n");
    put(tree.path(), ".git/refs/heads/main", &format!("{ONE}\n"));
    put(tree.path(), "crates/deep/src/lib.rs", "");
    assert_eq!(commit_around(&tree.path().join("crates/deep")).as_deref(), Some(ONE));
}

#[test]
fn a_detached_head_is_a_commit() {
    let tree = folder();
    put(tree.path(), ".git/HEAD", &format!("{TWO}\n"));
    assert_eq!(commit_around(tree.path()).as_deref(), Some(TWO));
}

#[test]
fn a_packed_branch_is_found_and_a_loose_one_comes_first() {
    let tree = folder();
    put(tree.path(), ".git/HEAD", "ref: refs/heads/a/b\n");
    let packed = format!("# pack-refs\n{TWO} refs/heads/a/bc\n{ONE} refs/heads/a/b\n^{TWO}\n");
    put(tree.path(), ".git/packed-refs", &packed);
    assert_eq!(commit_around(tree.path()).as_deref(), Some(ONE));
    put(tree.path(), ".git/refs/heads/a/b", &format!("{TWO}\n"));
    assert_eq!(commit_around(tree.path()).as_deref(), Some(TWO));
}

#[test]
fn a_worktree_has_its_own_head_and_shares_the_branches() {
    let tree = folder();
    put(tree.path(), "main/.git/HEAD", "ref: refs/heads/main\n");
    put(tree.path(), "main/.git/refs/heads/main", ONE);
    put(tree.path(), "main/.git/refs/heads/side", TWO);
    put(tree.path(), "main/.git/worktrees/side/HEAD", "ref: refs/heads/side\n");
    put(tree.path(), "main/.git/worktrees/side/commondir", "../..\n");
    put(tree.path(), "side/.git", "gitdir: ../main/.git/worktrees/side\n");
    assert_eq!(commit_around(&tree.path().join("side")).as_deref(), Some(TWO));
}

#[test]
fn what_is_no_commit_is_none() {
    for head in ["", "ref: ../../../etc/passwd", "ref: refs/../../x", "zz", "ref: refs/heads/new"] {
        let tree = folder();
        put(tree.path(), ".git/HEAD", head);
        put(tree.path(), "x", ONE);
        assert_eq!(commit_around(tree.path()), None, "{head}");
    }
}

#[test]
fn it_agrees_with_git() {
    let here = env!("CARGO_MANIFEST_DIR");
    let told = Command::new("git").args(["-C", here, "rev-parse", "HEAD"]).output();
    let Ok(told) = told else { panic!("git is needed to check what is read without it") };
    // A copy of the sources without their repository has no commit, for both.
    let told = String::from_utf8(told.stdout).unwrap().trim().to_owned();
    let told = (told.len() == 40).then_some(told);
    assert_eq!(commit_around(Path::new(here)), told);
}

#[test]
fn an_origin_is_gathered_once() {
    let here = env!("CARGO_MANIFEST_DIR");
    assert!(Arc::ptr_eq(&Origin::of_crate(here), &Origin::of_crate(here)));
    assert_eq!(Origin::of_crate(here).host, Origin::of_process().host);
}
