//! Bad places and bad input: nothing is lost, and who reads the warning knows what to do.
//!
//! Root may write everywhere, so what is to be denied is tested in a child that runs as `nobody`;
//! full and read-only disks are mounted in a namespace of a child's own.
//!
//! A clock that goes backwards is turned in the unit tests of `nuthatch_core::entry`
//! (`a_clock_that_goes_backwards_removes_nothing`, `a_clock_that_goes_backwards_ends_no_write`);
//! here, files have times that such a clock leaves behind.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use nuthatch::prelude::*;

use crate::child::{
    child, given, homeless_child, mounted_child, must_pass, open_folder, powerless_child,
};
use crate::files;
use crate::lake::Lake;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicU32 = AtomicU32::new(1);

fn value() -> u32 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    VALUE.load(Ordering::SeqCst)
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

#[cache(name = "bad_input_small")]
fn small(number: u32) -> nuthatch::Result<u32> {
    Ok(number * 1_000 + value())
}

#[cache(name = "bad_input_large")]
fn large(number: u32) -> nuthatch::Result<Vec<u32>> {
    let first = number * 1_000 + value();
    Ok((0..20_000).map(|index| first ^ (index << 8)).collect())
}

#[cache(name = "bad_input_text")]
fn of_text(text: &str) -> nuthatch::Result<String> {
    value();
    Ok(text.to_owned())
}

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

#[cache(name = "bad_input_panicking")]
fn panicking(number: u32) -> nuthatch::Result<u32> {
    let value = value();
    assert_ne!(value, 666, "the station burns");
    Ok(number + value)
}

#[cache(name = "bad_input_plain")]
fn plain(number: u32) -> u32 {
    number + value()
}

fn use_root(root: &Path) {
    nuthatch::set_parameter!("filesystem", root.to_str().unwrap()).unwrap();
}

/// Both sizes are computed and returned, and the warning has these words; nothing is stored.
fn cannot_be_stored(told: &Told, number: u32, words: &[&str]) {
    let failures = nuthatch::stats().store_failures;
    runs();
    let expected = number * 1_000 + VALUE.load(Ordering::SeqCst);
    assert_eq!(small(number).unwrap(), expected);
    told.says(&[&["WARN", "the value is returned, and could not be stored"], words].concat());
    assert_eq!(large(number).unwrap()[0], expected);
    told.says(&[&["WARN", "the value is returned, and could not be stored"], words].concat());
    assert_eq!(plain(number), number + VALUE.load(Ordering::SeqCst));
    told.says(words);
    assert_eq!(runs(), 3);
    assert_eq!(nuthatch::stats().store_failures - failures, 3);
    nuthatch::set_parameter!("on_store_failure", "error").unwrap();
    let error = small(number).unwrap_err().to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is not in {error:?}");
    }
    nuthatch::set_parameter!("on_store_failure", "warn").unwrap();
    let _ = told.take();
    runs();
}

/// What was stored before is there and whole, and an overwrite that fails loses nothing.
fn serves_what_is_there(told: &Told, number: u32, words: &[&str]) {
    VALUE.store(2, Ordering::SeqCst);
    let _ = told.take();
    runs();
    assert_eq!(small(number).unwrap(), number * 1_000 + 1);
    assert_eq!(large(number).unwrap()[0], number * 1_000 + 1);
    assert_eq!(runs(), 0);
    told.is_silent();
    let anew = CacheMode::Overwrite;
    let new = small::call(number).cache_mode(anew).recompute(true).run().unwrap();
    assert_eq!(new, number * 1_000 + 2, "the new value is not lost");
    told.says(words);
    let new = large::call(number).cache_mode(anew).recompute(true).run().unwrap();
    assert_eq!(new[0], number * 1_000 + 2, "the new value is not lost");
    told.says(words);
    let error = small::call(number).cache_mode(anew).forget().run().unwrap_err().to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
    assert_eq!(small(number).unwrap(), number * 1_000 + 1, "nor is the old one");
    assert_eq!(large(number).unwrap()[0], number * 1_000 + 1);
    assert_eq!(runs(), 2);
}

