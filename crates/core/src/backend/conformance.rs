//! The behaviour that every backend must have, as one suite.
//!
//! Run it over a backend of your own, too:
//!
//! ```
//! use nuthatch_core::backend::conformance::Suite;
//! use nuthatch_core::basic::Basic;
//!
//! # pollster::block_on(async {
//! Suite::new(&Basic, |one: &Vec<f64>, other| one == other)
//!     .value(vec![])
//!     .value(vec![0.5, 12.25])
//!     .run()
//!     .await;
//! # });
//! ```

mod merges;
#[cfg(test)]
mod tests;

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeFrom;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::BASE64;
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{Backend, Source, Stored, Target, Written};
use crate::config::Verify;
use crate::error::{Error, Result};
use crate::runtime;
use crate::store::{Counting, Fault, Faulty, LocalFiles, Operation, Trigger};

/// At how many places of each object a byte is flipped: the first, the last, and others between.
const FLIPS: usize = 48;

/// The limit under which values may be inlined, where that is tried.
const INLINE: usize = 32 * 1024;

type Same<'a, T> = Box<dyn Fn(&T, &T) -> bool + Sync + 'a>;

/// The suite, for one backend and one type.
pub struct Suite<'a, T: 'static> {
    backend: &'a dyn Backend<T>,
    same: Same<'a, T>,
    values: Vec<T>,
    upserts: Vec<Upsert<'a, T>>,
    options: toml::Table,
    lazy: bool,
    elsewhere: bool,
    unread: Box<dyn Fn(&Path) -> bool + Sync + 'a>,
}

struct Upsert<'a, T> {
    keys: &'a [&'a str],
    stored: T,
    new: T,
    merged: T,
}

impl<T: 'static> fmt::Debug for Suite<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("backend", &self.backend)
            .field("values", &self.values.len())
            .field("upserts", &self.upserts.len())
            .finish_non_exhaustive()
    }
}

