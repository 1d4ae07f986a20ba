//! Arrays: cached as Zarr, clipped along time, and as xarray sees them.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod caching;
mod committing;
mod counted;
// Not every binary asks a lake, or a folder, for everything.
#[allow(dead_code)]
#[path = "../it/files.rs"]
mod files;
#[allow(dead_code)]
#[path = "../it/lake.rs"]
mod lake;
#[path = "../it/told.rs"]
mod listen;
mod rechunking;
mod regions;
mod told;
mod xarray;
