//! What local files promise beyond the conformance suite.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResultPayload, ObjectStore, ObjectStoreExt,
    PutMode, Result, UpdateVersion,
};
use pollster::block_on;
use tempfile::TempDir;

use super::LocalFiles;

mod processes;

struct Lake {
    folder: TempDir,
    store: LocalFiles,
}

impl Lake {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFiles::new(folder.path().join("lake"));
        Self { folder, store }
    }

    fn put(&self, name: &str, content: &str) -> Result<Option<String>> {
        block_on(self.store.put(&path(name), content.to_owned().into())).map(|put| put.e_tag)
    }

    fn get(&self, name: &str) -> Result<Bytes> {
        block_on(async { self.store.get(&path(name)).await?.bytes().await })
    }

    fn names(&self) -> Vec<String> {
        let found = block_on(self.store.list(None).try_collect::<Vec<_>>()).unwrap();
        let mut names: Vec<_> = found.into_iter().map(|meta| meta.location.to_string()).collect();
        names.sort();
        names
    }

    fn file(&self, name: &str) -> PathBuf {
        self.store.root().join(name)
    }

    /// Every file below the root but the lock files, temporary ones included.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.store.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let file = entry.path();
                match file.is_dir() {
                    true if entry.file_name() != ".locks" => folders.push(file),
                    true => {}
                    false => {
                        let name = file.strip_prefix(self.store.root()).unwrap();
                        files.push(name.to_str().unwrap().to_owned());
                    }
                }
            }
        }
        files
    }
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[track_caller]
fn told<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) -> Error {
    let error = result.unwrap_err();
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
    error
}

#[test]
fn every_future_is_ready_at_once_even_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    let lake = Lake::new();
    let store: &dyn ObjectStore = &lake.store;
    let (a, b) = (path("x/a"), path("x/b"));
    store.put(&a, "content".into()).now_or_never().unwrap().unwrap();
    store.put(&b, vec![1; 2_000_000].into()).now_or_never().unwrap().unwrap();
    let got = store.get(&a).now_or_never().unwrap().unwrap();
    assert_eq!(got.bytes().now_or_never().unwrap().unwrap(), "content");
    store.get_range(&b, 5..1_000_000).now_or_never().unwrap().unwrap();
    store.get_ranges(&b, &[0..10, 5..1_900_000]).now_or_never().unwrap().unwrap();
    store.head(&b).now_or_never().unwrap().unwrap();
    let mut upload = store.put_multipart(&path("c")).now_or_never().unwrap().unwrap();
    upload.put_part("part".into()).now_or_never().unwrap().unwrap();
    upload.complete().now_or_never().unwrap().unwrap();
    store.copy(&a, &path("d")).now_or_never().unwrap().unwrap();
    store.rename(&a, &path("e")).now_or_never().unwrap().unwrap();
    let all = store.list(None).try_collect::<Vec<_>>().now_or_never().unwrap().unwrap();
    assert_eq!(all.len(), 4);
    store.list_with_delimiter(None).now_or_never().unwrap().unwrap();
    store.delete(&path("e")).now_or_never().unwrap().unwrap();
}

#[test]
fn small_objects_come_as_one_chunk_and_large_ones_as_a_file() {
    let lake = Lake::new();
    for (length, is_file) in [(0, false), (1 << 20, false), ((1 << 20) + 1, true)] {
        block_on(lake.store.put(&path("a"), vec![1; length].into())).unwrap();
        match block_on(lake.store.get(&path("a"))).unwrap().payload {
            GetResultPayload::File(..) => assert!(is_file, "{length}"),
            GetResultPayload::Stream(stream) => {
                assert!(!is_file, "{length}");
                let chunks: Vec<Bytes> = block_on(stream.try_collect()).unwrap();
                assert_eq!(chunks.len(), 1);
            }
        }
    }
}

#[test]
fn an_etag_tells_a_replaced_object_of_the_same_size_and_time() {
    let lake = Lake::new();
    let first = lake.put("a", "old").unwrap();
    let time = fs::metadata(lake.file("a")).unwrap().modified().unwrap();
    // In place and with the old time: inode, size and time are all as they were.
    fs::write(lake.file("a"), "new").unwrap();
    fs::File::options().write(true).open(lake.file("a")).unwrap().set_modified(time).unwrap();
    let update = PutMode::Update(UpdateVersion { e_tag: first, version: None });
    let lost = block_on(lake.store.put_opts(&path("a"), "mine".into(), update.into()));
    assert!(matches!(told(lost, &["a"]), Error::Precondition { .. }));
    assert_eq!(lake.get("a").unwrap(), "new");
}

