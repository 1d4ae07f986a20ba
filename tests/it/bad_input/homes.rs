//! Users without a home folder, or with one that cannot be used.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nuthatch::prelude::*;

use super::{runs, small, use_root};
use crate::child::{child, given, homeless_child, must_pass, open_folder};
use crate::files;
use crate::told::Told;

#[test]
fn without_a_home() {
    let folder = open_folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    must_pass(homeless_child("bad_input::homes::child_without_a_home", folder.path()));
    assert_eq!(files::manifests(&folder.path().join("root")).len(), 1);
}

#[test]
fn a_home_that_is_no_full_path() {
    let folder = open_folder();
    let mut command = child("bad_input::homes::child_without_a_home", folder.path());
    command.env("HOME", "relative/to/what");
    must_pass(command);
    assert!(!folder.path().join("relative").exists());
}

#[test]
#[ignore = "a child of the tests above"]
fn child_without_a_home() {
    let told = Told::listen();
    for mode in [CacheMode::ReadOnly, CacheMode::Local, CacheMode::Offline] {
        assert_eq!(small::call(1).cache_mode(mode).run().unwrap(), 1_001);
        told.says(&["WARN", "set HOME to a full path, or `local.filesystem`"]);
    }
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(runs(), 4);
    let _ = told.take();
    use_root(&given().join("root"));
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(runs(), 1);
    told.is_silent();
}
