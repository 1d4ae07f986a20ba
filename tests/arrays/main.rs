//! Arrays: cached as Zarr, clipped along time, and as xarray sees them.

#![allow(clippy::unwrap_used)]

mod caching;
mod committing;
mod rechunking;
mod regions;
mod xarray;
