//! Tables, as functions return them and as files hold them.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "../it/child.rs"]
mod child;
mod delta;
mod delta_readers;
mod delta_writers;
mod engines;
mod faults;
// Not every binary asks a lake for everything.
#[allow(dead_code)]
#[path = "../it/lake.rs"]
mod lake;
mod own_backend;
mod python;
mod recalls;
mod series;
mod upserts;
mod weather;