#[test]
fn etags_of_larger_objects_do_not_come_back_within_a_tick() {
    let lake = Lake::new();
    let mut etags = std::collections::BTreeSet::new();
    for round in 0..200 {
        let before = SystemTime::now();
        let content = vec![round as u8; 70_000];
        let put = block_on(lake.store.put(&path("a"), content.into())).unwrap();
        assert!(etags.insert(put.e_tag.unwrap()), "round {round}");
        // The clock of the ticks lags behind this one.
        assert!(fs::metadata(lake.file("a")).unwrap().modified().unwrap() >= before);
        block_on(lake.store.delete(&path("a"))).unwrap();
    }
}

#[test]
fn names_of_its_own_are_kept_apart() {
    let lake = Lake::new();
    lake.put("a/x", "x").unwrap();
    fs::write(lake.file("a/.tmp~01"), "half").unwrap();
    fs::create_dir(lake.file(".tmp~02")).unwrap();
    fs::write(lake.file(".tmp~02/x"), "half").unwrap();
    assert!(lake.file(".locks").is_dir());
    assert_eq!(lake.names(), ["a/x"]);
    let level = block_on(lake.store.list_with_delimiter(Some(&path("a")))).unwrap();
    assert_eq!(level.objects.len(), 1);
    assert_eq!(
        block_on(lake.store.list_with_delimiter(None)).unwrap().common_prefixes,
        [path("a")]
    );
    let lock = fs::read_dir(lake.file(".locks")).unwrap().next().unwrap().unwrap();
    let lock = format!(".locks/{}", lock.file_name().to_str().unwrap());
    for name in ["a/.tmp~01", ".tmp~02/x", ".locks", &lock] {
        assert!(matches!(lake.get(name), Err(Error::NotFound { .. })), "{name}");
        let error = told(lake.put(name, "x"), &[name, "kept for"]);
        assert!(matches!(error, Error::NotSupported { .. }));
        assert!(block_on(lake.store.put_multipart(&path(name))).is_err());
        assert!(block_on(lake.store.copy(&path("a/x"), &path(name))).is_err());
        assert!(block_on(lake.store.rename(&path("a/x"), &path(name))).is_err());
        assert!(block_on(lake.store.delete(&path(name))).is_err());
        let below = block_on(lake.store.list(Some(&path(name))).try_collect::<Vec<_>>()).unwrap();
        assert!(below.is_empty());
    }
    told(block_on(lake.store.put(&Path::ROOT, "x".into())), &["needs a name"]);
    assert!(matches!(block_on(lake.store.get(&Path::ROOT)), Err(Error::NotFound { .. })));
    lake.put("a/.locks/x", "deeper it is a name like any other").unwrap();
}

#[test]
fn stale_temporaries_are_found_and_fresh_ones_are_not() {
    let lake = Lake::new();
    assert!(lake.store.stale_temporaries(SystemTime::now()).unwrap().is_empty());
    lake.put("a/b/x", "x").unwrap();
    let old = lake.file("a/b/.tmp~old");
    fs::write(&old, "1234").unwrap();
    fs::write(lake.file("a/.tmp~fresh"), "12").unwrap();
    let hour = Duration::from_secs(3600);
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - 2 * hour).unwrap();
    let stale = lake.store.stale_temporaries(SystemTime::now() - hour).unwrap();
    assert_eq!(stale.iter().map(|t| (&t.file, t.bytes)).collect::<Vec<_>>(), [(&old, 4)]);
    assert_eq!(lake.store.stale_temporaries(SystemTime::now() + hour).unwrap().len(), 2);
}

#[test]
fn an_upload_that_is_dropped_or_aborted_leaves_no_file() {
    let lake = Lake::new();
    for abort in [true, false] {
        block_on(async {
            let mut upload = lake.store.put_multipart(&path("a/b")).await.unwrap();
            upload.put_part("half".into()).await.unwrap();
            assert_eq!(lake.files().len(), 1);
            if abort {
                upload.abort().await.unwrap();
                upload.complete().await.unwrap_err();
            }
        });
        assert!(lake.files().is_empty(), "abort: {abort}");
    }
}

#[test]
fn an_upload_with_a_part_that_was_never_sent_is_refused() {
    let lake = Lake::new();
    block_on(async {
        let mut upload = lake.store.put_multipart(&path("a")).await.unwrap();
        drop(upload.put_part("lost".into()));
        upload.put_part("sent".into()).await.unwrap();
        told(upload.complete().await, &["4 bytes of its parts were not written"]);
    });
    assert!(lake.files().is_empty());
}