impl<'a, T: Send + Sync + 'static> Suite<'a, T> {
    /// A suite without values. `same` says whether what was read is what was written; of a lazy
    /// value it reads all, and may say that two are not the same where it cannot.
    pub fn new(backend: &'a dyn Backend<T>, same: impl Fn(&T, &T) -> bool + Sync + 'a) -> Self {
        Self {
            backend,
            same: Box::new(same),
            values: Vec::new(),
            upserts: Vec::new(),
            options: toml::Table::new(),
            lazy: false,
            elsewhere: false,
            unread: Box::new(|_| false),
        }
    }

    /// Says that values read their bytes only when they are compared, so that damage shows there.
    #[must_use]
    pub fn lazy(mut self) -> Self {
        self.lazy = true;
        self
    }

    /// Says that values lie elsewhere than in objects, so that the bytes that are told of are not
    /// those of objects.
    #[must_use]
    pub fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    /// Says which objects the backend writes for other programs and never reads: whatever becomes
    /// of them changes no value.
    #[must_use]
    pub fn unread(mut self, is: impl Fn(&Path) -> bool + Sync + 'a) -> Self {
        self.unread = Box::new(is);
        self
    }

    /// Stores and reads this value, among the others.
    #[must_use]
    pub fn value(mut self, value: T) -> Self {
        self.values.push(value);
        self
    }

    /// Merges `new` into `stored` by `keys`, which gives `merged`: in a generation of its own, or in
    /// that of `stored`, as the backend says by [`Written::in_base`].
    #[must_use]
    pub fn upsert(mut self, keys: &'a [&'a str], stored: T, new: T, merged: T) -> Self {
        self.upserts.push(Upsert { keys, stored, new, merged });
        self
    }

    /// Writes with these `backend_options(…)`.
    #[must_use]
    pub fn options(mut self, options: toml::Table) -> Self {
        self.options = options;
        self
    }

    /// Runs the suite, in memory and in a folder of the machine's for temporary files.
    ///
    /// # Panics
    ///
    /// Where the backend does not behave; the message says how.
    pub async fn run(&self) {
        assert!(!self.values.is_empty(), "the suite needs a value to store");
        // No generation is named twice, in whatever store.
        let mut numbers = 0..;
        runtime::within(self.over(Arc::new(InMemory::new()), true, &mut numbers)).await;
        let folder = std::env::temp_dir().join(format!("nuthatch-{}", ulid::Ulid::new()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        let files = Arc::new(LocalFiles::new(&folder));
        runtime::within(self.over(files, true, &mut numbers)).await;
        std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    }

    /// Runs the suite in an empty store that waits for its answers, as those of other machines do.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn run_afar(&self, store: Arc<dyn ObjectStore>) {
        assert!(!self.values.is_empty(), "the suite needs a value to store");
        runtime::within(self.over(store, false, &mut (0..))).await;
    }

    async fn over(
        &self,
        store: Arc<dyn ObjectStore>,
        immediate: bool,
        numbers: &mut RangeFrom<u32>,
    ) {
        let mut target = |store: &Arc<dyn ObjectStore>| {
            let number = numbers.next().unwrap_or_default();
            let prefix = format!("function/data/aa/key/generation-{number}");
            let target = target(store, &Path::from(prefix), self.options.clone());
            Target { immediate, ..target }
        };
        for value in &self.values {
            let place = target(&store);
            let other = target(&store);
            let source = self.round_trip(&place, value).await;
            self.round_trip(&other, value).await;
            self.expect(&source, value, "after another was written beside it").await;
            self.copied(&source, &mut || target(&store), value).await;
            self.inlined(Target { inline_up_to: INLINE, ..target(&store) }, value).await;
            self.damaged(&source, value).await;
            self.trusted(&source, value).await;
            self.unreachable(&source).await;
            self.unwritable(&target(&store), value).await;
            self.settled(value).await;
        }
        for upsert in &self.upserts {
            self.merged(&target(&store), &target(&store), &target(&store), upsert).await;
        }
    }

    /// Writes, looks where, and reads.
    async fn round_trip(&self, target: &Target, value: &T) -> Source {
        let before = objects(&*target.store).await;
        let written = self.backend.write(value, target).await;
        let written = written.unwrap_or_else(|error| panic!("a value cannot be written: {error}"));
        assert!(written.inline.is_none(), "a value was inlined where nothing may be");
        let mut size = 0;
        for (path, content) in objects(&*target.store).await {
            match before.get(&path) {
                Some(old) => assert_eq!(*old, content, "{path} of another generation was changed"),
                None => {
                    assert!(path.prefix_matches(&target.prefix), "{path} lies outside the prefix");
                    size += content.len() as u64;
                }
            }
        }
        let told = written.bytes;
        assert!(self.elsewhere || told <= size, "{told} bytes were told, and {size} written");
        let source = source(self.backend, target, written);
        self.expect(&source, value, "after it was written").await;
        source
    }

    async fn expect(&self, source: &Source, value: &T, when: &str) {
        match self.backend.read(source).await {
            Ok(read) => assert!((self.same)(&read, value), "another value is read {when}"),
            Err(error) => panic!("no value is read {when}: {error}"),
        }
    }

    /// A copy of the objects as they are, where the backend makes one; none of what is damaged.
    async fn copied(&self, source: &Source, place: &mut impl FnMut() -> Target, value: &T) {
        let target = place();
        let copied = self.backend.copy(source, &target).await;
        let copied = copied.unwrap_or_else(|error| panic!("a value cannot be copied: {error}"));
        let Some(written) = copied else { return };
        assert_eq!(written.bytes, source.record.bytes, "a copy is as large as its original");
        self.expect(&self::source(self.backend, &target, written), value, "from a copy").await;
        for (path, content) in objects(&*source.store).await {
            if !path.prefix_matches(&source.prefix) {
                continue;
            }
            for damaged in damages(&content).into_iter().step_by(9) {
                source.store.put(&path, damaged.into()).await.expect("put");
                let target = place();
                match self.backend.copy(source, &target).await {
                    Err(error) => {
                        assert!(error.is_damaged(), "a copy of what is damaged fails with {error}");
                    }
                    Ok(written) => {
                        let written = written.expect("what was copied is copied again");
                        let copy = self::source(self.backend, &target, written);
                        self.expect(&copy, value, &format!("from a copy of {path}, changed")).await;
                    }
                }
            }
            source.store.put(&path, content.into()).await.expect("put");
        }
    }

    /// A value in the manifest, and the same with each of its bytes changed.
    async fn inlined(&self, target: Target, value: &T) {
        let written = self.backend.write(value, &target).await.expect("a value can be written");
        let Some(inline) = written.inline.clone() else { return };
        assert!(inline.len() <= INLINE, "more was inlined than may be");
        let intact = source(self.backend, &target, written);
        self.expect(&intact, value, "after it was inlined").await;
        for damaged in damages(&inline) {
            let record =
                Stored { inline: Some(BASE64.encode(&damaged)), ..(*intact.record).clone() };
            let source = Source { record: Arc::new(record), ..intact.clone() };
            self.expect_damage(&source, value, "inlined bytes were changed").await;
        }
    }

    /// Every object cut, extended, changed and removed; and objects that nobody wrote.
    async fn damaged(&self, source: &Source, value: &T) {
        let store = &source.store;
        let written: Vec<_> = objects(&**store)
            .await
            .into_iter()
            .filter(|(path, _)| path.prefix_matches(&source.prefix))
            .collect();
        for (path, content) in &written {
            if (self.unread)(path) {
                self.unmissed(source, value, path, content).await;
                continue;
            }
            for damaged in damages(content) {
                store.put(path, damaged.into()).await.expect("put");
                self.expect_damage(source, value, &format!("{path} was changed")).await;
            }
            store.delete(path).await.expect("delete");
            match self.backend.read(source).await {
                Err(error) => {
                    let why = format!("{path} was removed");
                    assert!(error.is_damaged(), "{why}, and the error is no damage: {error}");
                }
                Ok(read) => {
                    let noticed = self.lazy && !(self.same)(&read, value);
                    assert!(noticed, "{path} was removed, and nothing is missed");
                }
            }
            store.put(path, content.clone().into()).await.expect("put");
        }
        for (path, content) in &written {
            store.put(path, content.clone().into()).await.expect("put");
        }
        self.expect(source, value, "after it was repaired").await;
        let strays: Vec<_> =
            written.iter().filter_map(|(path, _)| Some((path, stray(path)?))).collect();
        for (path, stray) in &strays {
            store.copy(path, stray).await.expect("copy");
        }
        self.expect(source, value, "where other objects lie beside those that were written").await;
        for (_, stray) in &strays {
            store.delete(stray).await.expect("delete");
        }
    }

    /// From a store that is trusted, the same is read by no more requests. What its objects hold
    /// instead may be read as another value, and is never too much for a decoder.
    async fn trusted(&self, source: &Source, value: &T) {
        let trusting = Source { verify: Verify::Off, ..source.clone() };
        let counts = async |source: &Source| {
            let counting = Counting::new(Arc::clone(&source.store));
            let source = Source { store: Arc::new(counting.clone()), ..source.clone() };
            self.expect(&source, value, "from a store that counts").await;
            counting.counts()
        };
        let (checked, trusted) = (counts(source).await, counts(&trusting).await);
        let fewer =
            trusted.requests() <= checked.requests() && trusted.bytes_read <= checked.bytes_read;
        assert!(fewer, "a store that is trusted is asked for more: {trusted:?} over {checked:?}");
        for (path, content) in objects(&*source.store).await {
            if !path.prefix_matches(&source.prefix) {
                continue;
            }
            for damaged in damages(&content).into_iter().step_by(3) {
                source.store.put(&path, damaged.into()).await.expect("put");
                if let Ok(read) = self.backend.read(&trusting).await {
                    let _ = (self.same)(&read, value);
                }
            }
            source.store.put(&path, content.into()).await.expect("put");
        }
        self.expect(&trusting, value, "after it was repaired").await;
    }

    /// An object that is said to be read by nobody here: it is not.
    async fn unmissed(&self, source: &Source, value: &T, path: &Path, content: &Bytes) {
        for damaged in damages(content) {
            source.store.put(path, damaged.into()).await.expect("put");
            self.expect(source, value, &format!("{path} was changed, which nobody reads")).await;
        }
        source.store.delete(path).await.expect("delete");
        self.expect(source, value, &format!("{path} was removed, which nobody reads")).await;
        source.store.put(path, content.clone().into()).await.expect("put");
    }

    /// Damage is an error that says so, where the value is read or, of a lazy one, where it is
    /// compared; or the value all the same, where the bytes do not matter.
    async fn expect_damage(&self, source: &Source, value: &T, why: &str) {
        match self.backend.read(source).await {
            Err(error) => assert!(error.is_damaged(), "{why}, and the error is no damage: {error}"),
            Ok(read) if self.lazy => {
                assert!(!(self.same)(&read, value), "{why}, and a lazy value does not notice");
            }
            Ok(read) => assert!((self.same)(&read, value), "{why}, and another value is read"),
        }
    }

    /// A store that cannot be read is no damage: the entry may be as good as ever.
    async fn unreachable(&self, source: &Source) {
        let faulty = Faulty::new(Arc::clone(&source.store));
        let reads = [Operation::Get, Operation::Head, Operation::GetRanges];
        faulty.inject(Trigger::any().on(reads), Fault::Fail);
        let source = Source { store: Arc::new(faulty.clone()), ..source.clone() };
        let read = self.backend.read(&source).await;
        if faulty.struck() > 0 {
            match read {
                Err(Error::Store { .. }) => {}
                Err(error) => panic!("a store that cannot be read gives another error: {error}"),
                Ok(_) => assert!(self.lazy, "a value is read from a store that cannot be"),
            }
        }
    }

    /// What is computed of a value before it is merged is that value.
    async fn settled(&self, value: &T) {
        let settled = self.backend.settled(value).await;
        let settled = settled.unwrap_or_else(|error| panic!("a value is not computed: {error}"));
        let is_same = settled.is_none_or(|settled| (self.same)(&settled, value));
        assert!(is_same, "what was computed to be merged is another value");
    }

    /// Each write that fails makes the whole fail.
    async fn unwritable(&self, target: &Target, value: &T) {
        for nth in 1.. {
            let faulty = Faulty::new(Arc::clone(&target.store));
            let writes = Operation::ALL.into_iter().filter(|operation| operation.writes());
            faulty.inject(Trigger::any().on(writes).nth(nth), Fault::Fail);
            let prefix = target.prefix.clone().join(format!("attempt-{nth}"));
            let target = Target { store: Arc::new(faulty.clone()), prefix, ..target.clone() };
            let written = self.backend.write(value, &target).await;
            if faulty.struck() == 0 {
                break;
            }
            match written {
                Err(Error::Store { .. }) => {}
                Err(error) => panic!("write {nth} fails, with another error: {error}"),
                Ok(_) => panic!("write {nth} fails, and the value counts as written"),
            }
        }
    }
}

