//! Arrays: cached as Zarr, clipped along time, and as xarray sees them.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod caching;
mod committing;
mod rechunking;
mod regions;
mod xarray;
