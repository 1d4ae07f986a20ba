//! The behaviour of nuthatch as its users see it. Every test runs in a process of its own (under
//! `cargo nextest`), because configuration, memo and counts belong to a process.

#![allow(clippy::unwrap_used, missing_docs)]

mod afar;
mod asked;
mod bad_input;
mod budgets;
mod child;
mod consumed;
mod context;
mod damage;
mod dependencies;
mod elsewhere;
mod entries;
mod events;
mod files;
mod identity;
mod isolated;
mod lake;
mod macros_arguments;
mod macros_companion;
mod macros_impls;
mod macros_send;
mod macros_signatures;
mod memo;
mod mirrors;
mod modes;
mod observability;
mod parameters;
mod partial;
mod processes;
mod processors;
mod progress;
mod published;
mod queries;
mod races;
mod readings;
mod results;
mod secrets_of_crates;
mod shared_lake;
mod single_flight;
mod swept;
mod terminal;
mod timeseries;
mod told;
mod trusted;