#[test]
fn folders_go_with_their_last_object() {
    let lake = Lake::new();
    lake.put("a/b/c/x", "x").unwrap();
    lake.put("a/y", "y").unwrap();
    block_on(lake.store.delete(&path("a/b/c/x"))).unwrap();
    assert!(!lake.file("a/b").exists() && lake.file("a").exists());
    block_on(lake.store.rename(&path("a/y"), &path("z"))).unwrap();
    assert!(!lake.file("a").exists());
    block_on(lake.store.delete(&path("z"))).unwrap();
    assert!(lake.store.root().is_dir(), "the root stays");
}

#[test]
fn creating_in_a_folder_that_others_empty_never_fails() {
    let lake = Lake::new();
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let store = &lake.store;
            threads.spawn(move || {
                let mine = path(&format!("shared/folder/{thread}"));
                let there = path(&format!("shared/other/{thread}"));
                for _ in 0..200 {
                    block_on(async {
                        store.put(&mine, "x".into()).await.unwrap();
                        store.rename(&mine, &there).await.unwrap();
                        store.delete(&there).await.unwrap();
                    });
                }
            });
        }
    });
    assert!(lake.files().is_empty());
}

#[test]
fn opposite_renames_do_not_wait_for_each_other() {
    let lake = Lake::new();
    std::thread::scope(|threads| {
        for (from, to) in [("a", "b"), ("b", "a"), ("a", "b"), ("b", "a")] {
            let store = &lake.store;
            threads.spawn(move || {
                for _ in 0..500 {
                    // Mostly there when it is renamed, or the locks would not be asked for.
                    block_on(store.put(&path(from), "x".into())).unwrap();
                    match block_on(store.rename(&path(from), &path(to))) {
                        Ok(()) | Err(Error::NotFound { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            });
        }
    });
    assert!(!lake.names().is_empty());
}

#[test]
fn a_folder_in_the_place_of_an_object_is_told() {
    let lake = Lake::new();
    lake.put("a/b", "x").unwrap();
    let error = told(lake.get("a"), &["a folder, not an object"]);
    assert!(matches!(error, Error::NotFound { .. }));
    assert!(block_on(lake.store.delete(&path("a"))).is_err());
    for mode in [PutMode::Overwrite, PutMode::Create] {
        let put = block_on(lake.store.put_opts(&path("a"), "x".into(), mode.into()));
        let error = told(put, &["lake/a", "a folder stands where the object should be"]);
        assert!(matches!(error, Error::Generic { .. }), "not a lost race: {error:?}");
    }
    told(block_on(lake.store.copy(&path("a/b"), &path("a"))), &["a folder stands"]);
    told(block_on(lake.store.rename(&path("a/b"), &path("a"))), &["a folder stands"]);
    assert_eq!(lake.get("a/b").unwrap(), "x", "and nothing is lost");
    assert_eq!(lake.files(), ["a/b"]);
}

#[test]
fn an_empty_folder_gives_way_to_an_object() {
    let lake = Lake::new();
    fs::create_dir_all(lake.file("a")).unwrap();
    lake.put("a", "x").unwrap();
    assert_eq!(lake.get("a").unwrap(), "x");
}

#[test]
fn a_file_in_the_place_of_a_folder_is_told() {
    let lake = Lake::new();
    lake.put("a", "x").unwrap();
    for name in ["a/b", "a/b/c"] {
        assert!(matches!(lake.get(name), Err(Error::NotFound { .. })));
        assert!(matches!(block_on(lake.store.delete(&path(name))), Err(Error::NotFound { .. })));
        for mode in [PutMode::Overwrite, PutMode::Create] {
            let put = block_on(lake.store.put_opts(&path(name), "x".into(), mode.into()));
            let error = told(put, &["a file stands where a folder should be"]);
            assert!(matches!(error, Error::Generic { .. }), "not a lost race: {error:?}");
        }
        assert!(block_on(lake.store.put_multipart(&path(name))).is_err());
    }
    assert_eq!(lake.get("a").unwrap(), "x", "and nothing is lost");
}

#[test]
fn a_root_that_is_a_file_is_told() {
    let lake = Lake::new();
    fs::write(lake.store.root(), "not a folder").unwrap();
    assert!(matches!(lake.get("a"), Err(Error::NotFound { .. })));
    told(lake.put("a", "x"), &["a file stands where a folder should be"]);
    assert!(lake.names().is_empty());
}

#[test]
fn a_name_that_is_too_long_is_told() {
    let lake = Lake::new();
    for name in ["n".repeat(256), format!("{}/x", "n".repeat(256)), "n/".repeat(3000)] {
        assert!(matches!(lake.get(&name), Err(Error::NotFound { .. })));
        told(lake.put(&name, "x"), &["longer than this file system allows"]);
    }
    assert!(!lake.store.root().exists() || lake.files().is_empty());
    lake.put(&"n".repeat(255), "x").unwrap();
}

#[test]
fn requests_that_files_cannot_serve_are_refused() {
    let lake = Lake::new();
    lake.put("a", "x").unwrap();
    let options = GetOptions::new().with_version(Some("1"));
    let got = block_on(lake.store.get_opts(&path("a"), options));
    assert!(matches!(got, Err(Error::NotSupported { .. })));
    let mut options = object_store::PutOptions::default();
    options.attributes.insert(object_store::Attribute::ContentType, "text/plain".into());
    let put = block_on(lake.store.put_opts(&path("a"), "y".into(), options));
    assert!(matches!(put, Err(Error::NotSupported { .. })));
    assert_eq!(lake.get("a").unwrap(), "x");
}

#[test]
fn names_that_are_no_paths_are_not_listed() {
    let lake = Lake::new();
    lake.put("a", "x").unwrap();
    fs::write(lake.file("new\nline"), "x").unwrap();
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"not-\xff-utf8");
        fs::write(lake.store.root().join(name), "x").unwrap();
        fs::create_dir(lake.store.root().join(std::ffi::OsStr::from_bytes(b"\xfe"))).unwrap();
    }
    assert_eq!(lake.names(), ["a"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_root_that_is_not_utf8_is_a_root() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join(std::ffi::OsStr::from_bytes(b"lake-\xff"));
    let store = LocalFiles::new(&root);
    block_on(super::super::conformance::conformance(Arc::new(store)));
    assert!(root.is_dir());
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_replaced_and_not_followed_in_circles() {
    use std::os::unix::fs::symlink;
    let lake = Lake::new();
    let elsewhere = lake.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("x"), "outside").unwrap();
    lake.put("a/x", "x").unwrap();
    lake.put("b/x", "x").unwrap();
    symlink(&elsewhere, lake.file("linked")).unwrap();
    symlink(elsewhere.join("x"), lake.file("a/link")).unwrap();
    symlink("nowhere", lake.file("a/broken")).unwrap();
    symlink("..", lake.file("a/up")).unwrap();
    symlink("../b", lake.file("a/b")).unwrap();
    symlink("../a", lake.file("b/a")).unwrap();
    let names = lake.names();
    for name in ["a/x", "a/link", "a/b/x", "b/a/x", "linked/x"] {
        assert!(names.contains(&name.to_owned()), "{name} is not in {names:?}");
    }
    assert!(names.iter().all(|name| name.split('/').count() < 5), "{names:?}");

    assert_eq!(lake.get("linked/x").unwrap(), "outside");
    lake.put("linked/y", "written").unwrap();
    assert_eq!(fs::read_to_string(elsewhere.join("y")).unwrap(), "written");
    lake.put("a/link", "mine").unwrap();
    assert_eq!(fs::read_to_string(elsewhere.join("x")).unwrap(), "outside", "not through a link");
    block_on(lake.store.put_opts(&path("a/broken"), "x".into(), PutMode::Create.into())).unwrap();
    block_on(lake.store.delete(&path("linked/y"))).unwrap();
    assert!(elsewhere.is_dir());
    block_on(lake.store.delete(&path("a/link"))).unwrap();
    assert_eq!(fs::read_to_string(elsewhere.join("x")).unwrap(), "outside");
}

#[test]
fn a_lock_file_that_was_removed_is_made_again() {
    let lake = Lake::new();
    for _ in 0..3 {
        lake.put("a", "x").unwrap();
        fs::remove_dir_all(lake.file(".locks")).unwrap();
    }
    fs::remove_dir_all(lake.store.root()).unwrap();
    lake.put("a", "x").unwrap();
}

#[test]
fn a_copy_does_not_share_what_is_damaged_in_place() {
    let lake = Lake::new();
    lake.put("a", "good").unwrap();
    let options = CopyOptions::new().with_mode(CopyMode::Create);
    block_on(lake.store.copy_opts(&path("a"), &path("b"), options)).unwrap();
    fs::write(lake.file("a"), "evil").unwrap();
    assert_eq!(lake.get("b").unwrap(), "good");
}

#[test]
fn a_time_before_1970_is_no_trouble() {
    let lake = Lake::new();
    block_on(lake.store.put(&path("a"), vec![1; 2_000_000].into())).unwrap();
    let file = fs::File::options().write(true).open(lake.file("a")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH - Duration::from_secs(1_000_000)).unwrap();
    assert_eq!(lake.names(), ["a"]);
    assert!(block_on(lake.store.head(&path("a"))).unwrap().e_tag.is_some());
}
