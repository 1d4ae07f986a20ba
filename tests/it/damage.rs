//! Damage in every place of an entry: never a wrong value, never a panic; a warning and the body,
//! or, for a strict call, an error.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use nuthatch::prelude::*;

use crate::files;
use crate::lake::Lake;
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);
static VALUE: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Reading {
    station: String,
    value: u64,
}

#[cache(name = "damage_small")]
fn small(station: &str) -> nuthatch::Result<Reading> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(Reading { station: station.to_owned(), value: VALUE.load(Ordering::SeqCst) })
}

#[cache(name = "damage_large")]
fn large(station: &str) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let first = station.len() as u64 + VALUE.load(Ordering::SeqCst);
    Ok((first..).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).take(6 * 1024).collect())
}

/// Words of a value that is uploaded in parts, and checked while it is decoded.
const LONG: usize = 1_100_000;

#[cache(name = "damage_long")]
fn long(station: &str) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![u64::MAX - station.len() as u64 - VALUE.load(Ordering::SeqCst); LONG])
}

/// An entry in the root and nowhere else, and what is told.
struct Entry {
    lake: Lake,
    told: Told,
    /// Recalls, or computes another value than the stored one.
    call: fn(CacheMode) -> nuthatch::Result<u64>,
}

/// What the stored value and what a new one are, as far as a test tells them apart.
const STORED: u64 = 1;
const COMPUTED: u64 = 2;

fn of_small(mode: CacheMode) -> nuthatch::Result<u64> {
    let reading = small::call("bergen").cache_mode(mode).run()?;
    assert_eq!(reading.station, "bergen");
    Ok(reading.value)
}

fn of_large(mode: CacheMode) -> nuthatch::Result<u64> {
    let words = large::call("bergen").cache_mode(mode).run()?;
    let is = |value: u64| {
        let expected = (6 + value..).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        words.len() == 6 * 1024 && expected.zip(&words).all(|(expected, word)| expected == *word)
    };
    Ok([STORED, COMPUTED].into_iter().find(|value| is(*value)).expect("a value that never was"))
}

fn of_long(mode: CacheMode) -> nuthatch::Result<u64> {
    let words = long::call("bergen").cache_mode(mode).run()?;
    let value = (u64::MAX - 6).wrapping_sub(words[0]);
    assert!(words.len() == LONG && words.iter().all(|word| *word == words[0]));
    assert!([STORED, COMPUTED].contains(&value), "a value that never was");
    Ok(value)
}

impl Entry {
    fn new(call: fn(CacheMode) -> nuthatch::Result<u64>) -> Self {
        let (lake, told) = (Lake::new(), Told::listen());
        assert_eq!(call(CacheMode::Write).unwrap(), STORED);
        VALUE.store(COMPUTED, Ordering::SeqCst);
        let entry = Self { lake, told, call };
        entry.recalls();
        entry
    }

    fn manifest(&self) -> PathBuf {
        files::only_manifest(&self.lake.path("root"))
    }

    fn value(&self) -> PathBuf {
        let data = files::data(&self.lake.path("root"));
        data.into_iter().find(|path| path.ends_with("value.bin")).expect("a value of its own")
    }

    fn recalls(&self) {
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!((self.call)(CacheMode::ReadOnly).unwrap(), STORED);
        assert_eq!(RUNS.load(Ordering::SeqCst), 0);
        self.told.is_silent();
    }

    /// Nothing usable is there: the body runs, and the warning has these words.
    fn computes(&self, what: &str, words: &[&str]) {
        RUNS.store(0, Ordering::SeqCst);
        let computed = catch_unwind(|| (self.call)(CacheMode::ReadOnly));
        let computed = computed.unwrap_or_else(|_| panic!("{what}: panicked")).unwrap();
        assert_eq!((computed, RUNS.load(Ordering::SeqCst)), (COMPUTED, 1), "{what}");
        let told = self.told.take();
        for word in words {
            assert!(told.contains(word), "{what}: {word:?} is not in {told:?}");
        }
    }

    /// A call that may not compute says what is wrong.
    fn fails(&self, what: &str) -> nuthatch::Error {
        RUNS.store(0, Ordering::SeqCst);
        let failed = catch_unwind(|| (self.call)(CacheMode::ReadOnlyStrict));
        let error = failed.unwrap_or_else(|_| panic!("{what}: panicked")).unwrap_err();
        assert_eq!(RUNS.load(Ordering::SeqCst), 0, "{what}");
        let _ = self.told.take();
        error
    }

