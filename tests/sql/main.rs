//! Cached functions whose tables lie in databases. Every test runs in a process of its own (under
//! `cargo nextest`); the servers are those of `cargo xtask with-servers`.

#![allow(clippy::unwrap_used, missing_docs)]

mod apart;
mod asked;
mod busy;
mod damage;
mod database;
mod lost;
mod pandas;
// Databases need not all that other servers do.
#[allow(dead_code)]
#[path = "../remote/proxy.rs"]
mod proxy;
mod recalls;
mod secrets;
mod series;
mod swept;
mod told;
mod upserts;
