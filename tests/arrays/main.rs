//! Arrays: cached as Zarr, clipped along time, and as xarray sees them.

mod caching;
mod xarray;