    /// A writing call replaces what is damaged without asking; then it is recalled.
    fn mends(&self, what: &str) {
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!((self.call)(CacheMode::Write).unwrap(), COMPUTED, "{what}");
        let _ = self.told.take();
        assert_eq!((self.call)(CacheMode::ReadOnlyStrict).unwrap(), COMPUTED, "{what}");
        assert_eq!(RUNS.load(Ordering::SeqCst), 1, "{what}");
    }

    /// What a damaged object must lead to, whatever the damage.
    fn is_damaged(&self, what: &str) {
        self.computes(what, &["an entry cannot be used", "damage_", "bergen", "root"]);
        let error = self.fails(what);
        assert!(error.is_damaged(), "{what}: {error}");
    }
}

/// Puts `bytes` in the place of a file, as a disk would that fails: nobody is told.
fn put(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
}

fn flipped(bytes: &[u8], place: usize, bits: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= bits;
    bytes
}

#[test]
fn every_byte_of_a_manifest_flipped() {
    let entry = Entry::new(of_small);
    let file = entry.manifest();
    let whole = fs::read(&file).unwrap();
    for place in 0..whole.len() {
        // One bit, which makes other letters and digits, and all of them.
        for bits in [1 << (place % 8), 0xff] {
            let what = format!("byte {place} of the manifest ^ {bits:#x}");
            put(&file, &flipped(&whole, place, bits));
            entry.is_damaged(&what);
        }
    }
    put(&file, &whole);
    entry.recalls();
    put(&file, &flipped(&whole, whole.len() / 2, 1));
    entry.mends("a flipped manifest");
}

#[test]
fn a_manifest_cut_at_every_length() {
    let entry = Entry::new(of_small);
    let file = entry.manifest();
    let whole = fs::read(&file).unwrap();
    for length in 0..whole.len() {
        put(&file, &whole[..length]);
        entry.is_damaged(&format!("the first {length} bytes of the manifest"));
    }
    entry.mends("a manifest cut short");
}

#[test]
fn a_manifest_too_large_to_be_one_is_not_read() {
    let entry = Entry::new(of_small);
    // Nothing but a length, on most disks.
    fs::File::create(entry.manifest()).unwrap().set_len(1 << 36).unwrap();
    entry.computes("64 GiB of manifest", &["a manifest has at most"]);
    assert!(entry.fails("64 GiB of manifest").is_damaged());
    entry.mends("64 GiB of manifest");
}

#[test]
fn every_bit_of_the_ends_of_a_large_value_flipped_and_a_sample_within() {
    let entry = Entry::new(of_large);
    let file = entry.value();
    let whole = fs::read(&file).unwrap();
    let ends = (0..192).chain(whole.len() - 64..whole.len());
    let within = (192..whole.len() - 64).step_by(509);
    for (round, place) in ends.chain(within).enumerate() {
        let what = format!("byte {place} of value.bin");
        put(&file, &flipped(&whole, place, 1 << (round % 8)));
        entry.is_damaged(&what);
    }
    put(&file, &whole);
    entry.recalls();
    put(&file, &flipped(&whole, whole.len() / 2, 0x80));
    entry.mends("a flipped value");
}

#[test]
fn a_large_value_of_another_length() {
    let entry = Entry::new(of_large);
    let file = entry.value();
    let whole = fs::read(&file).unwrap();
    let cuts =
        (0..128).chain((128..whole.len()).step_by(1021)).chain(whole.len() - 64..whole.len());
    for length in cuts {
        put(&file, &whole[..length]);
        entry.is_damaged(&format!("the first {length} bytes of value.bin"));
    }
    for more in [1, 32, 4096] {
        put(&file, &[&whole[..], &vec![0; more]].concat());
        entry.is_damaged(&format!("{more} bytes more in value.bin"));
    }
    put(&file, &vec![0; whole.len()]);
    entry.is_damaged("zeros, as some file systems leave after a power loss");
    entry.mends("a value cut short");
}

