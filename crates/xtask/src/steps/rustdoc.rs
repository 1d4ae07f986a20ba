//! Broken links and bad markup in the documentation are errors.

use crate::Result;
use crate::context::Context;

pub(super) fn run(context: &Context) -> Result {
    context
        .cargo(["doc", "--workspace", "--all-features", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}
