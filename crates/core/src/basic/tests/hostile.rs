//! Bytes that somebody made to hurt: bounded in memory and time. Their checksums are right.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::super::envelope::{Header, seal};
use super::super::failure::MAX_DEPTH;
use super::super::shape::shape_of;
use super::*;

/// An envelope around any payload.
pub(in crate::basic) fn wrapped<T: Value>(codec: u8, payload: &[u8]) -> Vec<u8> {
    let shape = shape_of::<T>().hash;
    let header = Header { codec, shape, length: payload.len() as u64 };
    let mut envelope = [&header.bytes()[..], payload].concat();
    seal(&mut envelope);
    envelope
}

#[track_caller]
fn bincode_is_refused<T: Value>(payload: &[&[u8]]) {
    let error = open::<T>(&wrapped::<T>(BINCODE, &payload.concat()));
    let error = error.err().expect("the bytes are refused");
    assert!(matches!(error, Error::Backend { doing: "decode", .. }), "{error}");
}

#[track_caller]
fn named_is_refused<T: Value>(payload: &[&[u8]]) {
    let error = open::<T>(&wrapped::<T>(NAMED, &payload.concat()));
    let error = error.err().expect("the bytes are refused");
    assert!(matches!(error, Error::Backend { doing: "decode", .. }), "{error}");
}

#[derive(Serialize, Deserialize)]
struct Nothing;

#[derive(Serialize, Deserialize)]
struct Chain(Option<Box<Chain>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    values: BTreeMap<String, (u8, Option<Box<Tree>>)>,
}

const HUGE: [[u8; 8]; 4] = [
    (1_u64 << 60).to_le_bytes(),
    u64::MAX.to_le_bytes(),
    (i64::MAX as u64).to_le_bytes(),
    (1_u64 << 32).to_le_bytes(),
];

#[test]
fn lengths_that_nothing_stands_behind_are_refused() {
    for length in &HUGE {
        bincode_is_refused::<String>(&[length, b"abc"]);
        bincode_is_refused::<values::Blob>(&[length, b"abc"]);
        bincode_is_refused::<Vec<u8>>(&[length, b"abc"]);
        bincode_is_refused::<Vec<[u64; 32]>>(&[length, b"abc"]);
        bincode_is_refused::<HashMap<u8, u8>>(&[length, b"abc"]);
        bincode_is_refused::<Vec<Vec<String>>>(&[&1_u64.to_le_bytes(), length]);
        named_is_refused::<String>(&[&[18], length, b"abc"]);
        named_is_refused::<values::Blob>(&[&[19], length, b"abc"]);
    }
}

#[test]
fn elements_without_bytes_do_not_keep_anybody_counting() {
    for length in &HUGE {
        bincode_is_refused::<Vec<()>>(&[length]);
        bincode_is_refused::<Vec<Nothing>>(&[length, &[0; 1000]]);
        bincode_is_refused::<Vec<[(); 7]>>(&[length]);
        bincode_is_refused::<HashSet<()>>(&[length]);
        bincode_is_refused::<BTreeMap<(), ()>>(&[length]);
    }
    // A little of it many times over: together more than there are bytes.
    let some = 100_000_u64.to_le_bytes();
    let many = vec![some; 100_000].concat();
    bincode_is_refused::<Vec<Vec<()>>>(&[&some, &many]);
}

#[test]
fn depth_is_bounded() {
    bincode_is_refused::<Chain>(&[&[1; 100_000], &[0]]);
    for repeated in [&[2][..], &[20], &[21, 0], &[21, 18, 0, 0, 0, 0, 0, 0, 0, 0]] {
        let payload = repeated.repeat(100_000);
        named_is_refused::<Chain>(&[&payload]);
        named_is_refused::<serde_json::Value>(&[&payload]);
        named_is_refused::<Tree>(&[&payload]);
    }
    // No byte is taken on the way down.
    named_is_refused::<Chain>(&[&[5, 0]]);
}

fn chain(length: u32) -> Chain {
    (0..length).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))))
}

#[test]
fn the_deepest_values_come_back_and_deeper_ones_are_refused() {
    let deepest = envelope(&chain(MAX_DEPTH));
    let mut back = open::<Chain>(&deepest).expect("it is recalled");
    let mut length = 0;
    while let Chain(Some(next)) = back {
        (back, length) = (*next, length + 1);
    }
    assert_eq!(length, MAX_DEPTH);
    let why = refused(chain(MAX_DEPTH + 1));
    assert!(why.contains("nested deeper than 256 levels"), "{why}");

    let array =
        |depth| (0..depth).fold(serde_json::Value::Null, |value, _| [value].into_iter().collect());
    by_name(array(MAX_DEPTH));
    refused(array(MAX_DEPTH + 1));
}

#[test]
fn a_deep_tree_fits_the_stack_of_a_thread() {
    let mut tree = Tree { name: String::new(), children: vec![], values: BTreeMap::new() };
    for level in 0..60 {
        let values = [(format!("{level}"), (level, Some(Box::new(tree))))].into();
        tree = Tree { name: "x".to_owned(), children: vec![], values };
    }
    by_bincode(tree);
}

#[test]
fn what_is_left_over_is_refused() {
    bincode_is_refused::<u8>(&[&[1, 2]]);
    bincode_is_refused::<()>(&[&[0]]);
    bincode_is_refused::<Vec<u8>>(&[&1_u64.to_le_bytes(), &[1, 2]]);
    named_is_refused::<u8>(&[&[10, 1, 0]]);
    named_is_refused::<(u8, u8)>(&[&[20, 10, 1, 10, 2, 10, 3, 22]]);
    named_is_refused::<(u8, u8)>(&[&[20, 10, 1, 22]]);
}

#[test]
fn bytes_that_mean_nothing_are_refused() {
    bincode_is_refused::<bool>(&[&[2]]);
    bincode_is_refused::<Option<u8>>(&[&[2, 0]]);
    for char in
        [&[0x80][..], &[0xc0, 0x80], &[0xed, 0xa0, 0x80], &[0xf4, 0x90, 0x80, 0x80], &[0xf0]]
    {
        bincode_is_refused::<char>(&[char]);
    }
    bincode_is_refused::<String>(&[&1_u64.to_le_bytes(), &[0xff]]);
    bincode_is_refused::<std::result::Result<u8, u8>>(&[&2_u32.to_le_bytes(), &[0]]);
    bincode_is_refused::<std::num::NonZeroU8>(&[&[0]]);
    bincode_is_refused::<std::time::Duration>(&[&u64::MAX.to_le_bytes(), &u32::MAX.to_le_bytes()]);
    for tag in [22, 23, 255] {
        named_is_refused::<serde_json::Value>(&[&[tag]]);
    }
    named_is_refused::<char>(&[&[17, 0, 0xd8, 0, 0]]);
    named_is_refused::<String>(&[&[18], &1_u64.to_le_bytes(), &[0xff]]);
    named_is_refused::<std::result::Result<u8, u8>>(&[&[21, 22]]);
    named_is_refused::<std::result::Result<u8, u8>>(&[&[10, 0]]);
}
