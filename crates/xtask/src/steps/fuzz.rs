//! A minute of every target that `fuzz/Cargo.toml` lists.

use std::fs;

use crate::Result;
use crate::context::Context;
use crate::metadata;
use crate::tools;

const MANIFEST: &str = "fuzz/Cargo.toml";

/// Of libFuzzer: how long a target runs, and how long one input may take.
const LIMITS: [&str; 2] = ["-max_total_time=60", "-timeout=10"];

pub(super) fn run(context: &Context) -> Result {
    let targets = targets(context)?;
    tools::ensure_nightly(context)?;
    tools::ensure(context, tools::FUZZ)?;
    for target in &targets {
        fuzz(context, target)?;
    }
    Ok(())
}

fn targets(context: &Context) -> Result<Vec<String>> {
    if !context.places.root.join(MANIFEST).is_file() {
        return Err(format!("{MANIFEST} is missing: there is nothing to fuzz").into());
    }
    let packages = metadata::read(context, MANIFEST)?;
    let targets = packages.iter().flat_map(|package| &package.targets);
    let binaries = targets.filter(|target| target.kinds.iter().any(|kind| kind == "bin"));
    let names: Vec<_> = binaries.map(|target| target.name.clone()).collect();
    if names.is_empty() {
        return Err(format!("{MANIFEST} lists no target").into());
    }
    Ok(names)
}

/// What the fuzzer learns is kept in the cache and not in the clone: the next run goes on there.
/// The seeds of the clone, where there are any, are read beside it.
fn fuzz(context: &Context, target: &str) -> Result {
    let learned = context.places.corpus.join(target);
    fs::create_dir_all(&learned)
        .map_err(|error| format!("cannot make {}: {error}", learned.display()))?;
    let seeds = context.places.root.join("fuzz/corpus").join(target);

    let mut arguments = ["+nightly", "fuzz", "run", target].map(Into::into).to_vec();
    arguments.push(learned.into_os_string());
    if seeds.is_dir() {
        arguments.push(seeds.into_os_string());
    }
    arguments.push("--".into());
    arguments.extend(LIMITS.map(Into::into));
    context.cargo(arguments).run()
}
