//! A process of a test's own: this test program again, running one test that is ignored
//! otherwise.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The user that may write nothing but what is its own.
const NOBODY: u32 = 65_534;

/// A user that is in no list of users.
const STRANGER: u32 = 54_321;

/// The command that runs the ignored test of that name in a new process, which finds `folder` in
/// [`given`].
pub(crate) fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments(test)).env("CHILD_FOLDER", folder).current_dir(folder);
    command.stdin(Stdio::null());
    command
}

/// The same, as `nobody`, who may write nothing outside `home`.
pub(crate) fn powerless_child(test: &str, folder: &Path, home: &Path) -> Command {
    fs::create_dir_all(home).unwrap();
    if is_root(folder) {
        std::os::unix::fs::chown(home, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = child_of_user(NOBODY, test, folder);
    command.env("HOME", home);
    command
}

/// Has a command run as somebody who can write nothing but what is below `home`, a folder in one of
/// this process's own. Root becomes `nobody`; anyone else is kept out by what is made read-only.
pub(crate) fn powerless(mut command: Command, home: &Path) -> Command {
    if is_root(home.parent().unwrap()) {
        let given = Command::new("chown").args(["-R", "nobody"]).arg(home).status().unwrap();
        assert!(given.success());
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The same, as a user of whom the system knows nothing, without a home.
pub(crate) fn homeless_child(test: &str, folder: &Path) -> Command {
    let mut command = child_of_user(STRANGER, test, folder);
    command.env_remove("HOME");
    command
}

/// Root becomes another user. Who is not root has no more rights than that already, and gets the
/// other's number in a namespace alone.
fn child_of_user(user: u32, test: &str, folder: &Path) -> Command {
    let built = std::env::current_exe().unwrap();
    let mut command = if is_root(folder) {
        // The build folder may lie where nobody else may look.
        let program = folder.join(format!("tests-of-{user}"));
        let copied =
            fs::hard_link(&built, &program).or_else(|_| fs::copy(&built, &program).map(drop));
        copied.unwrap();
        let mut command = Command::new(program);
        command.uid(user).gid(user);
        command
    } else {
        let mut command = Command::new("unshare");
        command.args(["--user", &format!("--map-user={user}")]).arg(built);
        command
    };
    command.args(arguments(test)).env("CHILD_FOLDER", folder).current_dir(folder);
    command.stdin(Stdio::null());
    command
}

/// The child in a mount namespace of its own, where `mount` (a line of shell) was run before.
/// A machine that forbids this fails the test.
pub(crate) fn mounted_child(test: &str, folder: &Path, mount: &str) -> Command {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !is_root(folder) {
        command.arg("--map-root-user");
    }
    command.args(["sh", "-c", &format!("{mount} && exec \"$@\""), "sh"]);
    command.arg(std::env::current_exe().unwrap()).args(arguments(test));
    command.env("CHILD_FOLDER", folder).current_dir(folder).stdin(Stdio::null());
    command
}

/// The folder that the parent has given to this child.
pub(crate) fn given() -> PathBuf {
    std::env::var_os("CHILD_FOLDER").expect("run by another test, not by itself").into()
}

/// Runs a child to its end; its one test must have run, and passed.
pub(crate) fn must_pass(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    assert!(status.success() && said.contains("1 passed"), "{command:?}: {status}\n{said}");
    said.into_owned()
}

/// A folder that every user may enter.
pub(crate) fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn arguments(test: &str) -> [&str; 4] {
    ["--ignored", "--exact", test, "--nocapture"]
}

/// Whether this process runs as root, whose files are made by it.
fn is_root(own: &Path) -> bool {
    fs::metadata(own).unwrap().uid() == 0
}
