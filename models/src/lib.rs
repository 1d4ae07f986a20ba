//! The single flight of `nuthatch-core`, from its own sources, between threads and locks that a
//! model checker schedules. What is checked of it stands in `tests/single_flight.rs`.

#[allow(dead_code, unused_imports, reason = "core uses it")]
#[path = "../../crates/core/src/flight/mod.rs"]
pub mod flight;
pub mod runtime;
mod threads;
