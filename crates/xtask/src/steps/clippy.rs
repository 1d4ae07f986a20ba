//! Warnings, of the compiler's and of clippy's, are errors.

use crate::Result;
use crate::context::Context;

pub(super) fn run(context: &Context) -> Result {
    let what = ["--workspace", "--all-targets", "--all-features"];
    context.cargo(["clippy"].into_iter().chain(what).chain(["--", "-D", "warnings"])).run()
}
