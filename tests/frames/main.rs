//! Frames of DataFusion, as functions return them and as files hold them.

#![allow(clippy::unwrap_used, missing_docs)]

mod ambush;
mod caching;
mod delta;
// Not every binary asks a lake for everything.
#[allow(dead_code)]
#[path = "../it/lake.rs"]
mod lake;
mod memory;
mod once;
mod session;
#[path = "../tables/weather.rs"]
mod weather;
