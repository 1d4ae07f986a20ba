//! Folders that this user may not write, or not enter. Root may do both everywhere, so the calls are
//! made by a child that runs as `nobody`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{cannot_be_stored, serves_what_is_there, use_root, with_a_root};
use crate::child::{given, must_pass, open_folder, powerless_child};
use crate::files;
use crate::told::Told;

fn set_mode_below(folder: &Path, mode: u32) {
    // Folders are entered before they are closed, and opened before they are entered.
    let set = || fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    if mode & 0o200 != 0 {
        set();
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_mode_below(&path, mode);
        }
    }
    set();
}

const DENIED: [&str; 2] = ["ermission denied", "give this user the right to, or choose another"];

#[test]
fn a_root_that_may_not_be_written() {
    let (folder, root) = with_a_root();
    let before = files::under(&root);
    set_mode_below(&root, 0o555);
    let home = folder.path().join("home");
    must_pass(powerless_child(
        "bad_input::denied::child_may_not_write_the_root",
        folder.path(),
        &home,
    ));
    assert_eq!(files::under(&root), before);
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0, "nothing went elsewhere");
    set_mode_below(&root, 0o755);
}

#[test]
#[ignore = "a child of the test above"]
fn child_may_not_write_the_root() {
    let told = Told::listen();
    use_root(&given().join("root"));
    serves_what_is_there(&told, 1, &DENIED);
    cannot_be_stored(&told, 2, &DENIED);
}

#[test]
fn an_empty_root_that_may_not_be_written() {
    let folder = open_folder();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o555)).unwrap();
    let home = folder.path().join("home");
    must_pass(powerless_child(
        "bad_input::denied::child_may_not_begin_a_root",
        folder.path(),
        &home,
    ));
    assert!(files::under(&root).is_empty());
}

#[test]
#[ignore = "a child of the test above"]
fn child_may_not_begin_a_root() {
    let told = Told::listen();
    use_root(&given().join("root"));
    cannot_be_stored(&told, 1, &DENIED);
    // One that is not there, where it may not be made.
    use_root(&given().join("root").join("of").join("nobody"));
    cannot_be_stored(&told, 1, &DENIED);
}

#[test]
fn a_root_that_may_not_be_entered() {
    let (folder, root) = with_a_root();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o000)).unwrap();
    let home = folder.path().join("home");
    must_pass(powerless_child(
        "bad_input::denied::child_may_not_enter_the_root",
        folder.path(),
        &home,
    ));
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(files::manifests(&root).len(), 2);
}

#[test]
#[ignore = "a child of the test above"]
fn child_may_not_enter_the_root() {
    let told = Told::listen();
    use_root(&given().join("root"));
    cannot_be_stored(&told, 1, &DENIED);
}
