//! Large transfers: what is in memory of them at once, by an allocator that counts, and how many
//! requests are on their way. The store is a folder that answers as another machine does, so that
//! nothing of it is in memory. Every test runs in a process of its own (under `cargo nextest`).

#![allow(clippy::unwrap_used, missing_docs)]

mod arrays;
mod gauge;
mod tables;
mod values;

use std::path::Path;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MB: usize = 1_000_000;

/// What `work` takes at its peak beside what was in memory before, in bytes; and what it gives.
fn peak_of<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let given = work();
    (MEMORY.peak_usage().saturating_sub(before), given)
}

/// Has another opening of the folder be the root: nothing of it is known.
fn configure(folder: &Path) {
    nuthatch::set_parameter!({
        "filesystem" => folder.join("root").to_str().unwrap(),
        "local.filesystem" => folder.join("local").to_str().unwrap(),
    })
    .unwrap();
}

fn noise(at: u64) -> u64 {
    let mixed = (at ^ (at << 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}