#[test]
fn a_value_of_another_entry_in_its_place() {
    let entry = Entry::new(of_large);
    let file = entry.value();
    large::call("oslo").cache_mode(CacheMode::Write).run().unwrap();
    let data = files::data(&entry.lake.path("root"));
    let other = data.iter().find(|path| **path != file).unwrap();
    put(&file, &fs::read(other).unwrap());
    entry.is_damaged("another entry's value.bin");
    entry.mends("another entry's value");
}

#[test]
fn a_long_value_damaged_in_any_way() {
    let entry = Entry::new(of_long);
    let file = entry.value();
    let whole = fs::read(&file).unwrap();
    assert!(whole.len() > 8 << 20);
    long::call("oslo").cache_mode(CacheMode::Write).run().unwrap();
    let data = files::data(&entry.lake.path("root"));
    let other = data.iter().find(|path| **path != file).unwrap();
    put(&file, &fs::read(other).unwrap());
    entry.is_damaged("another entry's value.bin");
    for place in [0, 100, whole.len() / 2, whole.len() - 33, whole.len() - 1] {
        put(&file, &flipped(&whole, place, 1));
        entry.is_damaged(&format!("byte {place} of value.bin"));
    }
    put(&file, &whole[..whole.len() / 2]);
    entry.is_damaged("half of value.bin");
    put(&file, &whole);
    entry.recalls();
}

#[test]
fn data_deleted_under_its_manifest() {
    let entry = Entry::new(of_large);
    fs::remove_file(entry.value()).unwrap();
    entry.is_damaged("no value.bin");
    entry.mends("no value.bin");
}

#[test]
fn a_folder_where_the_value_should_be() {
    let entry = Entry::new(of_large);
    let file = entry.value();
    fs::remove_file(&file).unwrap();
    fs::create_dir_all(file.join("inside")).unwrap();
    entry.is_damaged("a folder value.bin");
    entry.mends("a folder in place of the value");
}

#[test]
fn foreign_files_in_the_place_of_a_manifest() {
    let entry = Entry::new(of_small);
    let file = entry.manifest();
    let deep = "[".repeat(100_000);
    let sealed_by_nobody = format!("{{\"layout\":1,\n\"blake3\":\"{}\"}}\n", "0".repeat(64));
    let foreign: [&[u8]; 10] = [
        b"",
        b"\n",
        b"{}",
        b"null",
        b"[1, 2, 3]",
        b"{\"name\": \"not nuthatch's\"}",
        b"{\"layout\": \"one\"}",
        b"\xff\xfe\x00\x00",
        deep.as_bytes(),
        sealed_by_nobody.as_bytes(),
    ];
    for bytes in foreign {
        put(&file, bytes);
        entry.is_damaged(&format!("{:?}", &bytes[..bytes.len().min(40)]));
    }
    entry.mends("foreign JSON");
}

#[test]
fn a_manifest_of_a_newer_layout_is_never_overwritten() {
    let entry = Entry::new(of_small);
    let file = entry.manifest();
    let newer = b"{\"layout\": 2, \"all the rest\": [\"is\", \"unknown\"]}".to_vec();
    put(&file, &newer);
    for mode in [CacheMode::ReadOnly, CacheMode::Write, CacheMode::Overwrite] {
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!((entry.call)(mode).unwrap(), COMPUTED);
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        entry.told.says(&["has layout 2, and this release reads up to 1; upgrade nuthatch"]);
        assert_eq!(fs::read(&file).unwrap(), newer, "{mode} leaves it alone");
    }
    let recomputed = small::call("bergen").cache_mode(CacheMode::Overwrite).recompute(true).run();
    assert_eq!(recomputed.unwrap().value, COMPUTED);
    entry.told.says(&["could not be stored", "upgrade nuthatch"]);
    let forgotten = small::call("bergen").cache_mode(CacheMode::Overwrite).forget().run();
    assert!(matches!(forgotten, Err(nuthatch::Error::NewerLayout { found: 2, .. })));
    assert_eq!(fs::read(&file).unwrap(), newer);
    let error = entry.fails("a newer layout");
    assert!(matches!(error, nuthatch::Error::NewerLayout { found: 2, known: 1, .. }), "{error}");
}

