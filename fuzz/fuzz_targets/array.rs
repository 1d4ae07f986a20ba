//! Any bytes as an array of Zarr and its first chunk: values, an array that is left out, or an
//! error, and never a panic, nor much memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nuthatch_array::fuzzing::read_array;

fuzz_target!(
    // What `zarrs` panics at is caught and told as damage: only what nobody caught ends a run.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |input: &[u8]| {
        read_array(input);
    }
);
