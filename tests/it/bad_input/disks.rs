//! Disks that are full, or mounted read only, in a mount namespace of a child's own.

use std::fs;
use std::path::Path;

use super::{cannot_be_stored, large, runs, serves_what_is_there, small, use_root, with_a_root};
use crate::child::{given, mounted_child, must_pass, open_folder};
use crate::files;
use crate::told::Told;

#[test]
fn a_full_disk() {
    let folder = open_folder();
    fs::create_dir(folder.path().join("root")).unwrap();
    let mount = "mount -t tmpfs -o size=512k tmpfs \"$CHILD_FOLDER/root\"";
    must_pass(mounted_child("bad_input::disks::child_fills_the_disk", folder.path(), mount));
}

#[test]
#[ignore = "a child of the test above"]
fn child_fills_the_disk() {
    let told = Told::listen();
    let root = given().join("root");
    use_root(&root);
    small(1).unwrap();
    large(1).unwrap();
    told.is_silent();
    fill(&root.join("thesis.tex"));
    let full = ["No space left on device", "free some space"];
    serves_what_is_there(&told, 1, &full);
    cannot_be_stored(&told, 2, &full);
    let left: Vec<_> =
        files::under(&root).into_keys().filter(|path| path.contains(".tmp~")).collect();
    assert_eq!(left, [""; 0], "what could not be finished is gone");
    fs::remove_file(root.join("thesis.tex")).unwrap();
    small(2).unwrap();
    small(2).unwrap();
    assert_eq!(runs(), 1);
    told.is_silent();
}

fn fill(file: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(file).unwrap();
    for piece in [4096, 1] {
        while file.write_all(&vec![b'%'; piece]).is_ok() {}
    }
}

#[test]
fn a_root_on_a_read_only_disk() {
    let (folder, root) = with_a_root();
    let before = files::under(&root);
    let mount = "mount --bind \"$CHILD_FOLDER/root\" \"$CHILD_FOLDER/root\" && \
                 mount -o remount,bind,ro \"$CHILD_FOLDER/root\"";
    must_pass(mounted_child("bad_input::disks::child_on_a_read_only_disk", folder.path(), mount));
    assert_eq!(files::under(&root), before);
}

#[test]
#[ignore = "a child of the test above"]
fn child_on_a_read_only_disk() {
    let told = Told::listen();
    use_root(&given().join("root"));
    let words = ["Read-only file system", "choose a location that can be written"];
    serves_what_is_there(&told, 1, &words);
    cannot_be_stored(&told, 2, &words);
}
