//! The behaviour that every store must have, as one suite.
//!
//! Run it over a store of your own, too:
//!
//! ```
//! use std::sync::Arc;
//! use nuthatch_core::store::conformance::conformance;
//!
//! # pollster::block_on(async {
//! conformance(Arc::new(object_store::memory::InMemory::new())).await;
//! # });
//! ```

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures::channel::oneshot;
use futures::future::join_all;
use futures::stream::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    UpdateVersion,
};

/// The folder in which [`conformance`] works.
pub const FOLDER: &str = "conformance";

/// How many threads race for one object.
const RACERS: u64 = 16;

/// How often each of them wins before it stops.
const WINS: u64 = 8;

/// Runs the whole suite over a store, below [`FOLDER`], which must be empty and is left empty.
///
/// # Panics
///
/// Where the store does not behave; the message says how.
pub async fn conformance(store: Arc<dyn ObjectStore>) {
    conformance_without(store, Without::default()).await;
}

/// What a service does not offer; nuthatch asks for none of it.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct Without {
    /// Copies and renames.
    pub copies: bool,
    /// Copies and renames to where nothing may be.
    pub copies_if_absent: bool,
    /// Parts of an upload, but the last, below 5 MiB.
    pub small_parts: bool,
    /// Names with a backslash.
    pub backslashes: bool,
    /// The last bytes of an object, without being told where they begin.
    pub suffixes: bool,
    /// Listings from a name on.
    pub offsets: bool,
}

/// As [`conformance`], for a service that does not offer all.
///
/// # Panics
///
/// Where the store does not behave; the message says how.
pub async fn conformance_without(store: Arc<dyn ObjectStore>, without: Without) {
    put_create_update_overwrite(&*store).await;
    conditional_gets(&*store).await;
    only_one_create_wins(&store).await;
    racing_updates_lose_nothing(&store).await;
    if !without.copies {
        copies_and_renames(&*store, without.copies_if_absent).await;
    }
    uploads_in_parts(&*store, if without.small_parts { 5 << 20 } else { 300_000 }).await;
    odd_but_legal_names(&*store, without.backslashes).await;
    deletions(&*store).await;

    let contents = sample();
    for (path, content) in &contents {
        store.put(path, content.clone().into()).await.expect("put");
    }
    read(&*store, &contents, without).await;
    clear(&*store).await;
}

/// Objects for [`read_conformance`]: empty, small, of several blocks, in folders.
#[must_use]
pub fn sample() -> Vec<(Path, Bytes)> {
    let content = |length: usize| (0..length).map(|i| (i * 7 + i / 251) as u8).collect::<Bytes>();
    [
        ("sample/empty", 0),
        ("sample/one", 1),
        ("sample/a/small", 1000),
        ("sample/a/b/large", 1_300_000),
        ("sample/a/b/larger", 2_100_001),
        ("sample/ab/other", 10),
    ]
    .map(|(name, length)| (path(name), content(length)))
    .into()
}

/// Runs the part of the suite that only reads, over a store that holds `contents` below
/// [`FOLDER`], and nothing else there.
///
/// # Panics
///
/// Where the store does not behave; the message says how.
pub async fn read_conformance(store: &dyn ObjectStore, contents: &[(Path, Bytes)]) {
    read(store, contents, Without::default()).await;
}

async fn read(store: &dyn ObjectStore, contents: &[(Path, Bytes)], without: Without) {
    for (path, content) in contents {
        whole_objects(store, path, content).await;
        ranges(store, path, content).await;
        if !without.suffixes {
            suffixes(store, path, content).await;
        }
    }
    what_is_not_there(store).await;
    listings(store, contents).await;
    if !without.offsets {
        offsets(store, contents).await;
    }
}

fn path(name: &str) -> Path {
    Path::parse(format!("{FOLDER}/{name}")).expect("a legal path")
}

