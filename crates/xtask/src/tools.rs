//! Programs that a step needs: those of the machine come first, absent ones are installed into
//! the cache folder.

use std::env;
use std::path::PathBuf;

use crate::Result;
use crate::context::Context;

/// A program that cargo can install.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    /// The program and its package.
    pub(crate) name: &'static str,
    /// What is installed where it is absent.
    pub(crate) version: &'static str,
}

pub(crate) const NEXTEST: Tool = Tool { name: "cargo-nextest", version: "0.9.143" };
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

/// Sees to it that the tool is there.
pub(crate) fn ensure(context: &Context, tool: Tool) -> Result {
    if find(context, tool.name).is_some() {
        return Ok(());
    }
    let Tool { name, version } = tool;
    let root = context.places.tools.display();
    println!("{name} is not on this machine: installing {version} into {root}");
    let install = ["install", name, "--version", version, "--locked", "--root"].map(Into::into);
    let arguments = install.into_iter().chain([context.places.tools.clone().into_os_string()]);
    // Built in a temporary folder of cargo's own: it would never be looked at again in ours.
    let installed = context.cargo(arguments).env_remove("CARGO_TARGET_DIR").run();
    installed.map_err(|error| {
        format!("{error}; install it by hand: cargo install {name} --version {version} --locked")
            .into()
    })
}

/// Sees to it that a nightly toolchain is there, which the fuzzer's instrumentation needs.
pub(crate) fn ensure_nightly(context: &Context) -> Result {
    let answers = || context.cargo(["+nightly", "--version"]).run();
    if answers().is_ok() {
        return Ok(());
    }
    println!("there is no nightly toolchain on this machine: installing one");
    let install = ["toolchain", "install", "nightly", "--profile", "minimal"];
    let installed = context.program("rustup", install).run().and_then(|()| answers());
    installed.map_err(|error| {
        format!("{error}; install it by hand: rustup toolchain install nightly").into()
    })
}

fn find(context: &Context, program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&context.search_path())
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}
