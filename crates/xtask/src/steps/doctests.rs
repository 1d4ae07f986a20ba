//! The examples in the documentation, which nextest does not run.

use crate::Result;
use crate::context::Context;
use crate::scratch::Scratch;

pub(super) fn run(context: &Context) -> Result {
    let home = Scratch::new()?;
    context.cargo(["test", "--doc", "--workspace", "--all-features"]).home(home.path()).run()
}