/// A place to write to, as a location would name it.
#[must_use]
pub fn target(store: &Arc<dyn ObjectStore>, prefix: &Path, options: toml::Table) -> Target {
    Target {
        store: Arc::clone(store),
        prefix: prefix.clone(),
        shown: format!("root (test://{prefix})").as_str().into(),
        immediate: true,
        folder: None,
        inline_up_to: 0,
        options,
        arguments: BTreeMap::new(),
    }
}

/// What a manifest would say of what was written to a target.
#[must_use]
pub fn source<T: 'static>(backend: &dyn Backend<T>, target: &Target, written: Written) -> Source {
    let record = Stored {
        backend: backend.name().to_owned(),
        generation: "generation".to_owned(),
        path: target.prefix.to_string(),
        bytes: written.bytes,
        type_name: type_name::<T>().to_owned(),
        type_shape: backend.type_shape(),
        inline: written.inline.map(|bytes| BASE64.encode(&bytes)),
        details: written.details,
        time_extent: written.time_extent,
    };
    // As it comes back from a manifest's JSON.
    let json = serde_json::to_vec(&record).expect("a record is JSON");
    let record = serde_json::from_slice(&json).expect("it was just written");
    Source {
        store: Arc::clone(&target.store),
        prefix: target.prefix.clone(),
        shown: target.shown.clone(),
        immediate: target.immediate,
        folder: target.folder.clone(),
        record: Arc::new(record),
        options: target.options.clone(),
        verify: Verify::Full,
        is_alone: true,
    }
}