/// A folder that all may enter, with a root that has the entries of number 1.
fn with_a_root() -> (tempfile::TempDir, PathBuf) {
    let folder = open_folder();
    let root = folder.path().join("root");
    use_root(&root);
    small(1).unwrap();
    large(1).unwrap();
    assert_eq!(files::manifests(&root).len(), 2);
    (folder, root)
}

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
    must_pass(powerless_child("bad_input::child_may_not_write_the_root", folder.path(), &home));
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
    must_pass(powerless_child("bad_input::child_may_not_begin_a_root", folder.path(), &home));
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
    must_pass(powerless_child("bad_input::child_may_not_enter_the_root", folder.path(), &home));
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

#[test]
fn a_missing_root_is_made_by_the_first_write() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let root = folder.path().join("not").join("yet").join("there");
    use_root(&root);
    small::call(1).cache_mode(CacheMode::ReadOnly).run().unwrap();
    assert!(!folder.path().join("not").exists(), "reading makes nothing");
    small(1).unwrap();
    assert!(root.join("nuthatch.json").exists());
    small(1).unwrap();
    assert_eq!(runs(), 2);
    told.is_silent();
}

#[test]
fn a_root_that_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let root = folder.path().join("root");
    fs::write(&root, b"my thesis").unwrap();
    for root in [root.clone(), root.join("below")] {
        use_root(&root);
        cannot_be_stored(&told, 1, &["a file stands where a folder should be; move it away"]);
    }
    assert_eq!(fs::read(&root).unwrap(), b"my thesis");
}

#[test]
fn a_root_that_cannot_be_a_place() {
    let _lake = Lake::new();
    let told = Told::listen();
    for (filesystem, words) in [
        ("gopher://lake", "the scheme gopher:// is not known"),
        ("s3://bucket/lake", "needs the feature `aws`"),
    ] {
        nuthatch::set_parameter!("filesystem", filesystem).unwrap();
        assert_eq!(small(1).unwrap(), 1_001);
        told.says(&["WARN", words, "location root"]);
        assert_eq!(small(1).unwrap(), 1_001);
        told.says(&["WARN", words]);
        // The local location is not affected.
        assert_eq!(small::call(2).cache_mode(CacheMode::LocalOverwrite).run().unwrap(), 2_001);
        assert_eq!(small::call(2).cache_mode(CacheMode::Offline).run().unwrap(), 2_001);
        let _ = told.take();
    }
    assert_eq!(runs(), 5);
}

#[test]
fn a_configuration_that_means_nothing_is_an_error_where_there_is_a_place_for_it() {
    let _lake = Lake::new();
    let told = Told::listen();
    nuthatch::set_parameter!("filesystem", "memory://").unwrap();
    let error = small(1).unwrap_err().to_string();
    assert!(error.contains("names no place; write what follows `memory://`"), "{error}");
    assert!(error.contains("bad_input.rs"), "who said so: {error}");
    assert_eq!(runs(), 0);
    assert_eq!(plain(1), 2);
    told.says(&["WARN", "names no place"]);
    // Code can set what mends it.
    nuthatch::set_parameter!("filesystem", "memory://lake").unwrap();
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(runs(), 2);
}

#[test]
fn a_full_disk() {
    let folder = open_folder();
    fs::create_dir(folder.path().join("root")).unwrap();
    let mount = "mount -t tmpfs -o size=512k tmpfs \"$CHILD_FOLDER/root\"";
    must_pass(mounted_child("bad_input::child_fills_the_disk", folder.path(), mount));
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
    must_pass(mounted_child("bad_input::child_on_a_read_only_disk", folder.path(), mount));
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
    let mut command = child("bad_input::child_without_utf8", folder.path());
    command.env("HOME", &home).current_dir(&home);
    must_pass(command);
    let mut command = child("bad_input::child_with_a_variable_without_utf8", folder.path());
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

#[test]
fn an_argument_that_cannot_be_a_key_turns_caching_off_and_is_named() {
    #[derive(serde::Serialize)]
    struct Sources {
        first: PathBuf,
    }
    #[cache(name = "bad_input_sources")]
    fn of_sources(sources: &Sources) -> nuthatch::Result<usize> {
        value();
        Ok(sources.first.as_os_str().len())
    }
    let lake = Lake::new();
    let told = Told::listen();
    let sources = Sources { first: OsStr::from_bytes(b"\xff").into() };
    for _ in 0..2 {
        assert_eq!(of_sources(&sources).unwrap(), 1);
        told.says(&["argument `sources` cannot be a key", "skip(sources)"]);
        assert_eq!(of_text(&"x".repeat(2 << 20)).unwrap().len(), 2 << 20);
        told.says(&["argument `text` cannot be a key", "1 MiB", "skip(text)"]);
    }
    assert_eq!(runs(), 4);
    assert!(!lake.path("root").exists());
}

/// Texts that a path could be led astray by, or that look like one another in a path.
fn nasty() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        ".",
        "..",
        "../..",
        "../../x",
        "/",
        "//",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a b",
        "a_b",
        "a",
        "A",
        "ä",
        "a\0b",
        "\0",
        "~",
        "~root",
        "$HOME",
        "%2e%2e%2f",
        "..%2f",
        "C:\\x",
        "con",
        "nul",
        "aux.json",
        "x.",
        "x ",
        "x",
        "🦜",
        "🦜🦜",
        "👩‍👩‍👧",
        "\u{202e}txt",
        "\n",
        "a\nb",
        "nuthatch.json",
        ".locks",
        ".tmp~x",
        "entries",
        "data",
        "__",
        "_.",
        "?",
        "*",
        "[",
        "'\"`",
    ]
    .map(str::to_owned)
    .into();
    for long in ["a", "..", "/", "🦜", "../"] {
        texts.push(long.repeat(10_000));
        // Alike as far as a path can show them.
        texts.push(long.repeat(10_000) + "b");
    }
    texts
}

