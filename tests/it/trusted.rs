//! `verify = "off"`: the store is trusted, and a flipped byte may be read as it is. What says whose
//! an entry is, and what is written anew, is checked all the same.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;

use crate::files;
use crate::lake::{Counts, Lake};
use crate::told::Told;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// In one object.
const LARGE: usize = 6 * 1024;

/// Decoded while it is read.
const LONG: usize = 1_100_000;

#[cache(name = "trusted_words")]
fn words(count: usize) -> nuthatch::Result<Vec<u64>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok((0..count as u64).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect())
}

#[cache(name = "trusted_word")]
fn word() -> nuthatch::Result<String> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok("inlined".to_owned())
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn value(lake: &Lake) -> PathBuf {
    let data = files::data(&lake.path("root"));
    data.into_iter().find(|path| path.ends_with("value.bin")).unwrap()
}

fn flip(file: &Path, place: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[place] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn verify(how: &str) {
    nuthatch::set_parameter!("verify", how).unwrap();
}

#[test]
fn a_flipped_byte_is_a_miss_or_where_the_store_is_trusted_read_as_it_is() {
    let (lake, told) = (Lake::new(), Told::listen());
    for count in [LARGE, LONG] {
        let whole = words::call(count).run().unwrap();
        assert_eq!(runs(), 1);
        let file = value(&lake);
        let middle = fs::read(&file).unwrap().len() / 2;
        flip(&file, middle);

        let read = || words::call(count).cache_mode(CacheMode::ReadOnly).run().unwrap();
        assert_eq!((read(), runs()), (whole.clone(), 1), "checked unless it is said otherwise");
        told.says(&["an entry cannot be used", "trusted_words", "checksum"]);

        verify("off");
        lake.configure_all();
        let other = read();
        assert_eq!(runs(), 0);
        let differ = other.iter().zip(&whole).filter(|(other, word)| other != word);
        assert_eq!((other.len(), differ.count()), (whole.len(), 1));
        assert_eq!(lake.counts("root"), Counts { gets: 2, ..Counts::default() });
        told.is_silent();

        verify("full");
        assert_eq!((read(), runs()), (whole, 1));
        let _ = told.take();
        lake.empty("root");
        lake.configure_all();
    }
}

#[test]
fn no_damage_is_too_much_for_a_process_that_trusts_the_store() {
    let (lake, told) = (Lake::new(), Told::listen());
    words(LARGE).unwrap();
    let file = value(&lake);
    let whole = fs::read(&file).unwrap();
    verify("off");
    for place in (0..64).chain((64..whole.len()).step_by(997)) {
        for bits in [0x01, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] ^= bits;
            fs::write(&file, bytes).unwrap();
            let call = || words::call(LARGE).cache_mode(CacheMode::ReadOnly).run();
            assert!(catch_unwind(call).is_ok_and(|read| read.is_ok()), "byte {place} ^ {bits:#x}");
        }
    }
    // Magic, codec, shape, lengths and the checksum's own bytes are looked at.
    let _ = (runs(), told.take());
    for (place, length) in [(0, whole.len()), (9, whole.len()), (0, whole.len() - 1)] {
        let mut bytes = whole[..length].to_vec();
        bytes[place] ^= 1;
        fs::write(&file, bytes).unwrap();
        words::call(LARGE).cache_mode(CacheMode::ReadOnly).run().unwrap();
        assert_eq!(runs(), 1, "byte {place} of {length}");
        told.says(&["an entry cannot be used"]);
    }
}

#[test]
fn a_manifest_is_checked_whatever_is_said() {
    let (lake, told) = (Lake::new(), Told::listen());
    verify("off");
    word().unwrap();
    assert_eq!(runs(), 1);
    let file = files::only_manifest(&lake.path("root"));
    let whole = fs::read(&file).unwrap();
    for place in (0..whole.len()).step_by(7) {
        flip(&file, place);
        let read = word::call().cache_mode(CacheMode::ReadOnly).run().unwrap();
        assert_eq!((read.as_str(), runs()), ("inlined", 1), "byte {place}");
        told.says(&["an entry cannot be used", "trusted_word"]);
        fs::write(&file, &whole).unwrap();
    }
    word::call().cache_mode(CacheMode::ReadOnly).run().unwrap();
    assert_eq!(runs(), 0);
}

#[test]
fn what_becomes_a_copy_is_checked_first() {
    let (lake, told) = (Lake::new(), Told::listen());
    let whole = words(LARGE).unwrap();
    flip(&value(&lake), 20_000);
    verify("off");
    let _ = runs();
    let local = || words::call(LARGE).cache_mode(CacheMode::Local).run().unwrap();
    assert_eq!((local(), runs()), (whole.clone(), 1));
    told.says(&["an entry cannot be used", "checksum"]);
    assert_eq!((local(), runs()), (whole, 0), "the local location has the right one");
}

#[test]
fn another_word_is_an_error_that_names_those_there_are() {
    let _lake = Lake::new();
    let error = nuthatch::set_parameter!("verify", "of").unwrap_err().to_string();
    assert!(error.contains(r#"`verify` must be one of "full", "off", and is "of""#), "{error}");
    assert_eq!(nuthatch::config().unwrap().verify, nuthatch::config::Verify::Full);
}
