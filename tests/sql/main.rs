//! Cached functions whose tables lie in databases. Every test runs in a process of its own (under
//! `cargo nextest`); the servers are those of `cargo xtask with-servers`.

#![allow(clippy::unwrap_used, missing_docs)]

mod apart;
mod asked;
mod busy;
mod damage;
mod database;
mod recalls;
mod secrets;
mod series;
mod swept;
mod told;
mod upserts;
