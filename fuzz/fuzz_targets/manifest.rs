//! Any bytes as a manifest: looked up, they are damage, a newer layout, another key's or an
//! entry, and never a panic. Sealed, the same bytes come past the checksum.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nuthatch_core::fuzzing::read_manifest;

fuzz_target!(|bytes: &[u8]| read_manifest(bytes));
