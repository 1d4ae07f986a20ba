//! Paths, variables and arguments that are not UTF-8.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use nuthatch::prelude::*;

use super::{VALUE, large, plain, runs, small, value};
use crate::child::{child, must_pass, open_folder};
use crate::files;
use crate::lake::Lake;
use crate::told::Told;

#[cache(name = "bad_input_path")]
fn of_path(path: &Path) -> nuthatch::Result<Vec<u8>> {
    value();
    Ok(path.as_os_str().as_bytes().to_vec())
}

#[cache(name = "bad_input_os_string")]
fn of_os_string(text: OsString) -> nuthatch::Result<Vec<u8>> {
    value();
    Ok(text.into_vec())
}

#[test]
fn a_root_whose_path_is_not_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let root = folder.path().join(OsStr::from_bytes(b"m\xe9t\xe9o"));
    let url = format!("file://{}/m%E9t%E9o", folder.path().display());
    nuthatch::set_parameter!("filesystem", url.as_str()).unwrap();
    small(1).unwrap();
    large(1).unwrap();
    VALUE.store(2, Ordering::SeqCst);
    runs();
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(large(1).unwrap()[0], 1_001);
    assert_eq!(runs(), 0);
    told.is_silent();
    assert_eq!(files::manifests(&root).len(), 2);
    let uri = large::call(1).uri().run().unwrap().unwrap();
    assert!(uri.starts_with(&url), "{uri}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and nowhere else");
}

#[test]
fn a_home_and_a_variable_that_are_not_utf8() {
    let folder = open_folder();
    let home = folder.path().join(OsStr::from_bytes(b"h\xe9l\xe8ne"));
    fs::create_dir(&home).unwrap();
    let mut command = child("bad_input::not_utf8::child_without_utf8", folder.path());
    command.env("HOME", &home).current_dir(&home);
    must_pass(command);
    let mut command =
        child("bad_input::not_utf8::child_with_a_variable_without_utf8", folder.path());
    command.env("NUTHATCH_FILESYSTEM", OsStr::from_bytes(b"/tmp/\xff"));
    must_pass(command);
}

#[test]
#[ignore = "a child of the test above"]
fn child_without_utf8() {
    let told = Told::listen();
    for _ in 0..2 {
        assert_eq!(small::call(1).cache_mode(CacheMode::Local).run().unwrap(), 1_001);
    }
    assert_eq!(runs(), 1);
    let home = PathBuf::from(std::env::var_os("HOME").unwrap());
    assert_eq!(files::manifests(&home.join(".nuthatch/caches")).len(), 1);
    told.is_silent();
}

#[test]
#[ignore = "a child of the test above"]
fn child_with_a_variable_without_utf8() {
    let told = Told::listen();
    let error = small(1).unwrap_err().to_string();
    assert!(error.contains("NUTHATCH_FILESYSTEM") && error.contains("is not UTF-8"), "{error}");
    assert_eq!((plain(1), runs()), (2, 1), "without a place for the error, it computes");
    told.says(&["NUTHATCH_FILESYSTEM", "is not UTF-8; set it to text, or unset it"]);
}

#[test]
fn arguments_that_are_not_utf8_have_entries_of_their_own() {
    let lake = Lake::new();
    let told = Told::listen();
    let texts: [&[u8]; 5] = [b"a\xff", b"a\xfe", "a\u{fffd}".as_bytes(), b"a", b"\xff\x00/.."];
    for bytes in texts {
        assert_eq!(of_path(Path::new(OsStr::from_bytes(bytes))).unwrap(), bytes);
        assert_eq!(of_os_string(OsString::from_vec(bytes.to_vec())).unwrap(), bytes);
    }
    assert_eq!(runs(), 10);
    for bytes in texts {
        assert_eq!(of_path(Path::new(OsStr::from_bytes(bytes))).unwrap(), bytes);
        assert_eq!(of_os_string(OsString::from_vec(bytes.to_vec())).unwrap(), bytes);
    }
    assert_eq!(runs(), 0);
    assert_eq!(files::manifests(&lake.path("root")).len(), 10);
    told.is_silent();
}