#[test]
fn a_manifest_of_another_key_is_a_miss_and_stays() {
    let entry = Entry::new(of_small);
    let file = entry.manifest();
    small::call("oslo").cache_mode(CacheMode::Write).run().unwrap();
    let other = files::manifests(&entry.lake.path("root")).into_iter().find(|path| *path != file);
    let other = fs::read(other.unwrap()).unwrap();
    put(&file, &other);
    entry.computes("another key", &["another whole key; it is kept"]);
    for mode in [CacheMode::Write, CacheMode::Overwrite] {
        assert_eq!((entry.call)(mode).unwrap(), COMPUTED);
        entry.told.says(&["could not be stored", "taken by another call"]);
        assert_eq!(fs::read(&file).unwrap(), other, "{mode} leaves it alone");
    }
    assert!(entry.fails("another key").is_not_cached());
}

#[test]
fn a_folder_where_the_manifest_should_be() {
    let entry = Entry::new(of_small);
    let file = entry.manifest();
    fs::remove_file(&file).unwrap();
    fs::create_dir_all(file.join("inside")).unwrap();
    entry.computes("a folder for a manifest", &[]);
    assert!(entry.fails("a folder for a manifest").is_not_cached());
    assert_eq!((entry.call)(CacheMode::Write).unwrap(), COMPUTED);
    entry.told.says(&["could not be stored", "a folder stands where the object should be"]);
    assert!(file.join("inside").is_dir());
    // An empty one holds nothing, and gives way.
    fs::remove_dir(file.join("inside")).unwrap();
    entry.mends("an empty folder for a manifest");
}

#[test]
fn every_byte_of_the_marker_flipped() {
    let entry = Entry::new(of_small);
    let file = entry.lake.path("root").join("nuthatch.json");
    let whole = fs::read(&file).unwrap();
    let mut refused = 0;
    for place in 0..whole.len() {
        put(&file, &flipped(&whole, place, 1 << (place % 8)));
        entry.lake.configure_all();
        RUNS.store(0, Ordering::SeqCst);
        let value = catch_unwind(|| (entry.call)(CacheMode::ReadOnly)).unwrap().unwrap();
        let (runs, told) = (RUNS.load(Ordering::SeqCst), entry.told.take());
        // Who made it, and when, may read otherwise: the entries are what they were.
        match value {
            STORED => assert_eq!((runs, told.as_str()), (0, ""), "byte {place}"),
            _ => {
                assert_eq!((value, runs), (COMPUTED, 1), "byte {place}");
                assert!(told.contains("nuthatch.json"), "byte {place}: {told}");
                refused += 1;
            }
        }
    }
    assert!(refused > whole.len() / 4, "{refused} of {}", whole.len());
    put(&file, &whole);
    entry.lake.configure_all();
    entry.recalls();
}

#[test]
fn a_marker_that_cannot_be_used_keeps_writers_away_and_loses_nothing() {
    let entry = Entry::new(of_small);
    let root = entry.lake.path("root");
    let before = files::under(&root);
    let file = root.join("nuthatch.json");
    let advice = "delete that one object: the next write makes it again";
    let cases: [(&[u8], &str); 4] = [
        (b"", advice),
        (b"{\"scripts\": {}}", advice),
        (b"\x00\xff", advice),
        (b"{\"layout\": 99}", "has layout 99, and this release reads up to 1; upgrade nuthatch"),
    ];
    for (bytes, words) in cases {
        put(&file, bytes);
        entry.lake.configure_all();
        RUNS.store(0, Ordering::SeqCst);
        for mode in [CacheMode::ReadOnly, CacheMode::Write, CacheMode::Overwrite] {
            assert_eq!((entry.call)(mode).unwrap(), COMPUTED);
            entry.told.says(&["nuthatch.json", words]);
        }
        assert_eq!(RUNS.load(Ordering::SeqCst), 3);
        assert_eq!(fs::read(&file).unwrap(), bytes);
        put(&file, &before["nuthatch.json"]);
        entry.lake.configure_all();
        assert_eq!(files::under(&root), before);
        entry.recalls();
    }
    // As the advice says.
    put(&file, b"{");
    fs::remove_file(&file).unwrap();
    entry.lake.configure_all();
    entry.recalls();
    small::call("oslo").cache_mode(CacheMode::Write).run().unwrap();
    assert!(file.exists());
    entry.told.is_silent();
}
