//! Every request of every operation of every backend goes wrong once, in each way: afterwards the
//! entry reads as the old value or as the new one, whoever called was told or never noticed, and a
//! second try succeeds. Every test runs in a process of its own (under `cargo nextest`).

#![allow(clippy::unwrap_used, missing_docs)]

mod copies;
mod forgets;
mod lake;
mod matrix;
mod subjects;
mod sweeps;
#[allow(dead_code)]
#[path = "../it/told.rs"]
mod told;
