//! Frames of Polars, as functions return them and as files hold them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../frames/ambush.rs"]
mod ambush;
mod caching;
// Not every binary asks a lake for everything.
#[allow(dead_code)]
#[path = "../it/lake.rs"]
mod lake;
mod memory;
mod once;
mod series;
#[path = "../tables/weather.rs"]
mod weather;
