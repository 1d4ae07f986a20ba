//! Any bytes as the inlined envelope of several types: an error or a value, never a panic, and
//! neither much memory nor much time.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use nuthatch_core::fuzzing::read_envelope;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    name: String,
    values: Vec<Option<f64>>,
    kind: Kind,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    Nothing,
    Number(i64),
    Nested(Box<Kind>),
    Pair { left: u8, right: String },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
    List(Vec<Loose>),
}

fuzz_target!(|payload: &[u8]| {
    read_envelope::<i64>(payload);
    read_envelope::<String>(payload);
    read_envelope::<Vec<()>>(payload);
    read_envelope::<Vec<u128>>(payload);
    read_envelope::<Vec<Row>>(payload);
    read_envelope::<Kind>(payload);
    read_envelope::<HashMap<String, Vec<u8>>>(payload);
    read_envelope::<Loose>(payload);
});
