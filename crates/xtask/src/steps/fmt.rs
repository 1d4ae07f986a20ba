//! The format of every file.

use crate::Result;
use crate::context::Context;

pub(super) fn run(context: &Context) -> Result {
    context.cargo(["fmt", "--all", "--check"]).run()
}
