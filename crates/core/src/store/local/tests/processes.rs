//! What only shows among processes: locks, kills, full disks, missing rights.
//!
//! Each test runs itself again as a child process, which the variable `ROLE` tells what to do and
//! `LAKE` where. Parts of them need a user who may become another or mount something (`root`, or
//! user namespaces); where there is none they fail and say so.

use std::process::{Child, Command, Stdio};
use std::{env, thread};

use super::super::super::conformance::count_up;
use super::*;

const ROLE: &str = "NUTHATCH_TEST_ROLE";
const LAKE: &str = "NUTHATCH_TEST_LAKE";

/// The store of the child, and its role, where this process is one.
fn child() -> Option<(String, LocalFiles)> {
    let role = env::var(ROLE).ok()?;
    Some((role, LocalFiles::new(env::var_os(LAKE).unwrap())))
}

/// A command line that runs one test of this binary as a child, to be put behind a wrapper's.
fn rerun(program: &std::path::Path, test: &str, role: &str, lake: &Lake) -> Command {
    let mut command = Command::new(program);
    command.args([&format!("store::local::tests::processes::{test}"), "--exact", "--nocapture"]);
    command.env(ROLE, role).env(LAKE, lake.store.root()).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null());
    command
}

fn this_test() -> PathBuf {
    env::current_exe().unwrap()
}

/// The same command behind a wrapper such as `unshare -m`.
fn wrapped(wrapper: &[&str], command: &Command) -> Command {
    let (program, arguments) = wrapper.split_first().unwrap();
    let mut outer = Command::new(program);
    outer.args(arguments).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        outer.env(name, value.unwrap());
    }
    outer.stdin(Stdio::null());
    outer
}

