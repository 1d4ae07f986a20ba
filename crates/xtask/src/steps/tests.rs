//! The tests of every crate, under nextest (its limits: `.config/nextest.toml`).

use crate::Result;
use crate::context::Context;
use crate::scratch::Scratch;
use crate::services::Servers;
use crate::tools;

pub(super) fn run(context: &Context) -> Result {
    tools::ensure(context, tools::NEXTEST)?;
    let servers = Servers::start(context)?;
    // What is under test stores below the home folder: never below the caller's.
    let home = Scratch::new()?;
    let arguments = ["nextest", "run", "--workspace", "--all-features"];
    servers.known_to(context.cargo(arguments).home(home.path())).run()
}
