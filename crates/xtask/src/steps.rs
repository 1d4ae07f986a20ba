//! The steps of `cargo xtask test`, cheap ones first.

mod clippy;
mod deny;
mod doctests;
mod features;
mod fmt;
mod fuzz;
mod layout;
mod models;
mod quickstart;
mod rustdoc;
mod tests;
mod tree;

use std::time::Duration;

use crate::Result;
use crate::context::Context;

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What it sees to, in a few words.
    pub(crate) about: &'static str,
    /// When it is ended. It bounds a hang; where nothing was built before, much is built in it.
    pub(crate) limit: Duration,
    pub(crate) run: fn(&Context) -> Result,
}

/// Every step, in the order in which they run.
pub(crate) const STEPS: &[Step] = &[
    step("fmt", "rustfmt has nothing to change", 2, fmt::run),
    step(
        "layout",
        "targets and decisions are listed, and the papers name commands that exist",
        2,
        layout::run,
    ),
    step("tree", "who depends on nuthatch alone builds few packages", 5, tree::run),
    step("clippy", "no warnings, in any target", 40, clippy::run),
    step(
        "features",
        "each feature alone, none and all compile without warnings",
        40,
        features::run,
    ),
    step("tests", "the tests of every crate", 40, tests::run),
    step("models", "single flight between threads that a model checker schedules", 20, models::run),
    step("doctests", "the examples in the documentation", 40, doctests::run),
    step("rustdoc", "the documentation builds without warnings", 20, rustdoc::run),
    step(
        "quickstart",
        "the first example recalls everything when it runs again, and the tour goes through",
        20,
        quickstart::run,
    ),
    step("deny", "licences, sources and bans of all dependencies", 20, deny::run),
    step("fuzz", "a minute of every fuzz target", 40, fuzz::run),
];

const fn step(
    name: &'static str,
    about: &'static str,
    minutes: u64,
    run: fn(&Context) -> Result,
) -> Step {
    Step { name, about, limit: Duration::from_secs(60 * minutes), run }
}