/// Everything below the folder of the lake lies in the root, under names that are safe.
fn nothing_outside_the_root(lake: &Lake) {
    let root = lake.path("root");
    let all = files::under(root.parent().unwrap());
    for path in all.keys() {
        assert!(path.starts_with("root/"), "{path}");
        let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-~/".contains(c);
        assert!(path.chars().all(safe), "{path}");
    }
}

#[test]
fn no_argument_leads_out_of_the_root_or_to_another_ones_entry() {
    let lake = Lake::new();
    let told = Told::listen();
    let texts = nasty();
    for text in &texts {
        assert_eq!(of_text(text).unwrap(), *text);
    }
    assert_eq!(runs() as usize, texts.len());
    for text in &texts {
        assert_eq!(of_text(text).unwrap(), *text);
    }
    assert_eq!(runs(), 0);
    assert_eq!(files::manifests(&lake.path("root")).len(), texts.len());
    nothing_outside_the_root(&lake);
    told.is_silent();
}

#[test]
fn no_namespace_leads_out_of_the_root_or_to_another_ones_entry() {
    let lake = Lake::new();
    let told = Told::listen();
    let namespaces = nasty();
    small(1).unwrap();
    for (number, namespace) in (2..).zip(&namespaces) {
        VALUE.store(number, Ordering::SeqCst);
        assert_eq!(small::call(1).namespace(namespace).run().unwrap(), 1_000 + number);
    }
    assert_eq!(runs() as usize, namespaces.len() + 1);
    for (number, namespace) in (2..).zip(&namespaces) {
        assert_eq!(small::call(1).namespace(namespace).run().unwrap(), 1_000 + number);
    }
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(runs(), 0);
    assert_eq!(files::manifests(&lake.path("root")).len(), namespaces.len() + 1);
    nothing_outside_the_root(&lake);
    told.is_silent();
}

#[test]
fn names_and_versions_and_arguments_are_never_taken_for_one_another() {
    let lake = Lake::new();
    let mut values = HashSet::new();
    let parts = ["k", "v", "k/v", "k,v", "k=v", "text=k", ""];
    for (number, (namespace, text)) in
        (1..).zip(parts.iter().flat_map(|n| parts.iter().map(move |t| (*n, *t))))
    {
        VALUE.store(number, Ordering::SeqCst);
        of_text::call(text).namespace(namespace).run().unwrap();
        values.insert(of_text::call(text).namespace(namespace).key().unwrap().to_string());
    }
    assert_eq!(values.len(), parts.len() * parts.len());
    assert_eq!(runs() as usize, parts.len() * parts.len());
    assert_eq!(files::manifests(&lake.path("root")).len(), parts.len() * parts.len());
}