async fn content(store: &dyn ObjectStore, path: &Path) -> Bytes {
    store.get(path).await.expect("get").bytes().await.expect("bytes")
}

fn update(version: impl Into<UpdateVersion>) -> PutMode {
    PutMode::Update(version.into())
}

/// One that nothing has. Google knows versions by their generation, the others by their etag.
fn none() -> UpdateVersion {
    UpdateVersion { e_tag: Some("none".to_owned()), version: Some("1".to_owned()) }
}

async fn put_create_update_overwrite(store: &dyn ObjectStore) {
    let path = path("modes/object");
    let put = |text: &'static str, mode: PutMode| store.put_opts(&path, text.into(), mode.into());

    let lost = put("x", update(none())).await.expect_err("update of nothing");
    assert!(
        matches!(lost, Error::Precondition { .. } | Error::NotFound { .. }),
        "an update of what is not there: {lost:?}"
    );
    let first = put("first", PutMode::Create).await.expect("create");
    let lost = put("x", PutMode::Create).await.expect_err("create of what is there");
    assert!(matches!(lost, Error::AlreadyExists { .. }), "{lost:?}");
    assert_eq!(content(store, &path).await, "first", "a refused create changes nothing");

    let second = put("second", update(first.clone())).await.expect("update");
    assert_ne!(first.e_tag, second.e_tag, "another content, another etag");
    let lost = put("x", update(first)).await.expect_err("update of an old version");
    assert!(matches!(lost, Error::Precondition { .. }), "{lost:?}");
    assert_eq!(content(store, &path).await, "second", "a refused update changes nothing");

    let got = store.get(&path).await.expect("get").meta;
    assert_eq!(got.e_tag, second.e_tag, "a get tells the etag that the put told");
    let third = put("third", PutMode::Overwrite).await.expect("overwrite");
    let lost = put("x", update(second)).await.expect_err("update past an overwrite");
    assert!(matches!(lost, Error::Precondition { .. }), "{lost:?}");
    put("fourth", update(third)).await.expect("update after an overwrite");
    assert_eq!(content(store, &path).await, "fourth");
    assert!(
        put("x", update(UpdateVersion { e_tag: None, version: None })).await.is_err(),
        "an update against no version"
    );

    let empty = store.put(&path, PutPayload::new()).await.expect("an empty object");
    assert_eq!(content(store, &path).await, "");
    assert_eq!(store.head(&path).await.expect("head").e_tag, empty.e_tag);
    let chunks: PutPayload = ["in ", "some ", "chunks"].map(Bytes::from).into_iter().collect();
    store.put(&path, chunks).await.expect("a payload of several chunks");
    assert_eq!(content(store, &path).await, "in some chunks");
    clear(store).await;
}

async fn conditional_gets(store: &dyn ObjectStore) {
    let path = path("conditions");
    for length in [10, 2_000_000] {
        let old = store.put(&path, vec![1; length].into()).await.expect("put").e_tag;
        let new = store.put(&path, vec![2; length].into()).await.expect("put").e_tag;
        assert!(new.is_some() && old != new, "etags of {length} bytes: {old:?}, {new:?}");
        for range in [None, Some(GetRange::Bounded(2..5))] {
            let options = || GetOptions { range: range.clone(), ..GetOptions::default() };
            let get = |options| store.get_opts(&path, options);
            get(options().with_if_match(new.clone())).await.expect("if_match of the current");
            let error = get(options().with_if_match(old.clone())).await.expect_err("if_match");
            assert!(matches!(error, Error::Precondition { .. }), "{error:?}");
            get(options().with_if_none_match(old.clone())).await.expect("if_none_match of another");
            let error =
                get(options().with_if_none_match(new.clone())).await.expect_err("if_none_match");
            assert!(matches!(error, Error::NotModified { .. }), "{error:?}");
        }
        let modified = store.head(&path).await.expect("head").last_modified;
        let options = GetOptions::new().with_if_modified_since(Some(modified));
        let error = store.get_opts(&path, options).await.expect_err("if_modified_since");
        assert!(matches!(error, Error::NotModified { .. }), "{error:?}");
        let options = GetOptions::new().with_if_unmodified_since(Some(modified));
        store.get_opts(&path, options).await.expect("if_unmodified_since");
    }
    clear(store).await;
}