#[track_caller]
fn succeeds(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (output.stdout, output.stderr);
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "{command:?} ran nothing:\n{out}\n{err}");
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn updates_of_many_processes_and_threads_lose_nothing() {
    const PROCESSES: usize = 4;
    const THREADS: usize = 4;
    const WINS: u64 = 25;
    if let Some((_, store)) = child() {
        let race = |_| {
            let store = Arc::new(store.clone());
            thread::spawn(move || block_on(count_up(store, path("counter"), WINS)))
        };
        let racers: Vec<_> = (0..THREADS).map(race).collect();
        racers.into_iter().for_each(|racer| racer.join().unwrap());
        return;
    }
    let lake = Lake::new();
    lake.put("counter", "0").unwrap();
    let test = "updates_of_many_processes_and_threads_lose_nothing";
    let start = |_| rerun(&this_test(), test, "count", &lake).stdout(Stdio::null()).spawn();
    let children: Vec<Child> = (0..PROCESSES).map(start).map(Result::unwrap).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let total = (PROCESSES * THREADS) as u64 * WINS;
    assert_eq!(lake.get("counter").unwrap(), total.to_string());
    assert_eq!(lake.files(), ["counter"]);
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_object_or_the_new() {
    if let Some((_, store)) = child() {
        for round in 0u64.. {
            let content = round.to_le_bytes().repeat(20_000);
            block_on(store.put(&path("a/object"), content.into())).unwrap();
        }
        return;
    }
    let lake = Lake::new();
    let test = "a_writer_that_is_killed_leaves_the_old_object_or_the_new";
    let mut seen = 0;
    let mut left_behind = 0;
    for round in 0..40u64 {
        let mut child =
            rerun(&this_test(), test, "write", &lake).stdout(Stdio::null()).spawn().unwrap();
        // Until it writes, then for a time that differs from round to round.
        let before = lake.get("a/object").ok();
        while lake.get("a/object").ok() == before {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(round * 137 % 3000));
        child.kill().unwrap();
        child.wait().unwrap();

        let content = lake.get("a/object").unwrap();
        assert_eq!(content.len(), 160_000);
        assert!(content.chunks(8).all(|chunk| chunk == &content[..8]), "torn");
        seen += 1;
        left_behind = lake.files().len() - 1;
        assert!(left_behind <= round as usize + 1, "one temporary file a kill at most");
        assert_eq!(lake.names(), ["a/object"]);
    }
    assert_eq!(seen, 40);
    let later = SystemTime::now() + Duration::from_secs(60);
    let stale = lake.store.stale_temporaries(later).unwrap();
    assert_eq!(stale.len(), left_behind, "all of them are found");
    // And the locks of the dead are free.
    lake.put("a/object", "alive").unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_nothing_and_leaves_no_half_file() {
    if let Some((_, store)) = child() {
        return fill(&store);
    }
    let lake = Lake::new();
    fs::create_dir(lake.store.root()).unwrap();
    let test = "a_full_disk_loses_nothing_and_leaves_no_half_file";
    let namespaces = if is_root() { "-m" } else { "-rm" };
    let mount = "mount -t tmpfs -o size=64k none \"$NUTHATCH_TEST_LAKE\" && exec \"$0\" \"$@\"";
    let wrapper = ["unshare", namespaces, "sh", "-c", mount];
    succeeds(wrapped(&wrapper, &rerun(&this_test(), test, "fill", &lake)));
}

/// On a disk of 64 KiB.
#[cfg(target_os = "linux")]
fn fill(store: &LocalFiles) {
    let lake = Lake { folder: tempfile::tempdir().unwrap(), store: store.clone() };
    let old = "old".repeat(3000);
    let e_tag = lake.put("a/object", &old).unwrap();
    let large = "new".repeat(100_000);
    for mode in [
        PutMode::Overwrite,
        PutMode::Create,
        PutMode::Update(UpdateVersion { e_tag, version: None }),
    ] {
        let object = path("a/object");
        let put = store.put_opts(&object, large.clone().into(), mode.into());
        let error = told(block_on(put), &["a/object", "free some space"]);
        assert!(matches!(error, Error::Generic { .. }), "{error:?}");
    }
    block_on(async {
        let mut upload = store.put_multipart(&path("a/upload")).await.unwrap();
        told(upload.put_part(large.clone().into()).await, &["a/upload", "free some space"]);
        upload.complete().await.unwrap_err();
    });
    assert_eq!(lake.get("a/object").unwrap(), old);
    assert_eq!(lake.files(), ["a/object"], "no half file is left to keep the disk full");
    told(block_on(store.put(&path("b"), large.into())), &["free some space"]);
    for copy in 0.. {
        if let Err(error) = block_on(store.copy(&path("a/object"), &path(&format!("c/{copy}")))) {
            told(Err::<(), _>(error), &["free some space"]);
            assert!(copy > 0 && lake.files().len() == copy + 1);
            break;
        }
    }
    lake.put("c/0", "a smaller one has room").unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_read_only_is_told() {
    if let Some((_, store)) = child() {
        let lake = Lake { folder: tempfile::tempdir().unwrap(), store };
        assert_eq!(lake.get("a/object").unwrap(), "old");
        for attempt in [lake.put("a/object", "new"), lake.put("new", "new")] {
            let error = told(attempt, &["choose a location that can be written"]);
            assert!(matches!(error, Error::PermissionDenied { .. }), "{error:?}");
        }
        let error = block_on(lake.store.delete(&path("a/object"))).unwrap_err();
        assert!(matches!(error, Error::PermissionDenied { .. }), "{error:?}");
        return;
    }
    let lake = Lake::new();
    lake.put("a/object", "old").unwrap();
    let namespaces = if is_root() { "-m" } else { "-rm" };
    let mount = "mount --bind \"$NUTHATCH_TEST_LAKE\" \"$NUTHATCH_TEST_LAKE\" \
                 && mount -o remount,bind,ro \"$NUTHATCH_TEST_LAKE\" && exec \"$0\" \"$@\"";
    let wrapper = ["unshare", namespaces, "sh", "-c", mount];
    succeeds(wrapped(
        &wrapper,
        &rerun(&this_test(), "a_disk_that_is_read_only_is_told", "", &lake),
    ));
}

#[test]
#[cfg(target_os = "linux")]
fn missing_rights_are_told() {
    if let Some((_, store)) = child() {
        return without_rights(&store);
    }
    use std::os::unix::fs::PermissionsExt;
    let lake = Lake::new();
    let allow = |file: PathBuf, mode| {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["open/object", "closed/object", "shared/object"] {
        lake.put(name, "old").unwrap();
    }
    fs::write(lake.file("open/secret"), "x").unwrap();
    let program = lake.folder.path().join("test");
    fs::copy(this_test(), &program).unwrap();
    allow(lake.folder.path().to_owned(), 0o755);
    allow(lake.file("closed"), 0o700);
    allow(lake.file("shared"), 0o777);
    allow(lake.file("open/secret"), 0o600);
    allow(program.clone(), 0o755);
    let command = rerun(&program, "missing_rights_are_told", "", &lake);
    match is_root() {
        // No rights stop root, so the child is somebody else.
        true => {
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
            succeeds(wrapped(&nobody, &command));
        }
        // The owner takes the rights from itself.
        false => {
            allow(lake.file("closed"), 0);
            allow(lake.file("open"), 0o555);
            allow(lake.file("open/secret"), 0);
            allow(lake.store.root().to_owned(), 0o555);
            succeeds(command);
            for name in ["closed", "open", ""] {
                allow(lake.file(name), 0o755);
            }
        }
    }
    assert_eq!(lake.get("open/object").unwrap(), "old");
}

/// As a user who may read the lake, all of `open` but `secret`, nothing of `closed`, and write to
/// `shared`, but not to the lock files.
#[cfg(target_os = "linux")]
fn without_rights(store: &LocalFiles) {
    let lake = Lake { folder: tempfile::tempdir().unwrap(), store: store.clone() };
    let denied =
        |error: Error| assert!(matches!(error, Error::PermissionDenied { .. }), "{error:?}");
    assert_eq!(lake.get("open/object").unwrap(), "old");
    denied(told(lake.get("closed/object"), &["closed/object", "give this user the right"]));
    denied(told(lake.get("open/secret"), &["open/secret"]));
    denied(told(lake.put("open/object", "new"), &["open/object", "give this user the right"]));
    denied(told(lake.put("new/object", "new"), &["new"]));
    denied(block_on(store.put_multipart(&path("open/new"))).unwrap_err());
    denied(block_on(store.delete(&path("open/object"))).unwrap_err());
    denied(block_on(store.rename(&path("open/object"), &path("shared/x"))).unwrap_err());
    denied(block_on(store.list(None).try_collect::<Vec<_>>()).unwrap_err());
    let below = store.list(Some(&path("open"))).try_collect::<Vec<_>>();
    assert_eq!(block_on(below).unwrap().len(), 2, "what can be listed is listed");

    lake.put("shared/object", "new").expect("others' lock files are locked as they are");
    let update = block_on(store.head(&path("shared/object"))).unwrap().e_tag;
    let update = PutMode::Update(UpdateVersion { e_tag: update, version: None });
    block_on(store.put_opts(&path("shared/object"), "newer".into(), update.into())).unwrap();
    assert_eq!(lake.get("shared/object").unwrap(), "newer");
}