async fn objects(store: &dyn ObjectStore) -> BTreeMap<Path, Bytes> {
    let listed: Vec<_> = store.list(None).try_collect().await.expect("list");
    let mut objects = BTreeMap::new();
    for meta in listed {
        let content: Result<_, _> = async { store.get(&meta.location).await?.bytes().await }.await;
        objects.insert(meta.location, content.expect("get"));
    }
    objects
}

/// The bytes with one flipped, here and there; cut off; and with some too many.
fn damages(content: &Bytes) -> Vec<Vec<u8>> {
    let last = content.len().saturating_sub(1);
    let places = (0..FLIPS).map(|nth| nth * last / (FLIPS - 1));
    let mut places: Vec<_> = places.filter(|place| *place < content.len()).collect();
    places.dedup();
    let flipped = places.into_iter().map(|place| {
        let mut content = content.to_vec();
        content[place] ^= if place % 2 == 0 { 0x01 } else { 0x80 };
        content
    });
    let cut = [0, 1, last / 2, last].into_iter().filter(|length| *length < content.len());
    let cut = cut.map(|length| content[..length].to_vec());
    let extended = [1, 80].map(|more| [content.as_ref(), &vec![0; more]].concat());
    flipped.chain(cut).chain(extended).collect()
}

/// A name beside an object's that no backend gives.
fn stray(path: &Path) -> Option<Path> {
    Path::parse(path.as_ref().replacen("part-", "part-9", 1) + "-stray").ok()
}