async fn only_one_create_wins(store: &Arc<dyn ObjectStore>) {
    for round in 0..8 {
        let path = path(&format!("race/{round}"));
        let race = |racer: u64| {
            let (store, path) = (Arc::clone(store), path.clone());
            on_a_thread(async move {
                let payload = PutPayload::from(racer.to_string().into_bytes());
                match store.put_opts(&path, payload, PutMode::Create.into()).await {
                    Ok(_) => Some(racer),
                    Err(Error::AlreadyExists { .. }) => None,
                    Err(error) => panic!("create: {error:?}"),
                }
            })
        };
        let winners = join_all((0..RACERS).map(race)).await;
        let winners: Vec<u64> = winners.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "of one race there is one winner: {winners:?}");
        assert_eq!(content(&**store, &path).await, winners[0].to_string(), "and its object stays");
    }
    clear(&**store).await;
}

async fn racing_updates_lose_nothing(store: &Arc<dyn ObjectStore>) {
    let path = path("counter");
    store.put(&path, "0".into()).await.expect("put");
    let race = |_| on_a_thread(count_up(Arc::clone(store), path.clone(), WINS));
    join_all((0..RACERS).map(race)).await;
    let total = content(&**store, &path).await;
    assert_eq!(total, (RACERS * WINS).to_string(), "updates were lost");
    clear(&**store).await;
}

/// Adds 1 to the number in an object, `times` times, by reading and conditional updates.
///
/// # Panics
///
/// On any error but a lost race.
pub async fn count_up(store: Arc<dyn ObjectStore>, path: Path, times: u64) {
    let mut won = 0;
    while won < times {
        let got = store.get(&path).await.expect("get");
        let ObjectMeta { e_tag, version, .. } = got.meta.clone();
        let seen = UpdateVersion { e_tag, version };
        let number = got.bytes().await.expect("bytes");
        let number: u64 = std::str::from_utf8(&number)
            .ok()
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("the counter reads {number:?}"));
        let payload = PutPayload::from((number + 1).to_string().into_bytes());
        match store.put_opts(&path, payload, update(seen).into()).await {
            Ok(_) => won += 1,
            Err(Error::Precondition { .. }) => {}
            Err(error) => panic!("update: {error:?}"),
        }
    }
}

/// Runs a future on a thread of its own, within the runtime of the caller if it has one.
async fn on_a_thread<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (done, wait) = oneshot::channel();
    let runtime = tokio::runtime::Handle::try_current();
    std::thread::spawn(move || {
        let result = match runtime {
            Ok(runtime) => runtime.block_on(future),
            Err(_) => pollster::block_on(future),
        };
        // Where nobody waits any more, the suite has failed already.
        let _ = done.send(result);
    });
    wait.await.expect("a racer panicked")
}

