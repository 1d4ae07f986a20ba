//! Frames of DataFusion, as functions return them and as files hold them.

#![allow(clippy::unwrap_used, missing_docs)]

mod caching;
mod delta;
// Not every binary asks a lake for everything.
#[allow(dead_code)]
#[path = "../it/lake.rs"]
mod lake;
mod memory;
#[path = "../tables/weather.rs"]
mod weather;