#[test]
fn the_namespace_of_no_namespace_is_refused() {
    let lake = Lake::new();
    let told = Told::listen();
    let refusal = "`_` stands for no namespace and cannot be one; choose another name";
    for mode in CacheMode::ALL {
        for recompute in [false, true] {
            let call = small::call(1).namespace("_").cache_mode(mode).recompute(recompute);
            let error = call.run().unwrap_err().to_string();
            assert!(error.contains(refusal), "{error}");
        }
    }
    let options = nuthatch::Options::new().namespace("_");
    assert!(nuthatch::with(options, || small(1)).unwrap_err().to_string().contains(refusal));
    assert!(small::call(1).namespace("_").key().is_err());
    assert!(small::call(1).namespace("_").entry().run().is_err());
    assert!(small::call(1).namespace("_").forget().run().is_err());
    assert_eq!(runs(), 0, "refused before the body runs");
    told.is_silent();
    assert_eq!(plain::call(1).namespace("_").run(), 2, "no place for an error: it computes");
    told.says(&["WARN", refusal]);
    assert_eq!(runs(), 1);
    let error = nuthatch::set_parameter!("namespace", "_").unwrap_err();
    assert!(error.to_string().contains("namespace"), "{error}");
    assert!(!lake.path("root").exists());
}

#[test]
fn a_panic_stores_nothing_and_the_next_call_computes() {
    let lake = Lake::new();
    VALUE.store(666, Ordering::SeqCst);
    for mode in [CacheMode::Write, CacheMode::Local] {
        let call = || panicking::call(1).cache_mode(mode).memoize(true).run();
        let panic = catch_unwind(call).unwrap_err();
        let words = panic.downcast_ref::<String>().unwrap();
        assert!(words.contains("the station burns"), "{words}");
    }
    assert!(files::under(&lake.path("root")).is_empty());
    assert!(files::under(&lake.path("local")).is_empty());
    assert_eq!(runs(), 2);
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!(panicking(1).unwrap(), 3);
    VALUE.store(666, Ordering::SeqCst);
    let anew = || panicking::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run();
    assert!(catch_unwind(anew).is_err());
    assert_eq!(panicking(1).unwrap(), 3, "the entry is what it was");
    assert_eq!(runs(), 2);
}

#[test]
fn a_panic_in_async_code_stores_nothing_and_the_next_call_computes() {
    #[cache(name = "bad_input_async_panicking")]
    async fn panicking(number: u32) -> nuthatch::Result<u32> {
        tokio::task::yield_now().await;
        let value = value();
        assert_ne!(value, 666, "the station burns");
        Ok(number + value)
    }
    let lake = Lake::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    VALUE.store(666, Ordering::SeqCst);
    let failed = runtime.block_on(runtime.spawn(panicking(1))).unwrap_err();
    assert!(failed.is_panic());
    assert!(files::under(&lake.path("root")).is_empty());
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!(runtime.block_on(panicking(1)).unwrap(), 3);
    assert_eq!(runtime.block_on(panicking(1)).unwrap(), 3);
    assert_eq!(runs(), 2);
}

#[test]
fn files_of_another_time_are_what_they_are() {
    let lake = Lake::new();
    let told = Told::listen();
    nuthatch::set_parameter!("grace", "0s").unwrap();
    let root = lake.path("root");
    small(1).unwrap();
    large(1).unwrap();
    let century = Duration::from_secs(100 * 365 * 86_400);
    let times = [SystemTime::UNIX_EPOCH, SystemTime::now() + century, SystemTime::now()];
    for (number, time) in (2..).zip(times) {
        for path in files::under(&root).keys() {
            fs::File::options()
                .write(true)
                .open(root.join(path))
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
        let old = 1_000 + VALUE.load(Ordering::SeqCst);
        runs();
        assert_eq!(small(1).unwrap(), old);
        assert_eq!(large(1).unwrap()[0], old);
        assert_eq!(runs(), 0);
        VALUE.store(number, Ordering::SeqCst);
        small::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        large::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
        assert_eq!(small(1).unwrap(), 1_000 + number);
        assert_eq!(large(1).unwrap()[0], 1_000 + number);
        assert_eq!(runs(), 2);
    }
    told.is_silent();
}

#[test]
fn without_a_home() {
    let folder = open_folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    must_pass(homeless_child("bad_input::child_without_a_home", folder.path()));
    assert_eq!(files::manifests(&folder.path().join("root")).len(), 1);
}

#[test]
fn a_home_that_is_no_full_path() {
    let folder = open_folder();
    let mut command = child("bad_input::child_without_a_home", folder.path());
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