async fn copies_and_renames(store: &dyn ObjectStore, never_if_absent: bool) {
    let (a, b, c) = (path("from/a"), path("to/x/b"), path("to/c"));
    for length in [5, 2_000_000] {
        let data = Bytes::from(vec![7; length]);
        store.put(&a, data.clone().into()).await.expect("put");
        store.copy(&a, &b).await.expect("copy");
        assert_eq!(content(store, &b).await, data);
        store.copy(&a, &b).await.expect("copy over what is there");
        if never_if_absent {
            store.rename(&a, &b).await.expect("rename over what is there");
            assert_eq!(content(store, &b).await, data);
            assert!(is_absent(store, &a).await, "a rename leaves nothing behind");
            clear(store).await;
            continue;
        }
        let error = store.copy_if_not_exists(&a, &b).await.expect_err("copy where something is");
        assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
        store.copy_if_not_exists(&a, &c).await.expect("copy where nothing is");
        store.put(&a, "changed".into()).await.expect("put");
        assert_eq!(content(store, &b).await, data, "a copy is independent");

        let error = store.rename_if_not_exists(&a, &b).await.expect_err("rename onto something");
        assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
        store.rename(&a, &b).await.expect("rename over what is there");
        assert_eq!(content(store, &b).await, "changed");
        assert!(is_absent(store, &a).await, "a rename leaves nothing behind");
        store.rename_if_not_exists(&b, &a).await.expect("rename where nothing is");
        assert_eq!(content(store, &a).await, "changed");
        clear(store).await;
    }
    for error in [store.copy(&a, &b).await, store.rename(&a, &b).await] {
        let error = error.expect_err("of nothing");
        assert!(matches!(error, Error::NotFound { .. } | Error::NotSupported { .. }), "{error:?}");
    }
}

async fn uploads_in_parts(store: &dyn ObjectStore, part: usize) {
    let path = path("upload/object");
    for lengths in [vec![], vec![0], vec![10], vec![part, part, 7], vec![5 * part, 1]] {
        let mut upload = store.put_multipart(&path).await.expect("put_multipart");
        let mut expected = Vec::new();
        let mut parts = Vec::new();
        for (byte, length) in (1..).zip(&lengths) {
            let part = vec![byte; *length];
            expected.extend_from_slice(&part);
            parts.push(upload.put_part(part.into()));
        }
        assert!(is_absent(store, &path).await, "an upload is invisible until it is complete");
        parts.reverse();
        for part in join_all(parts).await {
            part.expect("put_part");
        }
        let put = upload.complete().await.expect("complete");
        let got = store.get(&path).await.expect("get");
        assert_eq!(got.meta.e_tag, put.e_tag, "an upload of {lengths:?} tells its etag");
        assert!(got.bytes().await.expect("bytes") == expected, "an upload of {lengths:?}");
        clear(store).await;
    }
    let mut upload = store.put_multipart(&path).await.expect("put_multipart");
    upload.put_part("given up".into()).await.expect("put_part");
    upload.abort().await.expect("abort");
    assert!(is_absent(store, &path).await, "an upload that was given up leaves nothing");
    assert!(list(store, None).await.is_empty());
}

async fn odd_but_legal_names(store: &dyn ObjectStore, never_backslashes: bool) {
    let names = [
        "a~b", "a#1", "a b", "a%20b", "ä/ö", "鳥", "…", ".hidden", "-", "_", "=", "a+b", "a'b",
        "a\"b", "a?b", "a*b", "%", "%2F", "%2e%2e", "...", "a.", "&", "$HOME", "a\\b", "tmp~",
        "a;b", "<>|", "locks", "a@b", "nul",
    ];
    let long = "n".repeat(200);
    let names = names.into_iter().chain([long.as_str()]);
    let names = names.filter(|name| !(never_backslashes && name.contains('\\')));
    let paths: BTreeSet<Path> = names.map(|name| path(&format!("odd/{name}"))).collect();
    for path in &paths {
        let text = path.to_string();
        store.put(path, text.into_bytes().into()).await.unwrap_or_else(|e| panic!("{path}: {e:?}"));
    }
    for path in &paths {
        assert_eq!(content(store, path).await, path.as_ref(), "names do not run into each other");
    }
    let found = list(store, Some(&path("odd"))).await;
    let found: BTreeSet<Path> = found.into_iter().map(|meta| meta.location).collect();
    assert_eq!(found, paths, "a listing gives names as they are");
    clear(store).await;
}

