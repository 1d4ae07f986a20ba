//! What one engine has stored, read by the others, through each tabular backend.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../frames/ambush.rs"]
mod ambush;
mod beside;
mod between;
mod conformance;
mod eager;
mod examples;
// Not every binary asks a lake for everything.
#[allow(dead_code)]
#[path = "../it/lake.rs"]
mod lake;
mod memory;
mod odd;
mod series;
mod upserts;
#[path = "../tables/weather.rs"]
mod weather;