async fn deletions(store: &dyn ObjectStore) {
    let (a, b) = (path("folder/x/a"), path("folder/b"));
    for path in [&a, &b] {
        store.put(path, "x".into()).await.expect("put");
    }
    store.delete(&a).await.expect("delete");
    assert!(is_absent(store, &a).await);
    assert_eq!(content(store, &b).await, "x", "a deletion is of one object");
    match store.delete(&a).await {
        Ok(()) | Err(Error::NotFound { .. }) => {}
        Err(error) => panic!("a second deletion: {error:?}"),
    }
    store.put(&a, "again".into()).await.expect("put where something was deleted");
    let level = store.list_with_delimiter(Some(&path("folder"))).await.expect("list");
    assert_eq!(level.common_prefixes, [path("folder/x")]);
    store.delete(&a).await.expect("delete");
    let level = store.list_with_delimiter(Some(&path("folder"))).await.expect("list");
    assert!(level.common_prefixes.is_empty(), "a prefix goes with its last object");
    clear(store).await;
}

async fn whole_objects(store: &dyn ObjectStore, path: &Path, content: &Bytes) {
    let size = content.len() as u64;
    let got = store.get(path).await.expect("get");
    assert_eq!((got.meta.size, got.range.clone()), (size, 0..size), "{path}");
    // That of the whole store, where this one is what lies below a prefix of it.
    assert!(got.meta.location.as_ref().ends_with(path.as_ref()), "{}", got.meta.location);
    assert!(got.bytes().await.expect("bytes") == *content, "{path} reads as it was written");

    let stream = store.get(path).await.expect("get").into_stream();
    let chunks: Vec<Bytes> = stream.try_collect().await.expect("stream");
    assert!(chunks.concat() == *content, "{path} streams as it was written");

    let meta = store.head(path).await.expect("head");
    assert_eq!(meta.size, size, "{path}");
    assert!(meta.location.as_ref().ends_with(path.as_ref()), "{}", meta.location);
}

async fn ranges(store: &dyn ObjectStore, path: &Path, content: &Bytes) {
    let size = content.len() as u64;
    let block = 256 * 1024;
    let mut all = Vec::new();
    for start in [0, 1, block - 1, block, block + 1, size / 2, size.saturating_sub(1)] {
        for length in [1, 2, 1000, block, 2 * block + 1, size, size + 10] {
            if start < size && length > 0 {
                all.push(start..start + length);
            }
        }
    }
    for range in &all {
        let expected = content.slice(range.start as usize..range.end.min(size) as usize);
        let got = store.get_range(path, range.clone()).await.expect("get_range");
        assert!(got == expected, "{path} {range:?}");
        let options = GetOptions::new().with_range(Some(GetRange::Offset(range.start)));
        let got = store.get_opts(path, options).await.expect("offset");
        assert_eq!((got.range.clone(), got.meta.size), (range.start..size, size));
        assert!(got.bytes().await.expect("bytes") == content.slice(range.start as usize..));
    }
    let inside: Vec<_> = all.into_iter().filter(|range| range.end <= size).collect();
    let got = store.get_ranges(path, &inside).await.expect("get_ranges");
    assert_eq!(got.len(), inside.len());
    for (range, got) in inside.iter().zip(got) {
        let expected = content.slice(range.start as usize..range.end as usize);
        assert!(got == expected, "{path} {range:?} among others");
    }
    assert!(store.get_ranges(path, &[]).await.expect("no ranges").is_empty());
    assert!(store.get_range(path, size..size + 1).await.is_err(), "{path}: past the end");
    let backwards = std::ops::Range { start: 5, end: 2 };
    assert!(store.get_range(path, backwards).await.is_err(), "{path}: backwards");
    assert!(store.get_range(path, 1 << 40..u64::MAX).await.is_err(), "{path}: far out");
}

async fn suffixes(store: &dyn ObjectStore, path: &Path, content: &Bytes) {
    let size = content.len() as u64;
    for length in [1, 10, size] {
        let options = GetOptions::new().with_range(Some(GetRange::Suffix(length)));
        let got = store.get_opts(path, options).await.expect("suffix").bytes().await;
        let start = size.saturating_sub(length) as usize;
        assert!(got.expect("bytes") == content.slice(start..), "{path}: last {length}");
    }
}

async fn what_is_not_there(store: &dyn ObjectStore) {
    for name in ["sample/none", "sample", "sample/a", "sample/one/below", "sample/one/x/y"] {
        let path = path(name);
        assert!(is_absent(store, &path).await, "{path} is no object");
        let error = store.head(&path).await.expect_err("head");
        assert!(matches!(error, Error::NotFound { .. }), "{path}: {error:?}");
        let error = store.get_ranges(&path, std::slice::from_ref(&(0..1))).await.expect_err("get");
        assert!(matches!(error, Error::NotFound { .. }), "{path}: {error:?}");
    }
    let path = path(&format!("sample/{}", "n".repeat(5000)));
    assert!(is_absent(store, &path).await, "a name that no file system holds");
}

async fn listings(store: &dyn ObjectStore, contents: &[(Path, Bytes)]) {
    let all: BTreeSet<(Path, u64)> =
        contents.iter().map(|(path, content)| (path.clone(), content.len() as u64)).collect();
    let within = |prefix: Option<&Path>| -> BTreeSet<(Path, u64)> {
        let below = |path: &Path| match prefix {
            Some(prefix) => path.prefix_match(prefix).is_some_and(|mut rest| rest.next().is_some()),
            None => true,
        };
        all.iter().filter(|(path, _)| below(path)).cloned().collect()
    };
    let prefixes = ["sample", "sample/a", "sample/a/b", "sample/ab", "sample/one", "none", "sam"];
    let prefixes = prefixes.map(|name| Some(path(name))).into_iter().chain([None]);
    for prefix in prefixes {
        let found = list(store, prefix.as_ref()).await;
        let found: BTreeSet<_> = found.into_iter().map(|m| (m.location, m.size)).collect();
        assert_eq!(found, within(prefix.as_ref()), "below {prefix:?}");
    }
    let level = store.list_with_delimiter(Some(&path("sample"))).await.expect("list");
    assert_eq!(level.common_prefixes, [path("sample/a"), path("sample/ab")]);
    let objects: BTreeSet<Path> = level.objects.into_iter().map(|meta| meta.location).collect();
    assert_eq!(objects, [path("sample/empty"), path("sample/one")].into());
    let top = store.list_with_delimiter(None).await.expect("list");
    assert_eq!(top.common_prefixes, [Path::from(FOLDER)]);
}

async fn offsets(store: &dyn ObjectStore, contents: &[(Path, Bytes)]) {
    for (offset, _) in contents {
        let found = store.list_with_offset(Some(&path("sample")), offset);
        let found: Vec<ObjectMeta> = found.try_collect().await.expect("list");
        let found: BTreeSet<Path> = found.into_iter().map(|meta| meta.location).collect();
        let after = contents.iter().map(|(path, _)| path.clone()).filter(|path| path > offset);
        assert_eq!(found, after.collect(), "after {offset}");
    }
}

async fn list(store: &dyn ObjectStore, prefix: Option<&Path>) -> Vec<ObjectMeta> {
    store.list(prefix).try_collect().await.expect("list")
}

async fn is_absent(store: &dyn ObjectStore, path: &Path) -> bool {
    matches!(store.get(path).await, Err(Error::NotFound { .. }))
}

async fn clear(store: &dyn ObjectStore) {
    let folder = Path::from(FOLDER);
    // Deleted while it is listed: the listing must bear it.
    let locations = store.list(Some(&folder)).map_ok(|meta| meta.location).boxed();
    store.delete_stream(locations).try_collect::<Vec<Path>>().await.expect("delete");
    assert!(list(store, Some(&folder)).await.is_empty(), "everything was deleted");
}
